"""A curve of bounded length, however many points are added to it."""

from __future__ import annotations

import math
from array import array

import numpy as np

MOST = 2000  # points: more than a screen has columns


class Curve:
    """Steps and values, thinned evenly where there are too many, never cut off.

    When `most` points are there, neighbours are merged into their mean, so that each point stands
    for the same number of added ones, at most half of `most` are left, and what is added next
    stands by itself until then. The first point and the last are never merged. A mean that a NaN
    or an infinite value goes into is NaN: that there was one stays to be seen.

    Args:
        group: Curves of one group are drawn in one chart.
        part: `"train"`, `"dev"`, or the name of a layer.
        most: Integer >= 8. Points kept.

    Attributes:
        steps, values: `array("d")`, in the order of adding.
        thinned: How often points were merged; in between, points are only added at the end.

    Raises:
        ValueError: If `most` is below 8.

    Example:
        >>> curve = Curve("cost", "train", most=8)
        >>> for step in range(9):
        ...     curve.add(step, 10.0 * step)
        >>> list(curve.steps), list(curve.values)
        ([0.0, 1.5, 3.5, 5.5, 7.0, 8.0], [0.0, 15.0, 35.0, 55.0, 70.0, 80.0])
    """

    def __init__(self, group: str, part: str, most: int = MOST) -> None:
        if most < 8:
            raise ValueError(f"`most` must be at least 8, to keep a shape. Received: most={most}.")
        self.group, self.part, self.most = group, part, most
        self.steps, self.values = array("d"), array("d")
        self.thinned = 0
        self._added = 0
        self._merged = array("d")  # how many added points each of the first ones stands for

    def __len__(self) -> int:
        return len(self.steps)

    def add(self, step: float, value: float) -> None:
        """Adds a point at the end, in constant time on average."""
        self.steps.append(step)
        self.values.append(value if math.isfinite(value) else math.nan)
        self._added += 1
        if len(self.steps) > self.most:
            self._thin()

    def _thin(self) -> None:
        """Merges all but the first and the last, to points that stand for equally many."""
        inner = self._added - 2
        width = 1
        while 2 * inner > self.most * width:
            width *= 2
        counts = np.ones(len(self.steps))
        counts[: len(self._merged)] = self._merged
        counts = counts[1:-1]
        before = np.cumsum(counts) - counts
        starts = np.flatnonzero(np.diff(before // width, prepend=-1))
        totals = np.add.reduceat(counts, starts)
        steps = np.add.reduceat(counts * self.steps[1:-1], starts) / totals
        shares = counts / np.repeat(totals, np.diff(starts, append=len(counts)))
        values = np.add.reduceat(shares * self.values[1:-1], starts)  # a sum might overflow
        self.steps[1:-1] = array("d", steps.tobytes())
        self.values[1:-1] = array("d", values.tobytes())
        self._merged = array("d", [1.0, *totals])
        self.thinned += 1
