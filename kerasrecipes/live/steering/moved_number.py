"""The number of a setting: as the program has it, and as it was moved."""

from __future__ import annotations

import dataclasses
from typing import Any

from kerasrecipes.live.setting import Setting, Value


class MovedNumber:
    """What knobs of one number share; how a step reads it is theirs.

    Args:
        setting: As the program has it.
    """

    _value: Any

    def __init__(self, setting: Setting) -> None:
        self.name = setting.name
        self._setting = setting
        self.reset()

    def setting(self) -> Setting:
        """As it is now."""
        return dataclasses.replace(self._setting, value=self._value)

    def move(self, value: Value) -> None:
        """Takes a value that its setting has checked."""
        self._value = value

    def reset(self) -> None:
        """Goes back to what the program has."""
        self._value = self._setting.value

    @property
    def is_moved(self) -> bool:
        """Whether it is not as in the program."""
        return self._value != self._setting.value
