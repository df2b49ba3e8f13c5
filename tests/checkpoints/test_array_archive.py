"""Arrays in an archive, read within bounds."""

import io
import zipfile

import numpy as np
import pytest

from kerasrecipes.checkpoints.array_archive import CHUNK_BYTES, read_arrays, write_arrays


def archive(*arrays):
    file = io.BytesIO()
    write_arrays(file, arrays)
    file.seek(0)
    return file


ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(24).reshape(2, 3, 4)),
    np.arange(10)[::2],
    np.array(3.5),
    np.zeros((0, 4), "float32"),
    np.arange(CHUNK_BYTES + 3, dtype="uint8"),
]


def test_arrays_come_back_and_can_be_written_to():
    found = read_arrays(archive(*ARRAYS), len(ARRAYS))
    for one, other in zip(found, ARRAYS, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
        one[...] = 0


def test_the_order_in_memory_is_kept():
    _, by_column = read_arrays(archive(*ARRAYS[:2]), 2)
    assert by_column.strides == ARRAYS[1].strides


def test_numpy_reads_the_archive():
    with np.load(archive(*ARRAYS), allow_pickle=False) as loaded:
        np.testing.assert_array_equal(loaded["array_1"], ARRAYS[1])


def test_it_is_written_to_what_cannot_seek():
    class Stream:
        def __init__(self):
            self.data = b""

        def write(self, data):
            self.data += bytes(data)
            return len(data)

        def flush(self):
            pass

    stream = Stream()
    write_arrays(stream, ARRAYS)
    np.testing.assert_array_equal(read_arrays(io.BytesIO(stream.data), len(ARRAYS))[0], ARRAYS[0])


def of_members(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        for name, data in members:
            made.writestr(name, data)
    file.seek(0)
    return file


def npy(array, allow_pickle=False):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def claiming(shape):
    """An array of one number that claims to be of another shape."""
    file = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + bytes(8)


ONE = npy(np.zeros(1))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([], "does not hold 1 arrays and nothing else"),
        ([("../array_0.npy", ONE)], "does not hold 1 arrays"),
        ([("/tmp/array_0.npy", ONE)], "does not hold 1 arrays"),
        ([("array_0.npy", ONE), ("other.npy", ONE)], "does not hold 1 arrays"),
        ([("array_0.npy", npy(np.array([None]), allow_pickle=True))], "not 8 bytes of plain data"),
        ([("array_0.npy", claiming((10**12,)))], "not 8000000000000 bytes of plain data"),
        ([("array_0.npy", claiming((-1,)))], "not -8 bytes of plain data"),
        ([("array_0.npy", b"text")], "magic"),
    ],
)
def test_another_content_is_refused(members, message):
    with pytest.raises(ValueError, match=message):
        read_arrays(of_members(members), 1)


def test_a_compressed_member_is_refused_before_it_is_unpacked():
    bomb = of_members([("array_0.npy", npy(np.zeros(7_000)))], zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="its members are longer than the file"):
        read_arrays(bomb, 1)
    with zipfile.ZipFile(bomb, "a") as grown:
        grown.comment = bytes(60_000)
    with pytest.raises(ValueError, match=r"`array_0\.npy` is compressed"):
        read_arrays(bomb, 1)
