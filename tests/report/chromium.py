"""Opens a page in an installed Chromium and says what the browser saw.

It speaks the DevTools protocol over a pair of pipes, so it needs no driver, and reads the width
of the page and its colours also where the page itself allows no script.
"""

import base64
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.patience import HANG

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# DevTools wants to be spoken to on the file descriptors 3 and 4.
_LAUNCHER = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
    "os.execv(sys.argv[3], sys.argv[3:])"
)


class PageLoad(NamedTuple):
    """What the browser saw: the DOM, errors, requests, and the values asked for.

    `console_errors` holds errors, warnings and refusals of the console, `requests` every address
    that was asked for beside the page itself (`data:` excepted), `value` the result of the
    expression, `screenshot` and `pdf` the bytes of the files.
    """

    dom: str
    console_errors: list[str]
    requests: list[str]
    scroll_width: int
    value: Any
    screenshot: bytes
    pdf: bytes


def find_chromium() -> str | None:
    """Returns the path of an installed Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


def open_page(
    path: str | os.PathLike[str],
    *,
    width: int = 1200,
    height: int = 900,
    dark: bool = False,
    media: str = "",
    expression: str = "null",
    timeout: float = HANG,
) -> PageLoad:
    """Loads a file (or an `http` address), waits until it has loaded, and looks at it.

    Args:
        path: A file, or an address that begins with `http`.
        width: Pixels; below 600 the browser behaves as a phone.
        height: Pixels of the window; the screenshot shows the whole page.
        dark: Prefer dark colours.
        media: `"print"` shows the page as it is printed.
        expression: JavaScript whose value is returned, also where the page forbids scripts.
        timeout: Seconds before `TimeoutError`.
    """
    address = str(path) if str(path).startswith("http") else Path(path).resolve().as_uri()
    with _browser(time.monotonic() + timeout) as browser:
        browser.open_tab()
        for domain in ("Page", "Runtime", "Log", "Network"):
            browser.call(f"{domain}.enable")
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.call("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        browser.call("Page.navigate", url=address)
        browser.wait_for("Page.loadEventFired")
        load = PageLoad(
            dom=browser.evaluate("document.documentElement.outerHTML"),
            console_errors=[],
            requests=[],
            scroll_width=browser.evaluate("document.scrollingElement.scrollWidth"),
            value=browser.evaluate(expression),
            screenshot=browser.file("Page.captureScreenshot", captureBeyondViewport=True),
            pdf=browser.file("Page.printToPDF", printBackground=False),
        )
        return load._replace(
            console_errors=_console_errors(browser.events),
            requests=_requests(browser.events, address),
        )


class _Browser:
    """One running browser and one tab of it."""

    def __init__(self, to_browser: int, from_browser: int, deadline: float) -> None:
        self._to, self._from, self._deadline = to_browser, from_browser, deadline
        self._buffer, self._count, self._session = b"", 0, None
        self.events: list[dict] = []

    def open_tab(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def call(self, method: str, **params: Any) -> dict:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        _write_all(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def evaluate(self, expression: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def file(self, method: str, **params: Any) -> bytes:
        return base64.b64decode(self.call(method, **params)["data"])

    def wait_for(self, event: str) -> None:
        while not any(seen["method"] == event for seen in self.events):
            self._read()

    def _read(self) -> dict:
        while b"\0" not in self._buffer:
            if time.monotonic() > self._deadline:
                raise TimeoutError("Chromium did not answer in time.")
            try:
                chunk = os.read(self._from, 1 << 20)
            except BlockingIOError:
                time.sleep(0.005)
                continue
            if not chunk:
                raise RuntimeError("Chromium ended before it had shown the page.")
            self._buffer += chunk
        text, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message


@contextlib.contextmanager
def _browser(deadline: float) -> Iterator[_Browser]:
    command = find_chromium()
    if command is None:
        raise FileNotFoundError("No Chromium is installed.")
    theirs_in, ours_out = _high(os.pipe())
    ours_in, theirs_out = _high(os.pipe())
    os.set_blocking(ours_in, False)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        launcher = [sys.executable, "-c", _LAUNCHER, str(theirs_in), str(theirs_out)]
        process = subprocess.Popen(
            [*launcher, command, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield _Browser(ours_out, ours_in, deadline)
        finally:
            os.close(ours_out)
            os.close(ours_in)
            _end(process)


def _high(pair: tuple[int, int]) -> list[int]:
    """The pipe on descriptors of 20 and above, which 3 and 4 cannot overwrite."""
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in pair]
    for end in pair:
        os.close(end)
    return high


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _end(process: subprocess.Popen) -> None:
    """Ends the browser and its children, which are a process group of their own."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(2)  # it goes by itself when its pipe closes
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def _console_errors(events: list[dict]) -> list[str]:
    found = []
    for event in events:
        params = event["params"]
        if event["method"] == "Runtime.exceptionThrown":
            found.append(params["exceptionDetails"]["text"])
        elif event["method"] == "Log.entryAdded":
            if params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
        elif event["method"] == "Runtime.consoleAPICalled" and params["type"] in (
            "error",
            "warning",
            "assert",
        ):
            found.append(" ".join(str(part.get("value")) for part in params["args"]))
    return found


def _requests(events: list[dict], address: str) -> list[str]:
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in asked if url != address and not url.startswith("data:")]
