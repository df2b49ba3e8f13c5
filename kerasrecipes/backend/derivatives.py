"""Gradients, products with the Hessian, and graphs of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras


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


def pruned_graph(function: Callable[[list], Any], shapes: Sequence[tuple[int, ...]]) -> Any:
    """The graph of a scalar function of float64 tensors, which can be pruned; None elsewhere.

    Returns:
        On TensorFlow a wrapped function of the tensors; its first output is the value, the others
        are the gradients. On other backends None: XLA moves what stays the same out of a loop by
        itself.
    """
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    def both(*tensors):
        value, gradients = value_and_gradients(function, tensors)
        return [tf.convert_to_tensor(value), *gradients]

    signature = [tf.TensorSpec(shape, "float64") for shape in shapes]
    return tf.compat.v1.wrap_function(both, signature)


def value_and_gradients_at(
    function: Callable[[Callable], Any],
) -> tuple[Any, list[Any], list[Any]]:
    """The value of a scalar function and its gradient at tensors inside it, in one pass each way.

    Args:
        function: Takes `mark` and returns a scalar tensor. `mark` takes a floating-point tensor and
            returns it, to go on with; the gradient at each marked tensor is measured.

    Returns:
        `(value, marked, gradients)`, in the order of marking; a tensor that the value does not
        depend on has a zero gradient.
    """
    if keras.backend.backend() == "tensorflow":
        return _tensorflow_gradients_at(function)
    if keras.backend.backend() == "jax":
        return _jax_gradients_at(function)
    import torch

    marked: list[Any] = []

    def mark(tensor: Any) -> Any:
        marked.append(tensor if tensor.requires_grad else tensor.detach().requires_grad_(True))
        return marked[-1]

    value = function(mark)
    gradients = torch.autograd.grad(value, marked, allow_unused=True, materialize_grads=True)
    return value, marked, list(gradients)


def _tensorflow_gradients_at(function: Callable) -> tuple[Any, list[Any], list[Any]]:
    import tensorflow as tf

    marked: list[Any] = []
    with tf.GradientTape(watch_accessed_variables=False) as tape:

        def mark(tensor):
            tape.watch(tensor)
            marked.append(tensor)
            return tensor

        value = function(mark)
    gradients = tape.gradient(value, marked, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return value, marked, [tf.convert_to_tensor(gradient) for gradient in gradients]


def _jax_gradients_at(function: Callable) -> tuple[Any, list[Any], list[Any]]:
    """JAX differentiates for arguments only, so a scalar argument goes by every marked tensor.

    The marks are identities, whose own derivative rule notes what comes by on the way back.
    """
    import jax
    import jax.numpy as jnp

    gradients: dict[int, Any] = {}

    def passed(anchor):
        marked: list[Any] = []

        def mark(tensor):
            number = len(marked)
            marked.append(tensor)

            def note(_, gradient):
                gradients[number] = gradient
                return gradient, jnp.zeros_like(anchor)

            identity = jax.custom_vjp(lambda tensor, anchor: tensor)
            identity.defvjp(lambda tensor, anchor: (tensor, None), note)
            return identity(tensor, anchor)

        return function(mark), marked

    (value, marked), _ = jax.value_and_grad(passed, has_aux=True)(jnp.zeros(()))
    found = [gradients.get(i, jnp.zeros_like(tensor)) for i, tensor in enumerate(marked)]
    return value, marked, found


def hessian_product(
    function: Callable[[list], Any], tensors: Sequence[Any], vectors: Sequence[Any]
) -> tuple[Any, list[Any], list[Any]]:
    """The value of a scalar function, its gradient, and its Hessian times a vector.

    By the gradient of the gradient's inner product with the vector, or, on JAX, by the gradient's
    own forward derivative; no Hessian is formed.

    Args:
        function: Takes the list of tensors, returns a scalar tensor.
        tensors: Floating-point tensors or arrays.
        vectors: What the Hessian is multiplied with; shapes and dtypes of `tensors`.

    Returns:
        `(value, gradients, products)`, the last two with the shapes of `tensors`.
    """
    tensors = [keras.ops.convert_to_tensor(tensor) for tensor in tensors]
    vectors = [keras.ops.convert_to_tensor(vector) for vector in vectors]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(tensors)
            value, gradients = value_and_gradients(function, tensors)
        zero = tf.UnconnectedGradients.ZERO
        products = tape.gradient(
            gradients, tensors, output_gradients=vectors, unconnected_gradients=zero
        )
        return value, gradients, [tf.convert_to_tensor(product) for product in products]
    if keras.backend.backend() == "jax":
        import jax

        both = jax.value_and_grad(function)
        (value, gradients), (_, products) = jax.jvp(both, (tensors,), (vectors,))
        return value, gradients, products
    import torch

    leaves = [tensor.detach().requires_grad_(True) for tensor in tensors]
    options = {"allow_unused": True, "materialize_grads": True}
    value = function(leaves)
    gradients = torch.autograd.grad(value, leaves, create_graph=True, **options)
    curved = [(g, v) for g, v in zip(gradients, vectors, strict=True) if g.requires_grad]
    if not curved:  # the function is linear
        return value, list(gradients), [torch.zeros_like(leaf) for leaf in leaves]
    outputs, weights = zip(*curved, strict=True)
    products = torch.autograd.grad(outputs, leaves, weights, **options)
    return value, list(gradients), list(products)


def value_gradients_and_rest(
    function: Callable[[list], tuple[Any, Any]], tensors: Sequence[Any]
) -> tuple[Any, list[Any], Any]:
    """`value_and_gradients` of a function that returns `(scalar, whatever else it computes)`."""
    if keras.backend.backend() == "jax":
        import jax

        both = jax.value_and_grad(function, has_aux=True)
        (value, rest), gradients = both(list(tensors))
        return value, gradients, rest
    kept: list[Any] = []

    def scalar(tensors: list) -> Any:
        value, rest = function(tensors)
        kept.append(rest)
        return value

    value, gradients = value_and_gradients(scalar, tensors)
    return value, gradients, kept[0]
