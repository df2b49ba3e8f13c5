"""What the figures of a search share: its trials, their scores, and the axis that shows them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kerasrecipes.report.figures import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Scores further from the best than this many times the worst of nine tenths are cut off.
FAR = 3.0
WIDE = 30.0  # where positive scores span more, the axis is logarithmic
BEST = canvas.DEV


class Dimension(NamedTuple):
    """One hyperparameter as it is drawn.

    `places` are coordinates on [0, 1], one a trial, NaN where it was not active. `ticks` are pairs
    of place and label. `boxes` are, for each round of a coarse-to-fine search, the parts of the
    axis it looked in, as pairs `(low, high)`; empty where it looked everywhere.
    """

    name: str
    places: np.ndarray
    ticks: tuple[tuple[float, str], ...]
    scale: str = ""
    categories: bool = False
    boxes: tuple[tuple[tuple[float, float], ...], ...] = ()


class Scores(NamedTuple):
    """The scores of the completed trials, in the order of completion.

    `rounds` holds the number of the round of each trial, from 0; all 0 where there are none.
    """

    values: np.ndarray
    objective: str
    direction: str
    rounds: np.ndarray

    @property
    def costs(self) -> np.ndarray:
        """The scores turned so that lower is better."""
        return -self.values if self.direction == "max" else self.values

    @property
    def best(self) -> int:
        """The index of the best trial."""
        return int(np.argmin(self.costs))

    @property
    def log(self) -> bool:
        """Whether the scores want a logarithmic axis; its fine end is the low one, of costs."""
        low, high = self.values.min(), self.values.max()
        return bool(self.direction == "min" and low > 0 and high > WIDE * low)

    @property
    def limits(self) -> tuple[float, float]:
        """The part of the axis worth showing: all, or without what lies far off."""
        values = np.log10(self.values) if self.log else self.values
        costs = -values if self.direction == "max" else values
        best, most = float(costs.min()), float(np.quantile(costs, 0.9))
        worst = float(costs.max())
        if most > best and worst - best > FAR * (most - best):
            worst = most + 0.5 * (most - best)
        ends = sorted((-best, -worst) if self.direction == "max" else (best, worst))
        room = 0.07 * (ends[1] - ends[0]) or 0.05 * abs(ends[0]) or 0.5
        low, high = ends[0] - room, ends[1] + room
        return (10**low, 10**high) if self.log else (low, high)

    @property
    def cut_off(self) -> int:
        """How many trials lie beyond the limits."""
        low, high = self.limits
        return int(np.sum((self.values < low) | (self.values > high)))

    @property
    def label(self) -> str:
        """The words of the axis, on two lines."""
        better = "higher" if self.direction == "max" else "lower"
        scale = ", log scale" if self.log else ""
        return f"{canvas.words(self.objective, 26 - len(scale))}{scale}\n({better} is better)"

    @property
    def cut_off_in_words(self) -> str:
        """What the caption says of trials beyond the edge."""
        count = self.cut_off
        if not count:
            return ""
        what = "trial lies" if count == 1 else "trials lie"
        return f" {count} {what} beyond the edge, drawn on it as triangles."


def prepare(axes: Axes, scores: Scores) -> None:
    """Makes the vertical axis that of the scores."""
    low, high = scores.limits
    if scores.log:
        canvas.make_log(axes.yaxis, dense=high < 1000 * low)
    axes.set_ylim(low, high)


def draw_trials(axes: Axes, x: np.ndarray, scores: Scores, size: float = 4.0) -> None:
    """Draws each trial as a dot, later rounds darker, the best one on top."""
    low, high = scores.limits
    inside = (scores.values >= low) & (scores.values <= high)
    last = int(scores.rounds.max(initial=0))
    for number in range(last + 1):
        chosen = inside & (scores.rounds == number) & np.isfinite(x)
        dots(axes, x[chosen], scores.values[chosen], shade(number, last), size)
    for beyond, edge, marker in (
        (scores.values < low, low, "v"),
        (scores.values > high, high, "^"),
    ):
        chosen = beyond & np.isfinite(x)
        edges = np.full(chosen.sum(), edge)
        _plot_whole(axes, x[chosen], edges, marker=marker, color=canvas.SOFT, markersize=size + 3)
    if math.isfinite(x[scores.best]):
        at = x[[scores.best]], scores.values[[scores.best]]
        _plot_whole(axes, *at, marker="o", color=BEST, markersize=size + 2.5)


def _plot_whole(axes: Axes, x: np.ndarray, y: np.ndarray, **look: Any) -> None:
    """Draws marks that may reach beyond the axes, without moving these."""
    (line,) = axes.plot(x, y, linestyle="", clip_on=False, zorder=5, markeredgecolor="white",
                        markeredgewidth=0.6, **look)  # fmt: skip
    line.set_in_layout(False)


def dots(axes: Axes, x: np.ndarray, y: np.ndarray, colour: str, size: float) -> None:
    """Draws dots as one path of very short round strokes: a small file, however many they are."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if not len(x):
        return
    low, high = axes.get_xlim()
    short = 5e-4 * (high - low)
    points = np.stack([np.stack([x - short, y], axis=1), np.stack([x + short, y], axis=1)], axis=1)
    path = Path(points.reshape(-1, 2), [Path.MOVETO, Path.LINETO] * len(x))
    path.should_simplify = False  # or strokes as short as these are left out
    look: dict[str, Any] = {
        "edgecolor": colour,
        "linewidth": size,
        "capstyle": "round",
        "snap": False,
    }
    axes.add_patch(PathPatch(path, fill=False, **look))


def shade(number: int, last: int) -> str:
    """The colour of a round: pale first, strong last; the strong one where there are no rounds."""
    pale, strong = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)])
                    for c in (canvas.FAINT, canvas.TRAIN))  # fmt: skip
    share = 1.0 if last == 0 else number / last
    mixed = np.rint(pale + share * (strong - pale)).astype(int)
    return "#" + "".join(f"{part:02x}" for part in mixed)


def best_so_far(scores: Scores) -> np.ndarray:
    """The best score up to each trial."""
    costs = np.minimum.accumulate(scores.costs)
    return -costs if scores.direction == "max" else costs
