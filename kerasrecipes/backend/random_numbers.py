"""The random numbers that are drawn outside of layers."""

from __future__ import annotations

import importlib
import random
import sys
from typing import Any

import keras


def random_seed() -> int | None:
    """The seed that `keras.utils.set_random_seed` was given last, None if it was not called."""
    # keras.src: there is no public way to ask for it.
    from keras.src.utils.rng_utils import get_random_seed

    return get_random_seed()


def random_state() -> dict[str, Any]:
    """The state of the random numbers that Keras and TensorFlow draw outside of layers.

    Keras's global seed generator, TensorFlow's seeds of eager operations and its global generator;
    JAX has no global state. On other backends TensorFlow is asked where it is loaded: `tf.data`
    runs beside them.
    """
    # keras.src: unseeded `keras.random` functions draw from it, and it has no public name.
    from keras.src.backend.common import global_state

    generator = global_state.get_global_attribute("global_seed_generator")
    state: dict[str, Any] = {"keras": None}
    if generator is not None:
        state["keras"] = keras.ops.convert_to_numpy(generator.state).copy()
    context = _tensorflow_context()
    if context is not None:
        draws = getattr(context, "_rng", None)  # there is no public way to TensorFlow's state
        state["tensorflow_seed"] = getattr(context, "_seed", None)
        state["tensorflow"] = list(draws.getstate()[1]) if draws is not None else None
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """Goes on from what `random_state` returned."""
    from keras.src.random.seed_generator import global_seed_generator

    if state["keras"] is not None:
        global_seed_generator().state.assign(state["keras"])
    context = _tensorflow_context()
    if context is not None and state.get("tensorflow") is not None:
        draws = getattr(context, "_rng", None)
        if not isinstance(draws, random.Random):  # no seed was set in this process
            context._rng = draws = random.Random()
            context._seed = state["tensorflow_seed"]
        draws.setstate((3, tuple(state["tensorflow"]), None))


def _tensorflow_context() -> Any:
    if "tensorflow" not in sys.modules:
        return None
    return importlib.import_module("tensorflow.python.eager.context").context()
