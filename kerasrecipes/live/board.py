"""The state of a running fit, written by the training and read by whoever shows it."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

from kerasrecipes.data.plain import plain
from kerasrecipes.live.curve import MOST, Curve
from kerasrecipes.live.versioned_curve import CurveCopy, VersionedCurve

FORMAT = 1
MOST_CURVES = 256
PARTS: dict[str, Any] = {  # as they are before something is put there
    "run": {},
    "status": "running",
    "said": None,
    "progress": {},
    "memory": {},
    "metrics": {},
    "layers": [],
    "bias_variance": None,
    "findings": [],
    "messages": [],
    "settings": [],
    "actions": {},
    "saved_points": [],
    "nudges": [],
}


class Board:
    """What the page of a running fit shows, at any instant whole and of one moment.

    The training writes, servers read, each in its own thread. A write takes microseconds: readers
    copy what they need in the lock, as blocks of memory, and work on it outside. Each write that
    changes something makes the version one more.

    Args:
        most: Points kept of each curve.

    Attributes:
        version: Of the state, from 0; may be read at any time.

    Example:
        >>> board = Board()
        >>> board.put(status="paused")
        >>> board.point("loss", 0, 2.5, "cost", "train")
        >>> board.snapshot()["status"], board.version
        ('paused', 2)
        >>> board.changes(since=1)
        {'version': 2, 'put': {}, 'points': {},
         'curves': {'loss': {'group': 'cost', 'part': 'train', 'steps': [0], 'values': [2.5]}}}
    """

    def __init__(self, most: int = MOST) -> None:
        self.version = 0
        self._most = most
        self._lock = threading.RLock()  # memory may be collected in it, and end a fit
        self._parts = {name: _Part(value, 0) for name, value in PARTS.items()}
        self._curves: dict[str, VersionedCurve] = {}

    def point(self, name: str, step: float, value: float, group: str, part: str) -> None:
        """Adds a point to a curve; the first one makes it.

        At most `MOST_CURVES` curves are kept; points of more are left out.

        Args:
            name: Of the curve.
            step: Steps done in this fit.
            value: Float; one that is not finite is shown as a gap.
            group: Curves of one group are drawn in one chart.
            part: `"train"`, `"dev"`, or the name of a layer.
        """
        step, value = float(step), float(value)
        with self._lock:
            curve = self._curves.get(name)
            if curve is None:
                if len(self._curves) >= MOST_CURVES:
                    return
                curve = self._curves[name] = VersionedCurve(Curve(group, part, self._most))
            self.version += 1
            curve.add(step, value, self.version)

    def put(self, **parts: Any) -> None:
        """Replaces parts of the state, each whole; one that is as it was changes nothing.

        Args:
            parts: Names of `PARTS`, with dictionaries, lists, texts, numbers, None. They are
                copied; numbers that are not finite become None, and anything else its text.

        Raises:
            ValueError: If there is no part of that name.
        """
        unknown = [name for name in parts if name not in PARTS]
        if unknown:
            raise ValueError(
                f"the parts of the state are {', '.join(PARTS)}. Received: {unknown[0]!r}."
            )
        copies = {name: plain(value) for name, value in parts.items()}
        with self._lock:
            changed = {n: value for n, value in copies.items() if value != self._parts[n].value}
            if changed:
                self.version += 1
                for name, value in changed.items():
                    self._parts[name] = _Part(value, self.version)

    def part(self, name: str) -> Any:
        """What was put there last; it must not be changed."""
        with self._lock:
            return self._parts[name].value

    def snapshot(self) -> dict[str, Any]:
        """The whole state as JSON has it; nothing in it changes afterwards."""
        whole = self._read(-1)
        state = {"format": FORMAT, "version": whole.version, **whole.put}
        state["curves"] = {name: curve.to_dict() for name, curve in whole.curves.items()}
        return state

    def changes(self, since: int) -> dict[str, Any] | None:
        """What has become different after a version.

        Args:
            since: A version that was read here; -1 for everything.

        Returns:
            The new `version`; `put`, parts that changed, each whole; `points`, steps and values to
            add to curves; `curves`, those that are new or were thinned, whole. None if the state is
            as it was.
        """
        if self.version == since:
            return None
        read = self._read(since)
        whole = {name: curve for name, curve in read.curves.items() if curve.is_whole}
        return {
            "version": read.version,
            "put": read.put,
            "points": {
                name: curve.numbers() for name, curve in read.curves.items() if not curve.is_whole
            },
            "curves": {name: curve.to_dict() for name, curve in whole.items()},
        }

    def _read(self, since: int) -> _Read:
        with self._lock:
            put = {name: part.value for name, part in self._parts.items() if part.version > since}
            curves = {
                name: curve.since(since)
                for name, curve in self._curves.items()
                if curve.version > since
            }
            version = self.version
        return _Read(version, plain(put), curves)  # a copy, so that readers may change it


class _Part(NamedTuple):
    """A part of the state, never changed in place, and the version that it came with."""

    value: Any
    version: int


class _Read(NamedTuple):
    """What was copied in one moment."""

    version: int
    put: dict[str, Any]
    curves: dict[str, CurveCopy]
