"""Predictions of a run's model for new rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasrecipes.data import DataError, read
from kerasrecipes.data.catalog import NAMES
from kerasrecipes.data.new_rows import remarks
from kerasrecipes.data.read import read_inputs
from kerasrecipes.model_files import load_model_file
from kerasrecipes.recipe.run_encoding import RunEncoding

if TYPE_CHECKING:
    import keras
    import pandas

MOST_PROBABILITIES = 50  # classes whose probabilities get a column each


def load_run(
    run: str | os.PathLike[str], *, allow_code: bool = False
) -> tuple[keras.Model, RunEncoding]:
    """The model and the encoding of a run directory.

    Nothing in the files is executed, and no other file is read.

    Args:
        run: Directory of a finished run.
        allow_code: Whether a model may hold layers with Python code; **the code is run**.

    Returns:
        The model, and the `RunEncoding` that makes its inputs and reads its outputs.

    Raises:
        DataError: If the directory does not hold a finished run, or its model holds code.

    Example:
        >>> load_run("nowhere")
        Traceback (most recent call last):
            ...
        kerasrecipes.data.errors.DataError: `nowhere` is not the directory of a finished run ...
    """
    directory = Path(run)
    for name in ("result.json", "model.keras"):
        if not (directory / name).is_file():
            raise DataError(
                f"`{directory}` is not the directory of a finished run (no {name} in it): make one "
                "with `kerasrecipes run DATA --out DIR`."
            )
    encoding = RunEncoding.load(directory)
    return load_model_file(directory / "model.keras", allow_code=allow_code), encoding


def predict_rows(
    run: str | os.PathLike[str],
    data: str,
    *,
    sink: Callable[[str], Any] | None = None,
    allow_code: bool = False,
) -> pandas.DataFrame:
    """Applies a run's encoding and model to the rows of a file.

    Args:
        run: Directory of a finished run.
        data: Path of a `.csv`, `.npz` or `.parquet` file with the columns of the training data (the
            target may be missing), or the name of a data set.
        sink: Called with one line for each column with gaps, or with values that training did not
            see; `None` for silence.
        allow_code: Whether a model may hold layers with Python code; **the code is run**.

    Returns:
        A table with one line per row: `prediction`, and for classes `confidence` and one column
        `p(<class>)` each (left out above 50 classes).

    Raises:
        DataError: If the run or the rows cannot be used.

    Example:
        >>> predict_rows("runs/rain", "tomorrow.csv")
        Traceback (most recent call last):
            ...
        kerasrecipes.data.errors.DataError: there is no file `tomorrow.csv`. Check the path.
    """
    import pandas

    rows = read(data).x if data in NAMES and not Path(data).exists() else read_inputs(data)
    model, encoding = load_run(run, allow_code=allow_code)
    x = encoding.inputs(rows)
    if not len(x):
        raise DataError(f"`{data}` holds no rows: there is nothing to predict.")
    if sink is not None and encoding.table is not None:
        for remark in remarks(encoding.table, rows):
            sink(remark)
    outputs = np.asarray(model.predict(x, batch_size=256, verbose=0))
    if not encoding.target.classes:
        return pandas.DataFrame({"prediction": outputs[:, 0]})
    columns: dict[str, Any] = {
        "prediction": encoding.target.inverse(outputs.argmax(axis=1)),
        "confidence": outputs.max(axis=1),
    }
    if len(encoding.target.classes) <= MOST_PROBABILITIES:
        for place, label in enumerate(encoding.target.classes):
            columns[f"p({label})"] = outputs[:, place]
    return pandas.DataFrame(columns)
