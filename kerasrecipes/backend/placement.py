"""Which devices there are, and what runs on them."""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras


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


def strategy_scope(optimizer: Any) -> contextlib.AbstractContextManager:
    """Where variables beside the optimizer's must be made: its `tf.distribute` strategy's scope."""
    strategy = getattr(optimizer, "_distribution_strategy", None)
    return strategy.scope() if strategy is not None else contextlib.nullcontext()


def device_names(kind: str) -> tuple[str, ...]:
    """The visible devices of a kind, `"cpu"` or `"gpu"`, such as `("gpu:0", "gpu:1")`."""
    if keras.backend.backend() == "torch":
        import torch

        return ("cpu:0",) if kind == "cpu" else _numbered(kind, torch.cuda.device_count())
    try:
        return tuple(dict.fromkeys(keras.distribution.list_devices(kind)))  # those of all workers
    except RuntimeError:  # JAX has no platform of this kind
        return ()


def _numbered(kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}:{number}" for number in range(count))


def worker_count() -> int:
    """How many processes train together; 1 if this one is alone."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.process_count()
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    cluster = resolver.cluster_spec().as_dict()
    return len(cluster.get("chief", ())) + len(cluster.get("worker", ())) or 1


def data_parallel(names: Sequence[str]) -> contextlib.AbstractContextManager:
    """A block in which what is built is copied to some devices, and batches are split over them.

    `tf.distribute.MirroredStrategy` on TensorFlow, `keras.distribution.DataParallel` on JAX.
    """
    if keras.backend.backend() == "jax":
        return _jax_data_parallel(names)
    return _scope_of(_mirrored(tuple(names)))


@contextlib.contextmanager
def _scope_of(strategy: Any) -> Iterator[None]:
    scope = strategy.scope()
    scope.__enter__()
    try:
        yield
    finally:
        if not is_data_parallel():  # `keras.utils.clear_session` has forgotten it, and it
            distribute = _distribute()  # cannot be left then
            distribute._push_per_thread_mode(distribute._CrossReplicaThreadMode(strategy))
        scope.__exit__(None, None, None)


def _distribute() -> Any:
    return importlib.import_module("tensorflow.python.distribute.distribute_lib")


@functools.cache  # two strategies on the same devices would give their sums the same names
def _mirrored(names: tuple[str, ...]) -> Any:
    import tensorflow as tf

    return tf.distribute.MirroredStrategy([name.upper() for name in names])


@contextlib.contextmanager
def _jax_data_parallel(names: Sequence[str]) -> Iterator[None]:
    import jax

    # keras.src: the last batch of an epoch, if it cannot be divided, is an error in Keras. There is
    # no public way to lay out one batch in another way than the first.
    from keras.src.backend.jax import distribution_lib

    plain = distribution_lib.distribute_data_input

    def distributed(batch: Any, layout: Any, batch_dim_name: str) -> Any:
        layout = getattr(layout, "backend_layout", layout)
        if layout is not None and batch.shape and batch.shape[0] % len(names):
            layout = jax.sharding.NamedSharding(layout.mesh, jax.sharding.PartitionSpec())
        return plain(batch, layout, batch_dim_name)

    with keras.distribution.DataParallel(devices=list(names)).scope():
        distribution_lib.distribute_data_input = distributed
        try:
            yield
        finally:
            distribution_lib.distribute_data_input = plain


@contextlib.contextmanager
def on_one_device() -> Iterator[None]:
    """A block on the first device alone, also inside of `data_parallel`.

    Outside of a training step, a `tf.distribute` strategy makes costs smaller by the number of its
    devices, and variables that a plain step cannot update. JAX needs nothing.
    """
    if keras.backend.backend() != "tensorflow" or not is_data_parallel():
        yield
        return
    # There is no public way out of a strategy's scope.
    distribute = _distribute()
    graph = importlib.import_module("tensorflow.python.framework.ops").get_default_graph()
    creators, graph._variable_creator_stack = graph._variable_creator_stack, []
    distribute._push_per_thread_mode(distribute._get_default_replica_mode())
    try:
        yield
    finally:
        distribute._pop_per_thread_mode()
        graph._variable_creator_stack = creators


def is_data_parallel() -> bool:
    """Whether what is built now is copied to several devices."""
    if keras.backend.backend() == "jax":
        return keras.distribution.distribution() is not None
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return tf.distribute.has_strategy()


def among_workers() -> contextlib.AbstractContextManager:
    """`data_parallel` over the processes that `TF_CONFIG` names; TensorFlow alone."""
    import tensorflow as tf

    class Workers(tf.distribute.MultiWorkerMirroredStrategy):
        """Reduces what `fit` asks for: what is nested, and the first axis of what has none."""

        def reduce(self, reduce_op: Any, value: Any, axis: Any) -> Any:
            if not isinstance(value, tuple | list | dict):
                is_scalar = self.experimental_local_results(value)[0].shape.rank == 0
                return super().reduce(reduce_op, value, None if is_scalar else axis)
            reduced = [self.reduce(reduce_op, each, axis) for each in tf.nest.flatten(value)]
            return tf.nest.pack_sequence_as(value, reduced)

    return Workers().scope()


def is_distributed(model: Any) -> bool:
    """Whether a model is trained on several devices at once."""
    if keras.backend.backend() == "tensorflow":
        return model.distribute_strategy.num_replicas_in_sync > 1
    return keras.backend.backend() == "jax" and keras.distribution.distribution() is not None


def steps_see_shares() -> bool:
    """Whether a data parallel step sees one device's share of a batch, where JAX's sees all of it.

    TensorFlow then takes the mean of the shares' gradients, also where one share is larger.
    """
    return keras.backend.backend() == "tensorflow"


def compiles_data_parallel() -> bool:
    """Whether XLA can compile the training step of a data parallel model as a whole."""
    return keras.backend.backend() == "jax"


def summed_over_replicas(gradients: Sequence[Any]) -> list | None:
    """The gradients of the whole batch, where a step is given those of one device's share alone.

    That is so inside a replica of a `tf.distribute` strategy with several.

    Returns:
        One for each, None for None; or None where they are of the whole batch as they are.
    """
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return None
    there = [gradient for gradient in gradients if gradient is not None]
    summed = context.all_reduce(tf.distribute.ReduceOp.SUM, there)
    for place, gradient in enumerate(there):
        if isinstance(gradient, tf.IndexedSlices):  # rows of an embedding; the sum forgets of what
            rows = summed[place]
            summed[place] = tf.IndexedSlices(rows.values, rows.indices, gradient.dense_shape)
    rest = iter(summed)
    return [None if gradient is None else next(rest) for gradient in gradients]
