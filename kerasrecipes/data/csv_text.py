"""The text of a CSV file: its encoding, its separator, and rows of equal length."""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from kerasrecipes.data.errors import DataError

SEPARATORS = (",", ";", "\t")
SNIFFED_CHARACTERS = 1 << 16
BLOCK_BYTES = 1 << 20
MOST_ROW_LETTERS = 1 << 23  # 84 for each of the most columns that are read


class CsvDialect(NamedTuple):
    """The separator, the column names, stripped (a name may be empty), and the number of rows."""

    separator: str
    names: list[str]
    rows: int


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
    _check_utf8(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        separator = _sniff(file.read(SNIFFED_CHARACTERS))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return CsvDialect(separator, *_check_rows(_rows(file, separator, path), path))


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


def _check_utf8(path: Path) -> None:
    """Looks through the whole file, many times faster than its rows are read."""
    decoder, lines = codecs.getincrementaldecoder("utf-8")(), 1
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            waiting = decoder.getstate()[0]
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                raise DataError(_not_utf8(waiting + block, error.start, lines, path)) from error
            lines += block.count(b"\n")
    if decoder.getstate()[0]:
        raise DataError(f"`{path.name}` is not in UTF-8: it ends inside a letter. Save it again.")


def _not_utf8(block: bytes, place: int, lines_before: int, path: Path) -> str:
    line = lines_before + block[:place].count(b"\n")
    return (
        f"`{path.name}` is not in UTF-8: line {line} holds the byte 0x{block[place]:02x}, so it is "
        'probably Latin-1 (Windows-1252). Save it as UTF-8 (in a spreadsheet: "CSV UTF-8").'
    )


def _sniff(text: str) -> str:
    def quality(separator: str) -> tuple[bool, int]:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=None), delimiter=separator) if row
        ]
        whole = rows[:-1] if len(rows) > 2 else rows  # the last may be cut inside a quoted field
        same = all(len(row) == len(rows[0]) for row in whole)
        return same and len(rows[0]) > 1, len(rows[0])

    return max(SEPARATORS, key=quality)


def _rows(file: TextIO, separator: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yields the number of the line where a row begins, and its fields; blank lines are skipped."""
    lines = _BoundedLines(file, path)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    while True:
        line = reader.line_num + 1
        lines.letters = 0
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


class _BoundedLines:
    """The lines of a file, as long as those of one row stay within a bound."""

    def __init__(self, file: TextIO, path: Path) -> None:
        self.file, self.path = file, path
        self.letters = 0

    def __iter__(self) -> "_BoundedLines":
        return self

    def __next__(self) -> str:
        line = self.file.readline(MOST_ROW_LETTERS + 1)
        if not line:
            raise StopIteration
        self.letters += len(line)
        if self.letters > MOST_ROW_LETTERS:
            raise DataError(
                f"`{self.path.name}` has a row of more than {MOST_ROW_LETTERS:,} letters: it is no "
                "table, or its lines do not end where its rows do."
            )
        return line


def _check_rows(rows: Iterator[tuple[int, list[str]]], path: Path) -> tuple[list[str], int]:
    _, header = next(rows, (0, []))
    if not header:
        raise DataError(f"`{path.name}` is empty but for a quotation mark: write a line of names.")
    count = 0
    for line, row in rows:
        count += 1
        if len(row) != len(header):
            raise DataError(
                f"`{path.name}` has {len(row)} field{'s' * (len(row) != 1)} in line {line} and "
                f"{len(header)} in its header: every row needs the same number. Mend that line "
                "(a separator inside a field needs quotation marks)."
            )
    return [name.strip() for name in header], count
