"""A curve that tells what was added to it after a version."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Any, NamedTuple

from kerasrecipes.live.curve import Curve


class CurveCopy(NamedTuple):
    """The points of a curve, or its last ones, shared with nobody.

    Attributes:
        group, part: Of the curve.
        steps, values: The points.
        is_whole: Whether these are all.
    """

    group: str
    part: str
    steps: array[float]
    values: array[float]
    is_whole: bool

    def numbers(self) -> list[list[float | int | None]]:
        """Steps and values as JSON has them."""
        return [_numbers(self.steps), _numbers(self.values)]

    def to_dict(self) -> dict[str, Any]:
        """The curve as JSON has it."""
        steps, values = self.numbers()
        return {"group": self.group, "part": self.part, "steps": steps, "values": values}


class VersionedCurve:
    """A curve, and the versions that its points came with since it was thinned last.

    Args:
        curve: An empty one.

    Attributes:
        version: That the last point came with.

    Example:
        >>> curve = VersionedCurve(Curve("cost", "train"))
        >>> for version, value in ((4, 2.5), (7, 1.5), (9, 0.5)):
        ...     curve.add(version, value, version)
        >>> curve.since(4).values
        array('d', [1.5, 0.5])
    """

    def __init__(self, curve: Curve) -> None:
        self.curve, self.version = curve, 0
        self._versions = array("q")

    def add(self, step: float, value: float, version: int) -> None:
        """Adds a point, which came with a version above those before."""
        thinned = self.curve.thinned
        self.curve.add(step, value)
        if self.curve.thinned != thinned:
            self._versions = array("q")
        self._versions.append(version)
        self.version = version

    def since(self, version: int) -> CurveCopy:
        """The points after a version; all of them if the end alone does not tell what changed."""
        curve, known = self.curve, bisect_right(self._versions, version)
        start = len(curve) - len(self._versions) + known if known else 0
        steps, values = curve.steps[start:], curve.values[start:]
        return CurveCopy(curve.group, curve.part, steps, values, is_whole=not known)


def _numbers(values: array[float]) -> list[float | int | None]:
    """As JSON has them: whole numbers without a point, which is shorter, None for NaN."""
    return [
        None if value != value else int(value) if value.is_integer() else value for value in values
    ]
