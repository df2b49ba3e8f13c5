"""What a Parquet file becomes in memory, told from its metadata and its dictionaries."""

from typing import Any

import numpy as np

from kerasrecipes.data.memory import require_memory

NUMBER_BYTES, OBJECT_BYTES = 8, 64  # a value in a column of numbers, and a Python object
COPIES = 2  # Arrow's table and pandas's lie in memory together
STORED_FACTOR = 3


def require_parquet_memory(file: Any, path: Any, what: str) -> None:
    """Raises before a Parquet file is read that would not fit.

    Repeated values are stored once: a few megabytes can become gigabytes. So the rows are counted,
    and text in dictionaries is weighed as often as it is pointed at.

    Args:
        file: The `pyarrow.parquet.ParquetFile`.
        path: Of the same file.
        what: String. Begins the message, such as "`big.parquet`".

    Raises:
        DataError: If more than the free memory is needed.
    """
    metadata = file.metadata
    stored = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    widths = sum(_width(field.type) for field in file.schema_arrow)
    values = COPIES * metadata.num_rows * widths
    require_memory(max(STORED_FACTOR * stored, values), what)
    text = 0
    for lengths, counts in _dictionaries(file, path):
        text += int(lengths @ counts)
        require_memory(values + COPIES * text, what)


def empty_columns(file: Any) -> list[str]:
    """Names of the columns that hold no value, as far as the metadata tell."""
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]

    def is_empty(place: int) -> bool:
        chunks = [group.column(place) for group in groups]
        told = [chunk.statistics for chunk in chunks if chunk.is_stats_set]
        return len(told) == len(chunks) > 0 and all(
            each.has_null_count and each.null_count == chunk.num_values
            for each, chunk in zip(told, chunks, strict=True)
        )

    return [name for place, name in enumerate(file.schema_arrow.names) if is_empty(place)]


def _width(kind: Any) -> int:
    from pyarrow import types

    is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_temporal(kind)
    return NUMBER_BYTES if is_number and not types.is_date(kind) else OBJECT_BYTES


def _dictionaries(file: Any, path: Any) -> Any:
    """Yields, for each piece of a text column, the lengths of its entries and how often each is."""
    from pyarrow import compute, parquet, types

    names = [
        field.name
        for field in file.schema_arrow
        if any(
            test(field.type)
            for test in (
                types.is_string,
                types.is_binary,
                types.is_large_string,
                types.is_large_binary,
            )
        )
    ]
    if not names:
        return
    with parquet.ParquetFile(path, read_dictionary=names) as again:
        for group in range(again.metadata.num_row_groups):
            for name in names:
                for piece in again.read_row_group(group, columns=[name]).column(0).chunks:
                    if types.is_dictionary(piece.type):
                        lengths = compute.binary_length(piece.dictionary).to_numpy(False)
                        indices = piece.indices.drop_null().to_numpy()
                        yield lengths, np.bincount(indices, minlength=len(lengths))
