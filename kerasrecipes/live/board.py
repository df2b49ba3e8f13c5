"""The state of a running fit, written by the training and read by whoever shows it."""

from __future__ import annotations

import math
import numbers
import threading
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, NamedTuple

from kerasrecipes.live.curve import MOST, Curve

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
        self._lock = threading.Lock()
        self._parts = {name: _Part(value, 0) for name, value in PARTS.items()}
        self._curves: dict[str, _Versioned] = {}

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
                curve = self._curves[name] = _Versioned(Curve(group, part, self._most))
            self.version += 1
            curve.add(step, value, self.version)

    def put(self, **parts: Any) -> None:
        """Replaces parts of the state, each whole; one that is as it was changes nothing.

        Args:
            parts: Names of `PARTS`, with plain values: dictionaries, lists, texts, numbers, None.
                They are copied; numbers that are not finite become None.

        Raises:
            ValueError: If there is no part of that name.
            TypeError: If a value is not plain.
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
                name: [_numbers(curve.steps), _numbers(curve.values)]
                for name, curve in read.curves.items()
                if not curve.is_whole
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
            return _Read(self.version, put, curves)


def plain(value: Any) -> Any:
    """A copy made of dictionaries, lists, texts, numbers, booleans and None, as JSON has them.

    Args:
        value: Made of mappings, lists, tuples, texts, Python's and NumPy's numbers, None. Numbers
            that are not finite become None.

    Raises:
        TypeError: If something else is in it.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None
    raise TypeError(
        "the state must be made of dictionaries, lists, texts, numbers and None. "
        f"Received: {type(value).__name__}."
    )


class _Part(NamedTuple):
    """A part of the state, never changed in place, and the version that it came with."""

    value: Any
    version: int


class _Read(NamedTuple):
    """What was copied in one moment."""

    version: int
    put: dict[str, Any]
    curves: dict[str, _Copy]


class _Copy(NamedTuple):
    """A curve, or its last points."""

    group: str
    part: str
    steps: array[float]
    values: array[float]
    is_whole: bool

    def to_dict(self) -> dict[str, Any]:
        steps, values = _numbers(self.steps), _numbers(self.values)
        return {"group": self.group, "part": self.part, "steps": steps, "values": values}


class _Versioned:
    """A curve, and the versions that its points came with since it was thinned last."""

    def __init__(self, curve: Curve) -> None:
        self.curve, self.version = curve, 0
        self._versions = array("q")

    def add(self, step: float, value: float, version: int) -> None:
        thinned = self.curve.thinned
        self.curve.add(step, value)
        if self.curve.thinned != thinned:
            self._versions = array("q")
        self._versions.append(version)
        self.version = version

    def since(self, version: int) -> _Copy:
        """The points after a version; all of them if it cannot be told from the end alone."""
        curve, known = self.curve, bisect_right(self._versions, version)
        start = len(curve) - len(self._versions) + known if known else 0
        steps, values = curve.steps[start:], curve.values[start:]
        return _Copy(curve.group, curve.part, steps, values, is_whole=not known)


def _numbers(values: array[float]) -> list[float | int | None]:
    """As JSON has them: whole numbers without a point, which is shorter, None for NaN."""
    return [
        None if value != value else int(value) if value.is_integer() else value for value in values
    ]
