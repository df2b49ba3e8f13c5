"""The only file that tells TensorFlow from JAX from PyTorch.

Everything else is written with `keras.ops` and public Keras API. What Keras has no public
word for, and what each framework says differently, is said here, behind a few functions.
"""

from __future__ import annotations

import contextlib
import importlib
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import ml_dtypes  # noqa: F401  (so that NumPy knows bfloat16 by name)
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


def sliced_features(dataset: Any) -> Any | None:
    """The features that a `tf.data.Dataset` does nothing but slice, shuffle and batch, or None.

    `from_tensor_slices(x).batch(n)` cuts an array into rows and copies them together again, one
    by one. Whoever asks for sums over all rows can read the array itself instead.

    Returns:
        The array of all rows, or None if the dataset is made in any other way.
    """
    spec = dataset.element_spec
    spec = spec[0] if isinstance(spec, tuple) and spec else spec
    if type(spec).__name__ != "TensorSpec" or not spec.shape.rank or spec.shape[0] is not None:
        return None  # batches of a fixed size: the last rows may be dropped
    batched = 0
    # There is no public way from a dataset to its source: by name, and none if a name changes.
    while type(dataset).__name__ in ("_ShuffleDataset", "_PrefetchDataset", *_BATCHED):
        batched += type(dataset).__name__ in _BATCHED
        dataset = getattr(dataset, "_input_dataset", None)
    if batched != 1 or type(dataset).__name__ != "_TensorSliceDataset":
        return None
    tensors = getattr(dataset, "_tensors", None)
    return tensors[0] if tensors else None


_BATCHED = ("_BatchDataset", "_ParallelBatchDataset")


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
    results are set and restored; on JAX also its fused attention, whose softmax is in float32.
    """
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    with contextlib.ExitStack() as stack:
        if keras.backend.backend() == "jax":
            import jax

            stack.enter_context(_jax_x64(jax))
            stack.enter_context(_jax_attention_in_float64(jax))
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
def _jax_attention_in_float64(jax: Any) -> Iterator[None]:
    fused = jax.nn.dot_product_attention

    def attention(query, key, value, bias=None, mask=None, **options):
        unknown = set(options) - {"scale", "is_causal", "implementation"}
        if query.dtype != "float64" or any(options[name] is not None for name in unknown):
            return fused(query, key, value, bias, mask, **options)
        scale, is_causal = options.get("scale"), options.get("is_causal", False)
        return _attention(query, key, value, bias, mask, scale, is_causal)

    jax.nn.dot_product_attention = attention
    try:
        yield
    finally:
        jax.nn.dot_product_attention = fused


def _attention(
    query: Any, key: Any, value: Any, bias: Any, mask: Any, scale: Any, is_causal: bool
) -> Any:
    """Attention of `(batch, steps, heads, size)` in the inputs' precision; keys may have fewer
    heads, each for a group of the queries' heads."""
    ops = keras.ops
    group = query.shape[2] // key.shape[2]
    key, value = (ops.repeat(tensor, group, axis=2) for tensor in (key, value))
    logits = ops.einsum("btnh,bsnh->bnts", query, key)
    logits = logits * (query.shape[-1] ** -0.5 if scale is None else scale)
    if bias is not None:
        logits = logits + bias
    if is_causal:
        causal = ops.tril(ops.ones(logits.shape[-2:], dtype="bool"))
        mask = causal if mask is None else ops.logical_and(mask, causal)
    if mask is not None:
        logits = ops.where(mask, logits, -1e30)
    return ops.einsum("bnts,bsnh->btnh", ops.softmax(logits, axis=-1), value)


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
        return jnp.float32(_cost_of(logs)), tuple(tuple(part) for part in state)

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
        state = tuple(tuple(variable.value for variable in part) for part in held)
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


def is_traced(tensor: Any) -> bool:
    """Whether a tensor has no value yet, being part of a step that is compiled."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return not tf.executing_eagerly()
    if keras.backend.backend() == "jax":
        import jax

        return isinstance(tensor, jax.core.Tracer)
    return False


def dropout_numbers(rate: float, dtype: str) -> tuple[Any, Any]:
    """What `dropped` drops and scales by, to the bits of a compiled dropout with this rate in it.

    Args:
        rate: Share of the units to drop, in [0, 1).
        dtype: Of the layer's computation.
    """
    number = np.dtype(dtype).type
    if keras.backend.backend() == "jax":  # XLA multiplies by the inverse of a constant
        kept = number(1.0 - rate)
        one = np.float32(1) if dtype == "bfloat16" else number(1)
        return np.float32(1.0 - rate), one / one.dtype.type(kept)
    return number(rate), number(1 / (1 - rate))


def dropped(inputs: Any, bound: Any, scale: Any, seed: Any) -> Any:
    """`keras.random.dropout` by tensors, which TensorFlow's own refuses.

    Args:
        inputs: Floating-point tensor.
        bound: As `dropout_numbers` gives it: with it random numbers are compared.
        scale: Likewise: by it is multiplied what is kept.
        seed: A `keras.random.SeedGenerator`.
    """
    ops, shape = keras.ops, keras.ops.shape(inputs)
    if keras.backend.backend() == "jax":
        exact = "float32" if str(inputs.dtype) == "bfloat16" else inputs.dtype  # as XLA has it
        kept = ops.cast(ops.cast(inputs, exact) * ops.cast(scale, exact), inputs.dtype)
        is_kept = keras.random.uniform(shape, dtype="float32", seed=seed) < bound
    else:
        kept = inputs * ops.cast(scale, inputs.dtype)
        drawn = keras.random.uniform(shape, dtype=inputs.dtype, seed=seed)
        is_kept = drawn >= ops.cast(bound, inputs.dtype)
    return ops.where(is_kept, kept, ops.zeros_like(kept))


def strategy_scope(optimizer: Any) -> contextlib.AbstractContextManager:
    """Where variables beside the optimizer's must be made: its `tf.distribute` strategy's scope."""
    strategy = getattr(optimizer, "_distribution_strategy", None)
    return strategy.scope() if strategy is not None else contextlib.nullcontext()


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


def runs_python(dataset: Any) -> bool:
    """Whether a `tf.data.Dataset` may call Python code: generators, `py_function` and the like.

    Its other operations run in TensorFlow's own threads and draw from TensorFlow's own numbers.
    """
    try:
        functions = [wrapper.function for wrapper in dataset._functions()]
        return any(map(_calls_python, functions)) or any(map(runs_python, dataset._inputs()))
    except (AttributeError, NotImplementedError, TypeError):  # there is no public way to them
        return True


def _calls_python(function: Any) -> bool:
    if any(each.dtype.name == "variant" for each in function.captured_inputs):
        return True  # a dataset from outside, which cannot be looked into
    definition = function.graph.as_graph_def()
    bodies = (definition.node, *(each.node_def for each in definition.library.function))
    return any("PyFunc" in node.op for body in bodies for node in body)


def device_bytes() -> int | None:
    """Bytes in use on the first accelerator; None without one, or where it does not tell."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        devices = tf.config.list_logical_devices("GPU")
        return int(tf.config.experimental.get_memory_info("GPU:0")["current"]) if devices else None
    if keras.backend.backend() == "jax":
        import jax

        device = jax.local_devices()[0]
        told = device.memory_stats() if device.platform != "cpu" else None
        return int(told["bytes_in_use"]) if told and "bytes_in_use" in told else None
    return None


def eagerly() -> contextlib.AbstractContextManager:
    """A block whose operations run at once, also if TensorFlow is tracing a function around it."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.init_scope()
    return contextlib.nullcontext()
