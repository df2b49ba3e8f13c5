"""The text of a CSV file: its encoding, its separator, and rows of equal length."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kerasrecipes.data.errors import DataError

SEPARATORS = (",", ";", "\t")
SNIFFED_CHARACTERS = 1 << 16


class CsvDialect(NamedTuple):
    """The separator and the column names, stripped; a name may be empty."""

    separator: str
    names: list[str]


def check_csv(path: Path) -> CsvDialect:
    """Reads a CSV file once, and says what keeps it from being a table.

    Args:
        path: Path of an existing file.

    Returns:
        CsvDialect: the separator, the one of comma, semicolon and tab that cuts the first rows
        into the same number of fields and the most of them, and the names in the header line.

    Raises:
        DataError: If the file is empty, is not text, is not UTF-8, or has rows of different lengths
            (with the number of the line).

    Example:
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("a,b\\n1,2\\n3\\n")
    >>> check_csv(path)
    Traceback (most recent call last):
        ...
    kerasrecipes.data.errors.DataError: `a.csv` has 1 field in line 3 and 2 in its header...
    """
    _check_bytes(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            separator = _sniff(file.read(SNIFFED_CHARACTERS))
        with path.open(encoding="utf-8-sig", newline="") as file:
            return CsvDialect(separator, _check_rows(_rows(file, separator, path), path))
    except UnicodeDecodeError as error:
        raise DataError(_not_utf8(path)) from error


def _check_bytes(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(SNIFFED_CHARACTERS)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise DataError(f"`{path.name}` is empty: write a line of column names and some rows.")
    nulls = head.count(b"\0")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or 0.3 < nulls / len(head) < 0.7:
        raise DataError(
            f"`{path.name}` is text in UTF-16, and only UTF-8 is read: save it as UTF-8 (in a "
            'spreadsheet: "CSV UTF-8").'
        )
    control = sum(head.count(bytes([byte])) for byte in range(32) if byte not in b"\t\n\r\f")
    if nulls or control > 0.02 * len(head):
        raise DataError(
            f"`{path.name}` is not a table: it holds binary data rather than text. Save the table "
            "as .csv, or give the file the ending of its real format."
        )


def _not_utf8(path: Path) -> str:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return (
                    f"`{path.name}` is not in UTF-8: line {number} holds the byte "
                    f"0x{line[error.start]:02x}, so it is probably Latin-1 (Windows-1252). Save "
                    'it as UTF-8 (in a spreadsheet: "CSV UTF-8").'
                )
    return f"`{path.name}` is not in UTF-8: save it as UTF-8."


def _sniff(text: str) -> str:
    def quality(separator: str) -> tuple[bool, int]:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=None), delimiter=separator) if row
        ]
        whole = rows[:-1] if len(rows) > 2 else rows  # the last may be cut inside a quoted field
        same = all(len(row) == len(rows[0]) for row in whole)
        return same and len(rows[0]) > 1, len(rows[0])

    return max(SEPARATORS, key=quality)


def _rows(file, separator: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yields the number of the line where a row begins, and its fields; blank lines are skipped."""
    reader = csv.reader(file, delimiter=separator, skipinitialspace=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                f"`{path.name}` cannot be read at line {line} ({error}): look for a quotation mark "
                "that is never closed."
            ) from error
        if row and (len(row) > 1 or row[0].strip()):
            yield line, row


def _check_rows(rows: Iterator[tuple[int, list[str]]], path: Path) -> list[str]:
    _, header = next(rows)
    for line, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"`{path.name}` has {len(row)} field{'s' * (len(row) != 1)} in line {line} and "
                f"{len(header)} in its header: every row needs the same number. Mend that line "
                "(a separator inside a field needs quotation marks)."
            )
    return [name.strip() for name in header]
