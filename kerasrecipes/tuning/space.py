"""The hyperparameters of the course, each on the scale it is to be sampled on."""

import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import keras_tuner

from kerasrecipes.tuning.one_minus_log import one_minus_log

NAMES = (
    "learning_rate",
    "beta_1",
    "units",
    "batch_size",
    "layers",
    "decay_rate",
    "beta_2",
    "keep_prob",
    "l2",
)  # what the course tunes first comes first


class Space(NamedTuple):
    """The values of a trial; `None` for what was not asked for.

    `learning_rate`: of the optimizer. `beta_1`: momentum. `units`: of each hidden layer.
    `batch_size`: for `fit`. `layers`: hidden layers. `decay_rate`: of `InverseTimeDecay`, per
    epoch. `beta_2`: of the squares in Adam. `keep_prob`: of `InvertedDropout`. `l2`: strength.
    """

    learning_rate: float | None = None
    beta_1: float | None = None
    units: int | None = None
    batch_size: int | None = None
    layers: int | None = None
    decay_rate: float | None = None
    beta_2: float | None = None
    keep_prob: float | None = None
    l2: float | None = None


def space(
    hp: keras_tuner.HyperParameters,
    include: Sequence[str] = ("learning_rate", "beta_1", "units", "batch_size"),
    *,
    learning_rate: tuple[float, float] = (1e-4, 1e-1),
    beta_1: tuple[float, float] = (0.8, 0.99),
    units: tuple[int, int] = (16, 256),
    batch_size: tuple[int, int] = (16, 256),
    layers: tuple[int, int] = (1, 4),
    decay_rate: tuple[float, float] = (1e-3, 1.0),
    beta_2: tuple[float, float] = (0.9, 0.9999),
    keep_prob: tuple[float, float] = (0.5, 1.0),
    l2: tuple[float, float] = (1e-4, 10.0),
) -> Space:
    """Asks for the course's hyperparameters, each on its own scale.

    In the order of the course: the learning rate matters most; then momentum, hidden units and the
    batch size; then the number of layers and the decay; then what regularises. The second
    momentum of Adam hardly ever needs to be tuned.

    | name | scale |
    |---|---|
    | `learning_rate`, `decay_rate`, `l2` | logarithm |
    | `beta_1`, `beta_2` | logarithm of `1 - value` (`one_minus_log`) |
    | `units`, `batch_size` | powers of two |
    | `layers`, `keep_prob` | linear |

    Each is registered under its own name (`one_minus_beta_1`, `one_minus_beta_2` for the two), so a
    `HyperModel.fit` gets at the batch size by it:

    ```
    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, batch_size=hp.get("batch_size"), **kwargs)
    ```

    Args:
        hp: The `HyperParameters` of the trial.
        include: Sequence of names, those to search over. Default: the four that matter most.
        learning_rate: Pair of floats > 0, the ends. Defaults to `(1e-4, 1e-1)`.
        beta_1: Pair of floats < 1. Defaults to `(0.8, 0.99)`.
        units: Pair of integers >= 1, powers of two times the first. Defaults to `(16, 256)`.
        batch_size: The same. Defaults to `(16, 256)`.
        layers: Pair of integers. Defaults to `(1, 4)`.
        decay_rate: Pair of floats > 0. Defaults to `(1e-3, 1.0)`.
        beta_2: Pair of floats < 1. Defaults to `(0.9, 0.9999)`.
        keep_prob: Pair of floats in (0, 1]. Defaults to `(0.5, 1.0)`.
        l2: Pair of floats > 0, the strength lambda of `kr.regularizers.L2`. Defaults to
            `(1e-4, 10.0)`.

    Returns:
        Space: the values of this trial, `None` for those not in `include`.

    Raises:
        ValueError: If `include` has an unknown name, or a pair is out of its range.

    Example:
        >>> hp = keras_tuner.HyperParameters()
        >>> values = space(hp, ["learning_rate", "units"])
        >>> values.learning_rate, values.units, values.layers
        (0.0001, 16, None)

    Source: Deep Learning Specialization, course 2, week 3.
    """
    _check_names(include)
    ask = {
        "learning_rate": lambda name: _log(hp, name, learning_rate),
        "beta_1": lambda name: one_minus_log(hp, name, *_pair(name, beta_1)),
        "units": lambda name: _power_of_two(hp, name, units),
        "batch_size": lambda name: _power_of_two(hp, name, batch_size),
        "layers": lambda name: hp.Int(name, *_pair(name, layers)),
        "decay_rate": lambda name: _log(hp, name, decay_rate),
        "beta_2": lambda name: one_minus_log(hp, name, *_pair(name, beta_2)),
        "keep_prob": lambda name: hp.Float(name, *_within("keep_prob", keep_prob, 1)),
        "l2": lambda name: _log(hp, name, l2),
    }
    return Space(**{name: ask[name](name) for name in NAMES if name in include})


def _check_names(include: Sequence[str]) -> None:
    is_one = isinstance(include, str) or not isinstance(include, Iterable)
    unknown = [include] if is_one else [n for n in include if n not in NAMES]
    if unknown:
        raise ValueError(
            f"`include` must be a sequence of names among {', '.join(NAMES)}. Received: "
            f"include={include!r}."
        )


def _log(hp: keras_tuner.HyperParameters, name: str, ends: tuple[float, float]) -> float:
    return hp.Float(name, *_within(name, ends), sampling="log")


def _power_of_two(hp: keras_tuner.HyperParameters, name: str, ends: tuple[int, int]) -> int:
    return hp.Int(name, *_within(name, ends), step=2, sampling="log")


def _within(name: str, ends: tuple, most: float | None = None) -> tuple:
    low, high = _pair(name, ends)
    if not 0 < low <= high < math.inf or (most is not None and high > most):
        limit = "" if most is None else f" <= {most}"
        raise ValueError(
            f"`{name}` must be a pair with 0 < low <= high{limit}. Received: {name}={ends}."
        )
    return ends


def _pair(name: str, ends: Any) -> tuple:
    is_pair = isinstance(ends, (tuple, list)) and len(ends) == 2
    if not is_pair or any(isinstance(e, bool) or not isinstance(e, numbers.Real) for e in ends):
        raise ValueError(f"`{name}` must be a pair of numbers. Received: {name}={ends!r}.")
    return tuple(ends)
