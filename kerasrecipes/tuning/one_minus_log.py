"""Momentum on the scale where it matters: evenly in `log(1 - beta)`."""

import keras_tuner


def one_minus_log(
    hp: keras_tuner.HyperParameters,
    name: str,
    low: float,
    high: float,
    default: float | None = None,
) -> float | None:
    """Asks for a value near 1, evenly in `log(1 - value)`: 0.9 to 0.99 counts like 0.99 to 0.999.

    From 0.9 to 0.9005 hardly anything changes: an average over 10 steps stays one. From 0.999 to
    0.9995 it becomes one over 2,000 in place of 1,000. What is registered is
    `hp.Float(f"one_minus_{name}", 1 - high, 1 - low, sampling="log")`, keras-tuner's own, so it is
    saved, reloaded and sent to workers like any other.

    Args:
        hp: The `HyperParameters` of the trial.
        name: String; the hyperparameter is `"one_minus_" + name`.
        low: Float < `high`. Smallest value.
        high: Float < 1. Largest value.
        default: Float from `low` to `high`, where the hyperparameter has its default. Default:
            `high`.

    Returns:
        Float: the value itself, `1 - hp.get(f"one_minus_{name}")`; `None` in a conditional scope
        that is not active, as keras-tuner has it.

    Raises:
        ValueError: If not `low <= high < 1`, or `default` is outside.

    Example:
        >>> hp = keras_tuner.HyperParameters()
        >>> one_minus_log(hp, "beta_1", 0.9, 0.999)
        0.999
        >>> hp.space
        [Float(name: 'one_minus_beta_1', min_value: '0.001', max_value: '0.1', ...)]

    Source: Deep Learning Specialization, course 2, week 3.
    """
    if not low <= high < 1:
        raise ValueError(
            "`low` and `high` must satisfy `low <= high < 1`, since the logarithm of `1 - value` "
            f"is taken. Received: low={low}, high={high}."
        )
    if default is not None and not low <= default <= high:
        raise ValueError(
            f"`default` must lie between `low` and `high`. Received: default={default}, "
            f"low={low}, high={high}."
        )
    value: float | None = hp.Float(
        f"one_minus_{name}",
        _complement(high),
        _complement(low),
        sampling="log",
        default=None if default is None else _complement(default),
    )
    return value if value is None else _complement(value)


def _complement(value: float) -> float:
    """`1 - value`, without the digits that only rounding has put there."""
    return round(1 - value, 15)
