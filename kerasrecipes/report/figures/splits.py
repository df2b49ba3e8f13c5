"""The figure of how the examples were shared out among train, dev and test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasrecipes.report.content import Figure
from kerasrecipes.report.figures import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def split_sizes(train: int, dev: int, test: int, *, name: str = "split-sizes") -> Figure:
    """Draws the number of examples in train, dev and test.

    Args:
        train: Number of train examples >= 0.
        dev: Number of dev examples >= 0.
        test: Number of test examples >= 0.
        name: Name of the figure in its page.

    Returns:
        The `Figure`.

    Raises:
        ValueError: If a number is negative.

    Example:
    >>> split_sizes(1078, 359, 360).alt
    '1,797 examples: train 1,078 (60 %), dev 359 (20 %), test 360 (20 %).'
    """
    sizes = {"train": int(train), "dev": int(dev), "test": int(test)}
    for part, size in sizes.items():
        if size < 0:
            raise ValueError(
                f"`{part}` must be a number of examples >= 0. Received: {part}={size}."
            )
    total = sum(sizes.values())
    if not total:
        return canvas.nothing_to_show(name, "there are no examples.")
    shares = {part: f"{size:,} ({_share(size / total)})" for part, size in sizes.items()}
    with canvas.drawing(height=1.6) as sheet:
        _draw_parts(sheet.add_subplot(), sizes, shares)
        listed = ", ".join(f"{part} {text}" for part, text in shares.items())
        return canvas.from_matplotlib(
            sheet,
            name=name,
            caption=f"How the {total:,} examples were split.",
            alt=f"{total:,} examples: {listed}.",
        )


def _draw_parts(axes: Axes, sizes: dict[str, int], shares: dict[str, str]) -> None:
    axes.grid(False)
    colors = (canvas.TRAIN, canvas.DEV, canvas.SOFT)
    axes.barh(list(sizes), list(sizes.values()), color=colors, height=0.6)
    for row, (part, size) in enumerate(sizes.items()):
        beside = (6, 0)
        axes.annotate(
            shares[part], (size, row), xytext=beside, textcoords="offset points", va="center"
        )
    axes.set(xlim=(0, 1.55 * max(sizes.values())), ylim=(2.5, -0.5), xticks=[])
    axes.tick_params(axis="y", labelcolor=canvas.INK)
    axes.spines[:].set_visible(False)


def _share(fraction: float) -> str:
    return f"{100 * fraction:.3g} %"
