"""What is compiled, and how: conditions, loops, and what runs at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np


def compiled(function: Callable) -> Callable:
    """Compiles a function of tensors: `tf.function`, `jax.jit`; as it is on PyTorch."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        graph = tf.function(function, autograph=False)  # as in Keras's own training step
        is_traced = False

        def traced(*arguments):
            nonlocal is_traced
            if not is_traced:  # or TensorFlow warns of a first trace too many
                graph.get_concrete_function(*arguments)
                is_traced = True
            return graph(*arguments)

        return traced
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return function


def mostly(condition: Any, usual: Callable[[], Any], rare: Callable[[], Any]) -> Any:
    """`keras.ops.cond(condition, usual, rare)`, made for a condition that mostly holds.

    TensorFlow spreads a condition over the graph around it, where each operation of the branch that
    is not taken costs a little all the same. Here it stays one operation.
    """
    if keras.backend.backend() != "tensorflow":
        return keras.ops.cond(condition, usual, rare)
    import tensorflow as tf

    result = tf.cond(condition, usual, rare)
    if not tf.executing_eagerly():
        operation = tf.nest.flatten(result)[0].op
        while operation.type == "Identity":
            operation = operation.inputs[0].op
        if "_lower_using_switch_merge" in operation.node_def.attr:  # there is no public switch
            value = tf.compat.v1.AttrValue(b=False)
            operation._set_attr("_lower_using_switch_merge", value)
    return result


def mostly_as_they_are(gradients: Sequence[Any], is_so: Any, factor: Callable[[], Any]) -> list:
    """The gradients as they are if a condition holds, which it mostly does, else times a factor.

    XLA makes the product one with what is done next, and a condition around all would copy them;
    TensorFlow hands on what a condition leaves alone, and a product would be a pass over it.
    """
    if keras.backend.backend() != "tensorflow":
        by = mostly(is_so, lambda: keras.ops.ones((), gradients[0].dtype), factor)
        return [each * by for each in gradients]
    import tensorflow as tf

    def scaled(gradient: Any, by: Any) -> Any:
        if isinstance(gradient, tf.IndexedSlices):  # rows of an embedding
            return tf.IndexedSlices(gradient.values * by, gradient.indices, gradient.dense_shape)
        return gradient * by

    def product() -> list:
        by = factor()
        return [scaled(gradient, by) for gradient in gradients]

    return mostly(is_so, lambda: list(gradients), product)


def kept_until(tensor: Any, seen: Any) -> Any:
    """The tensor, for use after a measurement of it alone.

    XLA is free to put a condition last, and would then keep what it reads in copies. TensorFlow
    orders reads and writes of variables by itself.

    Args:
        tensor: What is used afterwards; its values stay as they are.
        seen: A vector of the measurement, its first number >= 0 or NaN.
    """
    if keras.backend.backend() != "jax":
        return tensor
    return keras.ops.where(seen[0] < -1, 0, tensor)  # which never is, but XLA does not know


def mapped(function: Callable[[Any], Any], items: Any, at_once: int) -> Any:
    """`[function(item) for item in items]` inside a compiled function, one after the other.

    Args:
        function: Takes one item, returns a scalar float64 tensor.
        items: Tensors of one length, as `function` takes them.
        at_once: How many TensorFlow may work on at the same time.

    Returns:
        Float64 tensor of shape `(items,)`.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.map_fn(
            function, items, parallel_iterations=at_once, fn_output_signature=tf.float64
        )
    return keras.ops.map(function, items)


def compiled_loop(step: Callable, variables: Sequence[Any]) -> Callable:
    """A compiled `for number in range(count): step(number, *arguments)`.

    Args:
        step: Reads and assigns Keras variables, takes an int32 scalar and `arguments`.
        variables: Those it assigns, and those whose values may change between two runs.

    Returns:
        A function `run(count, *arguments)`. Of arguments that are NumPy arrays the number of steps
        and of rows may change from run to run at no cost on TensorFlow; JAX compiles anew.
    """
    if keras.backend.backend() == "tensorflow":
        return _tensorflow_loop(step)
    if keras.backend.backend() == "jax":
        return _jax_loop(step, variables)

    def run(count: int, *arguments: Any) -> None:
        for number in range(count):
            step(number, *arguments)

    return run


def _tensorflow_loop(step: Callable) -> Callable:
    import tensorflow as tf

    def loop(count, *arguments):
        def body(number):
            step(number, *arguments)
            return (number + 1,)

        tf.while_loop(lambda number: number < count, body, (tf.constant(0),))

    graphs: dict[Any, Callable] = {}

    def run(count, *arguments):
        free = tuple(isinstance(argument, np.ndarray) for argument in arguments)
        if free not in graphs:
            specs = [
                tf.TensorSpec([None] * argument.ndim, argument.dtype)
                if is_free
                else _spec(argument)
                for argument, is_free in zip(arguments, free, strict=True)
            ]
            signature = (tf.TensorSpec((), "int32"), *specs)
            graph = tf.function(loop, autograph=False, input_signature=signature)
            graphs[free] = graph.get_concrete_function()
        graphs[free](tf.constant(count), *arguments)

    return run


def _spec(tensors: Any) -> Any:
    import tensorflow as tf

    return tf.nest.map_structure(
        lambda tensor: tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype), tensors
    )


def _jax_loop(step: Callable, variables: Sequence[Any]) -> Callable:
    import jax

    def loop(values, count, arguments):
        def body(number, values):
            mapping = list(zip(variables, values, strict=True))
            with keras.StatelessScope(mapping) as scope:
                step(number, *arguments)
            return [scope.get_current_value(variable) for variable in variables]

        return jax.lax.fori_loop(0, count, body, values)

    looped = jax.jit(loop)

    def run(count, *arguments):
        values = looped([variable.value for variable in variables], count, arguments)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    return run


def is_traced(tensor: Any) -> bool:
    """Whether a tensor has no value yet, being part of a step that is compiled."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return not tf.executing_eagerly()
    if keras.backend.backend() == "jax":
        import jax

        return isinstance(tensor, jax.core.Tracer)
    return False


def eagerly() -> contextlib.AbstractContextManager:
    """A block whose operations run at once, also if TensorFlow is tracing a function around it."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.init_scope()
    return contextlib.nullcontext()


def compiles_random_images() -> bool:
    """Whether Keras's random image layers can run inside an XLA-compiled step.

    Keras marks them as unfit everywhere, because TensorFlow's image transforms are; JAX's are not,
    and a model with one of them would otherwise run uncompiled there.
    """
    return keras.backend.backend() == "jax"


def member_by_member(function: Callable[[Any], Any], stacked: Any, how: str) -> Any:
    """A function of one member's tensors, applied to all members of stacked tensors.

    Args:
        function: Takes `stacked` without the first axis, returns tensors, nested as it likes.
        stacked: Tensors, nested, with the members as first axis.
        how: `"map"`: as one operation on all members where there is one for each operation;
            `"unroll"`: on TensorFlow, member after member in one graph, for what it would otherwise
            run as a loop (convolutions with kernels of each member).

    Returns:
        The results, stacked.
    """
    if keras.backend.backend() == "tensorflow" and how == "unroll":
        members = keras.tree.flatten(stacked)[0].shape[0]
        each = [
            function(keras.tree.map_structure(lambda tensor: tensor[number], stacked))  # noqa: B023
            for number in range(members)
        ]
        return keras.tree.map_structure(lambda *tensors: keras.ops.stack(tensors), *each)
    with _quiet_about_loops():
        return keras.ops.vectorized_map(function, stacked)


@contextlib.contextmanager
def _quiet_about_loops() -> Iterator[None]:
    """TensorFlow warns for each kind of operation that it has to run for one member at a time."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    def is_other(record: Any) -> bool:
        return "Using a while_loop for converting" not in str(record.msg)

    tf.get_logger().addFilter(is_other)
    try:
        yield
    finally:
        tf.get_logger().removeFilter(is_other)
