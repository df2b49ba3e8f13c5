"""The figure of bias and variance: the ladder from human error to train to dev error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RUNGS = ("human", "train", "dev")


def bias_variance_bars(
    human: float,
    train: float,
    dev: float,
    intervals: Mapping[str, tuple[float, float]] | None = None,
    *,
    quantity: str = "error",
    name: str = "bias-variance",
) -> Figure:
    """Draws human, train and dev error as a ladder; its rungs lie bias and variance apart.

    `bias = train - human` and `variance = dev - train`. A gap below zero is drawn hollow.

    Args:
        human: The error to compare with, as a fraction (0.01 is 1 %).
        train: The error on the train set, as a fraction; NaN if it was not measured.
        dev: The error on the dev set, as a fraction; NaN if it was not measured.
        intervals: `(low, high)` of `"human"`, `"train"` and `"dev"`, as far as known.
        quantity: What is measured, e.g. `"error"` or `"cost relative to the mean"`.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Raises:
        ValueError: If `intervals` names anything else, or has a low end above its high end.

    Example:
    >>> bias_variance_bars(0.0, 0.02, 0.05, {"dev": (0.03, 0.08)}).alt
    'Error: human 0 %, train 2.0 %, dev 5.0 % (interval 3.0 to 8.0 %); bias 2.0 %, variance 3.0 %.'
    """
    known = _checked(intervals or {})
    errors = dict(zip(_RUNGS, (float(human), float(train), float(dev)), strict=True))
    if not any(math.isfinite(value) for value in errors.values()):
        return canvas.nothing_to_show(name, f"no {quantity} was measured.")
    gaps = (
        ("bias", 1, errors["human"], errors["train"], canvas.TRAIN),
        ("variance", 2, errors["train"], errors["dev"], canvas.DEV),
    )
    with canvas.drawing(height=2.5) as sheet:
        axes = sheet.add_subplot(xlabel=f"{canvas.words(quantity, 50)}, %")
        axes.grid(False)
        _draw_rungs(axes, errors, known)
        for gap in gaps:
            _draw_gap(axes, *gap)
        _set_limits(axes, errors, known)
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption="Bias is what train error lies above human error, variance what dev error "
            "lies above train error" + ("; the whiskers are 95 % intervals." if known else "."),
            alt=_in_words(quantity, errors, known, gaps),
        )


def _checked(intervals: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    for rung, (low, high) in intervals.items():
        if rung not in _RUNGS:
            raise ValueError(
                f"`intervals` must name 'human', 'train' or 'dev'. Received: intervals[{rung!r}]."
            )
        if low > high:
            raise ValueError(
                "`intervals` must be (low, high) with low <= high. "
                f"Received: intervals[{rung!r}]=({low}, {high})."
            )
    return {
        rung: (float(low), float(high))
        for rung, (low, high) in intervals.items()
        if math.isfinite(low) and math.isfinite(high)
    }


def _draw_rungs(
    axes: Axes, errors: dict[str, float], intervals: dict[str, tuple[float, float]]
) -> None:
    labels = []
    for row, (rung, value) in enumerate(errors.items()):
        measured = math.isfinite(value)
        labels.append(f"{rung}\n{canvas.percent(value) if measured else 'not measured'}")
        if measured:
            axes.barh(row, 100 * value, height=0.5, color=canvas.PALE)
            axes.plot([100 * value] * 2, [row - 0.25, row + 0.25], color=canvas.INK, linewidth=2)
        if rung in intervals:
            low, high = (100 * end for end in intervals[rung])
            axes.plot([low, high], [row + 0.38] * 2, "|-", color=canvas.INK, linewidth=1.2)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", labelcolor=canvas.INK)
    axes.spines["left"].set_visible(False)


def _draw_gap(axes: Axes, gap: str, row: int, start: float, end: float, color: str) -> None:
    if not (math.isfinite(start) and math.isfinite(end)):
        return
    left, width = 100 * min(start, end), 100 * abs(end - start)
    if end >= start:
        axes.barh(row, width, left=left, height=0.5, color=color)
    else:
        axes.barh(row, width, left=left, height=0.46, facecolor="none", edgecolor=color)
    axes.annotate(
        f"{gap} {canvas.percent(end - start)}",
        (left + width, row),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        color=color,
        weight="bold",
    )


def _set_limits(
    axes: Axes, errors: dict[str, float], intervals: dict[str, tuple[float, float]]
) -> None:
    ends = [value for value in errors.values() if math.isfinite(value)]
    ends += [end for interval in intervals.values() for end in interval]
    low, high = min(0.0, *ends), max(0.0, *ends)
    axes.set_xlim(100 * low, 100 * (high + 0.45 * (high - low)) if high > low else 1)
    axes.set_ylim(2.65, -0.5)


def _in_words(
    quantity: str, errors: dict[str, float], intervals: dict[str, tuple[float, float]], gaps: tuple
) -> str:
    said = []
    for rung, value in errors.items():
        text = f"{rung} {canvas.percent(value) if math.isfinite(value) else 'not measured'}"
        if rung in intervals:
            low, high = (canvas.percent(end) for end in intervals[rung])
            text += f" (interval {low.removesuffix(' %')} to {high})"
        said.append(text)
    found = [
        f"{gap} {canvas.percent(end - start)}"
        for gap, _, start, end, _ in gaps
        if math.isfinite(end - start)
    ]
    tail = f"; {', '.join(found)}" if found else ""
    return f"{quantity[:1].upper()}{quantity[1:]}: {', '.join(said)}{tail}."
