"""The main job: from data to a trained, diagnosed model with a report."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasrecipes.data import (
    DriftReport,
    Encoding,
    Examples,
    Split,
    read,
    same_distribution,
    train_dev_test_split,
)
from kerasrecipes.diagnosis import ErrorEstimate, TargetScale, measure_error
from kerasrecipes.recipe.basic_recipe import BasicRecipe, RecipeInterrupted
from kerasrecipes.recipe.events import Event, Said
from kerasrecipes.recipe.result import RecipeResult
from kerasrecipes.recipe.run_directory import RunDirectory
from kerasrecipes.recipe.run_encoding import RunEncoding
from kerasrecipes.recipe.run_page import run_page
from kerasrecipes.recipe.versions import versions
from kerasrecipes.report import write

SMALL_DATA, SMALL_BUDGET, LARGE_BUDGET = 1_000_000, 2.0, 5.0  # numbers in x; minutes


@dataclass(frozen=True)
class JobOptions:
    """What `kerasrecipes run` is asked for.

    Attributes:
        data: Name of a data set, or path of a `.csv`, `.npz` or `.parquet` file.
        target: Column to predict, of a table; `None` to infer it.
        task: `"auto"`, `"classification"` or `"regression"`.
        human_error: Error that cannot be avoided, as a fraction.
        target_error: Dev error at which to stop, as a fraction, or `None`.
        budget_minutes: Wall time for the trainings; by default 2 minutes below a million numbers in
            the inputs, else 5.
        out: Directory for the files; `None` for `runs/<data>-<time>`.
        seed: Of everything random.
    """

    data: str
    target: str | None = None
    task: str = "auto"
    human_error: float = 0.0
    target_error: float | None = None
    budget_minutes: float | None = None
    out: str | None = None
    seed: int = 0


class Job(NamedTuple):
    """A finished run.

    Attributes:
        directory: Where its files lie.
        result: What `result.json` holds.
        recipe: The `RecipeResult`.
        test_error: `ErrorEstimate` on the test part.
        interrupted: Whether Ctrl-C ended it early, with the best model so far.
    """

    directory: Path
    result: dict[str, Any]
    recipe: RecipeResult
    test_error: ErrorEstimate
    interrupted: bool


class Prepared(NamedTuple):
    """The data of a job, split and encoded by what the training part holds."""

    examples: Examples
    split: Split
    encoding: RunEncoding
    drift: DriftReport
    notes: tuple[str, ...]


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
    """
    started = time.monotonic()
    recipe = BasicRecipe(
        target_error=options.target_error,
        human_error=options.human_error,
        budget=options.budget_minutes or LARGE_BUDGET,
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
        data = _prepare(examples, options.seed)
        for note in (data.examples.summary(), *data.notes):
            progress(Said(note))
        result, interrupted = _walk(recipe, data)
        predictions = np.asarray(
            result.model.predict(data.split.test[0], batch_size=256, verbose=0)
        )
        job = _job(options, data, result, predictions, interrupted, started, directory.path)
        _write(directory, data, job, predictions)
        directory.commit()
    return job


def _prepare(examples: Examples, seed: int) -> Prepared:
    rows = np.arange(len(examples))
    parts = train_dev_test_split(rows, examples.y, seed=seed)
    table = None
    if not isinstance(examples.x, np.ndarray):
        table = Encoding.fit(examples.x.iloc[parts.train[0]])
    notes = [*examples.notes, *(table.notes if table else ())]
    split = Split(*((_inputs(examples, table, chosen), y) for chosen, y in parts))
    names = table.feature_names if table else examples.feature_names
    named = list(names) if len(names) == split.dev[0][0].size else None
    drift = same_distribution(split.dev[0], split.test[0], names=named, seed=seed)
    sizes = ", ".join(
        f"{part} {len(y):,}" for part, (_, y) in zip(("train", "dev", "test"), split, strict=True)
    )
    notes += [f"split: {sizes}.", f"dev and test: {str(drift).splitlines()[0]}"]
    encoding = RunEncoding.of(examples, table, split.train)
    return Prepared(examples, split, encoding, drift, tuple(notes))


def _inputs(examples: Examples, table: Encoding | None, chosen: np.ndarray) -> np.ndarray:
    if table is None or isinstance(examples.x, np.ndarray):
        return np.asarray(examples.x)[chosen]
    return table.transform(examples.x.iloc[chosen])


def _walk(recipe: BasicRecipe, data: Prepared) -> tuple[RecipeResult, bool]:
    try:
        return recipe.run(data.split, image_shape=data.examples.image_shape), False
    except RecipeInterrupted as interruption:
        return interruption.result, True


def _job(options, data, recipe, predictions, interrupted, started, directory) -> Job:
    metric, y_test, scale = "error_rate", data.split.test[1], None
    if data.examples.task == "classification":
        y_test = data.encoding.target.transform(y_test)
    else:
        metric, scale = "relative_squared_error", TargetScale.of(data.split.train[1])
        predictions = predictions[:, 0]
    test_error = measure_error(metric, y_test, predictions, scale=scale, seed=options.seed)
    reading = recipe.reading
    result = {
        "data": options.data,
        "task": data.examples.task,
        "metric": metric,
        "test_error": test_error.error,
        "test_error_interval": [test_error.low, test_error.high],
        "train_error": reading.train_error.error,
        "dev_error": reading.dev_error.error,
        "human_error": options.human_error,
        "bias": reading.bias.value,
        "variance": reading.variance.value,
        "verdict": reading.verdict,
        "advice": _advice(recipe),
        "stop_reason": recipe.stop_reason,
        "interrupted": interrupted,
        "steps": [step.to_dict() for step in recipe.steps],
        "diagnosis": recipe.diagnosis.to_dict(),
        "gradient_check": _check_as_dict(recipe),
        "same_distribution": {"same": data.drift.same, "p_value": data.drift.p_value},
        "examples": {
            part: len(y) for part, (_, y) in zip(("train", "dev", "test"), data.split, strict=True)
        },
        "notes": list(data.notes),
        "seed": options.seed,
        "seconds": round(time.monotonic() - started, 3),
        "versions": versions(),
    }
    return Job(directory, result, recipe, test_error, interrupted)


def _advice(recipe: RecipeResult) -> list[str]:
    """What is left to do when the recipe has done what it can."""
    reading = recipe.reading
    if reading.verdict == "balanced":
        return ["Use it: bias and variance are both low. More would take more data."]
    return list(reading.advice)


def _check_as_dict(recipe: RecipeResult) -> dict[str, Any] | None:
    check = recipe.gradient_check
    if check is None:
        return None
    return {
        "passed": check.passed,
        "verdict": check.verdict,
        "distance": check.distance,
        "noise": check.noise,
        "kinks": len(check.kinks),
        "method": check.method,
    }


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
