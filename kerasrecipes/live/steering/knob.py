"""What every setting of a steered step can do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from kerasrecipes.live.setting import Setting, Value


class Knob(Protocol):
    """One setting of a program, and how its step, while it is traced, comes to read it.

    Attributes:
        name: Of its `Setting`.
        is_inside: Whether the layers use it, else the optimizer.
        is_exact: Whether a step that reads it gives the very bits of one that has it compiled in.
            A constant is merged with the constants next to it, and a condition keeps apart what
            would be computed as one; either changes how results are rounded.
    """

    name: str
    is_inside: bool
    is_exact: bool

    @property
    def is_moved(self) -> bool:
        """Whether it is not as in the program."""

    def setting(self) -> Setting:
        """As it is now."""

    def move(self, value: Value) -> None:
        """Takes a value that its setting has checked."""

    def reset(self) -> None:
        """Goes back to what the program has."""

    def numbers(self) -> list[float]:
        """What the step reads; as many each time."""

    def put(self, numbers: Sequence[Any]) -> AbstractContextManager[None]:
        """Lets the program read these scalar tensors inside the block, and its own after it."""
