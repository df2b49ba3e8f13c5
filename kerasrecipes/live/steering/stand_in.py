"""An attribute of an object with something else in its place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

_ABSENT = object()


class StandIn:
    """The place of an attribute: `put` a value there, `give_back` what was there in the beginning.

    What is given back was looked up once: the replicas of a distributed step enter and leave
    overlapping each other.

    Args:
        holder: Any object with a `__dict__`.
        name: Of the attribute; of a method, the object itself has none of its own.

    Example:
        >>> import types
        >>> holder = types.SimpleNamespace(number=1)
        >>> with StandIn(holder, "number").by(2):
        ...     holder.number
        2
        >>> holder.number
        1
    """

    def __init__(self, holder: Any, name: str) -> None:
        self._holder, self._name = holder, name
        self._own = vars(holder).get(name, _ABSENT)

    def put(self, value: Any) -> None:
        """Sets it, past what Keras and TensorFlow keep of attributes that are set."""
        object.__setattr__(self._holder, self._name, value)

    def give_back(self) -> None:
        """Leaves it as it was found."""
        if self._own is _ABSENT:
            vars(self._holder).pop(self._name, None)
        else:
            self.put(self._own)

    @contextlib.contextmanager
    def by(self, value: Any) -> Iterator[None]:
        """Puts the value there inside the block."""
        self.put(value)
        try:
            yield
        finally:
            self.give_back()
