"""The learning rate, whoever sets it, and taking it over from them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import keras
from keras import ops

from kerasrecipes.live.setting import Setting, Value
from kerasrecipes.live.steering.number_in_force import shortest
from kerasrecipes.live.steering.stand_in import StandIn

SWITCH = "decay_schedule"


class LearningRate:
    """The learning rate as a knob.

    A rate that nobody else sets is the optimizer's own variable: moving it assigns, and it stays
    so after the `fit`. A schedule, or a callback, goes on setting its own; taken over, the manual
    rate is what the step and `optimizer.learning_rate` see instead.

    Args:
        optimizer: The one that moves the weights.
        setting: Its name, label and range.
        owners: Names of callbacks that set the rate.
    """

    is_inside = False
    is_exact = True

    def __init__(self, optimizer: Any, setting: Setting, owners: Sequence[str] = ()) -> None:
        self.name = setting.name
        self._optimizer, self._setting = optimizer, setting
        held = optimizer._learning_rate  # the property gives what it comes to
        owned = [] if isinstance(held, keras.Variable) else [_name(held)]
        self.owner = ", ".join([*owned, *owners]) or None
        self._place = StandIn(optimizer, "_get_current_learning_rate")
        self._own = optimizer._get_current_learning_rate
        self._shown: Any = None
        self._in_force: Any = None
        self.reset()

    def setting(self) -> Setting:
        """As it is now."""
        return dataclasses.replace(
            self._setting, value=self.value(), owner=self.owner, taken=self.taken
        )

    def switch(self) -> Setting | None:
        """Whether the owner sets the rate; None without one."""
        if self.owner is None:
            return None
        return Setting(SWITCH, "Decay schedule", not self.taken, scale="switch", owner=self.owner)

    def value(self) -> float:
        """In force now."""
        return self.manual if self.taken else shortest(ops.convert_to_numpy(self._own()))

    def move(self, value: Value) -> None:
        """Takes a value that its setting has checked."""
        if self.owner is None:
            self._optimizer.learning_rate = value
        else:
            self.taken, self.manual = True, float(value)  # type: ignore[arg-type]

    def reset(self) -> None:
        """Leaves it to its owner."""
        self.taken, self.manual = False, 0.0

    @property
    def is_moved(self) -> bool:
        """Whether it is taken over."""
        return self.taken

    def numbers(self) -> list[float]:
        """Whether it is taken over, and the manual rate; nothing without an owner."""
        return [] if self.owner is None else [float(self.taken), self.manual]

    def attach(self) -> None:
        """Shows a rate that is taken over to whoever reads the optimizer's, until `detach`."""
        if self.owner is not None:
            self._shown = keras.Variable(0.0, trainable=False, name="manual_learning_rate")
            self._place.put(self._current)

    def detach(self) -> None:
        """Leaves the optimizer as it was."""
        self._place.give_back()

    @contextlib.contextmanager
    def put(self, numbers: Sequence[Any]) -> Iterator[None]:
        """Lets the optimizer read these tensors inside the block."""
        if numbers:
            is_taken, manual = numbers
            own = ops.convert_to_tensor(self._own())
            self._in_force = ops.where(is_taken > 0, ops.cast(manual, own.dtype), own)
        try:
            yield
        finally:
            self._in_force = None

    def _current(self) -> Any:
        if self._in_force is not None:
            return self._in_force
        own = self._own()
        if not self.taken:
            return own
        self._shown.assign(self.manual)
        # Callbacks that assign to the variable may do so; it is not the one that counts.
        return self._shown if isinstance(own, keras.Variable) else self._shown.value


def _name(held: Any) -> str:
    return getattr(held, "__name__", None) or type(held).__name__
