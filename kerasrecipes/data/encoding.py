"""Tables as float32 arrays, by what the training rows teach."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasrecipes.data.columns import (
    CategoryColumn,
    NumberColumn,
    column_from_dict,
    column_keys,
    column_numbers,
)
from kerasrecipes.data.errors import DataError
from kerasrecipes.data.numeric_text import numeric_style

if TYPE_CHECKING:
    import pandas

VERSION = 1
MOST_CATEGORIES = 30
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?( ?(Z|[+-]\d\d:?\d\d))?")


@dataclass(frozen=True)
class Encoding:
    """What turns the columns of a table into numbers, kept beside the model.

    Numbers and dates stay one feature each, their gaps filled with the median of the training rows
    and marked in a second feature; text, categories and true/false become one 0/1 feature for each
    category. Columns that cannot help (constant, or a different name in every row) are left out.

    Args:
        columns: Tuple of `NumberColumn` and `CategoryColumn`, in the order of the features.
        notes: Tuple of strings. What a person should be told, one sentence each.

    Example:
    >>> import pandas
    >>> frame = pandas.DataFrame({"size": [1, None, 3, 2], "pet": ["cat", "dog", "dog", "cat"]})
    >>> encoding = Encoding.fit(frame)
    >>> encoding.feature_names
    ('size', 'size=(missing)', 'pet=cat', 'pet=dog')
    >>> encoding.transform(frame)[1].tolist()
    [2.0, 1.0, 0.0, 1.0]
    """

    columns: tuple[NumberColumn | CategoryColumn, ...]
    notes: tuple[str, ...] = ()

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features, one for each column of the array."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @classmethod
    def fit(cls, frame: "pandas.DataFrame") -> "Encoding":
        """Learns medians and categories, from the training rows only.

        Args:
            frame: DataFrame `(rows, columns)`, without the target.

        Returns:
            Encoding.

        Raises:
            ValueError: If `frame` is no DataFrame.
            DataError: If it is empty, repeats a column, or no column is of use.
        """
        frame = _named(frame)
        if not len(frame):
            raise DataError("the training table has no rows: nothing can be learned from it.")
        columns, notes = [], []
        for name in frame.columns:
            column, note = _fit_column(frame[name])
            notes += [note] if note else []
            columns += [column] if column else []
        if not columns:
            raise DataError(
                f"none of the {frame.shape[1]} columns is of use (each is empty, constant or a "
                "different name in every row): add columns that vary and repeat."
            )
        return cls(tuple(columns), tuple(notes))

    def transform(self, frame: "pandas.DataFrame") -> np.ndarray:
        """Turns a table into an array, in the order of the training columns.

        Args:
            frame: DataFrame `(rows, columns)`, in any order of columns; others are passed over.

        Returns:
            float32 array `(rows, features)`.

        Raises:
            ValueError: If `frame` is no DataFrame.
            DataError: If a column of the training is not there, or holds what it cannot.
        """
        frame = _named(frame)
        missing = [column.name for column in self.columns if column.name not in frame.columns]
        if missing:
            raise DataError(
                f"the table lacks {len(missing)} of the {len(self.columns)} columns used in "
                f"training ({', '.join(missing[:10])}{', ...' * (len(missing) > 10)}): add them."
            )
        parts = [column.transform(frame[column.name]) for column in self.columns]
        return np.concatenate(parts, axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values that JSON can hold."""
        columns = [column.to_dict() for column in self.columns]
        return {"version": VERSION, "columns": columns, "notes": list(self.notes)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Encoding":
        """Builds the encoding from what `to_dict` returned.

        Args:
            saved: Dict with `version`, `columns` and `notes`.

        Returns:
            Encoding, equal to the one saved.

        Raises:
            DataError: If it was written by another version or lacks an entry.
        """
        if saved.get("version") != VERSION or not {"columns", "notes"} <= saved.keys():
            raise DataError(
                f"the saved encoding has version {saved.get('version')} and the entries "
                f"{', '.join(saved)}; version {VERSION} is read: train again."
            )
        return cls(tuple(column_from_dict(c) for c in saved["columns"]), tuple(saved["notes"]))


def _named(frame: Any) -> "pandas.DataFrame":
    import pandas

    if not isinstance(frame, pandas.DataFrame):
        raise ValueError(
            "`frame` must be a pandas DataFrame: arrays of numbers need no encoding. Received: "
            f"{type(frame).__name__}."
        )
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"the table has two columns named `{twice}`: rename one.")
    return frame


def _fit_column(values: "pandas.Series") -> tuple[NumberColumn | CategoryColumn | None, str]:
    """Returns the column (None: left out) and a note (empty: nothing to tell)."""
    name, missing = str(values.name), float(values.isna().mean())
    if missing == 1:
        return None, f"column `{name}` has no value in the training rows: left out."
    if values.nunique(dropna=True) == 1 and not missing:
        return None, f"column `{name}` is the same in every training row: left out."
    kind, style = _kind(values)
    if kind == "category":
        return _fit_categories(values, missing)
    median = float(np.nanmedian(_finite(column_numbers(values, kind, style), name)))
    column = NumberColumn(name, median, missing > 0, kind, style)
    read = f"text, read as {kind}s ({style})" if style else ""
    filled = f"{_share(missing)} missing, filled with the median {_median(median, kind)}"
    parts = [read] * bool(style) + [filled] * (missing > 0)
    return column, f"column `{name}`: {'; '.join(parts)}." if parts else ""


def _kind(values: "pandas.Series") -> tuple[str, str | None]:
    """Returns `number`, `date`, `duration` or `category`, and how text writes numbers."""
    import pandas

    kinds = {
        "integer": "number",
        "floating": "number",
        "mixed-integer-float": "number",
        "decimal": "number",
        "datetime": "date",
        "datetime64": "date",
        "date": "date",
        "timedelta": "duration",
        "timedelta64": "duration",
    }
    inferred = pandas.api.types.infer_dtype(values, skipna=True)
    if isinstance(values.dtype, pandas.CategoricalDtype) or inferred != "string":
        return kinds.get(inferred, "category"), None
    style = numeric_style(values)
    if style is not None:
        return "number", style
    if all(ISO_DATE.fullmatch(str(value).strip()) for value in values.dropna().unique()):
        return "date", "ISO 8601"
    return "category", None


def _fit_categories(values: "pandas.Series", missing: float) -> tuple[CategoryColumn | None, str]:
    name = str(values.name)
    counts = Counter(key for key in column_keys(values) if key is not None)
    present = sum(counts.values())
    if len(counts) == present > MOST_CATEGORIES:
        return None, f"column `{name}` has a different text in every row, like a name: left out."
    ranked = sorted(counts, key=lambda key: (-counts[key], key))
    kept, pooled = ranked[:MOST_CATEGORIES], ranked[MOST_CATEGORIES:]
    column = CategoryColumn(name, tuple(sorted(kept)), bool(pooled), missing > 0)
    parts = [f"{_share(missing)} missing, a category of its own"] * (missing > 0)
    if pooled:
        share = sum(counts[key] for key in pooled) / present
        parts.append(
            f"{len(counts):,} categories, the {MOST_CATEGORIES} most frequent kept and the others "
            f"({_share(share)} of the rows) pooled"
        )
    return column, f"column `{name}`: {'; '.join(parts)}." if parts else ""


def _finite(numbers: np.ndarray, name: str) -> np.ndarray:
    if np.isinf(numbers).any():
        row = int(np.argmax(np.isinf(numbers)))
        raise DataError(
            f"column `{name}` holds an infinite value in row {row + 1}: remove the row or leave "
            "the field empty."
        )
    return numbers


def _share(fraction: float) -> str:
    return f"{100 * fraction:.2g}%" if fraction < 0.1 else f"{100 * fraction:.0f}%"


def _median(median: float, kind: str) -> str:
    if kind == "date":
        return str(np.datetime64(int(median), "s")).replace("T", " ")
    return f"{median:.6g}"
