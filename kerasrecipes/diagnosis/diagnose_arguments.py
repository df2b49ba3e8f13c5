"""The doctor's arguments: read, and refused where they cannot be used."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes.diagnosis.batches import Taken, examples_of
from kerasrecipes.diagnosis.case import as_arrays
from kerasrecipes.diagnosis.example_weights import example_weights

Data = tuple[Any, Any]
SHOWN = 6  # lengths of arrays told in a message


def require_numbers(*, epochs: Any, batch_size: Any, seconds: Any) -> None:
    """Refuses counts below 1 and no time at all."""
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value is not None and not (isinstance(value, (int, np.integer)) and value >= 1):
            raise ValueError(
                f"`{name}` must be an integer >= 1, as for `fit`. Received: {name}={value!r}."
            )
    if not (isinstance(seconds, (int, float)) and 0 < seconds < float("inf")):
        raise ValueError(
            "`seconds` must be a finite number > 0: the time that a diagnosis may take. "
            f"Received: seconds={seconds!r}."
        )


class Checked(NamedTuple):
    """What `fit` would be given, as arrays.

    Attributes:
        train, dev: `(x, y)`; dev is None without.
        weights: What each example of train counts; None for all alike.
        batch_size: As given, that of a dataset, or None.
        left_out: What was not looked at, each with its reason.
    """

    train: Data
    dev: Data | None
    weights: Any
    batch_size: int | None
    left_out: tuple[str, ...]


def checked(
    x: Any,
    y: Any,
    validation_data: Any,
    *,
    batch_size: int | None = None,
    sample_weight: Any = None,
    class_weight: Any = None,
) -> Checked:
    """Arguments of `fit` as arrays; of a dataset some thousand examples.

    Raises:
        TypeError, ValueError: If something cannot be used; the message says what to give.
    """
    left_out: list[str] = []
    if y is None and not hasattr(x, "shape"):
        taken = examples_of(x, "x")
        x, y, *weights_of_batches = taken.parts
        batch_size = batch_size or taken.batch_size
        if weights_of_batches and (sample_weight is not None or class_weight is not None):
            raise ValueError("`sample_weight` must be None where the batches of `x` hold weights.")
        sample_weight = weights_of_batches[0] if weights_of_batches else sample_weight
        left_out += _rest("x", taken)
    elif y is None:
        raise ValueError("`y` must be given where `x` is an array: the targets. Received: y=None.")
    if validation_data is not None and not isinstance(validation_data, (tuple, list)):
        taken = examples_of(validation_data, "validation_data")
        validation_data = taken.parts
        left_out += _rest("validation_data", taken)
    train, dev = checked_data(x, y, validation_data)
    if validation_data is not None and len(validation_data) == 3:
        left_out.append("weights of validation_data: dev is judged example by example")
    weights = example_weights(train[1], sample_weight, class_weight)
    if weights is not None:
        left_out.append("levels of the cost: examples count differently")
    return Checked(train, dev, weights, batch_size, tuple(left_out))


def _rest(name: str, taken: Taken) -> list[str]:
    examples = len(keras.tree.flatten(taken.parts)[0])
    told = f"the rest of {name}: the first {examples} examples of the dataset were taken"
    return [] if taken.is_whole else [told]


def checked_data(x: Any, y: Any, validation_data: Any) -> tuple[Data, Data | None]:
    """Train and dev as NumPy arrays, each of one length.

    Raises:
        TypeError: If something is no array.
        ValueError: If something is empty, or lengths differ.
    """
    train = (_arrays(x, "x"), _arrays(y, "y"))
    _require_lengths(*train, "x", "y")
    if validation_data is None:
        return train, None
    if not (isinstance(validation_data, (tuple, list)) and len(validation_data) in (2, 3)):
        raise TypeError(
            "`validation_data` must be a tuple (x, y) of arrays. "
            f"Received: validation_data={type(validation_data).__name__}."
        )
    names = ("validation_data[0]", "validation_data[1]")
    dev = (_arrays(validation_data[0], names[0]), _arrays(validation_data[1], names[1]))
    _require_lengths(*dev, *names)
    return train, dev


def _arrays(values: Any, name: str) -> Any:
    leaves = keras.tree.flatten(values)
    if not leaves or not all(hasattr(leaf, "shape") or _is_plain(leaf) for leaf in leaves):
        raise TypeError(
            f"`{name}` must hold arrays: they are read several times, in several orders. "
            f"Received: {name}={type(values).__name__}. Take some thousand examples of a generator "
            "or dataset and pass them as arrays."
        )
    if all(_is_plain(leaf) for leaf in leaves):  # a list of numbers
        values = _one_array(values, name)
    arrays = as_arrays(values)
    for array in keras.tree.flatten(arrays):
        if array.dtype.kind not in "biufcSU" and not _holds_text(array):
            raise ValueError(
                f"`{name}` must hold numbers, or text for a layer that reads it. Received: "
                f"{name} of type {array.dtype}. Encode its columns, then "
                f'{name} = np.asarray({name}, "float32").'
            )
    return arrays


def _one_array(values: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"`{name}` must hold rows of one length. Received: a {type(values).__name__} of rows "
            "of different lengths. Pad them, as with keras.utils.pad_sequences."
        ) from error


def _holds_text(array: np.ndarray) -> bool:
    return array.dtype.kind == "O" and all(isinstance(item, (str, bytes)) for item in array.flat)


def _is_plain(leaf: Any) -> bool:
    return isinstance(leaf, (bool, int, float))


def _require_lengths(x: Any, y: Any, x_name: str, y_name: str) -> None:
    lengths = [len(array) if array.ndim else 0 for array in keras.tree.flatten((x, y))]
    told = str(lengths) if len(lengths) <= SHOWN else f"{str(lengths[:SHOWN])[:-1]}, ...]"
    if min(lengths) == 0:
        raise ValueError(f"`{x_name}` and `{y_name}` must hold examples. Received: lengths {told}.")
    if len(set(lengths)) > 1:
        raise ValueError(
            f"`{x_name}` and `{y_name}` must have one row an example. Received: lengths {told}. "
            "Cut them to the same examples; make one array of a list of examples by np.stack."
        )
