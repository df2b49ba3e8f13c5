"""A running fit as the command line reaches it: by its run directory, or by its address.

Nothing here imports Keras: a training that goes wrong must be paused at once.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from kerasrecipes_cli.errors import OptionError

MOST_BYTES = 64 << 20
SECONDS = 30.0  # the server waits up to 10 for the next step


class LiveRun(NamedTuple):
    """Where a running fit is reached.

    Attributes:
        base: Address without path.
        token: What lets one in.
    """

    base: str
    token: str

    @classmethod
    def of(cls, run: str) -> LiveRun:
        """The fit of a run directory, or of an address with a token in it.

        Raises:
            OptionError: If there is none, or it does not run.
        """
        if "://" in run:
            return cls._of_address(run)
        directory = Path(run)
        if not directory.is_dir():
            raise OptionError(f"`{run}` must be a run directory, or the address of its page.")
        live = read_json(directory / "live.json")
        if live is None or not isinstance(live.get("address"), str):
            raise OptionError(
                f"no fit is running in `{run}`: it needs Babysitter(directory={run!r}) in its "
                "callbacks, and goes on until `fit` ends."
            )
        return cls._of_address(live["address"])

    @classmethod
    def _of_address(cls, address: str) -> LiveRun:
        parts = urlsplit(address)
        token = parse_qs(parts.query).get("token", [""])[0]
        if parts.scheme not in ("http", "https") or not parts.netloc or not token:
            raise OptionError(
                "the address must be the one that was printed, with ?token=... in it. "
                f"Received: {address}"
            )
        return cls(f"{parts.scheme}://{parts.netloc}", token)

    def state(self) -> dict[str, Any]:
        """What the page shows now.

        Raises:
            OptionError: If the fit does not answer.
        """
        return self._ask("/api/state")

    def nudge(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Asks for something; returns the nudge, or None if the training has not come to it yet.

        Raises:
            OptionError: If it is refused, with the reason, or the fit does not answer.
        """
        return self._ask("/api/nudge", request).get("nudge")

    def _ask(self, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            self.base + path,
            data=None if content is None else json.dumps(content).encode("utf-8"),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=SECONDS) as answer:
                told = json.loads(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            raise OptionError(_reason(error)) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise OptionError(f"the fit at {self.base} does not answer ({reason}).") from error
        if not isinstance(told, dict):
            raise OptionError(f"what answers at {self.base} is no fit.")
        return told


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a file of a run directory; None without the file.

    Raises:
        OptionError: If it cannot be read, or holds no object.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OptionError(f"`{path}` has over {MOST_BYTES:,} bytes: it is no file of a run.")
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, OptionError):
            raise
        raise OptionError(f"`{path}` cannot be read ({error}).") from error
    if not isinstance(content, dict):
        raise OptionError(f"`{path}` is no file of a run.")
    return content


def _reason(error: urllib.error.HTTPError) -> str:
    """What the server says of why it refused."""
    text = error.read(10_000).decode("utf-8", "replace")
    try:
        told = json.loads(text)
        return str(told["error"])
    except (ValueError, KeyError, TypeError):
        return f"refused ({error.code}): {' '.join(text.split()) or error.reason}"
