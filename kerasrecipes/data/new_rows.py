"""What is unusual in new rows: gaps, and values that training did not see."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from kerasrecipes.data.columns import CategoryColumn, NumberColumn, column_keys, column_numbers
from kerasrecipes.data.encoding import Encoding

if TYPE_CHECKING:
    import pandas

SHOWN = 3
NONE = "no category"


def remarks(encoding: Encoding, frame: "pandas.DataFrame") -> tuple[str, ...]:
    """Tells what an encoding had to guess about rows that it was not fitted on.

    Args:
        encoding: Encoding, fitted on training rows.
        frame: DataFrame `(rows, columns)` that `encoding.transform` takes.

    Returns:
        Tuple of strings, one sentence each; empty where each value is of a kind seen before.

    Example:
    >>> import pandas
    >>> encoding = Encoding.fit(pandas.DataFrame({"pet": ["cat", "dog", "cat"]}))
    >>> remarks(encoding, pandas.DataFrame({"pet": ["newt", "dog"]}))
    ('column `pet`: 1 of 2 rows hold what training did not see (newt), and count as no category.',)
    """
    found = []
    for column in encoding.columns:
        values = frame[column.name]
        if isinstance(column, NumberColumn):
            parts = _of_numbers(column, values)
        else:
            parts = _of_categories(column, values)
        found += [f"column `{column.name}`: {part}." for part in parts]
    return tuple(found)


def _of_numbers(column: NumberColumn, values: "pandas.Series") -> Iterator[str]:
    gaps = np.isnan(column_numbers(values, column.kind, column.style))
    unread = gaps & values.notna().to_numpy()
    if unread.any():
        shown = _shown([str(value) for value in values[unread]])
        yield f"{_rows(unread)} hold what is no {column.kind} ({shown}), and count as missing"
    if gaps.any():
        yield f"{_rows(gaps)} are without a value, filled with the median of the training"


def _of_categories(column: CategoryColumn, values: "pandas.Series") -> Iterator[str]:
    keys = column_keys(values)
    if not column.other:
        unseen = [key is not None and key not in column.categories for key in keys]
        if any(unseen):
            shown = _shown([str(key) for key, new in zip(keys, unseen, strict=True) if new])
            yield f"{_rows(unseen)} hold what training did not see ({shown}), and count as {NONE}"
    gaps = [key is None for key in keys]
    if any(gaps) and not column.missing:
        yield f"{_rows(gaps)} are without a value, as none in training was, and count as {NONE}"


def _rows(chosen: "np.ndarray | list[bool]") -> str:
    return f"{int(np.sum(chosen)):,} of {len(chosen):,} rows"


def _shown(values: list[str]) -> str:
    distinct = [value[:40] for value in dict.fromkeys(values)]
    return ", ".join(distinct[:SHOWN]) + ", ..." * (len(distinct) > SHOWN)
