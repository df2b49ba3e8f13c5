"""Pictures of a search: one HTML page and one PNG."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from kerasrecipes.checkpoints import write_bytes
from kerasrecipes.report import page as pages
from kerasrecipes.tuning.importance import importance as measured_importance
from kerasrecipes.tuning.importance_table import Importance
from kerasrecipes.tuning.search_page import search_page
from kerasrecipes.tuning.search_sheet import search_sheet
from kerasrecipes.tuning.trials_table import trials_table

STEM = "search"


class Pictures(NamedTuple):
    """Where the pictures of a search are; `html` is None where only the PNG was asked for."""

    html: Path | None
    png: Path


def plot(
    tuner: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    importance: Importance | None = None,
) -> Pictures:
    """Draws a search: its history, what mattered, each hyperparameter, and all of them together.

    The page is one file that needs no network, as the main report is; the PNG holds all panels in
    one picture. History shows the score by trial and the best so far, importance the bars of
    `importance` with their intervals; slices the score against each hyperparameter on its own
    scale, with the boxes that each round of `CoarseToFine` looked in; parallel coordinates every
    trial as a line. What `one_minus_log` registers as `one_minus_beta` is shown as `beta`.

    Args:
        tuner: A `keras_tuner.Tuner`, live or reloaded, or a `keras_tuner.Oracle`. Of several
            objectives the sum that keras-tuner makes of them is shown.
        path: The page, ending in `.html`, with the PNG beside it; a PNG alone, ending in `.png`; or
            a directory that exists. Default: `search.html` and `search.png` in the project
            directory of a tuner, and in the current directory for an oracle.
        title: The heading. Default: the name of the project, or "Search".
        importance: A table of `importance`, if it is to be made otherwise than by default.

    Returns:
        Pictures: the paths `html` and `png`. Each file is written whole or not at all.

    Raises:
        TypeError: If `tuner` holds no trials.
        ValueError: If no trial has been completed, or `path` ends otherwise.
        OSError: If a file cannot be written; what was there is then as before.

    Example:
        >>> import keras_tuner, tempfile
        >>> class Valley(keras_tuner.RandomSearch):
        ...     def run_trial(self, trial, **ignored):
        ...         return (trial.hyperparameters.Float("x", 0.0, 1.0) - 0.3) ** 2
        >>> tuner = Valley(max_trials=9, directory=tempfile.mkdtemp(), seed=1)
        >>> tuner.search(verbose=0)
        >>> plot(tuner).html.name
        'search.html'
    """
    html, png = _paths(tuner, path)
    table = trials_table(tuner)
    title = title or str(getattr(tuner, "project_name", None) or "Search")
    known = measured_importance(tuner) if importance is None else importance
    if html is not None:
        pages.write(search_page(table, known, title), html)
    return Pictures(html, write_bytes(png, search_sheet(table, known, title)))


def _paths(tuner: Any, path: str | os.PathLike[str] | None) -> tuple[Path | None, Path]:
    chosen = Path(getattr(tuner, "project_dir", ".") if path is None else path)
    if chosen.is_dir():
        chosen = chosen / f"{STEM}.html"
    if chosen.suffix not in (".html", ".png"):
        raise ValueError(
            "`path` must end in .html or .png, or be a directory that exists. "
            f"Received: path={str(path)!r}. Make the directory first, or add an ending."
        )
    page = chosen if chosen.suffix == ".html" else None
    return page, chosen.with_suffix(".png")
