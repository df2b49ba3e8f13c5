"""A schedule of the epoch, counted in optimizer steps."""

import numbers

import keras


@keras.saving.register_keras_serializable(package="kerasrecipes")
class PerStep(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate of a `Schedule` at an optimizer's step.

    ```
    epoch = step // steps_per_epoch      # staircase
    epoch = step / steps_per_epoch       # otherwise
    ```

    Made by `schedule.per_step(steps_per_epoch)`. The whole epochs are counted in integers, so
    that the rate changes at exactly the right step however long the training is.

    Args:
        schedule: A `Schedule`.
        steps_per_epoch: Integer >= 1, optimizer steps in an epoch.
        staircase: Whether the rate stays the same within an epoch. Defaults to `True`.

    Raises:
        TypeError: If `schedule` is no `Schedule`.
        ValueError: If `steps_per_epoch` is not a whole number >= 1.

    Example:
        >>> from kerasrecipes.schedules import ExponentialDecay
        >>> rate = ExponentialDecay(0.1).per_step(10, staircase=False)
        >>> optimizer = keras.optimizers.SGD(rate)
        >>> round(float(rate(5)), 4)  # 0.95^0.5 * 0.1
        0.0975
    """

    def __init__(self, schedule, steps_per_epoch, staircase=True):
        if not callable(getattr(schedule, "formula", None)):
            raise TypeError(
                "`schedule` must be a Schedule of kerasrecipes, a function of the epoch. Received: "
                f"schedule={schedule!r}. For a constant rate use ExponentialDecay(rate, base=1.0)."
            )
        is_number = isinstance(steps_per_epoch, numbers.Real)
        if isinstance(steps_per_epoch, bool) or not (
            is_number and 1 <= steps_per_epoch < 2**31 and not steps_per_epoch % 1
        ):
            raise ValueError(
                "`steps_per_epoch` must be a whole number >= 1: an epoch has at least one step. "
                f"Received: steps_per_epoch={steps_per_epoch}. Use "
                "math.ceil(len(x_train) / batch_size)."
            )
        self.schedule = schedule
        self.steps_per_epoch = steps_per_epoch
        self.staircase = staircase

    def __call__(self, step):
        """Returns the rate at `step`, a scalar integer tensor from 0, as a scalar tensor."""
        ops = keras.ops
        step = ops.cast(step, "int32")
        whole = ops.floor_divide(step, int(self.steps_per_epoch))
        epoch = ops.cast(whole, keras.config.floatx())
        if not self.staircase:
            rest = ops.cast(step - whole * int(self.steps_per_epoch), epoch.dtype)
            epoch = epoch + rest / self.steps_per_epoch
        return ops.cast(self.schedule.formula(epoch, ops), epoch.dtype)

    def get_config(self):
        """The arguments; the schedule as a serialised Keras object."""
        return {
            "schedule": keras.saving.serialize_keras_object(self.schedule),
            "steps_per_epoch": self.steps_per_epoch,
            "staircase": self.staircase,
        }

    @classmethod
    def from_config(cls, config):
        """Makes it again from `get_config()`."""
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(schedule, config["steps_per_epoch"], config["staircase"])
