"""The main job: from data to a trained, diagnosed model with a report."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasrecipes.data import read
from kerasrecipes.recipe.basic_recipe import BasicRecipe, RecipeInterrupted
from kerasrecipes.recipe.events import Event, Said
from kerasrecipes.recipe.finished_job import Job, JobOptions, finished_job
from kerasrecipes.recipe.interrupt import Interrupt
from kerasrecipes.recipe.loop import INTERRUPTED
from kerasrecipes.recipe.prepared import Prepared, prepare
from kerasrecipes.recipe.result import RecipeResult
from kerasrecipes.recipe.run_directory import RunDirectory
from kerasrecipes.recipe.run_page import run_page
from kerasrecipes.report import write

__all__ = ["Job", "JobOptions", "run_job"]

SMALL_DATA, SMALL_BUDGET, LARGE_BUDGET = 1_000_000, 2.0, 5.0  # numbers in x; minutes


def run_job(options: JobOptions, progress: Callable[[Event], Any] = lambda _: None) -> Job:
    """Runs the main job and writes its directory.

    The data are split, dev and test compared, everything that is learned from data is learned on
    the training part, the Basic Recipe is walked, and the test part is touched once, at the end.

    Args:
        options: What to do.
        progress: Called with each event.

    Returns:
        The `Job`.

    Raises:
        DataError: If the data or the directory cannot be used; nothing is left behind then.
        ValueError: If an option is out of range.
        KeyboardInterrupt: On Ctrl-C before there is a model.

    Example:
        >>> import tempfile
        >>> options = JobOptions("iris", target_error=0.5, out=tempfile.mkdtemp())
        >>> sorted(path.name for path in run_job(options).directory.iterdir())
        ['encoding.json', 'history.csv', 'model.keras', 'report.html', 'result.json']
    """
    started = time.monotonic()
    recipe = BasicRecipe(
        target_error=options.target_error,
        human_error=options.human_error,
        budget=LARGE_BUDGET if options.budget_minutes is None else options.budget_minutes,
        seed=options.seed,
        progress=progress,
    )
    examples = read(options.data, options.target, task=options.task)
    recipe.task = examples.task
    if options.budget_minutes is None and examples.x.size < SMALL_DATA:
        recipe.budget = SMALL_BUDGET
    directory = (
        RunDirectory(options.out) if options.out else RunDirectory.named_after(examples.name)
    )
    with directory:
        data = prepare(examples, options.seed)
        for note in (data.examples.summary(), *data.notes):
            progress(Said(note))
        with Interrupt() as interrupt:
            recipe.should_stop = interrupt
            result, interrupted = _walk(recipe, data)
            job = _finish(options, data, result, interrupted, started, directory)
    return job


def _walk(recipe: BasicRecipe, data: Prepared) -> tuple[RecipeResult, bool]:
    try:
        result = recipe.run(data.split, image_shape=data.examples.image_shape)
        return result, result.stop_reason == INTERRUPTED
    except RecipeInterrupted as interruption:
        return interruption.result, True


def _finish(
    options: JobOptions,
    data: Prepared,
    result: RecipeResult,
    interrupted: bool,
    started: float,
    directory: RunDirectory,
) -> Job:
    """Touches the test part, and writes what was found."""
    x_test = data.split.test[0]
    predictions = np.asarray(result.model.predict(x_test, batch_size=256, verbose=0))
    job = finished_job(
        options,
        data,
        result,
        predictions,
        directory=directory.path,
        interrupted=interrupted,
        seconds=time.monotonic() - started,
    )
    _write(directory, data, job, predictions)
    directory.commit()
    return job


def _write(directory: RunDirectory, data: Prepared, job: Job, predictions: np.ndarray) -> None:
    job.recipe.model.save(directory.aside("model.keras"))
    directory.aside("encoding.json").write_text(json.dumps(data.encoding.to_dict(), indent=1))
    write(run_page(data, job, predictions), directory.aside("report.html"))
    with directory.aside("history.csv").open("w", newline="") as file:
        columns = dict.fromkeys(key for row in job.recipe.history for key in row)
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(job.recipe.history)
    text = json.dumps(job.result, indent=1, allow_nan=False, default=_plain)
    directory.aside("result.json").write_text(text + "\n")


def _plain(value: Any) -> Any:
    """NumPy scalars as Python's."""
    return value.item() if hasattr(value, "item") else str(value)
