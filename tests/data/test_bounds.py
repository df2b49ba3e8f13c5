"""Files that would fill the memory, or never end, are refused before they are read."""

import io
import os
import time
import zipfile

import numpy as np
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from kerasrecipes.data import DataError, csv_text, memory, read
from kerasrecipes.data.read import read_inputs

FREE = 4_000_000


@pytest.fixture
def small_machine(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: FREE)


def refused(path, match):
    began = time.monotonic()
    for reading in (read, read_inputs):
        with pytest.raises(DataError, match=match) as error:
            reading(path)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 600
    assert time.monotonic() - began < 60  # a pipe would be waited for without end


@pytest.mark.parametrize("ending", ["csv", "npz", "parquet"])
def test_pipes_and_devices_are_refused_without_waiting(tmp_path, ending):
    os.mkfifo(tmp_path / f"pipe.{ending}")
    (tmp_path / f"zero.{ending}").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        refused(tmp_path / f"{name}.{ending}", "is no file but a pipe or a device: save the data")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1000,
        "a,b\n" + "," * 1000,
        'a,b\n"' + "x" * 1000,
        'a,b\n"' + 'x\n","' * 200,
        ",".join(f"c{i}" for i in range(400)),
    ],
)
def test_a_row_that_does_not_end_is_not_collected(tmp_path, monkeypatch, text):
    monkeypatch.setattr(csv_text, "MOST_ROW_LETTERS", 500)
    (tmp_path / "a.csv").write_text(text)
    refused(tmp_path / "a.csv", "`a.csv` has a row of more than 500 letters")


def test_rows_together_may_be_longer_than_one_may_be(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_text, "MOST_ROW_LETTERS", 500)
    (tmp_path / "a.csv").write_text("a,b\n" + '1,"x\ny"\n2,z\n' * 500)
    assert len(read(tmp_path / "a.csv")) == 1000


def test_a_csv_of_many_short_fields_counts_their_columns(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n" * 100_000)
    monkeypatch.setattr(memory, "available_memory", lambda: 4 * 400_000)
    refused(tmp_path / "a.csv", "`a.csv` takes about")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_of_very_many_columns_is_refused(tmp_path, ending, monkeypatch):
    monkeypatch.setattr("kerasrecipes.data.tables.MOST_COLUMNS", 50)
    frame = pandas.DataFrame({f"c{i}": [i] for i in range(51)})
    path = tmp_path / f"a.{ending}"
    frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
    refused(path, "has 51 columns, and at most 50 are read")


@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        (b"a,b\n" + b"1,2\n" * 400_000 + b"\xe9,2\n", 400_002, "0xe9"),
        (b"a,b\n" + b"x" * ((1 << 20) - 5) + b"\xc3\x28,1\n", 2, "0xc3"),
        (b"caf\xe9,b\n1,2\n", 1, "0xe9"),
    ],
)
def test_the_first_byte_that_is_no_utf8_is_found_by_its_line(tmp_path, content, line, byte):
    (tmp_path / "a.csv").write_bytes(content)
    refused(tmp_path / "a.csv", f"line {line} holds the byte {byte}")


def test_a_letter_over_the_end_of_a_block_is_read(tmp_path):
    text = "a,b\n" + "é" * 700_000
    (tmp_path / "a.csv").write_text(text[:100_000] + ",u\n2,v\n", encoding="utf-8")
    assert len(read(tmp_path / "a.csv")) == 2
    (tmp_path / "a.csv").write_bytes("a,b\n1,é".encode()[:-1])
    refused(tmp_path / "a.csv", "ends inside a letter")


def test_repeated_text_of_a_parquet_file_is_weighed_as_often_as_it_is_there(
    tmp_path, small_machine
):
    table = pyarrow.table({"a": ["x" * 1000] * 5000, "b": list(range(5000))})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 100_000
    refused(tmp_path / "a.parquet", "`a.parquet` takes about")


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"])
def test_text_that_shares_its_beginnings_is_weighed_and_read(tmp_path, encoding, small_machine):
    def write(length):
        table = pyarrow.table({"a": ["x" * length + "u", "v"] * 2500, "b": list(range(5000))})
        encodings = {"a": encoding, "b": "PLAIN"}
        path = tmp_path / f"{length}.parquet"
        parquet.write_table(table, path, use_dictionary=False, column_encoding=encodings)
        return path

    assert read_inputs(write(1))["a"].tolist()[:2] == ["xu", "v"]
    refused(write(2000), "`2000.parquet` takes about")


def test_repeated_numbers_of_a_parquet_file_are_counted_by_rows(tmp_path, small_machine):
    parquet.write_table(pyarrow.table({"a": np.zeros(500_000)}), tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 10_000
    refused(tmp_path / "a.parquet", "`a.parquet` takes about")


def test_a_parquet_file_that_fits_is_read_as_before(tmp_path, small_machine):
    frame = pandas.DataFrame({"a": ["u", None, "v"] * 50, "b": np.arange(150.0)})
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=40)
    pandas.testing.assert_frame_equal(read_inputs(tmp_path / "a.parquet"), frame)


def test_nested_and_empty_columns_are_refused_by_the_metadata(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet.ParquetFile, "read", lambda *_: pytest.fail("it was read"))
    parquet.write_table(pyarrow.table({"a": [[1], [2]]}), tmp_path / "nested.parquet")
    refused(tmp_path / "nested.parquet", r"column `a` of `nested.parquet` holds lists or records")
    parquet.write_table(pyarrow.table({"a": pyarrow.nulls(9, "int32")}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"column `a` of `b.parquet` holds no value in any of 9"):
        read(tmp_path / "b.parquet")


@pytest.mark.parametrize("cut", [1, 20, 200])
@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_a_truncated_file_is_refused(tmp_path, ending, cut):
    path = tmp_path / f"a.{ending}"
    if ending == "npz":
        np.savez(path, x=np.eye(20), y=np.arange(20) % 2)
    else:
        pandas.DataFrame({"a": np.arange(20.0), "b": range(20)}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-cut])
    refused(path, "is not a")


def test_a_zip_bomb_is_refused_unread_and_its_other_members_stay_inside(tmp_path, small_machine):
    path = tmp_path / "a.npz"
    header = io.BytesIO()
    entries = {"descr": "<f8", "fortran_order": False, "shape": (10**6,)}
    np.lib.format.write_array_header_1_0(header, entries)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../outside.npy", b"text")
        archive.writestr("x.npy", header.getvalue() + bytes(8 * 10**6))
    assert path.stat().st_size < 20_000
    refused(path, "`a.npz` takes about")
    assert os.listdir(tmp_path) == ["a.npz"]
    assert not (tmp_path.parent / "outside.npy").exists()


def test_an_archive_of_very_many_arrays_is_told_in_a_line(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for number in range(2000):
            archive.writestr(f"array_{number}.npy", b"")
    refused(tmp_path / "a.npz", r"and 1,980 more: name the inputs `x`")
