import json

import numpy as np
import pandas
import pytest

from kerasrecipes.data import DataError, Encoding


def frame(**columns):
    return pandas.DataFrame(columns)


MIXED = frame(
    n=[1.0, None, 3.0, 8.0],
    t=["u", "v", None, "u"],
    b=[True, False, True, True],
    d=pandas.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]),
    s=["1,234", "5", "6", "7"],
)


def test_features_lie_side_by_side_in_the_order_of_the_columns():
    encoding = Encoding.fit(MIXED)
    assert encoding.feature_names == (
        *("n", "n=(missing)", "t=u", "t=v", "t=(missing)", "b=False", "b=True", "d", "s"),
    )
    x = encoding.transform(MIXED)
    assert (x.dtype, x.shape) == ("float32", (4, 9))
    assert x[1].tolist() == [3, 1, 0, 1, 0, 1, 0, np.float32(1577923200), 5]
    assert x[2].tolist() == [3, 0, 0, 0, 1, 0, 1, np.float32(1578009600), 6]


def test_notes_tell_what_was_filled_and_read():
    assert Encoding.fit(MIXED).notes == (
        "column `n`: 25% missing, filled with the median 3.",
        "column `t`: 25% missing, a category of its own.",
        "column `s`: text, read as numbers (thousands separators).",
    )


def test_the_encoding_survives_json_and_gives_the_same_numbers():
    encoding = Encoding.fit(MIXED)
    again = Encoding.from_dict(json.loads(json.dumps(encoding.to_dict())))
    assert again == encoding
    np.testing.assert_array_equal(again.transform(MIXED), encoding.transform(MIXED))


def test_only_the_training_rows_teach():
    encoding = Encoding.fit(frame(n=[1.0, 2.0, 9.0], t=["u", "v", "u"]))
    x = encoding.transform(frame(n=[None, 100.0], t=["w", None]))
    assert x.tolist() == [[2, 0, 0], [100, 0, 0]]


def test_order_and_number_of_columns_do_not_matter():
    encoding = Encoding.fit(MIXED)
    other = MIXED[["s", "d", "b", "t", "n"]].assign(extra=1)
    np.testing.assert_array_equal(encoding.transform(other), encoding.transform(MIXED))


def test_missing_columns_are_named():
    with pytest.raises(DataError, match=r"lacks 2 of the 5 columns used in training \(t, d\)"):
        Encoding.fit(MIXED).transform(MIXED.drop(columns=["t", "d"]))


def test_no_rows_give_no_rows():
    assert Encoding.fit(MIXED).transform(MIXED[:0]).shape == (0, 9)


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"c": [5, 5, 5]}, "column `c` is the same in every training row: left out."),
        ({"c": ["u", "u", "u"]}, "column `c` is the same in every training row: left out."),
        ({"c": [None, None, None]}, "column `c` has no value in the training rows: left out."),
    ],
)
def test_columns_without_use_are_left_out_with_a_note(columns, note):
    encoding = Encoding.fit(frame(n=[1, 2, 3], **columns))
    assert encoding.feature_names == ("n",)
    assert encoding.notes == (note,)


@pytest.mark.parametrize(("rows", "kept"), [(30, True), (31, False)])
def test_a_different_text_in_every_row_is_left_out_beyond_30(rows, kept):
    names = [f"name {i}" for i in range(rows)]
    encoding = Encoding.fit(frame(n=range(rows), t=names))
    assert (len(encoding.feature_names) == 1 + rows) == kept
    assert any("different text in every row" in note for note in encoding.notes) != kept


def test_rare_categories_beyond_30_are_pooled():
    values = [f"c{i:02d}" for i in range(40) for _ in range(2 if i < 5 else 3)]
    encoding = Encoding.fit(frame(t=values))
    assert len(encoding.feature_names) == 31
    assert encoding.feature_names[-1] == "t=(other)"
    x = encoding.transform(frame(t=["c00", "c39", "c05", "unseen"]))
    assert x.sum(axis=1).tolist() == [1, 1, 1, 1]
    assert x[:, -1].tolist() == [1, 1, 0, 1]
    assert "40 categories, the 30 most frequent kept and the others (22% of" in encoding.notes[0]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["2020-01-01", "2020-02-01 10:00"], ("a",)),
        (["2020-01-01", "soon"], ("a=2020-01-01", "a=soon")),
        (["1", "2.5"], ("a",)),
        (["1", "2b"], ("a=1", "a=2b")),
        (pandas.Categorical([1, 2]), ("a=1", "a=2")),
        (pandas.array([True, None], dtype="boolean"), ("a=True", "a=(missing)")),
        (pandas.array(["u", "v"], dtype="string"), ("a=u", "a=v")),
        (pandas.array([1, 2], dtype="Int64"), ("a",)),
        (pandas.to_timedelta(["1s", "2s"]), ("a",)),
    ],
)
def test_the_kind_of_a_column_follows_from_all_its_values(values, names):
    assert Encoding.fit(frame(a=values)).feature_names == names


def test_missing_dates_are_filled_with_a_date_that_a_person_can_read():
    encoding = Encoding.fit(frame(a=["2020-01-01", None, "2020-01-03"]))
    assert encoding.notes == (
        "column `a`: text, read as dates (ISO 8601); 33% missing, filled with the median "
        "2020-01-02 00:00:00.",
    )


def test_names_that_are_numbers_become_text():
    assert Encoding.fit(pandas.DataFrame(np.eye(2))).feature_names == ("0", "1")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (frame(a=[]), "has no rows"),
        (frame(a=[1, 1]), "none of the 1 columns is of use"),
        (frame(a=[1.0, np.inf]), "column `a` holds an infinite value in row 2"),
        (pandas.DataFrame([[1, 2]], columns=["a", "a"]), "two columns named `a`"),
    ],
)
def test_unusable_tables_are_refused(table, message):
    with pytest.raises(DataError, match=message):
        Encoding.fit(table)


def test_arrays_are_refused():
    with pytest.raises(ValueError, match=r"`frame` must be a pandas DataFrame.*Received: ndarray"):
        Encoding.fit(np.eye(2))


@pytest.mark.parametrize("saved", [{}, {"version": 2, "columns": [], "notes": []}, {"version": 1}])
def test_another_version_is_refused(saved):
    with pytest.raises(DataError, match=rf"version {saved.get('version')} .*; version 1 is read"):
        Encoding.from_dict(saved)
