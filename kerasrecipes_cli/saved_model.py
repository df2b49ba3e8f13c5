"""A saved model with data in the shapes that it takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerasrecipes_cli.errors import OptionError

if TYPE_CHECKING:
    import keras


def prepare(
    path: Path, data: str, target: str | None, *, allow_code: bool = False
) -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """A model, or that of a run, with inputs as it takes them, and class numbers or numbers.

    Args:
        path: A `.keras` file, or the directory of a run.
        data: Name of a data set, or a file.
        target: Column to predict; None for the usual one.
        allow_code: Whether the model may hold layers with Python code, which is run.

    Raises:
        OptionError: If there is no such model, or the data do not fit it.
        DataError: If the model or the data cannot be read.
    """
    from kerasrecipes.data import Encoding, TargetEncoding, read
    from kerasrecipes.model_files import load_model_file

    if path.is_dir():
        return _prepare_run(path, data, target, allow_code)
    if not path.exists():
        raise OptionError(f"`{path}` does not exist: give a .keras file or the directory of a run.")
    network = load_model_file(path, allow_code=allow_code)
    found = read(data, target)
    x = Encoding.fit(found.x).transform(found.x) if found.is_table else found.x
    return network, _inputs(network, x), TargetEncoding.fit(found.y, found.task).transform(found.y)


def _prepare_run(
    path: Path, data: str, target: str | None, allow_code: bool
) -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """The same of a run, which knows what it was trained to predict."""
    from kerasrecipes.data import read
    from kerasrecipes.recipe import load_run

    network, encoding = load_run(path, allow_code=allow_code)
    if target is None and Path(data).suffix.lower() in (".csv", ".parquet"):
        target = encoding.target_name
    found = read(data, target, task=encoding.target.task)
    return network, encoding.inputs(found.x), encoding.target.transform(found.y)


def _inputs(network: keras.Model, x: np.ndarray) -> np.ndarray:
    """Rows in the shape that the model takes."""
    shape = network.input_shape
    if not isinstance(shape, tuple):
        raise OptionError(f"the model takes {len(shape)} inputs, and DATA has one: give one model.")
    if None in shape[1:]:
        return x
    if x[0].size != int(np.prod(shape[1:])):
        raise OptionError(
            f"the model takes rows of {int(np.prod(shape[1:]))} numbers {shape[1:]}, and these "
            f"have {x[0].size} {x.shape[1:]}: give the data that it was made for."
        )
    return x.reshape(-1, *shape[1:])


def targets(network: keras.Model, y: np.ndarray) -> np.ndarray:
    """Class numbers as the model's loss takes them: one-hot, a column, or as they are.

    Raises:
        OptionError: If the model has other outputs.
    """
    import keras

    count = len(keras.tree.flatten(network.outputs))
    if count > 1:
        raise OptionError(
            f"the model has {count} outputs, and DATA has one target: give a model of one output."
        )
    outputs = network.output_shape[-1]
    classes = int(y.max()) + 1 if y.dtype.kind == "i" else 1
    if classes > max(outputs, 2) or (y.dtype.kind == "f" and outputs > 1):
        what = f"{classes} classes" if y.dtype.kind == "i" else "one number for each row"
        raise OptionError(
            f"the model has {outputs} outputs, and the target has {what}: give the data that it "
            "was made for."
        )
    name = network.loss if isinstance(network.loss, str) else type(network.loss).__name__
    if outputs == 1:
        return y.reshape(-1, 1).astype("float32")
    if "sparse" in name.lower():
        return y
    return keras.utils.to_categorical(y, outputs)
