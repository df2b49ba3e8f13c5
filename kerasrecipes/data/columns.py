"""How the columns of a table become numbers, one class for each kind of column."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasrecipes.data.errors import DataError
from kerasrecipes.data.numeric_text import parse_numbers

if TYPE_CHECKING:
    import pandas

OTHER, MISSING = "(other)", "(missing)"
NUMBER_KINDS = ("number", "date", "duration")


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers or dates; gaps are filled with the median of the training rows.

    `output = value, or the median where it is missing`; and, if `mark_missing`, a second output
    `1 where it is missing, else 0`. Dates count as seconds since 1970-01-01 00:00 UTC.

    Args:
        name: String. The column of the table.
        median: Float. What replaces a missing value.
        mark_missing: Bool. Whether a second output marks the gaps.
        kind: `"number"`, `"date"` or `"duration"` (in seconds).
        style: How text writes the values (as `numeric_style` tells it, or `"ISO 8601"` for dates);
            None for a column that held no text. With a style, text that cannot be read counts as
            missing; without, it is refused.

    Raises:
        ValueError: If an argument is of another type, `kind` unknown or `median` not finite.

    Example:
    >>> import pandas
    >>> column = NumberColumn("age", median=30.0, mark_missing=True)
    >>> column.transform(pandas.Series([20.0, None], name="age")).tolist()
    [[20.0, 0.0], [30.0, 1.0]]
    """

    name: str
    median: float
    mark_missing: bool = False
    kind: str = "number"
    style: str | None = None

    def __post_init__(self) -> None:
        _check_types(self, name=str, median=(int, float), mark_missing=bool)
        _check_types(self, kind=str, style=(str, type(None)))
        if self.kind not in NUMBER_KINDS or not np.isfinite(self.median):
            raise ValueError(
                f"`kind` must be one of {NUMBER_KINDS} and `median` finite. Received: "
                f"kind={self.kind!r}, median={self.median}."
            )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return (self.name, f"{self.name}={MISSING}") if self.mark_missing else (self.name,)

    def transform(self, values: "pandas.Series") -> np.ndarray:
        """Returns float32 `(rows, 1)`, or `(rows, 2)` with `mark_missing`."""
        numbers = column_numbers(values, self.kind, self.style)
        missing = np.isnan(numbers)
        filled = np.where(missing, self.median, numbers)
        if filled.size and np.abs(filled).max() > np.finfo("float32").max:
            raise DataError(
                f"column `{self.name}` holds {np.abs(filled).max():.3g}, which is infinite or more "
                "than float32 can hold: divide it by a constant, or remove the row."
            )
        outputs = [filled, missing] if self.mark_missing else [filled]
        return np.stack(outputs, axis=1).astype("float32")

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values that JSON can hold."""
        return asdict(self)


@dataclass(frozen=True)
class CategoryColumn:
    """A column of text, categories or true/false, as one 0/1 output for each category.

    A value that training did not see sets `(other)` where there is such an output, else none; a
    missing one sets `(missing)` where there is such an output.

    Args:
        name: String. The column of the table.
        categories: Tuple of strings with an output of their own.
        other: Bool. Whether rare categories were pooled, and so have an output together.
        missing: Bool. Whether training had missing values, and so they have an output.

    Raises:
        ValueError: If an argument is of another type.

    Example:
    >>> import pandas
    >>> column = CategoryColumn("pet", ("cat", "dog"), other=True, missing=False)
    >>> column.transform(pandas.Series(["dog", "newt", None])).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """

    name: str
    categories: tuple[str, ...]
    other: bool = False
    missing: bool = False

    def __post_init__(self) -> None:
        _check_types(self, name=str, categories=tuple, other=bool, missing=bool)
        if not all(isinstance(category, str) for category in self.categories):
            raise ValueError(
                f"`categories` must be text. Received: categories={self.categories!r}."
            )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the outputs, `column=category`."""
        extra = [OTHER] * self.other + [MISSING] * self.missing
        return tuple(f"{self.name}={value}" for value in (*self.categories, *extra))

    def transform(self, values: "pandas.Series") -> np.ndarray:
        """Returns float32 `(rows, outputs)` of zeros with at most a single one in each row."""
        index = {category: i for i, category in enumerate(self.categories)}
        unseen = len(index) if self.other else -1
        absent = len(index) + self.other if self.missing else -1
        keys = column_keys(values)
        places = np.array([absent if key is None else index.get(key, unseen) for key in keys])
        output = np.zeros((len(keys), len(self.feature_names)), dtype="float32")
        rows = np.flatnonzero(places >= 0)
        output[rows, places[rows].astype("int64")] = 1.0
        return output

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values that JSON can hold."""
        return {**asdict(self), "kind": "category", "categories": list(self.categories)}


def column_from_dict(saved: dict[str, Any]) -> NumberColumn | CategoryColumn:
    """Builds a column from what its `to_dict` returned.

    Args:
        saved: Dict of plain values.

    Returns:
        The column, equal to the one saved.

    Raises:
        ValueError: If its kind is none of those that are saved.

    Example:
    >>> column = CategoryColumn("pet", ("cat", "dog"))
    >>> column_from_dict(column.to_dict()) == column
    True
    """
    if saved["kind"] not in ("category", *NUMBER_KINDS):
        raise ValueError(f"column {saved['name']!r} is of unknown kind {saved['kind']!r}")
    if saved["kind"] != "category":
        return NumberColumn(**saved)
    entries = {key: value for key, value in saved.items() if key != "kind"}
    return CategoryColumn(**{**entries, "categories": tuple(entries["categories"])})


def _check_types(column: Any, **kinds: type | tuple[type, ...]) -> None:
    """Refuses a column that no fit makes, as an edited file can hold."""
    for name, kind in kinds.items():
        value = getattr(column, name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(
                f"`{name}` of column {column.name!r} is of the wrong type. Received: "
                f"{name}={value!r}."
            )


def column_numbers(values: "pandas.Series", kind: str, style: str | None) -> np.ndarray:
    """Reads a column as float64 `(rows,)`, NaN where a value is missing.

    Args:
        values: Series of numbers, dates, durations or text.
        kind: `"number"`, `"date"` or `"duration"`.
        style: How text writes the values, or None.

    Returns:
        Float64 array; dates and durations in seconds.

    Raises:
        DataError: If a value cannot be read as this kind.

    Example:
    >>> import pandas
    >>> column_numbers(pandas.Series(["1970-01-02", None]), "date", None).tolist()
    [86400.0, nan]
    """
    import pandas

    try:
        if kind == "number" and not _is_text(values):
            return values.astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
        if kind == "number":
            return _text_numbers(values, style)
        if kind == "date":
            errors = "coerce" if style else "raise"
            times = pandas.to_datetime(values, errors=errors, utc=True, format="ISO8601")
            times = times.dt.tz_localize(None)
        else:
            times = pandas.to_timedelta(values)
    except DataError:
        raise
    except (TypeError, ValueError) as error:
        raise DataError(
            f"column `{values.name}` holds a value that is no {kind}, as it was in training "
            f"({str(error)[:80]}): mend it or leave the field empty."
        ) from error
    microseconds = times.to_numpy().astype(f"{'M' if kind == 'date' else 'm'}8[us]")
    return np.where(np.isnat(microseconds), np.nan, microseconds.astype("int64") / 1e6)


def column_keys(values: "pandas.Series") -> list[str | None]:
    """Reads a column as text, None where a value is missing.

    Args:
        values: Series of text, categories, true/false or numbers.

    Returns:
        List of strings; whole numbers without a fraction, so that 1 and 1.0 are one category.

    Example:
    >>> import pandas
    >>> column_keys(pandas.Series([True, None, 2.0, "a"], dtype=object))
    ['True', None, '2', 'a']
    """
    missing = values.isna().to_numpy()
    return [
        None if gap else _key(value)
        for gap, value in zip(missing, values.astype(object).tolist(), strict=True)
    ]


def _key(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _is_text(values: "pandas.Series") -> bool:
    import pandas

    return pandas.api.types.infer_dtype(values, skipna=True) in ("string", "mixed", "mixed-integer")


def _text_numbers(values: "pandas.Series", style: str | None) -> np.ndarray:
    numbers = parse_numbers(values.astype(object), style or "plain")
    wrong = np.isnan(numbers) & values.notna().to_numpy()
    if style is None and wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"column `{values.name}` holds `{str(values.iloc[row])[:40]}` in row {row + 1}, where "
            "training had numbers: mend it or leave the field empty."
        )
    return numbers
