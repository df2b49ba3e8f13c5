"""The cost J with and without the penalty, and whether it falls as it must."""

import math

import keras

from kerasrecipes.averages import ExponentiallyWeightedAverage
from kerasrecipes.callbacks.random_layers import random_layers

MODES = ("auto", "batch", "mini-batch")
_ROUNDING = {"float64": 1e-9, "float32": 1e-5}  # relative, of a sum over many examples
_SMALLEST_FALL = 1e-4


class CostMonitor(keras.callbacks.Callback):
    """Watches the cost: with and without the penalty, and falling as gradient descent must.

    ```
    J = cost_without_penalty + penalty,    penalty = sum of the regularisers of the weights
    ```

    Adds `penalty` and `cost_without_penalty` to the logs of each epoch. Keras's `loss` is J with
    the penalty, averaged over the steps of the epoch, so in batch mode (one step an epoch) the
    penalty of the epoch's beginning is taken off, which is exact, and in mini-batch mode the mean
    of its values at the beginning and the end. Penalties on activities are part of the cost
    here: without the data they cannot be told.

    It says, each once in a fit and with the numbers:

    - in batch mode, that J rose from one epoch to the next by more than rounding: the learning
      rate is too large, or there is a bug. (With dropout or other randomness J is not well
      defined: it says so; turn it off to check.)
    - in mini-batch mode, that the smoothed J has not fallen for `patience` epochs.
    - that J is no longer finite.

    Args:
        mode: `"batch"`, `"mini-batch"`, or `"auto"` (default): batch if an epoch has one step.
        patience: Integer >= 1, epochs without a fall that mini-batch mode accepts. Defaults to
            `3`.
        smoothing: Float in [0, 1), weight of the past in the smoothed J of mini-batch mode.
            Defaults to `0.5`, about two epochs: an epoch's J is an average already.
        sink: Called with each message; `None` for silence. Defaults to `print`.

    Attributes:
        curves: Dict of lists over the epochs: `cost`, `penalty`, `cost_without_penalty`,
            `smoothed`.
        messages: What has been said in this fit.

    Raises:
        ValueError: If an argument is out of its range, or the logs have no `loss`.

    Example:
        >>> monitor = CostMonitor(mode="batch", sink=lambda line: None)
        >>> monitor.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
        >>> monitor.on_train_begin()
        >>> for epoch, cost in enumerate([1.0, 0.5, 0.75]):
        ...     monitor.on_epoch_begin(epoch)
        ...     monitor.on_epoch_end(epoch, {"loss": cost})
        >>> monitor.messages[0][:60]
        'Batch gradient descent: the cost rose from 0.5 at epoch 2 to'

    Source: Deep Learning Specialization, course 2, weeks 1 and 2.
    """

    def __init__(self, mode="auto", patience=3, smoothing=0.5, sink=print):
        super().__init__()
        self.async_safe = True  # counting steps needs no wait for each step's logs
        if mode not in MODES:
            raise ValueError(
                f"`mode` must be one of {', '.join(map(repr, MODES))}. "
                f"Received: mode={mode!r}. The default is 'auto'."
            )
        if isinstance(patience, bool) or not patience >= 1 or patience % 1:
            raise ValueError(
                "`patience` must be a whole number of epochs >= 1. "
                f"Received: patience={patience}. The default is 3."
            )
        self.mode, self.patience, self.smoothing, self.sink = mode, patience, smoothing, sink
        self._reset()

    def _reset(self) -> None:
        names = ("cost", "penalty", "cost_without_penalty", "smoothed")
        self.curves: dict[str, list[float]] = {name: [] for name in names}
        self.messages: list[str] = []
        self._said: set[str] = set()
        self._best, self._best_epoch = math.inf, 0
        self._average = ExponentiallyWeightedAverage(self.smoothing)
        self._penalty_before, self._steps = 0.0, 0

    def on_train_begin(self, logs=None):
        """Forgets the last fit."""
        self._reset()

    def on_epoch_begin(self, epoch, logs=None):
        """Notes the penalty before the epoch's steps."""
        self._penalty_before, self._steps = penalty(self.model), 0

    def on_train_batch_end(self, batch, logs=None):
        """Counts the steps, to know a batch from mini-batches."""
        self._steps = batch + 1

    def on_epoch_end(self, epoch, logs=None):
        """Splits J, adds its parts to the logs, and says what is wrong with it."""
        if logs is None or "loss" not in logs:
            raise ValueError(
                "`loss` must be in the logs of the epoch, for it is the cost to watch. "
                f"Received: logs of {', '.join(logs or {}) or 'nothing'}. Compile with a loss."
            )
        cost, batch_mode = float(logs["loss"]), self._in_batch_mode()
        part = self._penalty_before
        if not batch_mode:
            part = (part + penalty(self.model)) / 2
        logs["penalty"], logs["cost_without_penalty"] = part, cost - part
        judge = self.judge_batch if batch_mode else self.judge_mini_batch
        for code, message in judge(epoch, cost):
            self._say(code, message)
        values = (cost, part, cost - part, self._average.value)
        for curve, value in zip(self.curves.values(), values, strict=True):
            curve.append(value)

    def judge_batch(self, epoch, cost):
        """What is wrong with this cost in batch mode: pairs of a code and a message."""
        self._average.update(cost)
        if not math.isfinite(cost):
            return [_not_finite(epoch, cost)]
        before = self.curves["cost"][-1] if self.curves["cost"] else math.inf
        if math.isnan(before) or cost <= before + self._rounding() * abs(before):
            return []
        text = (
            f"Batch gradient descent: the cost rose from {before:.6g} at epoch {epoch} to "
            f"{cost:.6g} at epoch {epoch + 1}; "
        )
        noisy = random_layers(self.model)
        if noisy:
            cause = (
                f"with {', '.join(noisy)} active it is not well defined. Turn that off to check."
            )
            return [("random", text + cause)]
        cause = (
            "with every step on the whole set it must fall. Lower the learning rate; if it still "
            "rises, check the gradients."
        )
        return [("rose", text + cause)]

    def judge_mini_batch(self, epoch, cost):
        """What is wrong with this cost in mini-batch mode: pairs of a code and a message."""
        smoothed = self._average.update(cost)
        if not math.isfinite(cost):
            return [_not_finite(epoch, cost)]
        if smoothed < self._best - _SMALLEST_FALL * abs(self._best) or self._best == math.inf:
            self._best, self._best_epoch = smoothed, epoch
        waited = epoch - self._best_epoch
        if waited < self.patience:
            return []
        text = (
            f"Mini-batch gradient descent: the smoothed cost has not fallen for {waited} epochs: "
            f"{self._best:.6g} at epoch {self._best_epoch + 1}, {smoothed:.6g} at epoch "
            f"{epoch + 1}. It has converged, or the learning rate is too large or too small."
        )
        return [("stalled", text)]

    def get_state(self):
        """All that an exact resume needs, as plain values."""
        return {
            "curves": {name: list(values) for name, values in self.curves.items()},
            "messages": list(self.messages),
            "said": sorted(self._said),
            "best": self._best,
            "best_epoch": self._best_epoch,
            "average": self._average.get_state(),
            "penalty_before": self._penalty_before,
            "steps": self._steps,
        }

    def set_state(self, state):
        """Goes on from what `get_state` returned; call it after `on_train_begin`."""
        self.curves = {name: list(values) for name, values in state["curves"].items()}
        self.messages, self._said = list(state["messages"]), set(state["said"])
        self._best, self._best_epoch = state["best"], state["best_epoch"]
        self._average.set_state(state["average"])
        self._penalty_before, self._steps = state["penalty_before"], state["steps"]

    def _in_batch_mode(self):
        if self.mode != "auto":
            return self.mode == "batch"
        # An epoch may have been cut off after its first step: what it was to have counts.
        return ((self.params or {}).get("steps") or self._steps) <= 1

    def _rounding(self):
        return _ROUNDING.get(getattr(self.model, "compute_dtype", "float32"), 1e-2)

    def _say(self, code, message):
        if code not in self._said:
            self._said.add(code)
            self.messages.append(message)
            if self.sink is not None:
                self.sink(message)


def penalty(model):
    """The penalty on the weights as they are: the sum of all their regularisers, a float.

    Example:
        >>> dense = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.5))
        >>> model = keras.Sequential([keras.Input((2,)), dense])
        >>> model.set_weights([keras.ops.array([[1.0], [3.0]]), keras.ops.zeros(1)])
        >>> penalty(model)
        5.0
    """
    regularised = [v for v in model.trainable_variables if getattr(v, "regularizer", None)]
    return float(sum(float(v.regularizer(v)) for v in regularised))


def _not_finite(epoch, cost):
    return "not finite", (
        f"The cost is {cost} at epoch {epoch + 1}. Lower the learning rate; look for NaN in the "
        "data."
    )
