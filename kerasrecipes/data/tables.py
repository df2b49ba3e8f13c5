"""Tables from .csv and .parquet files, checked before and while they are read."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasrecipes.data.csv_text import CsvDialect, check_csv
from kerasrecipes.data.errors import DataError
from kerasrecipes.data.memory import require_memory
from kerasrecipes.data.parquet_size import empty_columns as empty_columns_of
from kerasrecipes.data.parquet_size import require_parquet_memory

if TYPE_CHECKING:
    import pandas

MOST_COLUMNS = 100_000
CSV_MEMORY_FACTOR = 2  # the text, and its parts
CSV_FIELD_BYTES = 24  # where a field begins, and its value


def read_table(
    path: "str | Path", *, empty_columns: bool = False
) -> "tuple[pandas.DataFrame, tuple[str, ...]]":
    """Reads a .csv or .parquet file.

    A CSV file is UTF-8 (with or without a byte order mark), has a header line, and is separated by
    commas, semicolons or tabs. A first column without a name that counts the rows is left out.

    Args:
        path: String or Path, of an existing file that ends in .csv or .parquet.
        empty_columns: Bool. Whether a column without any value may stay, as in new rows, where the
            target is not known yet and a single gap can be a whole column.

    Returns:
        The DataFrame, its column names stripped of spaces, and a tuple of notes for a person.

    Raises:
        DataError: If it is no such table, is empty, repeats a column name, holds a column without
            any value (unless `empty_columns`), infinite numbers or nested values, or does not fit
            the memory.

    Example:
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("width;kind\\n1;red\\n2;blue\\n")
    >>> frame, notes = read_table(path)
    >>> list(frame.columns), len(frame)
    (['width', 'kind'], 2)
    """
    path = Path(path)
    if path.suffix.lower() == ".csv":
        frame, notes = _read_csv(path)
    else:
        frame, notes = _read_parquet(path, empty_columns)
    if not len(frame):
        raise DataError(f"`{path.name}` has column names but no rows: add examples.")
    if not empty_columns:
        empty = frame.columns[frame.isna().to_numpy().all(axis=0)]
        _refuse_empty(list(empty), len(frame), path.name)
    for name, dtype in frame.dtypes.items():
        if dtype.kind in "fO":  # nothing is wrong with whole numbers and true/false
            column = _plain_column(frame[name], path.name)
            if column.dtype != dtype:
                frame[name] = column
    return frame, tuple(notes)


def _read_csv(path: Path) -> "tuple[pandas.DataFrame, list[str]]":
    import pandas

    size = CSV_MEMORY_FACTOR * path.stat().st_size
    require_memory(size, f"`{path.name}`")
    dialect = check_csv(path)
    _check_count(len(dialect.names), path.name)
    fields = dialect.rows * len(dialect.names)
    require_memory(size + CSV_FIELD_BYTES * fields, f"`{path.name}`")
    _check_duplicates(dialect.names, path.name)
    try:
        frame = pandas.read_csv(
            path,
            sep=dialect.separator,
            encoding="utf-8-sig",
            skipinitialspace=True,
            index_col=False,
            na_values=["?"],
            low_memory=False,
        )
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError) as error:
        raise DataError(f"`{path.name}` is not a sound CSV table ({error}): mend it.") from error
    frame.columns = [name or f"column {i + 1}" for i, name in enumerate(dialect.names)]
    notes = _header_notes(dialect, path.name)
    if not dialect.names[0] and len(frame.columns) > 1 and _counts_rows(frame.iloc[:, 0]):
        frame = frame.iloc[:, 1:].copy()
        notes.append("The first column has no name and counts the rows: left out.")
    return frame, notes


def _header_notes(dialect: CsvDialect, file: str) -> list[str]:
    notes = []
    if dialect.separator != ",":
        shown = {"\t": "tabs", ";": "semicolons"}[dialect.separator]
        notes.append(f"`{file}` is separated by {shown}.")
    if any(_is_fraction(name) for name in dialect.names):
        notes.append(
            "The first line was read as column names but holds numbers "
            f"(`{dialect.names[0]}`, ...): if it is an example, add a line of names above it."
        )
    return notes


def _read_parquet(path: Path, may_be_empty: bool) -> "tuple[pandas.DataFrame, list[str]]":
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            _check_schema(file.schema_arrow, path.name)
            if not may_be_empty:
                _refuse_empty(empty_columns_of(file), file.metadata.num_rows, path.name)
            require_parquet_memory(file, path, f"`{path.name}`")
            frame = file.read().to_pandas()
    except DataError:
        raise
    except Exception as error:  # damaged bytes raise whatever they lead to
        raise DataError(
            f"`{path.name}` is not a Parquet table ({str(error)[:80]}): write it again, or save it "
            "as .csv."
        ) from error
    frame = frame.reset_index(drop=not any(frame.index.names))
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame, []


def _check_schema(schema: Any, file: str) -> None:
    from pyarrow import types

    _check_count(len(schema.names), file)
    _check_duplicates([str(name).strip() for name in schema.names], file)
    for field in schema:
        if types.is_nested(field.type):
            raise DataError(_nested(field.name, file))


def _check_count(columns: int, file: str) -> None:
    if columns > MOST_COLUMNS:
        raise DataError(
            f"`{file}` has {columns:,} columns, and at most {MOST_COLUMNS:,} are read: choose some "
            "of them, or save numbers as one array `x` in an .npz file."
        )


def _nested(column: Any, file: str) -> str:
    return (
        f"column `{column}` of `{file}` holds lists or records: give each of their values a column "
        "of its own."
    )


def _check_duplicates(names: list[str], file: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        raise DataError(
            f"`{file}` has {names.count(twice[0])} columns named `{twice[0]}`: a column is chosen "
            "by its name, so rename all but one."
        )


def _refuse_empty(empty: list[str], rows: int, file: str) -> None:
    if empty and rows:
        raise DataError(
            f"column `{empty[0]}` of `{file}` holds no value in any of {rows:,} rows: nothing can "
            "be learned from it. Remove it or fill it in."
        )


def _plain_column(column: "pandas.Series", file: str) -> "pandas.Series":
    """Refuses what no column may hold, and turns decimal objects into floats."""
    import pandas

    if pandas.api.types.is_float_dtype(column.dtype):
        infinite = np.isinf(column.to_numpy(dtype="float64", na_value=np.nan))
        if infinite.any():
            row = int(np.argmax(infinite))
            raise DataError(
                f"column `{column.name}` of `{file}` holds an infinite value in row {row + 1}: no "
                "cost can be computed from it. Remove the row or leave the field empty."
            )
    if column.dtype == object:
        if pandas.api.types.infer_dtype(column, skipna=True) == "decimal":
            return column.astype("float64")
        nested = column.map(lambda value: isinstance(value, list | dict | np.ndarray))
        if nested.any():
            raise DataError(_nested(column.name, file))
    return column


def _counts_rows(column: "pandas.Series") -> bool:
    if column.dtype.kind != "i":
        return False
    return bool((column.to_numpy() - np.arange(len(column)) == column.iloc[0]).all())


def _is_fraction(text: str) -> bool:
    try:
        return "." in text and np.isfinite(float(text))
    except ValueError:
        return False
