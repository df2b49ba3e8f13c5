"""The state of every random number that a training draws outside of its layers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from kerasrecipes import backend

State = dict[str, Any]


def random_state() -> State:
    """The states of Python's `random`, NumPy's global generator, and the backend's.

    Layers draw from seed generators of their own, which are variables of the model.

    Returns:
        Plain values and arrays, for `set_random_state`.

    Example:
        >>> state = random_state()
        >>> first = np.random.rand()
        >>> set_random_state(state)
        >>> np.random.rand() == first
        True
    """
    return host_state() | {"backend": backend.random_state()}


def set_random_state(state: State) -> None:
    """Goes on from what `random_state` returned."""
    set_host_state(state)
    backend.set_random_state(state["backend"])


def host_state() -> State:
    """The states of Python's `random` and NumPy's global generator alone."""
    version, numbers, next_gauss = random.getstate()
    generator = np.random.get_state(legacy=False)
    return {
        "python": {"version": version, "numbers": np.array(numbers), "next_gauss": next_gauss},
        "numpy": {
            **generator,
            "state": {
                name: value.copy() if isinstance(value, np.ndarray) else value
                for name, value in generator["state"].items()
            },
        },
    }


def set_host_state(state: State) -> None:
    """Goes on from what `host_state` returned."""
    python = state["python"]
    random.setstate((python["version"], tuple(python["numbers"].tolist()), python["next_gauss"]))
    np.random.set_state(state["numpy"])


def host_mark() -> tuple[Any, Any]:
    """What `host_state` would hold, to compare alone: it costs a tenth."""
    return random.getstate(), np.random.get_state(legacy=False)


def same_mark(a: tuple[Any, Any], b: tuple[Any, Any]) -> bool:
    """Whether nothing was drawn between two marks."""
    return a[0] == b[0] and _same(a[1], b[1])


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[name], b[name]) for name in a)
    return bool(np.array_equal(a, b))
