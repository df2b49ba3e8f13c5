"""Reads anything that holds features as a stream of NumPy batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

from kerasrecipes.backend import sliced_features

BLOCK_ELEMENTS = 1 << 18  # one MiB of float32
LARGE_BATCH = 2048


def feature_batches(data: Any) -> Iterator[tuple[np.ndarray, list[str] | None]]:
    """Yields the features of `data` batch by batch, with the names of the columns if it has any.

    Args:
        data: An array, a tensor, a pandas DataFrame, a `tf.data.Dataset`, a
            `keras.utils.PyDataset`, a list or an iterator of batches. A batch is an array `x`
            or a tuple `(x, y)` or `(x, y, weights)`, of which `x` is read.

    Yields:
        `(batch, names)`: an array of a float, integer or boolean dtype, and the names of its
        columns or None.

    Raises:
        TypeError: If `data` or a batch is not made of numbers, or a tuple, dict or string.
        ValueError: If `data` is a `tf.data.Dataset` without end.

    Example:
    >>> import numpy as np
    >>> [batch.shape for batch, names in feature_batches([(np.ones((2, 3)), np.ones(2))])]
    [(2, 3)]
    """
    for batch in _batches(data):
        features = batch[0] if isinstance(batch, tuple) and batch else batch
        yield _as_array(features), _column_names(features)


def _batches(data: Any) -> Iterable[Any]:
    if isinstance(data, (tuple, dict, str, bytes)):
        raise TypeError(
            "`data` must be the features alone, or a list, generator or dataset of batches. "
            f"Received: data of type {type(data).__name__}. Pass `x` of a pair `(x, y)`, or a "
            "list of batches."
        )
    if hasattr(data, "as_numpy_iterator"):
        return _dataset_batches(data)
    if isinstance(data, keras.utils.PyDataset):
        if data.num_batches is None:
            raise ValueError(
                "`data` must end, so that its mean is known. Received: a PyDataset with "
                "num_batches=None. Define its `__len__`."
            )
        return (data[index] for index in range(data.num_batches))
    if _is_array_like(data) or (isinstance(data, list) and _is_plain_list(data)):
        return [data]
    if isinstance(data, Iterable):
        return data
    raise TypeError(
        "`data` must be an array, a tensor, a DataFrame, a dataset or an iterable of batches. "
        f"Received: data of type {type(data).__name__}. Convert it with `numpy.asarray`."
    )


def _dataset_batches(dataset: Any) -> Iterator[Any]:
    """The features of a `tf.data.Dataset` as NumPy arrays, in batches of any size.

    Rows in memory are read where they lie. Small batches of narrow rows are joined inside the
    pipeline, because handing one over costs more than summing it.
    """
    if int(dataset.cardinality()) == -1:
        raise ValueError(
            "`data` must end, so that its mean is known. Received: a dataset that repeats for "
            "ever. Adapt before `.repeat()`, or on `.take(number of batches)`."
        )
    features = sliced_features(dataset)
    if features is not None:
        return iter([np.asarray(features)])
    if isinstance(dataset.element_spec, tuple):
        dataset = dataset.map(_first)
    rows = _rows_to_join(dataset.element_spec)
    if rows >= LARGE_BATCH:
        dataset = dataset.rebatch(rows).prefetch(2)
    return dataset.as_numpy_iterator()


def _rows_to_join(spec: Any) -> int:
    """How many rows fill a block; 0 if a batch is no matrix of rows of one known shape."""
    shape = getattr(spec, "shape", None)
    if shape is None or not shape.rank or shape.rank == 1 or not shape[1:].is_fully_defined():
        return 0
    return BLOCK_ELEMENTS // max(1, shape[1:].num_elements())


def _first(*batch: Any) -> Any:
    return batch[0]


def _is_array_like(data: Any) -> bool:
    return keras.ops.is_tensor(data) or (hasattr(data, "__array__") and hasattr(data, "shape"))


def _is_plain_list(data: list) -> bool:
    """True for numbers or lists of numbers, false for a list of batches."""
    return bool(data) and not isinstance(data[0], tuple) and not hasattr(data[0], "shape")


def _column_names(features: Any) -> list[str] | None:
    return [str(name) for name in features.columns] if hasattr(features, "columns") else None


def _as_array(features: Any) -> np.ndarray:
    if keras.ops.is_tensor(features):
        features = keras.ops.convert_to_numpy(features)
    array = _frame_values(features) if hasattr(features, "columns") else np.asarray(features)
    if array.dtype.name == "bfloat16":
        array = array.astype("float32")
    if array.dtype.kind not in "fiub":
        raise TypeError(
            "`data` must hold numbers, as arrays `x` or tuples `(x, y)`. Received: "
            f"{type(features).__name__} of dtype={array.dtype}. Encode text and categories first."
        )
    return array


def _frame_values(frame: Any) -> np.ndarray:
    values = frame.to_numpy()
    if values.dtype.kind in "fiub":
        return values
    text = [str(name) for name in frame.columns if frame[name].dtype.kind not in "fiub"]
    if text:
        raise TypeError(
            "`data` must hold numbers in every column. Received: other types in columns "
            f"{', '.join(text)}. Encode text and categories as numbers first."
        )
    return frame.to_numpy(dtype="float64", na_value=np.nan)
