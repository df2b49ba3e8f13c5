"""The main job: from data to a trained, diagnosed model with a report."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from kerasrecipes import devices
from kerasrecipes.data import DataError, Examples, read
from kerasrecipes.recipe.basic_recipe import BasicRecipe, RecipeInterrupted
from kerasrecipes.recipe.events import Event, RunBegun, Said
from kerasrecipes.recipe.finished_job import Job, JobOptions, finished_job
from kerasrecipes.recipe.interrupt import Interrupt
from kerasrecipes.recipe.journal import holds_training
from kerasrecipes.recipe.loop import INTERRUPTED
from kerasrecipes.recipe.prepared import Prepared, prepare
from kerasrecipes.recipe.result import RecipeResult
from kerasrecipes.recipe.run_directory import RunDirectory
from kerasrecipes.recipe.run_page import run_page
from kerasrecipes.recipe.unfinished_run import UnfinishedRun
from kerasrecipes.report import write

__all__ = ["Job", "JobOptions", "resume_job", "run_job"]

SMALL_DATA, SMALL_BUDGET, LARGE_BUDGET = 1_000_000, 2.0, 5.0  # numbers in x; minutes


def run_job(
    options: JobOptions,
    progress: Callable[[Event], Any] = lambda _: None,
    *,
    restart: bool = False,
) -> Job:
    """Runs the main job and writes its directory.

    The data are split, dev and test compared, everything that is learned from data is learned on
    the training part, the Basic Recipe is walked, and the test part is touched once, at the end.
    What is done is kept below the directory until the job is finished: see `resume_job`.

    Args:
        options: What to do.
        progress: Called with each event.
        restart: Whether an unfinished run in the directory is given up.

    Returns:
        The `Job`.

    Raises:
        DataError: If the data or the directory cannot be used, or the directory holds an unfinished
            run; nothing is left behind then.
        DeviceError: If there is no such device, or it cannot do what is asked.
        ValueError: If an option is out of range.
        KeyboardInterrupt: On Ctrl-C before there is a model.
        Preempted: On SIGTERM; the run can be resumed.

    Example:
        >>> import tempfile
        >>> options = JobOptions("iris", target_error=0.5, out=tempfile.mkdtemp())
        >>> sorted(path.name for path in run_job(options).directory.iterdir())
        ['encoding.json', 'history.csv', 'model.keras', 'report.html', 'result.json']
    """
    if options.out and not restart:
        _require_free(UnfinishedRun(options.out))
    return _run(options, progress)


def resume_job(
    directory: str | os.PathLike[str], progress: Callable[[Event], Any] = lambda _: None
) -> Job:
    """Goes on with a run that was killed or interrupted, and ends it as if it had not been.

    Trainings that were finished are not repeated, the one under way goes on after its last whole
    checkpoint. Of the budget, the time between does not count.

    Args:
        directory: Of the run.
        progress: Called with each event, also for the steps that were done before.

    Returns:
        The `Job`.

    Raises:
        DataError: If the directory holds no unfinished run, another process is at work there, or
            the data or versions of libraries are not those it was begun with.
        KeyboardInterrupt: On Ctrl-C before there is a model.
        Preempted: On SIGTERM; the run can be resumed again.

    Example:
        >>> import tempfile
        >>> with UnfinishedRun(tempfile.mkdtemp()) as run:
        ...     run.begin(JobOptions("iris", target_error=0.5))  # and is killed here
        >>> len(resume_job(run.directory).recipe.steps)
        1
    """
    unfinished = UnfinishedRun(directory, lambda text: progress(Said(text)))
    options = replace(unfinished.options(), out=str(directory))
    return _run(options, progress, unfinished)


def _run(
    options: JobOptions, progress: Callable[[Event], Any], resumed: UnfinishedRun | None = None
) -> Job:
    with devices.use(
        options.device,
        mixed_precision=options.mixed_precision or None,
        jit=options.jit,
        data_parallel=options.data_parallel,
    ):
        return _run_there(options, progress, resumed)


def _run_there(
    options: JobOptions, progress: Callable[[Event], Any], resumed: UnfinishedRun | None
) -> Job:
    began = time.monotonic()
    recipe, examples = _read(options, progress, resumed)
    directory = (
        RunDirectory(options.out) if options.out else RunDirectory.named_after(examples.name)
    )
    run = resumed or UnfinishedRun(directory.path, lambda text: progress(Said(text)))
    with directory, run:
        run.begin(options) if resumed is None else run.go_on(options)
        progress(RunBegun(directory.path))
        directory.remove_leftovers()
        recipe.resume_dir = run.journal
        data = prepare(examples, options.seed)
        for note in (data.examples.summary(), *data.notes):
            progress(Said(note))
        run.leave_if_asked()
        with Interrupt() as interrupt:
            recipe.should_stop = interrupt
            return _work(options, recipe, data, directory, run, began)


def _read(
    options: JobOptions, progress: Callable[[Event], Any], resumed: UnfinishedRun | None
) -> tuple[BasicRecipe, Examples]:
    """The recipe, its options checked first, and the data."""
    recipe = BasicRecipe(
        target_error=options.target_error,
        human_error=options.human_error,
        budget=LARGE_BUDGET if options.budget_minutes is None else options.budget_minutes,
        seed=options.seed,
        progress=progress,
    )
    path = options.data if resumed is None else resumed.data(options)
    examples = read(path, options.target, task=options.task)
    recipe.task = examples.task
    if options.budget_minutes is None and examples.x.size < SMALL_DATA:
        recipe.budget = SMALL_BUDGET
    return recipe, examples


def _work(
    options: JobOptions,
    recipe: BasicRecipe,
    data: Prepared,
    directory: RunDirectory,
    run: UnfinishedRun,
    began: float,
) -> Job:
    """Walks the recipe, touches the test part, and writes what was found."""
    before = time.monotonic() - began
    result, interrupted = _walk(recipe, data)
    ended = time.monotonic()
    x_test = data.split.test[0]
    predictions = np.asarray(result.model.predict(x_test, batch_size=256, verbose=0))
    job = finished_job(
        options,
        data,
        result,
        predictions,
        directory=directory.path,
        interrupted=interrupted,
        seconds=before + result.seconds + time.monotonic() - ended,
        resumed=run.resumed,
    )
    _put(directory, run, data, job, predictions)
    run.is_over = not interrupted
    return job


def _require_free(run: UnfinishedRun) -> None:
    if run.is_there():
        raise DataError(
            f"`{run.directory}` holds a run that is not finished: go on with it by "
            f"`{run.command()}`, or begin anew with --restart."
        )


def _walk(recipe: BasicRecipe, data: Prepared) -> tuple[RecipeResult, bool]:
    try:
        result = recipe.run(data.split, image_shape=data.examples.image_shape)
        return result, result.stop_reason == INTERRUPTED
    except RecipeInterrupted as interruption:
        return interruption.result, True


def _put(
    directory: RunDirectory, run: UnfinishedRun, data: Prepared, job: Job, predictions: np.ndarray
) -> None:
    """Writes what was found."""
    try:
        _write(directory, data, job, predictions)
        directory.commit()
    except OSError as error:
        if not holds_training(run.journal):
            raise
        raise DataError(
            f"`{directory.path}` could not be written ({error.strerror or error}): what was "
            f"trained is kept. Free some space, then go on with `{run.command()}`."
        ) from error


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
