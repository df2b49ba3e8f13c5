"""Figures of the cost: train and dev of every step, and J with and without the penalty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as Sheet


class StepCurves(NamedTuple):
    """The curves of one step: its name, train and dev cost, one value an epoch.

    Example:
    >>> StepCurves("first model", train=[0.9, 0.4], dev=[1.0, 0.6]).name
    'first model'
    """

    name: str
    train: ArrayLike
    dev: ArrayLike = ()


def cost_curves(
    steps: Sequence[tuple],
    *,
    name: str = "cost-curves",
    max_steps: int = 15,
    nudges: Sequence[float] = (),
) -> Figure:
    """Draws train and dev cost of each step by epoch, one small panel a step.

    All panels share the axis of the cost, so that steps compare at a glance; it is logarithmic
    when the costs span more than a factor of 30. A dot marks the lowest dev cost of each step.

    Args:
        steps: Sequence of `StepCurves`, or of tuples `(name, train, dev)`. NaN and infinity are
            gaps in the line.
        name: Name of the figure in its page.
        max_steps: Int >= 1. Of more steps only the latest are drawn; the caption says so.
        nudges: Where settings were changed by hand, in epochs; a line each in the last panel.

    Returns:
        The `Figure`.

    Raises:
        ValueError: If `max_steps < 1`.

    Example:
    >>> figure = cost_curves([("first model", [0.9, 0.4, 0.2], [1.0, 0.6, 0.5])])
    >>> figure.alt
    'Train and dev cost by epoch of 1 step. 1 first model: train 0.2, lowest dev 0.5 at epoch 3.'
    """
    if max_steps < 1:
        raise ValueError(f"`max_steps` must be at least 1. Received: max_steps={max_steps}.")
    curves = [_Curves.of(number, *step) for number, step in enumerate(steps, 1)][-max_steps:]
    if not any(np.isfinite(values).any() for curve in curves for values in curve[2:]):
        return canvas.nothing_to_show(name, "no cost was recorded.")
    columns = 2 if len(curves) in (2, 4) else min(len(curves), 3)
    rows = -(-len(curves) // columns)
    with canvas.drawing(height=2.9 if rows == 1 and columns < 3 else 0.6 + 1.5 * rows) as sheet:
        panels = sheet.subplots(rows, columns, sharey=True, squeeze=False).ravel()
        for panel in panels[len(curves) :]:
            panel.set_axis_off()
        for panel, curve in zip(panels, curves, strict=False):
            most = min(400, max(60, 720 // len(curves)))
            _draw_step(panel, curve, width=(44, 24, 15)[columns - 1], most=most)
        canvas.nudges(panels[len(curves) - 1], nudges)
        _label_sheet(sheet, panels[0].yaxis, curves)
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption=_caption(len(steps) - len(curves), len(steps), len(nudges)),
            alt=f"Train and dev cost by epoch of {len(curves)} step{'s' * (len(curves) != 1)}. "
            + " ".join(map(_in_words, curves)),
            wide=len(curves) > 4,
        )


def cost_with_penalty(
    cost: ArrayLike, penalty: ArrayLike, *, name: str = "cost-with-penalty"
) -> Figure:
    """Draws the cost J by epoch with and without the regularisation penalty.

    Args:
        cost: The cost without the penalty, one value an epoch.
        penalty: The penalty alone, one value an epoch; `J = cost + penalty`.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Raises:
        ValueError: If the two differ in length.

    Example:
    >>> cost_with_penalty([0.5, 0.3], [0.1, 0.1]).alt
    'Cost by epoch, at the end 0.4 with the penalty and 0.3 without.'
    """
    bare, extra = canvas.series(cost), canvas.series(penalty)
    if len(bare) != len(extra):
        raise ValueError(
            "`cost` and `penalty` must have one value for each epoch. "
            f"Received: {len(bare)} costs and {len(extra)} penalties."
        )
    total = bare + extra
    if not np.isfinite(total).any():
        return canvas.nothing_to_show(name, "no cost was recorded.")
    with canvas.drawing() as sheet:
        _draw_penalty(sheet.add_subplot(xlabel="epoch"), bare, total)
        last = np.flatnonzero(np.isfinite(total))[-1]
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption="The cost J with the penalty on large weights, which training lowers, and "
            "without it. The band between them is the penalty.",
            alt=f"Cost by epoch, at the end {canvas.short(total[last])} with the penalty and "
            f"{canvas.short(bare[last])} without.",
        )


def _draw_penalty(axes: Axes, bare: np.ndarray, total: np.ndarray) -> None:
    epochs = np.arange(1, len(bare) + 1)
    axes.fill_between(epochs, bare, total, color=canvas.TRAIN, alpha=0.12, linewidth=0)
    canvas.line(axes, epochs, total, canvas.TRAIN)
    canvas.line(axes, epochs, bare, canvas.DEV, linestyle="--")
    log = canvas.log_where_wide(axes.yaxis, bare, total)
    axes.set_ylabel("cost J, log scale" if log else "cost J")
    axes.legend(axes.lines, ["with penalty", "without"], loc="upper right")
    canvas.limits(axes, len(bare))
    canvas.whole_ticks(axes.xaxis)


class _Curves(NamedTuple):
    """One step as it is drawn."""

    number: int
    name: str
    train: np.ndarray
    dev: np.ndarray

    @classmethod
    def of(cls, number: int, name: str, train: object, dev: object = ()) -> _Curves:
        return cls(number, str(name), canvas.series(train), canvas.series(dev))


def _draw_step(axes: Axes, curve: _Curves, *, width: int, most: int) -> None:
    axes.set_title(canvas.two_lines(f"{curve.number} {curve.name}", width), pad=4)
    for values, color in ((curve.train, canvas.TRAIN), (curve.dev, canvas.DEV)):
        if np.isfinite(values).any():
            canvas.line(axes, np.arange(1, len(values) + 1), values, color, most=most)
    if np.isfinite(curve.dev).any():
        best = int(np.nanargmin(curve.dev))
        axes.plot(best + 1, curve.dev[best], "o", color=canvas.DEV, markersize=5, clip_on=False)
    epochs = max(len(curve.train), len(curve.dev))
    canvas.limits(axes, epochs)
    canvas.whole_ticks(axes.xaxis, 4, inside=epochs >= 100)


def _label_sheet(sheet: Sheet, cost_axis: Axis, curves: Sequence[_Curves]) -> None:
    from matplotlib.lines import Line2D

    log = canvas.log_where_wide(cost_axis, *[values for curve in curves for values in curve[2:]])
    sheet.supylabel("cost, log scale" if log else "cost", fontsize=10, color=canvas.SOFT)
    sheet.supxlabel("epoch", fontsize=10, color=canvas.SOFT)
    lines = [Line2D([], [], color=color) for color in (canvas.TRAIN, canvas.DEV)]
    sheet.legend(lines, ["train", "dev"], loc="outside upper right", ncols=2)


def _caption(hidden: int, total: int, nudges: int) -> str:
    text = "Train and dev cost of each step; the dot marks the lowest dev cost."
    if nudges:
        text += " Upright lines: nudges by hand."
    return f"{text} Of {total} steps the first {hidden} are not drawn." if hidden else text


def _in_words(curve: _Curves) -> str:
    known = curve.train[np.isfinite(curve.train)]
    said = [f"train {canvas.short(known[-1])}"] if known.size else []
    if np.isfinite(curve.dev).any():
        best = int(np.nanargmin(curve.dev))
        said.append(f"lowest dev {canvas.short(curve.dev[best])} at epoch {best + 1}")
    return f"{curve.number} {curve.name}: {', '.join(said) or 'nothing recorded'}."
