"""What lies beside a model so that it can be given new rows of a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasrecipes.data import DataError, Encoding, Examples, TargetEncoding
from kerasrecipes.data.finite import require_finite
from kerasrecipes.data.memory import require_memory

if TYPE_CHECKING:
    import pandas

VERSION = 1
MEMORY_FACTOR = 30  # the text, and the objects made of it


@dataclass(frozen=True)
class RunEncoding:
    """How rows of a file become inputs of a run's model, and its outputs labels again.

    Attributes:
        table: The `Encoding` of a table's columns, or `None` where inputs are arrays.
        target: The `TargetEncoding` of the labels.
        target_name: Column of the target.
        input_shape: Shape of one input row.
        feature_names: Names of the columns of an array, where they are known.
    """

    table: Encoding | None
    target: TargetEncoding
    target_name: str
    input_shape: tuple[int, ...]
    feature_names: tuple[str, ...]

    @classmethod
    def of(
        cls, examples: Examples, table: Encoding | None, train: tuple[np.ndarray, np.ndarray]
    ) -> RunEncoding:
        """The encoding of a run, its target fitted on the training part."""
        return cls(
            table,
            TargetEncoding.fit(train[1], examples.task),
            examples.target_name,
            train[0].shape[1:],
            examples.feature_names,
        )

    @classmethod
    def load(cls, run: Path) -> RunEncoding:
        """Reads `encoding.json` of a run directory.

        Raises:
            DataError: If it is missing or no encoding.
        """
        path = run / "encoding.json"
        try:
            if path.exists() and not path.is_file():
                raise ValueError("it is no file")
            require_memory(MEMORY_FACTOR * path.stat().st_size, f"`{path.name}`")
            saved = json.loads(path.read_text(encoding="utf-8"))
            if saved["version"] != VERSION:
                raise ValueError(f"version {saved['version']}; version {VERSION} is read")
            table = saved["table"]
            return cls(
                Encoding.from_dict(table) if table else None,
                TargetEncoding.from_dict(saved["target"]),
                _text(saved["target_name"]),
                tuple(_size(size) for size in saved["input_shape"]),
                tuple(_text(name) for name in saved["feature_names"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DataError(
                f"`{path}` cannot be used ({error}): give the directory of a finished "
                "`kerasrecipes run`."
            ) from error

    def to_dict(self) -> dict[str, Any]:
        """The encoding as plain values, ready for JSON."""
        return {
            "version": VERSION,
            "table": self.table.to_dict() if self.table else None,
            "target": self.target.to_dict(),
            "target_name": self.target_name,
            "input_shape": list(self.input_shape),
            "feature_names": list(self.feature_names),
        }

    def inputs(self, rows: pandas.DataFrame | np.ndarray) -> np.ndarray:
        """Turns rows as they were read into inputs of the model.

        Args:
            rows: DataFrame, or array `(rows, ...)`.

        Raises:
            DataError: If columns are missing, or the shape does not fit.
        """
        if self.table is not None:
            if isinstance(rows, np.ndarray):
                raise DataError(
                    "the run was trained on a table with named columns, and these rows have none: "
                    "give a .csv or .parquet file with its columns."
                )
            return self.table.transform(rows)
        x = rows if isinstance(rows, np.ndarray) else self._columns_as_array(rows)
        flat, size = x.reshape(len(x), -1), int(np.prod(self.input_shape))
        if flat.shape[1] != size:
            raise DataError(
                f"the model takes rows of {size} numbers {self.input_shape}, and these have "
                f"{flat.shape[1]} {x.shape[1:]}: give rows of the same kind as the training data."
            )
        return flat.reshape(-1, *self.input_shape)

    def _columns_as_array(self, frame: pandas.DataFrame) -> np.ndarray:
        names = [name for name in self.feature_names if name in frame.columns]
        if len(names) != int(np.prod(self.input_shape)):
            names = [name for name in frame.columns if name != self.target_name]
        try:
            x = frame[names].to_numpy(dtype="float32")
        except (TypeError, ValueError) as error:
            raise DataError(
                f"the model takes numbers, and the table holds text ({error}): leave out the "
                "columns that were not trained on."
            ) from error
        require_finite(x, "the table", "the training had no gaps, so fill them in.")
        return x


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a name is {value!r}, and no text")
    return value


def _size(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"a size of the input is {value!r}")
    return value
