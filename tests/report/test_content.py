import numpy as np
import pytest

from kerasrecipes.report import Fact, Figure, Findings, Page, Section, Table, figures
from tests.report.sample_page import Remark

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0"/></svg>'


def test_fact_refuses_an_unknown_tone():
    with pytest.raises(ValueError, match=r"`tone` must be one of 'neutral'.*tone='red'"):
        Fact("Bias", "1 %", tone="red")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("high bias", "high bias"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "∞"),
        (-np.inf, "−∞"),
        (0.0, "0"),
        (0.012345678, "0.01235"),
        (-2.5, "−2.5"),
        (98765.4, "98765"),
        (3e-7, "3e−07"),
        (1797, "1797"),
        (np.int64(-7), "−7"),
        (np.float32(0.5), "0.5"),
        (True, "yes"),
        (np.bool_(False), "no"),
    ],
)
def test_table_shows_a_cell(cell, text):
    assert Table(("value",), [(cell,)]).text == ((text,),)


def test_table_refuses_a_cell_that_is_neither_text_nor_number():
    with pytest.raises(TypeError, match=r"string, a number or None. Received: list"):
        Table(("value",), [([1, 2],)])


def test_table_refuses_a_row_of_another_length():
    with pytest.raises(ValueError, match=r"Received: 1 cells in row 1, 2 columns"):
        Table(("a", "b"), [(1, 2), (3,)])


@pytest.mark.parametrize(
    ('column', 'alignment'),
    [([1, 2.5], "right"), ([1, None], "right"), ([1, "x"], "left"), ([None], "left"),
     ([True, False], "left"), ([], "left")],
)  # fmt: skip
def test_table_puts_numbers_right_and_text_left(column, alignment):
    assert Table(("value",), [(cell,) for cell in column]).alignments == (alignment,)


def test_table_keeps_a_given_alignment():
    assert Table(("a", "b"), [(1, 2)], align=("center", "left")).alignments == ("center", "left")


@pytest.mark.parametrize(
    ("align", "message"),
    [
        (("left",), r"each of the 2 columns. Received: align=\('left',\)"),
        ("lr", "Received: align='lr'"),
        (("left", "middle"), "one of 'left', 'right', 'center'. Received: align='middle'"),
    ],
)
def test_table_refuses_a_wrong_alignment(align, message):
    with pytest.raises(ValueError, match=message):
        Table(("a", "b"), [(1, 2)], align=align)


@pytest.mark.parametrize("row", [-1, 2])
def test_table_refuses_to_highlight_a_row_it_does_not_have(row):
    with pytest.raises(ValueError, match=rf"0 to 1. Received: highlight=\({row},\)"):
        Table(("a",), [(1,), (2,)], highlight=(row,))


@pytest.mark.parametrize("name", ["", "Costs", "a b", "a--b", "-a", "a-", "1a", 'a"b', "a\n"])
def test_figure_refuses_a_name_that_is_no_safe_id(name):
    with pytest.raises(ValueError, match=r"lower-case words joined by single hyphens"):
        Figure(name, SVG, "caption", "alt")


def test_figure_refuses_to_say_nothing_to_a_screen_reader():
    with pytest.raises(ValueError, match=r"Received: alt=' ' for the figure 'costs'"):
        Figure("costs", SVG, "caption", " ")


def test_figure_refuses_bytes_that_are_no_png():
    with pytest.raises(ValueError, match=r"PNG file. Received: bytes that begin with b'GIF89a'"):
        Figure("costs", b"GIF89a", "caption", "alt")


def test_figure_refuses_other_images():
    with pytest.raises(TypeError, match=r"Received: ndarray for the figure 'costs'"):
        Figure("costs", np.zeros(3), "caption", "alt")


def test_figure_refuses_a_script_at_once():
    with pytest.raises(ValueError, match=r"Received: <script> in the figure 'costs'"):
        Figure("costs", SVG.replace("<path", "<script/><path"), "caption", "alt")


def test_findings_refuse_an_unknown_severity():
    with pytest.raises(ValueError, match=r"'error', 'warning', 'note'. Received: severity='bad'"):
        Findings((Remark("code", "bad", None, {}, "advice"),))


def test_section_parts_its_text_at_blank_lines():
    assert Section("s", "one\nline\n\n \n two \n\n").paragraphs == ("one\nline", "two")


def test_section_refuses_text_in_its_body():
    with pytest.raises(TypeError, match=r"Received: str at index 1 of the section 'Data'"):
        Section("Data", body=(Table((), ()), "text"))


def test_page_refuses_two_figures_of_one_name():
    figure = figures.split_sizes(6, 2, 2)
    with pytest.raises(ValueError, match=r"Received: name='split-sizes' twice"):
        Page("title", sections=(Section("a", body=(figure,)), Section("b", body=(figure,))))
