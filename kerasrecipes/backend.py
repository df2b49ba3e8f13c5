"""The only file that tells TensorFlow from JAX from PyTorch.

Everything else is written with `keras.ops` and public Keras API. What Keras has no public
word for, and what each framework says differently, is said here, behind a few functions.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras


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


def value_and_gradients(
    function: Callable[[list], Any], tensors: Sequence[Any]
) -> tuple[Any, list[Any]]:
    """The value of a scalar function of a list of tensors, and its gradient for each of them.

    Args:
        function: Takes the list of tensors, returns a scalar tensor.
        tensors: Floating-point tensors or arrays.

    Returns:
        `(value, gradients)`; a tensor that the value does not depend on has a zero gradient.
    """
    tensors = [keras.ops.convert_to_tensor(tensor) for tensor in tensors]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(tensors)
            value = function(tensors)
        zero = tf.UnconnectedGradients.ZERO
        gradients = tape.gradient(value, tensors, unconnected_gradients=zero)
        return value, [tf.convert_to_tensor(gradient) for gradient in gradients]
    if keras.backend.backend() == "jax":
        import jax

        return jax.value_and_grad(function)(tensors)
    import torch

    leaves = [tensor.detach().requires_grad_(True) for tensor in tensors]
    value = function(leaves)
    gradients = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
    return value, list(gradients)


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


class Traced:
    """A scalar function of a list of tensors, traced once, which can be split at some of them.

    Args:
        function: Takes the list of tensors, returns a scalar tensor; no first call may build
            variables any more.
        shapes: Shapes of the tensors, which are float64.
    """

    def __init__(self, function: Callable[[list], Any], shapes: Sequence[tuple[int, ...]]) -> None:
        self._function, self._count = function, len(shapes)
        if keras.backend.backend() == "tensorflow":
            self._graph = _graph_of(function, shapes)
        else:
            self._both = compiled(lambda tensors: value_and_gradients(function, tensors))

    def value_and_gradients(self, tensors: Sequence[Any]) -> tuple[Any, list[Any]]:
        """As the function of this name does it."""
        if keras.backend.backend() == "tensorflow":
            value, *gradients = self._graph(*tensors)
            return value, gradients
        return self._both(list(tensors))

    def split(self, parts: Sequence[Sequence[int]]) -> tuple[Callable, list[Suffix]]:
        """Splits the function, for each part of its tensors, into what depends on them and not.

        Args:
            parts: The numbers of the tensors that move together, for each part.

        Returns:
            `(prefix, suffixes)`: `prefix(tensors)` computes, for each part, all that does not
            depend on it, and the part's suffix does the rest. Only TensorFlow is split in
            earnest: XLA moves what stays the same out of a loop by itself.
        """
        if keras.backend.backend() == "tensorflow":
            return _split_graph(self._graph, self._count, parts)
        held = [[i for i in range(self._count) if i not in moving] for moving in parts]

        def suffix(moving: Sequence[int], held: Sequence[int]) -> Callable:
            def function(moved: Sequence[Any], kept: Sequence[Any]) -> Any:
                by_number = dict(zip([*moving, *held], [*moved, *kept], strict=True))
                return self._function([by_number[i] for i in range(self._count)])

            return compiled(function)

        suffixes = [Suffix(suffix(*pair), 0) for pair in zip(parts, held, strict=True)]
        return (lambda tensors: [[tensors[i] for i in one] for one in held]), suffixes


class Suffix(NamedTuple):
    """The part of a function that depends on some tensors.

    Attributes:
        function: `function(moved, kept) -> value`, with the tensors that move, in their order,
            and what the prefix keeps for them; compiled.
        saved: How many operations it leaves to the prefix.
    """

    function: Callable[[Sequence[Any], Sequence[Any]], Any]
    saved: int


def _graph_of(function: Callable, shapes: Sequence[tuple[int, ...]]) -> Any:
    """A graph that can be pruned, of the value and the gradients."""
    import tensorflow as tf

    def both(*tensors):
        value, gradients = value_and_gradients(function, tensors)
        return [tf.convert_to_tensor(value), *gradients]

    signature = [tf.TensorSpec(shape, "float64") for shape in shapes]
    return tf.compat.v1.wrap_function(both, signature)


def _split_graph(
    graph: Any, count: int, parts: Sequence[Sequence[int]]
) -> tuple[Callable, list[Suffix]]:
    inputs, value = graph.inputs[:count], graph.outputs[0]
    cuts, suffixes = [], []
    for moving in parts:
        moved = [inputs[i] for i in moving]
        again = _again(graph.graph, moved, value)
        cut = _edge(again, inputs)
        cuts.append(cut)
        suffixes.append(_suffix(graph, moved, cut, value, again))
    fetched = list({tensor.ref(): tensor for cut in cuts for tensor in cut}.values())
    places = {tensor.ref(): place for place, tensor in enumerate(fetched)}
    pruned = compiled(graph.prune(inputs, fetched)) if fetched else lambda *tensors: []

    def prefix(tensors: Sequence[Any]) -> list[list[Any]]:
        kept = list(pruned(*tensors))
        return [[kept[places[tensor.ref()]] for tensor in cut] for cut in cuts]

    return prefix, suffixes


def _suffix(graph: Any, moved: list, cut: list, value: Any, again: set) -> Suffix:
    @functools.cache
    def pruned() -> Callable:
        function = graph.prune([*moved, *cut], value)
        return compiled(lambda moved, kept: function(*moved, *kept))

    everything = _towards(value, lambda operation: True)
    saved = sum(not _is_source(operation) for operation in everything - again)
    return Suffix(lambda moved, kept: pruned()(moved, kept), saved)


def _again(graph: Any, moved: Sequence[Any], value: Any) -> set:
    """The operations that are done again when some tensors move.

    Those that depend on them, and those that make handles for these: a handle is not passed from
    function to function.
    """
    behind = {tensor.op for tensor in moved}
    for operation in graph.get_operations():  # in order of creation
        if any(tensor.op in behind for tensor in operation.inputs):
            behind.add(operation)
    return _towards(value, lambda operation: operation in behind or _is_handle(operation))


def _edge(operations: set, inputs: Sequence[Any]) -> list:
    """The tensors that operations need from others; constants come along by themselves."""
    given = {tensor.ref() for tensor in inputs}
    edge = {
        tensor.ref(): tensor
        for operation in operations
        for tensor in operation.inputs
        if tensor.op not in operations and (tensor.ref() in given or not _is_source(tensor.op))
    }
    return list(edge.values())


def _towards(tensor: Any, is_wanted: Callable[[Any], bool]) -> set:
    """The operations from which a tensor is computed, as far back as they are wanted."""
    found, waiting = set(), [tensor.op]
    while waiting:
        operation = waiting.pop()
        if operation not in found and is_wanted(operation):
            found.add(operation)
            waiting += [source.op for source in operation.inputs]
    return found


def _is_source(operation: Any) -> bool:
    return operation.type in ("Const", "Placeholder")


def _is_handle(operation: Any) -> bool:
    return any(output.dtype.name in ("resource", "variant") for output in operation.outputs)


def compiles_random_images() -> bool:
    """Whether Keras's random image layers can run inside an XLA-compiled step.

    Keras marks them as unfit everywhere, because TensorFlow's image transforms are; JAX's are not,
    and a model with one of them would otherwise run uncompiled there.
    """
    return keras.backend.backend() == "jax"


@contextlib.contextmanager
def double_precision() -> Iterator[None]:
    """Makes Keras compute in float64 by default inside the block, and as before after it.

    `keras.config.floatx`, the dtype policy and, away from TensorFlow, the rule that narrows 64-bit
    results are set and restored.
    """
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    with contextlib.ExitStack() as stack:
        if keras.backend.backend() == "jax":
            import jax

            stack.enter_context(_jax_x64(jax))
        if keras.backend.backend() != "tensorflow":
            stack.enter_context(_float64_kept_in_promotion())
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        try:
            yield
        finally:
            keras.config.set_floatx(floatx)
            keras.config.set_dtype_policy(policy)


def _jax_x64(jax: Any) -> Any:
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return importlib.import_module("jax.experimental").enable_x64()  # JAX before 0.8


@contextlib.contextmanager
def _float64_kept_in_promotion() -> Iterator[None]:
    # keras.src: Keras's type promotion turns float64 into float32 on every backend but TensorFlow,
    # and has no public switch for it.
    from keras.src.backend.common import dtypes

    narrowed = dtypes.BIT64_TO_BIT32_DTYPE["float64"]
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    try:
        yield
    finally:
        dtypes.BIT64_TO_BIT32_DTYPE["float64"] = narrowed
