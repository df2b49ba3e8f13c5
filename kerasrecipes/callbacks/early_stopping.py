"""Early stopping: Keras's, with an averaged cost, a joint choice of the point, and a reason."""

import math

import keras
import numpy as np

from kerasrecipes.averages import ExponentiallyWeightedAverage
from kerasrecipes.callbacks.plain_state import plain_copy

ADVICE = (
    "Early stopping couples fitting and regularising in one knob; to tune them apart, use L2 "
    "and train longer (course 2)."
)


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Stops training when the dev cost no longer improves; drop-in for Keras's callback.

    All arguments of `keras.callbacks.EarlyStopping` come first, in its order and with its
    defaults, and with the extras off it behaves exactly as it does. Beyond it:

    ```
    decided on:  v_t / (1 - beta^t),  v_t = beta v_(t-1) + (1 - beta) val_loss_t    # smoothing
    counts as best only where:  val_loss - loss <= max_gap
    ```

    When it stops, one line says why, and that early stopping is not orthogonal: it ends the
    fitting of the train cost in order to regularise. The alternative is L2 and training longer.

    The train cost in Keras's logs is a running average over the epoch, with dropout on: leave
    `max_gap` some room, or read `BiasVarianceReporter` for an honest gap.

    Args:
        monitor: Quantity to be monitored. Defaults to `"val_loss"`.
        min_delta: Smallest change that counts as an improvement. Defaults to `0`.
        patience: Epochs without improvement after which training stops. Defaults to `0`.
        verbose: 0 or 1; Keras's messages about the stop and the restored epoch. Defaults to `0`.
        mode: `"auto"`, `"min"` or `"max"`. Defaults to `"auto"`.
        baseline: Value the monitored quantity must beat, or `None`. Defaults to `None`.
        restore_best_weights: Whether to end with the weights of the best epoch. Defaults to
            `False`. If `max_gap` let no epoch count, the last weights stay.
        start_from_epoch: Epochs to wait before watching. Defaults to `0`.
        smoothing: Float in [0, 1), `beta` of a bias-corrected exponentially weighted average
            that replaces the monitored value in all decisions. Defaults to `0.0`, off.
        max_gap: Float >= 0 or `None`: the largest gap between dev and train (in the unit of the
            monitored quantity; how much worse dev is) at which an epoch may be the best, so
            that train and dev are chosen together. Needs a monitor that begins with `val_`,
            whose counterpart on train is the name without it. Defaults to `None`, off.
        sink: Called with the line said when it stops; `None` for silence. Defaults to `print`.

    Attributes:
        curves: Dict of lists over the epochs: `train`, `dev` and, averaged, `train_smoothed`,
            `dev_smoothed`; NaN where the logs have no such value.
        best_epoch: The epoch that counts as best, from 0.
        stop_reason: Why it stopped, in words with numbers and epochs from 1; `None` if it
            has not.

    Raises:
        ValueError: If `smoothing` is outside [0, 1), `max_gap` negative, or `max_gap` is given
            for a monitor without a counterpart on train.

    Example:
        >>> stopper = EarlyStopping(patience=2, smoothing=0.5, sink=lambda line: None)
        >>> stopper.set_model(keras.Sequential())
        >>> stopper.on_train_begin()
        >>> for epoch, cost in enumerate([1.0, 0.5, 0.9, 0.8]):
        ...     stopper.on_epoch_end(epoch, {"loss": 0.4, "val_loss": cost})
        >>> stopper.stop_reason
        'smoothed val_loss has not improved on 0.667 (epoch 2) for 2 epochs: 0.8 at epoch 4.'

    Source: Deep Learning Specialization, course 2, week 1; Keras for the base.
    """

    def __init__(
        self,
        monitor="val_loss",
        min_delta=0,
        patience=0,
        verbose=0,
        mode="auto",
        baseline=None,
        restore_best_weights=False,
        start_from_epoch=0,
        smoothing=0.0,
        max_gap=None,
        sink=print,
    ):
        super().__init__(
            monitor=monitor,
            min_delta=min_delta,
            patience=patience,
            verbose=verbose,
            mode=mode,
            baseline=baseline,
            restore_best_weights=restore_best_weights,
            start_from_epoch=start_from_epoch,
        )
        _check(smoothing, max_gap, monitor)
        self.smoothing, self.max_gap, self.sink = smoothing, max_gap, sink
        self._reset()

    def _reset(self) -> None:
        self.best_epoch = 0
        self.stop_reason: str | None = None
        names = ("train", "dev", "train_smoothed", "dev_smoothed")
        self.curves: dict[str, list[float]] = {name: [] for name in names}
        self._averages = {
            side: ExponentiallyWeightedAverage(self.smoothing) for side in ("train", "dev")
        }

    def on_train_begin(self, logs=None):
        """Forgets the last fit."""
        super().on_train_begin(logs)
        self._reset()

    def on_epoch_end(self, epoch, logs=None):
        """Keeps the curves, decides, and says the reason if that was the end."""
        self._record(logs or {})
        if self._gap_is_too_wide(logs or {}):
            self._pass_over(epoch)
        else:
            super().on_epoch_end(epoch, logs)
        if self.stopped_epoch > 0 and self.stop_reason is None:
            self.stop_reason = self._reason(epoch)

    def on_train_end(self, logs=None):
        """Restores the best weights if asked to, and says why it stopped."""
        super().on_train_end(logs)
        if self.stop_reason is not None and self.sink is not None:
            self.sink(f"Early stopping: {self.stop_reason} {ADVICE}")

    def get_monitor_value(self, logs):
        """The value that decisions are made on: Keras's, or its average."""
        value = super().get_monitor_value(logs)
        if value is None or self.smoothing == 0:
            return value
        return self.curves[f"{self._monitored_side()}_smoothed"][-1]

    def get_state(self):
        """All that an exact resume needs: plain values, and the best weights as arrays."""
        state = {
            "wait": self.wait,
            "stopped_epoch": self.stopped_epoch,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
            "stop_reason": self.stop_reason,
            "curves": self.curves,
            "averages": {side: average.get_state() for side, average in self._averages.items()},
        }
        return plain_copy(state)

    def set_state(self, state):
        """Goes on from what `get_state` returned; call it after `on_train_begin`."""
        state = plain_copy(state)
        self.wait, self.stopped_epoch = state["wait"], state["stopped_epoch"]
        self.best, self.best_epoch = state["best"], state["best_epoch"]
        self.best_weights, self.stop_reason = state["best_weights"], state["stop_reason"]
        self.curves = state["curves"]
        for side, average in self._averages.items():
            average.set_state(state["averages"][side])

    def _monitored_side(self):
        return "dev" if self.monitor.startswith("val_") else "train"

    def _record(self, logs):
        name = self.monitor.removeprefix("val_")
        for side, key in (("train", name), ("dev", f"val_{name}")):
            value = _as_number(logs.get(key))
            self.curves[side].append(value)
            known = logs.get(key) is not None
            self.curves[f"{side}_smoothed"].append(
                self._averages[side].update(value) if known else math.nan
            )

    def _gap_is_too_wide(self, logs):
        if self.max_gap is None or logs.get(self.monitor) is None:
            return False
        if self.monitor.removeprefix("val_") not in logs:
            raise ValueError(
                f"`max_gap` needs `{self.monitor.removeprefix('val_')}` in the logs, to compare "
                f"`{self.monitor}` with. Received: logs of {', '.join(logs)}. Monitor one of "
                "the model's own metrics."
            )
        if self.monitor_op is None:
            self._set_monitor_op()
        gap = self.curves["dev_smoothed"][-1] - self.curves["train_smoothed"][-1]
        lower_is_better = bool(self.monitor_op(0.0, 1.0))
        return not (gap if lower_is_better else -gap) <= self.max_gap

    def _pass_over(self, epoch):
        """Keras's count of an epoch without improvement, for one that may not be the best."""
        if epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _reason(self, epoch):
        name = f"smoothed {self.monitor}" if self.smoothing else self.monitor
        side = self._monitored_side()
        now = f"{self.curves[f'{side}_smoothed'][-1]:.3g} at epoch {epoch + 1}"
        epochs = f"{self.wait} epoch{'s' if self.wait > 1 else ''}"
        if self.best is None:
            return f"no epoch had a gap of {self.max_gap:g} or less for {epochs}: {name} {now}."
        best = f"{np.mean(self.best):.3g} (epoch {self.best_epoch + 1})"
        if self.baseline is not None and not self._is_improvement(self.best, self.baseline):
            return f"{name} has not beaten the baseline {self.baseline:g} in {epochs}: best {best}."
        gap = f" within a gap of {self.max_gap:g}" if self.max_gap is not None else ""
        return f"{name} has not improved on {best}{gap} for {epochs}: {now}."


def _as_number(value):
    """A log as a float: F1Score has one a class; NaN where another callback logged no number."""
    try:
        return math.nan if value is None else float(np.mean(value))
    except (TypeError, ValueError):
        return math.nan


def _check(smoothing, max_gap, monitor):
    if not isinstance(monitor, str):
        raise ValueError(
            "`monitor` must be the name of a log, such as 'val_loss'. "
            f"Received: monitor={monitor!r}."
        )
    if not 0 <= smoothing < 1:
        raise ValueError(
            "`smoothing` must be in [0, 1): it is the weight of the past. "
            f"Received: smoothing={smoothing}. Use 0.0 for none, 0.5 for about 2 epochs."
        )
    if max_gap is not None and not max_gap >= 0:
        raise ValueError(
            "`max_gap` must be >= 0: it is how much worse dev may be than train. "
            f"Received: max_gap={max_gap}. Use None for no limit."
        )
    if max_gap is not None and not monitor.startswith("val_"):
        raise ValueError(
            "`max_gap` needs a monitor of the dev set, which begins with `val_`. "
            f"Received: max_gap={max_gap}, monitor={monitor!r}. Monitor 'val_{monitor}'."
        )
