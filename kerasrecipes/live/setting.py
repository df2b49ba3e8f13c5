"""A number of a running training that can be moved."""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import Any, Literal

Value = float | bool | None
Scale = Literal["linear", "log", "one_minus_log", "switch"]


@dataclasses.dataclass(frozen=True)
class Setting:
    """One setting as it stands now, and what it may be moved to.

    Attributes:
        name: As nudges name it: `learning_rate`, `momentum`, `beta_1`, `weight_decay`, `clip_norm`,
            `decay_schedule`, `keep_prob/LAYER`.
        label: For people.
        value: Now in force; None if the program has none, such as a clip norm without clipping.
        low, high: The range of what it may be moved to, both included.
        scale: How a slider should run; a `"switch"` is on or off.
        owner: What sets it by itself, such as a schedule or a callback; None if nothing does.
        taken: Whether it has been taken over from its owner.
        unavailable: Why it cannot be moved here, and what would let it; None if it can.
        optional: Whether it may be moved to None, which is off.

    Example:
        >>> rate = Setting("learning_rate", "Learning rate", 0.01, 1e-8, 10.0, "log")
        >>> rate.checked(1e-3)
        0.001
        >>> rate.checked(-1)
        Traceback (most recent call last):
        ValueError: `learning_rate` must be a number from 1e-08 to 10. Received: -1.
    """

    name: str
    label: str
    value: Value
    low: float = 0.0
    high: float = 1.0
    scale: Scale = "linear"
    owner: str | None = None
    taken: bool = False
    unavailable: str | None = None
    optional: bool = False

    def checked(self, value: Any) -> Value:
        """`value` as this setting takes it.

        Raises:
            ValueError: If the setting cannot be moved, or the value is no finite number in its
                range (True or False of a switch).
        """
        if self.unavailable is not None:
            raise ValueError(f"`{self.name}` cannot be moved: {self.unavailable}.")
        if self.scale == "switch":
            if isinstance(value, bool):
                return value
            raise ValueError(f"`{self.name}` must be true or false. Received: {value!r}.")
        if value is None and self.optional:
            return None
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not (is_number and math.isfinite(value) and self.low <= value <= self.high):
            raise ValueError(
                f"`{self.name}` must be a number from {self.low:g} to {self.high:g}"
                f"{', or none' if self.optional else ''}. Received: {value!r}."
            )
        return float(value)

    def to_dict(self) -> dict[str, Any]:
        """The attributes as JSON has them."""
        return dataclasses.asdict(self)
