"""Bias and variance as a report shows them."""

from __future__ import annotations

from kerasrecipes.diagnosis import BiasVariance
from kerasrecipes.report import figures
from kerasrecipes.report.content import Fact, Figure, Tone

TONES: dict[str, Tone] = {"high": "bad", "unsure": "warn", "low": "good"}


def bias_variance_facts(reading: BiasVariance) -> tuple[Fact, Fact, Fact]:
    """The cards of a reading: bias, variance, and what to do next.

    Args:
        reading: From `kerasrecipes.diagnosis.read_bias_variance`.

    Returns:
        Three `Fact`s for the answer of a page.

    Example:
        >>> from kerasrecipes.diagnosis import ErrorEstimate, read_bias_variance
        >>> train = ErrorEstimate(0.01, 0.005, 0.02, 1000, "share")
        >>> dev = ErrorEstimate(0.11, 0.09, 0.13, 1000, "share")
        >>> bias, variance, advice = bias_variance_facts(read_bias_variance(train, dev))
        >>> variance.value, variance.tone, advice.note
        ('10.0 %', 'bad', 'Verdict: high variance.')
    """
    train, dev = reading.train_error, reading.dev_error
    return (
        Fact(
            "Bias",
            _percent(reading.bias.value),
            f"train error {_percent(train.error)}, human error {_percent(reading.human_error)}",
            TONES[reading.bias.size],
        ),
        Fact(
            "Variance",
            _percent(reading.variance.value),
            f"dev error {_percent(dev.error)}, 95 % interval {_percent(dev.low)} to "
            f"{_percent(dev.high)}",
            TONES[reading.variance.size],
        ),
        Fact("What to do next", reading.advice[0], f"Verdict: {reading.verdict}."),
    )


def bias_variance_ladder(reading: BiasVariance, quantity: str = "error") -> Figure:
    """The figure of a reading: human, train and dev error with their intervals.

    Args:
        reading: From `kerasrecipes.diagnosis.read_bias_variance`.
        quantity: What is measured, in words. Defaults to "error".

    Returns:
        A `Figure`.

    Example:
        >>> from kerasrecipes.diagnosis import ErrorEstimate, read_bias_variance
        >>> train = ErrorEstimate(0.01, 0.005, 0.02, 1000, "share")
        >>> dev = ErrorEstimate(0.11, 0.09, 0.13, 1000, "share")
        >>> bias_variance_ladder(read_bias_variance(train, dev)).name
        'bias-variance'
    """
    train, dev = reading.train_error, reading.dev_error
    intervals = {"train": (train.low, train.high), "dev": (dev.low, dev.high)}
    return figures.bias_variance_bars(
        reading.human_error, train.error, dev.error, intervals, quantity=quantity
    )


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"
