"""Bias and variance, read as the course reads them, with the doubt of the sample said."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from kerasrecipes.data.plain import plain
from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.intervals import ErrorEstimate, wilson_interval

VERDICTS = ("high bias", "high variance", "both", "balanced", "inconclusive")
TOLERANCE = {"share": 0.02, "mean": 0.05}
"""The largest gap that is called low: of a share of examples, of a relative squared error."""
DOUBT = 2.5  # a gap is low only if it is surely below this many tolerances
SURE = 0.25  # and high only if it is surely above this many: 0 alone is no test of a bias

ADVICE = {
    "high bias": (
        "Try a bigger network.",
        "Train longer, or with a better optimizer or learning rate.",
        "Try another architecture.",
    ),
    "high variance": (
        "Get more data, or augment what you have.",
        "Regularise: L2 or dropout.",
        "Train an ensemble, or try another architecture.",
    ),
    "balanced": ("Both are low: measure the test error, once.",),
}
ADVICE["both"] = (
    *ADVICE["high bias"],
    "When the bias is low, turn to the variance: more data, L2, dropout.",
)


class Gap(NamedTuple):
    """A difference of two errors, its 95 % interval, and its size: `high`, `low` or `unsure`."""

    value: float
    low: float
    high: float
    size: str


@dataclass(frozen=True)
class BiasVariance:
    """A reading of bias and variance.

    Attributes:
        train_error: `ErrorEstimate` on training examples, in inference mode.
        dev_error: `ErrorEstimate` on dev examples, same mode, same weights.
        human_error: The baseline, in the unit of the errors.
        bias: `Gap` from human error to train error.
        variance: `Gap` from train error to dev error.
        verdict: One of `VERDICTS`.
        advice: What the Basic Recipe says to try next, likeliest first.
        examples_needed: Number of dev examples that would decide what is unsure at the errors seen
            (train examples as many), or `None`.
        tolerance: The largest gap that is not called high.
    """

    train_error: ErrorEstimate
    dev_error: ErrorEstimate
    human_error: float
    bias: Gap
    variance: Gap
    verdict: str
    advice: tuple[str, ...]
    examples_needed: int | None
    tolerance: float

    def to_dict(self) -> dict[str, Any]:
        """The reading as plain values, ready for JSON."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}

    def __str__(self) -> str:
        text = (
            f"{self.verdict}: train error {_percent(self.train_error)}, "
            f"dev error {_percent(self.dev_error)}, human error {self.human_error:.2%}; "
            f"bias {self.bias.value:.2%}, variance {self.variance.value:.2%}."
        )
        if self.examples_needed:
            text += f" {_unsure(self.bias, self.variance, self.examples_needed)}"
        return text if self.verdict == "inconclusive" else f"{text} {self.advice[0]}"


def read_bias_variance(
    train_error: ErrorEstimate,
    dev_error: ErrorEstimate,
    human_error: float = 0.0,
    *,
    tolerance: float | None = None,
) -> BiasVariance:
    """Reads bias and variance from two errors measured the same way.

    ```
    bias = train error - human error
    variance = dev error - train error
    ```

    A gap is *high* when it is above `tolerance` and its 95 % interval lies above a quarter of it;
    *low* when it is at most `tolerance` and surely below 2.5 times it; else the examples are too
    few to say, and the number that would decide is computed. One gap that is surely high gives the
    verdict even where the other is unsure.

    Args:
        train_error: Error on training examples, measured like the dev error.
        dev_error: Error on dev examples.
        human_error: What a careful human, or the best known method, achieves; >= 0, and at most 1
            where the errors are shares.
        tolerance: Largest gap that is not called high, > 0; 0.02 for error rates and 0.05 for
            relative squared errors by default.

    Returns:
        A `BiasVariance`.

    Raises:
        TypeError: If an error is no `ErrorEstimate`.
        ValueError: If `human_error` or `tolerance` is out of range.

    Example:
        >>> from kerasrecipes.diagnosis import estimate_error
        >>> import numpy as np
        >>> train = estimate_error(np.repeat([1.0, 0.0], [10, 990]))
        >>> dev = estimate_error(np.repeat([1.0, 0.0], [110, 890]))
        >>> read_bias_variance(train, dev).verdict
        'high variance'

    Source: Deep Learning Specialization, course 2, "Bias / Variance"; the interval of a difference
    is Newcombe's (Statistics in Medicine 17, 1998).
    """
    for name, estimate in (("train_error", train_error), ("dev_error", dev_error)):
        if not isinstance(estimate, ErrorEstimate) or estimate.kind not in TOLERANCE:
            raise TypeError(
                f"`{name}` must be an ErrorEstimate, as `estimate_error` and `measure_error` make "
                f"them. Received: {name}={estimate!r}."
            )
    if not (isinstance(human_error, numbers.Real) and 0 <= human_error < math.inf):
        raise ValueError(
            "`human_error` must be a fraction >= 0: the error that cannot be avoided. "
            f"Received: human_error={human_error}."
        )
    if "share" in (train_error.kind, dev_error.kind) and human_error > 1:
        raise ValueError(
            "`human_error` must be a fraction, at most 1, where the errors are shares of examples. "
            f"Received: human_error={human_error}. Write 0.05 for 5 %."
        )
    if tolerance is None:
        tolerance = TOLERANCE[dev_error.kind]
    if not (isinstance(tolerance, numbers.Real) and 0 < tolerance < math.inf):
        raise ValueError(
            f"`tolerance` must be > 0: no sample is large enough to show that a gap is 0. "
            f"Received: tolerance={tolerance}."
        )
    bias, variance = _gaps(train_error, dev_error, human_error, tolerance)
    verdict = _verdict(bias, variance)
    needed = None
    if "unsure" in (bias.size, variance.size):
        needed = _examples_needed(train_error, dev_error, human_error, tolerance)
    advice = ADVICE.get(verdict) or (_more_examples(bias, variance, dev_error, needed),)
    return BiasVariance(
        train_error, dev_error, human_error, bias, variance, verdict, advice, needed, tolerance
    )


def bias_variance_findings(reading: BiasVariance) -> Iterator[Finding]:
    """The findings behind a reading: a warning for each gap that is surely high.

    Args:
        reading: From `read_bias_variance`.

    Yields:
        `Finding`s; where the verdict is `inconclusive`, a note that says how many examples decide.

    Example:
        >>> from kerasrecipes.diagnosis import ErrorEstimate
        >>> error = ErrorEstimate(0.3, 0.28, 0.32, 2_000, "share")
        >>> [finding.code for finding in bias_variance_findings(read_bias_variance(error, error))]
        ['high-bias']
    """
    gaps = (
        ("high-bias", "layers", reading.bias, "high bias"),
        ("high-variance", "regularization", reading.variance, "high variance"),
    )
    for code, cause, gap, verdict in gaps:
        if gap.size == "high":
            yield Finding(
                code,
                cause=cause,
                severity="warning",
                evidence={"gap": gap.value, "low": gap.low, "high": gap.high},
                advice=" ".join(ADVICE[verdict]),
                reference="course 2, Basic Recipe for Machine Learning",
            )
    if reading.verdict == "inconclusive":
        yield Finding(
            "too-few-dev-examples",
            cause="data",
            severity="note",
            evidence={
                "dev_examples": reading.dev_error.examples,
                "examples_needed": reading.examples_needed,
            },
            advice=reading.advice[0],
            reference="course 2, Train / Dev / Test sets",
        )


def _gaps(
    train: ErrorEstimate, dev: ErrorEstimate, human_error: float, tolerance: float
) -> tuple[Gap, Gap]:
    below = math.hypot(dev.error - dev.low, train.high - train.error)
    above = math.hypot(dev.high - dev.error, train.error - train.low)
    difference = dev.error - train.error
    return (
        _gap(
            train.error - human_error, train.low - human_error, train.high - human_error, tolerance
        ),
        _gap(difference, difference - below, difference + above, tolerance),
    )


def _gap(value: float, low: float, high: float, tolerance: float) -> Gap:
    if value > tolerance:
        size = "high" if low > SURE * tolerance else "unsure"
    else:
        size = "low" if high <= DOUBT * tolerance else "unsure"
    return Gap(value, low, high, size)


def _verdict(bias: Gap, variance: Gap) -> str:
    if bias.size == "high" and variance.size == "high":
        return "both"
    if bias.size == "high":
        return "high bias"
    if variance.size == "high":
        return "high variance"
    return "balanced" if bias.size == variance.size == "low" else "inconclusive"


def _examples_needed(
    train: ErrorEstimate, dev: ErrorEstimate, human_error: float, tolerance: float
) -> int | None:
    """The least number of examples, in steps of 10 %, at which both gaps would be sure."""
    count = float(max(dev.examples, 2))
    while count < 1e9:
        count *= 1.1
        gaps = _gaps(_resized(train, count), _resized(dev, count), human_error, tolerance)
        if all(gap.size != "unsure" for gap in gaps):
            return math.ceil(count)
    return None


def _resized(estimate: ErrorEstimate, examples: float) -> ErrorEstimate:
    """The estimate as it would be at the same error on another number of examples."""
    if estimate.kind == "share":
        low, high = wilson_interval(estimate.error * examples, examples)
    else:
        shrink = math.sqrt(estimate.examples / examples)
        low = estimate.error - shrink * (estimate.error - estimate.low)
        high = estimate.error + shrink * (estimate.high - estimate.error)
    return estimate._replace(low=low, high=high, examples=math.ceil(examples))


def _more_examples(bias: Gap, variance: Gap, dev: ErrorEstimate, needed: int | None) -> str:
    if needed is None:
        return (
            f"{dev.examples:,} dev examples cannot tell, nor how many would: get many more, or "
            "choose a larger `tolerance`."
        )
    return f"{_unsure(bias, variance, needed)} There are {dev.examples:,}: get more."


def _unsure(bias: Gap, variance: Gap, needed: int) -> str:
    gaps = {"bias": bias, "variance": variance}
    names = [f"the {name}" for name, gap in gaps.items() if gap.size == "unsure"]
    return (
        f"{' and '.join(names).capitalize()} {'is' if len(names) == 1 else 'are'} unsure: about "
        f"{needed:,} dev examples would decide {'it' if len(names) == 1 else 'them'}."
    )


def _percent(estimate: ErrorEstimate) -> str:
    return f"{estimate.error:.2%} [{estimate.low:.2%}, {estimate.high:.2%}]"
