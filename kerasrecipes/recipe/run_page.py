"""The report of a run, as content: the answer first, then what led to it."""

from __future__ import annotations

import numpy as np

from kerasrecipes.recipe.finished_job import Job
from kerasrecipes.recipe.prepared import Prepared
from kerasrecipes.report import (
    Fact,
    Figure,
    Findings,
    Page,
    Section,
    Table,
    bias_variance_facts,
    bias_variance_ladder,
    figures,
)
from kerasrecipes.report.resumed import resumed_text

MOST_DRIFTING = 20  # features listed of those that differ between dev and test


def run_page(data: Prepared, job: Job, predictions: np.ndarray) -> Page:
    """Composes the report of a finished run.

    Args:
        data: The split and encoded data.
        job: The result.
        predictions: The model's outputs for the test part.
    """
    result = job.result
    ending = "Ended early by Ctrl-C" if job.interrupted else f"Ended: {result['stop_reason']}"
    return Page(
        title=data.examples.name,
        subtitle=f"{data.examples.summary()}. {ending}, after {_duration(result['seconds'])}."
        + resumed_text(result["resumed"]),
        answer=_answer(job),
        sections=(
            Section("What was tried", _tried_text(job), _tried(job)),
            Section(
                "Bias and variance",
                str(job.recipe.reading),
                (bias_variance_ladder(job.recipe.reading, _unit(job)),),
            ),
            Section("On the test set", _test_text(job), (_test_figure(data, predictions),)),
            Section("Training of the best model", _training_text(job), _training(job)),
            Section("Findings", body=(Findings(job.recipe.diagnosis.findings),)),
            Section("Data", "\n\n".join(data.notes), _data_blocks(data)),
            Section("Settings and versions", body=_settings(job)),
        ),
        footer=f"kerasrecipes {result['versions']['kerasrecipes']}, seed {result['seed']}",
    )


def _answer(job: Job) -> tuple[Fact, ...]:
    test, unit = job.test_error, _unit(job)
    return (
        Fact(
            "Test error",
            _percent(test.error),
            f"{unit}; 95 % interval {_percent(test.low)} to {_percent(test.high)}, "
            f"{test.examples:,} examples",
        ),
        *bias_variance_facts(job.recipe.reading)[:2],
        Fact("What to do next", job.result["advice"][0], f"Verdict: {job.recipe.reading.verdict}."),
    )


def _tried_text(job: Job) -> str:
    return (
        "Each step reads bias and variance, tries what the Basic Recipe prescribes, and is kept if "
        "its dev error is lower (of equals, an ensemble). The loop ended because "
        f"{job.recipe.stop_reason}."
    )


def _tried(job: Job) -> tuple[Table | Figure, ...]:
    steps = job.recipe.steps
    rows = [
        (
            step.number,
            step.name,
            step.reason,
            _percent(step.reading.train_error.error),
            _percent(step.reading.dev_error.error),
            step.reading.verdict,
            "kept" if step.kept else "dropped",
            round(step.seconds, 1),
        )
        for step in steps
    ]
    columns = (
        "#",
        "Tried",
        "Why",
        "Train error",
        "Dev error",
        "Verdict",
        "",
        "Seconds",
    )
    table = Table(
        columns,
        rows,
        "The steps of the recipe; the best one stands out.",
        ("right", "left", "left", "right", "right", "left", "left", "right"),
        highlight=(steps.index(job.recipe.best),),
    )
    curves = [(step.name, step.curves["train_cost"], step.curves["dev_cost"]) for step in steps]
    return table, figures.cost_curves(curves)


def _test_text(job: Job) -> str:
    return (
        "The test set was touched once, after everything had been chosen: "
        f"{_unit(job)} {_percent(job.test_error.error)}, 95 % interval "
        f"{_percent(job.test_error.low)} to {_percent(job.test_error.high)}."
    )


def _test_figure(data: Prepared, predictions: np.ndarray) -> Figure:
    y = data.split.test[1]
    if data.examples.task == "regression":
        return figures.residuals(y, predictions[:, 0])
    target = data.encoding.target
    count = len(target.classes)
    pairs = target.transform(y) * count + predictions.argmax(axis=1)
    matrix = np.bincount(pairs, minlength=count**2).reshape(count, count)
    return figures.confusion_matrix(matrix, [str(label) for label in target.classes])


def _training_text(job: Job) -> str:
    best, check = job.recipe.best, job.recipe.gradient_check
    text = f"Step {best.number}, {best.name}: {best.settings}; {best.parameters:,} parameters."
    if check is not None:
        text += f"\n\nBefore the first training: {str(check).splitlines()[0]}."
    if best.remarks:
        text += "\n\n" + "\n\n".join(best.remarks)
    return text


def _training(job: Job) -> tuple[Figure, ...]:
    best, finder = job.recipe.best, job.recipe.finder
    curves = best.curves
    return (
        figures.learning_rate_finder(
            finder.get("rates", ()),
            finder.get("costs", ()),
            finder.get("smoothed"),
            finder.get("suggestion"),
        ),
        figures.learning_rate_curve(curves["learning_rate"]),
        figures.cost_with_penalty(curves["cost_without_penalty"], curves["penalty"]),
    )


def _data_blocks(data: Prepared) -> tuple[Table | Figure, ...]:
    sizes = [len(y) for _, y in data.split]
    drift = data.drift
    rows: list[tuple[str, float | None, float]] = [
        (feature.name, feature.statistic, feature.p_value)
        for feature in drift.features[:MOST_DRIFTING]
    ] or [("all features together", None, drift.p_value)]
    caption = (
        "Do dev and test come from one distribution? "
        + ("Nothing says no" if drift.same else "No")
        + f" (p = {drift.p_value:.2g})."
    )
    return (
        figures.split_sizes(*sizes),
        Table(("Feature", "Largest difference", "p"), rows, caption),
    )


def _settings(job: Job) -> tuple[Table, ...]:
    result, best = job.result, job.recipe.best
    chosen = [
        (name.replace("_", " "), value if not isinstance(value, bool) else str(value))
        for name, value in best.settings.to_dict().items()
    ]
    chosen += [("learning rate", best.learning_rate), ("seed", result["seed"])]
    steps = [(step.number, step.name, str(step.settings)) for step in job.recipe.steps]
    return (
        Table(("#", "Tried", "Settings"), steps, align=("right", "left", "left")),
        Table(("Setting of the best model", "Value"), chosen, align=("left", "right")),
        Table(("Software", "Version"), list(result["versions"].items()), align=("left", "right")),
    )


def _unit(job: Job) -> str:
    if job.result["metric"] == "error_rate":
        return "share of wrong answers"
    return "squared error relative to predicting the mean"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
