"""What a Parquet file becomes in memory, told from its metadata and its dictionaries."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasrecipes.data.memory import require_memory

NUMBER_BYTES, OBJECT_BYTES = 8, 64  # a value in a column of numbers, and a Python object
COPIES = 2  # Arrow's table and pandas's lie in memory together
STORED_FACTOR = 3
# How text is written so that what repeats is stored once.
DICTIONARIES = frozenset({"PLAIN_DICTIONARY", "RLE_DICTIONARY"})
SHARED = frozenset({"DELTA_BYTE_ARRAY"})
BATCH_ROWS = 1000


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
    for size in _text_sizes(file, path):
        text += size
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


def _text_sizes(file: Any, path: Any) -> Iterator[int]:
    """Yields the bytes of the text columns, written out, piece by piece."""
    for place, field in enumerate(file.schema_arrow):
        groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
        encodings = {name for group in groups for name in group.column(place).encodings}
        if not _is_text(field.type):
            continue
        if encodings & SHARED:
            yield from _by_batches(file, field.name)
        elif encodings & DICTIONARIES:
            yield from _by_dictionaries(path, field.name)


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    is_short, is_long = types.is_string(kind), types.is_large_string(kind)
    return is_short or is_long or types.is_binary(kind) or types.is_large_binary(kind)


def _by_dictionaries(path: Any, name: str) -> Iterator[int]:
    """Every entry of a dictionary, as often as it is pointed at."""
    from pyarrow import compute, parquet

    with parquet.ParquetFile(path, read_dictionary=[name]) as file:
        for group in range(file.metadata.num_row_groups):
            for piece in file.read_row_group(group, columns=[name]).column(0).chunks:
                lengths = compute.binary_length(piece.dictionary).to_numpy(False)
                counts = np.bincount(piece.indices.drop_null(), minlength=len(lengths))
                yield int(lengths @ counts)


def _by_batches(file: Any, name: str) -> Iterator[int]:
    """Some rows at a time, where a text says only in what it differs from the one before."""
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=[name]):
        yield batch.nbytes
