"""Bias and variance of the running fit, measured honestly."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import tree

from kerasrecipes.callbacks.fit_arguments import fit_arguments, sample_examples
from kerasrecipes.diagnosis import (
    BiasVariance,
    ErrorEstimate,
    TargetScale,
    infer_metric,
    measure_error,
    read_bias_variance,
)


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
    them. In epochs between two readings the last one stands (NaN before the first).

    Cost: one prediction of the dev set and of as many training examples per reading. The data are
    those of `fit`. A `tf.data` pipeline is read for one sample more; a generator cannot be, pass
    `train_data` then.

    Args:
        human_error: Error that cannot be avoided: a careful human's or the best known, as a
            fraction, >= 0. Defaults to 0.
        metric: `"auto"` (by the loss), `"error_rate"`, `"relative_squared_error"`, or a callable
            `(y, predictions) -> errors` of shape `(examples,)`.
        every: Epochs from one reading to the next, >= 1; the last epoch is always read.
        tolerance: Largest gap that is not called high, > 0, as a fraction. By default 0.02 for
            error rates and 0.05 for the relative squared error.
        max_examples: Largest number of examples of either set to predict, >= 1.
        train_data: `(x, y)` to sample from instead of `fit`'s own.
        validation_data: `(x, y)` or a dataset to use instead of `fit`'s own.
        sink: Callable that takes the text of the last reading when training ends; `print` by
            default, `None` for silence.
        seed: Of the samples and of the bootstrap.

    Attributes:
        reading: The last `BiasVariance`, or `None`.
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

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Draws the samples and settles the metric."""
        self.reading: BiasVariance | None = None
        self.readings: list[tuple[int, BiasVariance]] = []
        self._epoch = -1
        self._train, self._dev = self._samples()
        self._metric, self._threshold = self.metric, 0.5
        if self.metric in ("auto", "error_rate"):
            inferred, self._threshold = infer_metric(self.model.loss)
            self._metric = inferred if self.metric == "auto" else self.metric
        relative = self._metric == "relative_squared_error"
        self._scale = TargetScale.of(self._train[1]) if relative else None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Reads bias and variance if it is time, and puts them into the logs."""
        self._epoch = epoch
        last = self.params.get("epochs")
        if (epoch + 1) % self.every == 0 or epoch + 1 == last or self.model.stop_training:
            self._read(epoch)
        if logs is not None:
            logs.update(self._log_values())

    def on_train_end(self, logs: dict | None = None) -> None:
        """Says the last reading."""
        if self._epoch >= 0 and (not self.readings or self.readings[-1][0] != self._epoch):
            self._read(self._epoch)
        if self.sink and self.reading:
            self.sink(f"bias and variance, {self.reading}")

    def _read(self, epoch: int) -> None:
        train, dev = self._measured()
        self.reading = read_bias_variance(train, dev, self.human_error, tolerance=self.tolerance)
        self.readings.append((epoch, self.reading))

    def _measured(self) -> tuple[ErrorEstimate, ErrorEstimate]:
        """Errors of both samples, from one prediction."""
        (x_train, y_train), (x_dev, y_dev) = self._train, self._dev
        count = len(tree.flatten(y_train)[0])
        x = tree.map_structure(lambda *parts: np.concatenate(parts), x_train, x_dev)
        predictions = self.model.predict(x, batch_size=min(256, 2 * count), verbose=0)

        def measure(y: Any, rows: slice) -> ErrorEstimate:
            return measure_error(
                self._metric,
                y,
                tree.map_structure(lambda outputs: outputs[rows], predictions),
                threshold=self._threshold,
                scale=self._scale,
                seed=self.seed,
            )

        return measure(y_train, slice(0, count)), measure(y_dev, slice(count, None))

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
        pair = validation[:2] if isinstance(validation, (tuple, list)) else (validation, None)
        dev = sample_examples(pair[0], pair[1], self.max_examples, self.seed)
        if dev is None:
            raise ValueError(_read_once("validation_data"))
        count = len(tree.flatten(dev[1])[0])
        source = self.train_data if self.train_data is not None else (fit and (fit.x, fit.y))
        train = sample_examples(source[0], source[1], count, self.seed) if source else None
        if train is None:
            raise ValueError(_read_once("train_data"))
        return train, dev


def _read_once(argument: str) -> str:
    return (
        f"`{argument}` must be readable more than once: the same sample is predicted at every "
        "reading. Received: a generator. Pass arrays or a dataset to the reporter as "
        f"`{argument}=(x, y)`."
    )


def _validate(human_error, metric, every, tolerance, max_examples) -> None:
    if not (isinstance(human_error, (int, float)) and 0 <= human_error < math.inf):
        raise ValueError(
            "`human_error` must be a fraction >= 0: the error that cannot be avoided. "
            f"Received: human_error={human_error}."
        )
    if not (callable(metric) or metric in ("auto", "error_rate", "relative_squared_error")):
        raise ValueError(
            "`metric` must be 'auto', 'error_rate', 'relative_squared_error' or a callable "
            f"(y, predictions) -> errors. Received: metric={metric!r}."
        )
    for name, value in (("every", every), ("max_examples", max_examples)):
        if not (isinstance(value, (int, np.integer)) and value >= 1):
            raise ValueError(f"`{name}` must be an integer >= 1. Received: {name}={value!r}.")
    if tolerance is not None and not 0 < tolerance < math.inf:
        raise ValueError(
            "`tolerance` must be > 0: no sample is large enough to show that a gap is 0. "
            f"Received: tolerance={tolerance}."
        )
