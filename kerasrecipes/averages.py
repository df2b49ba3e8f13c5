"""Exponentially weighted averages, with the correction for their cold start."""

from __future__ import annotations

from typing import Any

import numpy as np


class ExponentiallyWeightedAverage:
    """The exponentially weighted average of a stream of values.

    ```
    v_0 = 0,   v_t = beta v_(t-1) + (1 - beta) x_t
    value = v_t / (1 - beta^t)      # with bias correction; v_t without
    ```

    It averages over about `1 / (1 - beta)` values: 10 for 0.9. The corrected form is computed
    as `value += (x_t - value) (1 - beta) / (1 - beta^t)`, which is the same number and keeps
    a constant stream exactly constant.

    Args:
        beta: Float in [0, 1), the weight of the past. Defaults to `0.9`; 0 keeps the last value.
        bias_correction: Whether to divide by `1 - beta^t`, without which the first averages
            are drawn to zero. Defaults to `True`.

    Raises:
        ValueError: If `beta` is outside [0, 1).

    Attributes:
        value: The average so far: a float, or a float64 array for arrays; `None` before the
            first update. A value that is not finite stays in the average: it is not hidden.

    Example:
        >>> average = ExponentiallyWeightedAverage(beta=0.5)
        >>> average.update(1.0), average.update(4.0)
        (1.0, 3.0)

    Source: Deep Learning Specialization, course 2, week 2.
    """

    def __init__(self, beta: float = 0.9, bias_correction: bool = True) -> None:
        _check_beta(beta)
        self.beta, self.bias_correction = beta, bias_correction
        self.reset()

    def reset(self) -> None:
        """Forgets everything: `value` is `None` again."""
        self.value: Any = None
        self.count = 0

    def update(self, value: Any) -> Any:
        """Takes in one value, a number or an array of one shape throughout; returns the average."""
        new = np.asarray(value, dtype="float64")
        if self.value is not None and new.shape != np.shape(self.value):
            raise ValueError(
                "`value` must keep its shape, for the average is taken element by element. "
                f"Received: value of shape {new.shape}, before it {np.shape(self.value)}. "
                "Call `reset()` first, or keep one average for each shape."
            )
        self.count += 1
        weight = 1.0 - self.beta
        if self.bias_correction:
            weight /= 1.0 - self.beta**self.count
        old = np.zeros_like(new) if self.value is None else self.value
        with np.errstate(invalid="ignore"):  # infinite values make NaN averages
            average = new if weight == 1.0 else old + weight * (new - old)
        self.value = float(average) if new.ndim == 0 else np.array(average)
        return self.value

    def get_state(self) -> dict[str, Any]:
        """All that a fresh object of the same arguments needs to go on: `value` and `count`."""
        value = self.value.copy() if isinstance(self.value, np.ndarray) else self.value
        return {"value": value, "count": self.count}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` returned."""
        value = state["value"]
        self.value = np.array(value, dtype="float64") if np.ndim(value) else value
        self.count = int(state["count"])


def exponentially_weighted_average(
    series: Any, beta: float = 0.9, bias_correction: bool = True
) -> np.ndarray:
    """The exponentially weighted average of a whole series, at each of its points.

    The same numbers as feeding `ExponentiallyWeightedAverage` one by one, in one filter.

    Args:
        series: Numbers of shape `(steps, ...)`; the average runs along the first axis.
        beta: Float in [0, 1), the weight of the past. Defaults to `0.9`.
        bias_correction: Whether to divide by `1 - beta^t`. Defaults to `True`.

    Returns:
        A float64 array of the shape of `series`.

    Raises:
        ValueError: If `beta` is outside [0, 1), or `series` is a single number.

    Example:
        >>> exponentially_weighted_average([1.0, 4.0], beta=0.5).tolist()
        [1.0, 3.0]
        >>> exponentially_weighted_average([1.0, 4.0], 0.5, bias_correction=False).tolist()
        [0.5, 2.25]

    Source: Deep Learning Specialization, course 2, week 2.
    """
    from scipy.signal import lfilter

    _check_beta(beta)
    values = np.asarray(series, dtype="float64")
    if values.ndim == 0:
        raise ValueError(
            "`series` must have a first axis to average along. "
            f"Received: series={series!r}. Pass a list, or use ExponentiallyWeightedAverage."
        )
    if len(values) == 0:
        return values.copy()
    averages = lfilter([1.0 - beta], [1.0, -beta], values, axis=0)
    if bias_correction:
        steps = np.arange(1, len(values) + 1).reshape((-1,) + (1,) * (values.ndim - 1))
        averages = averages / (1.0 - beta**steps)
    return averages


def _check_beta(beta: float) -> None:
    if not 0.0 <= beta < 1.0:
        raise ValueError(
            "`beta` must be in [0, 1): it is the weight of the past, and 1 would never take in "
            f"a new value. Received: beta={beta}. Try 0.9, which averages about 10 values."
        )
