"""A report as a finished run on `digits` writes it, with every figure the report knows."""

import functools
from typing import NamedTuple

import numpy as np

from kerasrecipes.report import Fact, Findings, Page, Section, Table, figures


class Remark(NamedTuple):
    """A finding, by its attributes alone."""

    code: str
    severity: str
    where: str | None
    evidence: dict
    advice: str
    reference: str = ""


@functools.cache
def sample_page() -> Page:
    """Returns the page; the numbers are made up, and the same each time."""
    return Page(
        title="digits",
        subtitle="1,797 examples, 64 features, 10 classes. Finished in 1 minute 52 seconds.",
        answer=_answer(),
        sections=(
            Section("What was tried", _STEPS_TEXT, (_steps_table(), cost_curves())),
            Section("Bias and variance", body=(ladder(), confusion())),
            Section("Training", body=training_figures()),
            Section("Findings", body=(_findings(),)),
            Section("Data", _DATA_TEXT, (split(), residuals(), _drift_table())),
            Section("Settings and versions", body=(_settings_table(),)),
        ),
        footer="kerasrecipes 0.1.0 · TensorFlow 2.21.0 on CPU · 3 March 2026, 14:05",
    )


_STEPS_TEXT = (
    "Each step reads bias and variance, tries what the Basic Recipe says for it, and is kept "
    "when the dev error falls."
)
_DATA_TEXT = "No feature says that dev and test come from different distributions."


def _answer() -> tuple[Fact, ...]:
    return (
        Fact("Test error", "1.4 %", "95 % interval 0.6 to 3.2 %", "good"),
        Fact("Bias", "0.3 %", "train error 0.3 %, human error 0 %", "good"),
        Fact("Variance", "1.4 %", "dev error 1.7 %, interval 0.8 to 3.6 %", "warn"),
        Fact(
            "What to do next",
            "Collect more training data, or augment what is there.",
            "The train error is at the human level; what is left is variance.",
        ),
    )


_STEPS = (
    ("first model", "start small: one hidden layer of 64 units", 0.031, 0.056, 11.2),
    ("longer", "high bias: the train cost was still falling at the end", 0.012, 0.036, 19.5),
    ("bigger network", "high bias: train error 1.2 %, human error 0 %", 0.0, 0.028, 16.1),
    ("L2, strength 0.7", "high variance: dev error lies 2.8 % above train", 0.002, 0.022, 17.8),
    ("dropout, keep 0.8", "high variance: a gap of 2.0 % (0.7 to 4.1 %)", 0.003, 0.017, 21.0),
    ("ensemble of 5", "high variance: average what differs by chance", 0.0, 0.019, 25.4),
)  # fmt: skip
_VERDICTS = ("high bias", "high bias", "high variance", "high variance", "balanced", "balanced")


def _steps_table() -> Table:
    rows = []
    for number, (name, why, train, dev, seconds) in enumerate(_STEPS, 1):
        errors = f"{100 * train:.1f} %", f"{100 * dev:.1f} %"
        kept = "kept" if number < 6 else "dropped"
        rows.append((number, name, why, *errors, _VERDICTS[number - 1], kept, seconds))
    columns = ("#", "Tried", "Why", "Train error", "Dev error", "Verdict", "Kept?", "Seconds")
    align = ("right", "left", "left", "right", "right", "left", "left", "right")
    return Table(columns, rows, "The steps of the recipe; the best one stands out.", align, (4,))


def cost_curves(count: int = 6, **options):
    steps = []
    rng = np.random.default_rng(0)
    for number in range(count):
        epochs = np.arange(1, 16 + 7 * (number % 4))
        floor = 0.3 / (number + 1.5) ** 1.5
        train = floor + 2.1 * np.exp(-epochs / 3.5)
        dev = 0.06 + 1.2 * floor + 2.0 * np.exp(-epochs / 3.8) + 0.0012 * np.maximum(epochs - 12, 0)
        noise = rng.normal(scale=0.03, size=(2, len(epochs)))
        steps.append((_STEPS[number % 6][0], train * (1 + noise[0]), dev * (1 + noise[1])))
    return figures.cost_curves(steps, **options)


def ladder():
    intervals = {"train": (0.001, 0.011), "dev": (0.008, 0.036)}
    return figures.bias_variance_bars(0.0, 0.003, 0.017, intervals)


def confusion(classes: int = 10, **options):
    rng = np.random.default_rng(1)
    matrix = np.diag(rng.integers(30, 40, classes))
    for true, predicted, count in ((8, 1, 2), (3, 9, 1), (5, 6, 1), (9, 3, 1)):
        matrix[true % classes, predicted % classes] += count * (
            true % classes != predicted % classes
        )
    return figures.confusion_matrix(matrix, range(classes), **options)


def training_figures():
    epochs = np.arange(1, 37)
    cost = 0.04 + 2.0 * np.exp(-epochs / 4)
    penalty = 0.05 + 0.12 * (1 - np.exp(-epochs / 10))
    rates = np.geomspace(1e-6, 1.0, 120)
    place = np.log10(rates)
    smooth = 2.35 - 1.5 / (1 + np.exp(-2.4 * (place + 3.1))) + np.exp(3.4 * (place + 0.75))
    noise = np.random.default_rng(2).normal(scale=0.07, size=len(rates))
    return (
        figures.learning_rate_finder(rates, smooth + noise, smooth, 1.2e-3),
        figures.learning_rate_curve(1.2e-3 * 0.93**epochs),
        figures.cost_with_penalty(cost, penalty),
    )


def _findings() -> Findings:
    return Findings(
        (
            Remark(
                "small-dev-set",
                "warning",
                "dev",
                {"dev_examples": 359, "needed": 1460},
                "The interval of the dev error is wide. A difference of 0.5 % between two models "
                "needs about 1,460 dev examples to be seen.",
                "course 3, size of the dev and test sets",
            ),
            Remark(
                "constant-features",
                "note",
                "x",
                {"features": "pixel 0, pixel 32, pixel 39"},
                "Three features never change on train; they were left unscaled.",
            ),
        )
    )


def split():
    return figures.split_sizes(1078, 359, 360)


def residuals(count: int = 250, **options):
    rng = np.random.default_rng(3)
    true = rng.normal(150, 70, count)
    return figures.residuals(true, true + rng.normal(0, 40, count) - 0.2 * (true - 150), **options)


def _drift_table() -> Table:
    rows = [
        ("pixel 21", 0.081, 0.19, "no"),
        ("pixel 43", 0.074, 0.27, "no"),
        ("labels", None, 0.93, "no"),
    ]
    columns = ("Feature", "Largest difference", "p-value", "Drifted?")
    return Table(
        columns, rows, "Dev against test, the features that differ most; p = 0.61 overall."
    )


def _settings_table() -> Table:
    rows = [
        ("data", "digits"),
        ("seed", 0),
        ("human error", 0.0),
        ("batch size", 128),
        ("optimizer", "Adam, learning rate 0.0012, decay 0.93 an epoch"),
        ("layers", "Standardize, 2 × DenseBlock(256, relu, keep_prob 0.8), Dense(10, softmax)"),
        ("backend", "tensorflow 2.21.0, keras 3.15.1"),
        ("python", "3.12.4, numpy 2.4.0"),
    ]
    return Table(("Setting", "Value"), rows, align=("left", "left"))


def search_scores(count: int, direction: str = "min") -> figures.Scores:
    """The scores of a search of two rounds."""
    values = np.random.default_rng(4).gamma(2.0, 0.1, count) + 0.1
    rounds = (np.arange(count) >= count // 2).astype(int)
    return figures.Scores(values, "val_loss", direction, rounds)


def search_dimensions(count: int) -> list[figures.Dimension]:
    """A rate, and a choice under a condition."""
    rng = np.random.default_rng(5)
    kinds = rng.choice([0.25, 0.75, np.nan], count)
    ends = ((0.0, "0.001"), (1.0, "0.1"))
    return [
        figures.Dimension("rate", rng.random(count), ends, "log scale", False, ((), ((0.2, 0.5),))),
        figures.Dimension("kind", kinds, ((0.25, "sgd"), (0.75, "adam")), "", True),
    ]
