"""A model's own training steps and forward pass, without `fit` around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from kerasrecipes.backend.compiling import compiled


def training_steps(model: Any, steps_at_once: int) -> Callable[[Any, Any], Any]:
    """A compiled run of several of a compiled model's own training steps, without `fit` around it.

    With `steps_at_once > 1` the steps run inside one loop compiled by XLA: a step of a small dense
    net takes about 10 µs so, and about 1 ms in a loop of TensorFlow's own operations. XLA's
    convolutions in a loop are far slower than those outside, so let their models take one step at
    once.

    Args:
        model: Compiled, built, its optimizer built.
        steps_at_once: Rows of `order` in one call, >= 1.

    Returns:
        A function `run(data, order)` of tensors `(x, y)` or `(x, y, sample_weight)`, nested where
        the model's inputs are, and of int32 rows `(steps <= steps_at_once, batch_size)`. It changes
        the model's variables and returns an array of the running mean of the cost after each step.
    """
    if keras.backend.backend() == "tensorflow":
        return _tensorflow_steps(model, steps_at_once)
    if keras.backend.backend() == "jax":
        return _jax_steps(model, steps_at_once)

    def run(data, order):
        return [float(_cost_of(model.train_step(_rows(data, rows)))) for rows in order]

    return run


def compiled_outputs(model: Any) -> Callable[[Any], Any]:
    """The compiled forward pass of a built model in inference mode, by the weights it has now.

    What `predict` computes, without its batches: on few examples those cost far more than the pass.
    """
    if keras.backend.backend() != "jax":
        return compiled(lambda x: model(x, training=False))
    import jax

    def outputs(trainable, others, x):
        return model.stateless_call(trainable, others, x, training=False)[0]

    passed = jax.jit(outputs)

    def run(x):
        parts = (model.trainable_variables, model.non_trainable_variables)
        return passed(*([variable.value for variable in part] for part in parts), x)

    return run


def _tensorflow_steps(model: Any, steps_at_once: int) -> Callable:
    import tensorflow as tf

    def one(data, rows):
        return tf.cast(_cost_of(model.train_step(_rows(data, rows))), "float32")

    def loop(data, order, count):
        def body(step, costs):
            return step + 1, costs.write(step, one(data, order[step]))

        costs = tf.TensorArray("float32", steps_at_once)
        start = (tf.constant(0), costs)
        return tf.while_loop(lambda step, _: step < count, body, start)[1].stack()

    single = tf.function(one, autograph=False, reduce_retracing=True)
    looped = tf.function(loop, autograph=False, jit_compile=True)

    def run(data, order):
        if steps_at_once == 1:
            return np.array([single(data, tf.constant(rows)).numpy() for rows in order])
        padded = np.zeros((steps_at_once, order.shape[1]), "int32")
        padded[: len(order)] = order
        return looped(data, tf.constant(padded), tf.constant(len(order))).numpy()[: len(order)]

    return run


def _jax_steps(model: Any, steps_at_once: int) -> Callable:
    import jax
    import jax.numpy as jnp

    def one(state, data, rows):
        logs, state = model.train_step(state, _rows(data, rows))
        return jnp.float32(_cost_of(logs)), tuple(list(part) for part in state)

    def loop(state, data, order, count):
        def body(step, carried):
            state, costs = carried
            cost, state = one(state, data, order[step])
            return state, costs.at[step].set(cost)

        return jax.lax.fori_loop(0, count, body, (state, jnp.zeros(steps_at_once)))

    single, looped = jax.jit(one), jax.jit(loop)

    def variables():
        optimizer = [] if model.optimizer is None else model.optimizer.variables
        parts = (model.trainable_variables, model.non_trainable_variables)
        return (*parts, optimizer, model.metrics_variables)

    def run(data, order):
        held = variables()
        state = tuple([variable.value for variable in part] for part in held)  # as `fit` has it
        if steps_at_once == 1:
            each = []
            for rows in order:
                cost, state = single(state, data, rows)
                each.append(cost)
            costs = np.array(each, "float32")
        else:
            padded = np.zeros((steps_at_once, order.shape[1]), "int32")
            padded[: len(order)] = order
            state, costs = looped(state, data, padded, len(order))
        for part, values in zip(held, state, strict=True):
            for variable, value in zip(part, values, strict=True):
                variable.assign(value)
        return np.asarray(costs)[: len(order)]

    return run


def _rows(data: Any, rows: Any) -> Any:
    return keras.tree.map_structure(lambda array: keras.ops.take(array, rows, axis=0), data)


def _cost_of(logs: Any) -> Any:
    return logs["loss"] if "loss" in logs else next(iter(logs.values()))


def value_in_step(model: Any, variable: Any, arguments: Sequence[Any]) -> Any:
    """The value of a variable that a model's optimizer tracks, inside the model's `train_step`.

    Args:
        model: Compiled.
        variable: One of `model.optimizer.variables`.
        arguments: Those of this call of `train_step`. On JAX the state is among them.
    """
    if keras.backend.backend() != "jax":
        return keras.ops.convert_to_tensor(variable)
    place = [id(each) for each in model.optimizer.variables].index(id(variable))
    return arguments[0][2][place]
