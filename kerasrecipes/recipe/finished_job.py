"""A finished run: its numbers, as `result.json` holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasrecipes import devices
from kerasrecipes.checkpoints.versions import versions
from kerasrecipes.diagnosis import ErrorEstimate, TargetScale, measure_error
from kerasrecipes.recipe.prepared import Prepared
from kerasrecipes.recipe.result import RecipeResult
from kerasrecipes.recipe.training import worthless


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
        device: `"auto"`, `"cpu"` or `"gpu"`, as `kerasrecipes.devices.use` takes it.
        mixed_precision: Whether to compute in 16 bits where that is enough.
        jit: Whether XLA compiles the training step; `None` for Keras's choice.
        data_parallel: Whether batches are split over all visible devices.
    """

    data: str
    target: str | None = None
    task: str = "auto"
    human_error: float = 0.0
    target_error: float | None = None
    budget_minutes: float | None = None
    out: str | None = None
    seed: int = 0
    device: str = "auto"
    mixed_precision: bool = False
    jit: bool | None = None
    data_parallel: bool = False


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


def finished_job(
    options: JobOptions,
    data: Prepared,
    recipe: RecipeResult,
    predictions: np.ndarray,
    *,
    directory: Path,
    interrupted: bool,
    seconds: float,
    resumed: Sequence[str] = (),
) -> Job:
    """Measures the test part and gathers what `result.json` holds.

    Args:
        options: Of the run.
        data: Split and encoded.
        recipe: What the loop found.
        predictions: The model's outputs for the test part.
        directory: Where the files will lie.
        interrupted: Whether Ctrl-C ended the loop.
        seconds: Wall time so far, of all processes of the run.
        resumed: When it was gone on with after it was broken off.
    """
    metric, y_test, scale = "error_rate", data.split.test[1], None
    if data.examples.task == "classification":
        y_test = data.encoding.target.transform(y_test)
    else:
        metric, scale = "relative_squared_error", TargetScale.of(data.split.train[1])
        predictions = predictions[:, 0]
    test_error = worthless(len(y_test))
    if np.isfinite(predictions).all():
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
        "devices": str(devices.current()),
        "seconds": round(seconds, 3),
        "resumed": list(resumed),
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
