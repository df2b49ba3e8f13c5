"""Bias and variance of the running fit, measured honestly."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import tree

from kerasrecipes.callbacks.fit_arguments import fit_arguments, sample_examples
from kerasrecipes.diagnosis import (
    TOLERANCE,
    BiasVariance,
    ErrorEstimate,
    TargetScale,
    infer_metric,
    infer_threshold,
    is_one_hot,
    measure_error,
    read_bias_variance,
)

BATCH_ELEMENTS = 1 << 18  # of the inputs of one batch, where that leaves 32 examples
NOT_FINITE = "none: the model predicts NaN or infinity. Lower the learning rate."


class BiasVarianceReporter(keras.callbacks.Callback):
    """Reads bias and variance at the end of epochs, and says what to try next.

    The training metrics of Keras are running averages, with dropout on and while the weights move,
    so they do not compare with the dev metrics. Here a fixed sample of the training examples, at
    most as many as the dev examples, is predicted by the same weights in the same mode:

    ```
    bias = train error - human error
    variance = dev error - train error
    ```

    A gap counts only when its 95 % interval says so (Wilson's for error rates, the bootstrap for
    regression); otherwise the verdict is `inconclusive`, with the number of dev examples that would
    decide it. Regression uses the squared error relative to predicting the mean of the targets.

    Adds `bias`, `variance`, `train_error` and `dev_error` to the epoch logs, so that the progress
    bar, `History`, `CSVLogger` and `TensorBoard` have them; put it before the callbacks that read
    them. In epochs between two readings the last one stands. They are NaN before the first, and
    where the model predicts NaN or infinity.

    Cost: one prediction of the dev set and of as many training examples per reading. The data are
    those of `fit`. A `tf.data` pipeline is read for one sample more; a generator cannot be, pass
    `train_data` then.

    Args:
        human_error: Error that cannot be avoided: a careful human's or the best known, as a
            fraction from 0 to 1 (>= 0 with a metric of your own). Defaults to 0.
        metric: `"auto"` (by the loss), `"error_rate"`, `"relative_squared_error"`, or a callable
            `(y, predictions) -> errors` of shape `(examples,)`. Sample weights do not count.
        every: Epochs from one reading to the next, >= 1; the last epoch is always read.
        tolerance: Largest gap that is not called high, > 0, as a fraction. By default 0.02 for
            error rates and 0.05 for the relative squared error.
        max_examples: Largest number of examples of either set to predict, >= 1.
        train_data: `(x, y)` or a dataset to sample from instead of `fit`'s own.
        validation_data: `(x, y)` or a dataset to use instead of `fit`'s own.
        sink: Callable that takes the text of the last reading when training ends; `print` by
            default, `None` for silence.
        seed: Of the samples and of the bootstrap.

    Attributes:
        reading: The last `BiasVariance`; `None` before it, and where the model predicted NaN.
        readings: List of `(epoch, BiasVariance)`, epochs starting at 0.

    Raises:
        ValueError: If an argument is out of range; in `fit`, if there is no dev set, or the
            training data can be read only once.

    Example:
        >>> reporter = BiasVarianceReporter(human_error=0.01, sink=None)
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
        >>> model.compile(loss="binary_crossentropy")
        >>> x, y = np.ones((600, 2)), np.repeat([0, 1], 300)
        >>> history = model.fit(x, y, validation_data=(x, y), verbose=0, callbacks=[reporter])
        >>> reporter.reading.verdict
        'high bias'

    Source: Deep Learning Specialization, course 2, "Bias / Variance" and "Basic Recipe for Machine
    Learning".
    """

    def __init__(
        self,
        human_error: float = 0.0,
        metric: str | Callable = "auto",
        every: int = 1,
        *,
        tolerance: float | None = None,
        max_examples: int = 10_000,
        train_data: Any = None,
        validation_data: Any = None,
        sink: Callable[[str], Any] | None = print,
        seed: int = 0,
    ):
        super().__init__()
        _validate(human_error, metric, every, tolerance, max_examples)
        self.human_error, self.metric, self.every = human_error, metric, every
        self.tolerance, self.max_examples = tolerance, max_examples
        self.train_data, self.validation_data = train_data, validation_data
        self.sink, self.seed = sink, seed
        self._reset()

    def _reset(self) -> None:
        self.reading: BiasVariance | None = None
        self.readings: list[tuple[int, BiasVariance]] = []
        self._epoch, self._measured_epoch = -1, -1

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Forgets the last fit, draws the samples and settles the metric."""
        self._reset()
        self._train, self._dev = self._samples()
        self._settle_metric()

    def _settle_metric(self) -> None:
        self._metric, self._scale, self._tolerance = self.metric, None, self.tolerance
        self._threshold, self._one_hot = 0.5, None
        if self.metric == "auto":
            self._metric, _ = infer_metric(self.model.loss)
        if self._metric == "error_rate":
            self._threshold = infer_threshold(self.model.loss)
            self._one_hot = is_one_hot(self._train[1]) and is_one_hot(self._dev[1])
            self._tolerance = self.tolerance or TOLERANCE["share"]
        if self._metric == "relative_squared_error":
            self._scale = TargetScale.of(self._all_targets())
            self._tolerance = self.tolerance or TOLERANCE["mean"]

    def _all_targets(self) -> Any:
        """The training targets where they are an array, else those of the sample."""
        fit = fit_arguments(self.model)
        if self.train_data is None and fit is not None and hasattr(fit.y, "__len__"):
            return keras.ops.convert_to_numpy(fit.y)
        return self._train[1]

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Reads bias and variance if it is time, and puts them into the logs."""
        self._epoch = epoch
        last = self.params.get("epochs")
        if (epoch + 1) % self.every == 0 or epoch + 1 == last or self.model.stop_training:
            self._read(epoch)
        if logs is not None:
            logs.update(self._log_values())

    def on_train_end(self, logs: dict | None = None) -> None:
        """Says the last reading, and lets go of the samples."""
        if self._epoch != self._measured_epoch:
            self._read(self._epoch)
        self._train = self._dev = None
        if self.sink and self._epoch >= 0:
            self.sink(f"bias and variance, {self.reading or NOT_FINITE}")

    def get_state(self) -> dict[str, Any]:
        """All that an exact resume needs, as plain values; the samples are drawn again."""
        return {
            "epoch": self._epoch,
            "measured_epoch": self._measured_epoch,
            "errors": [
                [epoch, list(reading.train_error), list(reading.dev_error)]
                for epoch, reading in self.readings
            ],
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` returned; call it after `on_train_begin`."""
        self._epoch, self._measured_epoch = state["epoch"], state["measured_epoch"]
        self.readings = [
            (epoch, self._judged(ErrorEstimate(*train), ErrorEstimate(*dev)))
            for epoch, train, dev in state["errors"]
        ]
        last, reading = self.readings[-1] if self.readings else (None, None)
        self.reading = reading if last == self._measured_epoch else None

    def _judged(self, train: ErrorEstimate, dev: ErrorEstimate) -> BiasVariance:
        return read_bias_variance(train, dev, self.human_error, tolerance=self._tolerance)

    def _read(self, epoch: int) -> None:
        self._measured_epoch = epoch
        measured = self._measured()
        if measured is None:
            self.reading = None
            return
        self.reading = self._judged(*measured)
        self.readings.append((epoch, self.reading))

    def _measured(self) -> tuple[ErrorEstimate, ErrorEstimate] | None:
        """Errors of both samples; `None` where the model predicts NaN or infinity."""
        outputs = self._predictions()
        if not all(np.isfinite(array).all() for array in tree.flatten(outputs)):
            return None
        train, dev = (
            measure_error(
                self._metric,
                y,
                predictions,
                threshold=self._threshold,
                scale=self._scale,
                one_hot=self._one_hot,
                seed=self.seed,
            )
            for (_, y), predictions in zip((self._train, self._dev), outputs, strict=True)
        )
        return train, dev

    def _predictions(self) -> tuple[Any, Any]:
        """Outputs for both samples; in one go if their examples have one shape."""
        train, dev = self._train[0], self._dev[0]
        if _shapes(train) != _shapes(dev):
            return self._predict(train), self._predict(dev)
        both = self._predict(tree.map_structure(lambda *parts: np.concatenate(parts), train, dev))
        count = len(tree.flatten(train)[0])
        return (
            tree.map_structure(lambda array: array[:count], both),
            tree.map_structure(lambda array: array[count:], both),
        )

    def _predict(self, x: Any) -> Any:
        arrays = tree.flatten(x)
        elements = sum(array[:1].size for array in arrays)
        batch_size = min(len(arrays[0]), max(32, min(256, BATCH_ELEMENTS // max(1, elements))))
        return self.model.predict(x, batch_size=batch_size, verbose=0)

    def _log_values(self) -> dict[str, float]:
        if self.reading is None:
            return dict.fromkeys(("bias", "variance", "train_error", "dev_error"), math.nan)
        return {
            "bias": self.reading.bias.value,
            "variance": self.reading.variance.value,
            "train_error": self.reading.train_error.error,
            "dev_error": self.reading.dev_error.error,
        }

    def _samples(self) -> tuple[Any, Any]:
        fit = fit_arguments(self.model)
        validation = self.validation_data
        if validation is None and fit is not None:
            validation = fit.validation_data
        if validation is None:
            raise ValueError(
                "BiasVarianceReporter needs dev examples: variance is the gap from train to dev. "
                "Received: validation_data=None. Pass `validation_data` (or `validation_split`) to "
                "fit, or `validation_data` to the reporter."
            )
        dev = self._sample("validation_data", validation, self.max_examples)
        train = self.train_data
        if train is None:
            if fit is None:
                raise ValueError(
                    "BiasVarianceReporter needs the training examples. Received: no running fit to "
                    "take them from. Pass `train_data=(x, y)` to the reporter."
                )
            train = (fit.x, fit.y)
        return self._sample("train_data", train, len(tree.flatten(dev[1])[0])), dev

    def _sample(self, argument: str, data: Any, count: int) -> tuple[Any, Any]:
        x, y = (*data, None)[:2] if isinstance(data, (tuple, list)) else (data, None)
        sample = sample_examples(x, y, count, self.seed)
        if sample is None:
            raise ValueError(
                f"`{argument}` must be readable more than once: a sample of it is predicted at "
                "every reading. Received: a generator. Pass arrays or a dataset to the reporter "
                f"as `{argument}=`."
            )
        return sample


def _shapes(arrays: Any) -> list[tuple[int, ...]]:
    return [array.shape[1:] for array in tree.flatten(arrays)]


def _validate(human_error, metric, every, tolerance, max_examples) -> None:
    most = math.inf if callable(metric) else 1  # a metric of the user's own has its own unit
    if not (isinstance(human_error, numbers.Real) and 0 <= float(human_error) <= most):
        raise ValueError(
            "`human_error` must be a fraction from 0 to 1: the error that cannot be avoided. "
            f"Received: human_error={human_error!r}. Write 0.05 for 5 %."
        )
    if not (callable(metric) or metric in ("auto", "error_rate", "relative_squared_error")):
        raise ValueError(
            "`metric` must be 'auto', 'error_rate', 'relative_squared_error' or a callable "
            f"(y, predictions) -> errors. Received: metric={metric!r}."
        )
    for name, value in (("every", every), ("max_examples", max_examples)):
        if not (isinstance(value, (int, np.integer)) and value >= 1):
            raise ValueError(f"`{name}` must be an integer >= 1. Received: {name}={value!r}.")
    if tolerance is not None and not (
        isinstance(tolerance, numbers.Real) and 0 < float(tolerance) < math.inf
    ):
        raise ValueError(
            "`tolerance` must be > 0: no sample is large enough to show that a gap is 0. "
            f"Received: tolerance={tolerance!r}."
        )
