import datetime
import decimal

import numpy as np
import pandas
import pytest

from kerasrecipes.data import DataError, memory
from kerasrecipes.data.tables import read_table


def csv(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    return path


def parquet(tmp_path, frame, **options):
    path = tmp_path / "a.parquet"
    frame.to_parquet(path, **options)
    return path


def test_values_and_names_of_a_csv_are_kept(tmp_path):
    frame, notes = read_table(csv(tmp_path, "n, t ,b\n1.5,x,True\n,?,False\n"))
    assert list(frame.columns) == ["n", "t", "b"]
    assert frame["n"].tolist()[0] == 1.5
    assert frame["n"].isna().tolist() == frame["t"].isna().tolist() == [False, True]
    assert frame["b"].tolist() == [True, False]
    assert notes == ()


def test_parquet_keeps_types_and_turns_decimals_into_floats(tmp_path):
    source = pandas.DataFrame(
        {
            "d": [decimal.Decimal("1.5"), None],
            "day": [datetime.date(2020, 1, 2)] * 2,
            "c": pandas.Categorical(["u", "v"]),
        }
    )
    frame, _ = read_table(parquet(tmp_path, source))
    assert frame["d"].dtype == "float64"
    assert frame["day"].iloc[0] == datetime.date(2020, 1, 2)
    assert frame["c"].dtype == "category"


def test_a_named_index_of_a_parquet_file_is_a_column(tmp_path):
    source = pandas.DataFrame({"a": [1, 2]}, index=pandas.Index(["u", "v"], name="key"))
    assert list(read_table(parquet(tmp_path, source))[0].columns) == ["key", "a"]


def test_a_nameless_column_that_counts_the_rows_is_left_out(tmp_path):
    frame, notes = read_table(csv(tmp_path, ",a\n0,5\n1,7\n2,5\n"))
    assert list(frame.columns) == ["a"]
    assert notes == ("The first column has no name and counts the rows: left out.",)


def test_another_nameless_column_stays_and_gets_a_name(tmp_path):
    frame, _ = read_table(csv(tmp_path, ",a\n4,5\n1,7\n"))
    assert list(frame.columns) == ["column 1", "a"]


def test_a_first_line_of_numbers_is_told(tmp_path):
    _, notes = read_table(csv(tmp_path, "5.1,3.5,setosa\n4.9,3.0,setosa\n"))
    assert "holds numbers (`5.1`" in notes[0]


def test_the_separator_is_told_if_it_is_no_comma(tmp_path):
    assert read_table(csv(tmp_path, "a;b\n1;2\n"))[1] == ("`a.csv` is separated by semicolons.",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", "`a.csv` has column names but no rows"),
        ("a,b,a\n1,2,3\n", "has 2 columns named `a`"),
        ("a,b, a\n1,2,3\n", "has 2 columns named `a`"),
        ("a,b\n1,\n2,\n", "column `b` of `a.csv` holds no value in any of 2 rows"),
        ("a,b\n1,2\n2,-inf\n", "column `b` of `a.csv` holds an infinite value in row 2"),
    ],
)
def test_an_unusable_csv_is_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_table(csv(tmp_path, text))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": []}, "no rows"),
        ({"a": [[1, 2], [3]]}, "column `a` of `a.parquet` holds lists or records"),
        ({"a": [1.0, np.inf]}, "column `a` of `a.parquet` holds an infinite value in row 2"),
        ({"a": [1, 2], " a": [1, 2]}, "has 2 columns named `a`"),
    ],
)
def test_an_unusable_parquet_file_is_refused(tmp_path, columns, message):
    with pytest.raises(DataError, match=message):
        read_table(parquet(tmp_path, pandas.DataFrame(columns)))


def test_a_parquet_file_of_junk_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"junk" * 100)
    with pytest.raises(DataError, match=r"`a.parquet` is not a Parquet table"):
        read_table(path)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_larger_than_the_memory_is_refused_before_it_is_read(monkeypatch, tmp_path, suffix):
    frame = pandas.DataFrame({"a": np.arange(1000.0)})
    path = parquet(tmp_path, frame) if suffix == "parquet" else csv(tmp_path, frame.to_csv())
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000)
    with pytest.raises(DataError, match=rf"`a.{suffix}` takes about .* 0.0 GB is free"):
        read_table(path)


def test_an_empty_column_may_stay_where_it_is_asked_for(tmp_path):
    frame, _ = read_table(csv(tmp_path, "a,b\n1,\n2,\n"), empty_columns=True)
    assert frame["b"].isna().all()
