"""The only file that tells TensorFlow from JAX from PyTorch.

Everything else is written with `keras.ops` and public Keras API. What Keras has no public
word for, and what each framework says differently, is said here, behind a few functions.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras


def compiled(function: Callable) -> Callable:
    """Compiles a function of tensors: `tf.function`, `jax.jit`; as it is on PyTorch."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        graph = tf.function(function, autograph=False)  # as in Keras's own training step

        def traced(*arguments):
            graph.get_concrete_function(*arguments)  # or TensorFlow warns of a first trace too many
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
