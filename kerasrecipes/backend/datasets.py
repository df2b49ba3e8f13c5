"""What a `tf.data.Dataset` is made of."""

from __future__ import annotations

from typing import Any


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
