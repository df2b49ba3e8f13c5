import pytest

from kerasrecipes.data import DataError
from kerasrecipes.data.csv_text import check_csv


def written(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("text", "separator", "names"),
    [
        ("a,b\n1,2\n", ",", ["a", "b"]),
        ("a;b\n1,5;2,5\n", ";", ["a", "b"]),
        ("a\tb\n1\t2\n", "\t", ["a", "b"]),
        ("\ufeffa,b\r\n1,2\r\n", ",", ["a", "b"]),
        ('"a, long",b\n"1,2",3\n', ",", ["a, long", "b"]),
        ("a\n1\n2\n", ",", ["a"]),
        (" a , b\n1,2\n", ",", ["a", "b"]),
        ("a;b\nx, y;z\nx;z\n", ";", ["a", "b"]),
        ('a,b\n"two\nlines",1\n3,4\n', ",", ["a", "b"]),
        ("a,b\n\n1,2\n\n", ",", ["a", "b"]),
    ],
)
def test_separator_and_names_are_found(tmp_path, text, separator, names):
    assert check_csv(written(tmp_path, text))[:2] == (separator, names)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "`a.csv` is empty"),
        (b"\xef\xbb\xbf \n\n", "`a.csv` is empty"),
        (b"a,b\n1,2\n1,2,3\n4,5\n", "3 fields in line 3 and 2 in its header"),
        (b"a,b\n1,2\n\n1\n", "1 field in line 4 and 2 in its header"),
        (b'a,b\n"1\n1",2\n"3\n3"\n', "1 field in line 4 and 2 in its header"),
        ("a,b\nä,2\n".encode("utf-16"), "is text in UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "is text in UTF-16"),
        (
            "a,b\n1,2\ncafé,2\n".encode("latin-1"),
            "UTF-8: line 3 holds the byte 0xe9.*Latin-1",
        ),
        (bytes(range(256)) * 20, "not a table: it holds binary data"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 20, "not a table|UTF-16"),
        (b'a,b\n1,"' + b"x" * 200_000, "cannot be read at line 2 .*quotation mark"),
    ],
)
def test_what_is_no_table_is_refused_with_the_place(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        check_csv(written(tmp_path, content))
