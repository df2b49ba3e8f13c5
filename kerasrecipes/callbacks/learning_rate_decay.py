"""Learning-rate decay, epoch by epoch."""

import math

import keras

from kerasrecipes.callbacks.learning_rate_variable import check_learning_rate_is_settable


class LearningRateDecay(keras.callbacks.Callback):
    """Sets the learning rate at the start of each epoch: `rate = schedule(epoch)`.

    Adds `learning_rate` to the logs of each epoch, so that the history has its curve. To decay
    within epochs instead, hand `schedule.per_step(...)` to the optimizer.

    Args:
        schedule: A schedule of `kerasrecipes.schedules`, or any callable from the epoch
            (integer from 0) to the rate (float > 0).
        verbose: 0 or 1; 1 says each rate. Defaults to `0`.
        sink: Called with each line said; `None` for silence. Defaults to `print`.

    Attributes:
        rates: The rates set in this fit, one for each epoch.

    Raises:
        TypeError: If `schedule` is not callable.
        ValueError: If `schedule` counts steps (a Keras `LearningRateSchedule`), if the
            optimizer has a schedule of its own, or if a rate is not a finite number > 0.

    Example:
        >>> from kerasrecipes.schedules import StepDecay
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", loss="mse")
        >>> decay = LearningRateDecay(StepDecay(0.1, factor=0.5, every=2))
        >>> x = keras.ops.ones((4, 1))
        >>> history = model.fit(x, x, epochs=3, callbacks=[decay], verbose=0)
        >>> [round(rate, 6) for rate in history.history["learning_rate"]]
        [0.1, 0.1, 0.05]

    Source: Deep Learning Specialization, course 2, week 2.
    """

    def __init__(self, schedule, verbose=0, sink=print):
        super().__init__()
        if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            raise ValueError(
                "`schedule` must be a function of the epoch, not of the step. "
                f"Received: schedule={type(schedule).__name__}. Pass the schedule without "
                "`.per_step(...)`, or hand this one to the optimizer."
            )
        if not callable(schedule):
            raise TypeError(
                "`schedule` must be callable, from the epoch to the rate. "
                f"Received: schedule={schedule!r}. Write lambda epoch: 0.1 * 0.95**epoch."
            )
        self.schedule, self.verbose, self.sink = schedule, verbose, sink
        self.rates = []

    def on_train_begin(self, logs=None):
        """Forgets the last fit, and refuses an optimizer whose rate it cannot set."""
        self.rates = []
        check_learning_rate_is_settable(self.model.optimizer, type(self).__name__)

    def on_epoch_begin(self, epoch, logs=None):
        """Sets the rate of this epoch."""
        rate = self.rate(epoch)
        self.rates.append(rate)
        self.model.optimizer.learning_rate = rate
        if self.verbose > 0 and self.sink is not None:
            self.sink(f"Epoch {epoch + 1}: learning rate {rate:.4g}.")

    def on_epoch_end(self, epoch, logs=None):
        """Adds `learning_rate` to the logs."""
        if logs is not None:
            logs["learning_rate"] = self.rates[-1]

    def rate(self, epoch):
        """The rate of an epoch, a finite float > 0."""
        rate = float(self.schedule(epoch))
        if not (math.isfinite(rate) and rate > 0):
            raise ValueError(
                "`schedule` must return a finite learning rate > 0 for every epoch. "
                f"Received: schedule({epoch})={rate}. Keep it above zero."
            )
        return rate

    def get_state(self):
        """The rates so far."""
        return {"rates": list(self.rates)}

    def set_state(self, state):
        """Goes on from what `get_state` returned; call it after `on_train_begin`."""
        self.rates = list(state["rates"])
