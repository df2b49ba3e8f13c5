"""Arrays as an uncompressed `.npz` file, written in one pass and read within bounds."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from typing import BinaryIO, Protocol

import numpy as np
from numpy.lib import format as npy

CHUNK_BYTES = 2**20  # fits the processor's cache: written, summed and hashed from there
READ_HEADER = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Writable(Protocol):
    """What takes bytes one after the other."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Takes the next bytes."""

    def flush(self) -> None:
        """Hands on what it has taken."""


def write_arrays(file: Writable, arrays: Sequence[np.ndarray]) -> None:
    """Writes arrays as members `array_0.npy`, `array_1.npy`, ... that `numpy.load` can read.

    The bytes go out in one pass, in large pieces, as they lie in memory: threads beside it go on.

    Args:
        file: Takes the bytes; it need not seek.
        arrays: Of dtypes of NumPy's own without objects. The order of elements in memory is kept.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for number, array in enumerate(arrays):
            member = zipfile.ZipInfo(member_name(number))
            with archive.open(member, "w", force_zip64=True) as out:
                npy.write_array_header_2_0(out, npy.header_data_from_array_1_0(array))
                data = _bytes_of(array)
                for start in range(0, len(data), CHUNK_BYTES):
                    out.write(data[start : start + CHUNK_BYTES])


def read_arrays(file: BinaryIO, count: int) -> list[np.ndarray]:
    """Reads what `write_arrays` wrote.

    No more memory is taken than the file is long, whatever it claims; nothing in it is run.

    Args:
        file: Open for reading, able to seek.
        count: How many arrays it must hold.

    Returns:
        New arrays that can be written to.

    Raises:
        ValueError: If it holds other members, or one that is not as long as it claims.
        zipfile.BadZipFile: If it is no archive.
    """
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if [member.filename for member in members] != [member_name(n) for n in range(count)]:
            raise ValueError(f"it does not hold {count} arrays and nothing else")
        if sum(member.file_size for member in members) > file.seek(0, 2):
            raise ValueError("its members are longer than the file")
        return [_read(archive, member) for member in members]


def member_name(number: int) -> str:
    """The name of an array in the archive."""
    return f"array_{number}.npy"


def _bytes_of(array: np.ndarray) -> memoryview:
    """The bytes in the order of memory; a copy where they do not lie side by side."""
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        array = array.T
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(np.uint8).data if flat.nbytes else memoryview(b"")


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"`{member.filename}` is compressed")
    with archive.open(member) as file:
        shape, by_column, dtype = READ_HEADER[npy.read_magic(file)](file)
        size = math.prod(map(int, shape)) * dtype.itemsize
        if dtype.hasobject or file.tell() + size != member.file_size:
            raise ValueError(f"`{member.filename}` is not {size} bytes of plain data")
        data = np.empty(size, np.uint8)
        for start in range(0, size, CHUNK_BYTES):
            piece = file.read(min(CHUNK_BYTES, size - start))
            data[start : start + len(piece)] = np.frombuffer(piece, np.uint8)
    if not size:
        return np.empty(shape, dtype, order="F" if by_column else "C")
    flat = data.view(dtype)
    return flat.reshape(shape[::-1]).T if by_column else flat.reshape(shape)
