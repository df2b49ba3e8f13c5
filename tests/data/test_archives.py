import io
import zipfile

import numpy as np
import pytest

from kerasrecipes.data import DataError, memory
from kerasrecipes.data.archives import read_archive


def saved(tmp_path, **arrays):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **arrays)
    return path


def test_x_and_y_are_read_in_either_case(tmp_path):
    arrays = read_archive(saved(tmp_path, X=np.eye(3), Y=np.arange(3), other=np.ones(2)))
    assert sorted(arrays) == ["x", "y"]
    np.testing.assert_array_equal(arrays["x"], np.eye(3))


def test_parts_are_joined_in_order_and_named(tmp_path):
    path = saved(
        tmp_path,
        x_test=np.full((1, 2), 3),
        y_test=np.array([3]),
        x_train=np.full((2, 2), 1),
        y_train=np.array([1, 1]),
        x_val=np.full((1, 2), 2),
        y_val=np.array([2]),
    )
    arrays = read_archive(path)
    assert arrays["y"].tolist() == arrays["x"][:, 0].tolist() == [1, 1, 2, 3]
    assert arrays["parts"].tolist() == ["x_train", "x_val", "x_test"]


def test_inputs_alone_are_enough(tmp_path):
    assert list(read_archive(saved(tmp_path, x=np.eye(2)))) == ["x"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": 1, "labels": 2}, r"holds the arrays images, labels: name the inputs `x`"),
        ({"x_train": 1, "y_train": 1, "x_test": 1}, "holds `x_test` without `y_test`"),
        ({"x_train": np.ones((2, 3)), "x_test": np.ones((2, 4))}, r"shapes \(3,\), \(4,\)"),
        ({"x": np.float32(1)}, "`x` of `a.npz` is a single value"),
    ],
)
def test_missing_or_odd_arrays_are_refused(tmp_path, arrays, message):
    with pytest.raises(DataError, match=message):
        read_archive(saved(tmp_path, **arrays))


def test_objects_are_refused_without_being_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("it was run",))

    path = saved(tmp_path, x=np.eye(2), y=np.array([Bomb(), 1], dtype=object))
    with pytest.raises(DataError, match=r"`y` of `a.npz` holds Python objects"):
        read_archive(path)


def test_a_small_file_that_unpacks_beyond_the_memory_is_refused_before(monkeypatch, tmp_path):
    path = saved(tmp_path, x=np.zeros((1000, 1000)), y=np.zeros(1000))
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000_000)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(DataError, match=r"`a.npz` takes about 0\.0 GB"):
        read_archive(path)


def test_a_shape_that_claims_more_than_is_there_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)}
    )
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", header.getvalue() + b"\0" * 8)
    with pytest.raises(DataError, match=r"claims shape \(10000000000000,\).* but 8 are there"):
        read_archive(path)


def test_a_damaged_file_is_refused(tmp_path):
    path = saved(tmp_path, x=np.random.default_rng(0).random((100, 10)))
    content = bytearray(path.read_bytes())
    content[3000:3010] = bytes(10)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"`a.npz` is not a sound .npz file"):
        read_archive(path)


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04junk" * 10])
def test_junk_is_refused(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"`a.npz` is not a sound .npz file"):
        read_archive(path)
