import numpy as np
import pytest
from matplotlib.figure import Figure as Sheet

from kerasrecipes.report.figures import canvas, from_matplotlib
from tests.report.drawn import shapes, words_of


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.001, "0.001"), (0.0009, "9×10⁻⁴"), (1e-5, "10⁻⁵"), (-1e-5, "−10⁻⁵"),
     (-2.5, "−2.5"), (1234.4, "1,234"), (99999, "99,999"), (2.5e7, "2.5×10⁷"), (1e300, "10³⁰⁰")],
)  # fmt: skip
def test_short_writes_a_number_with_few_signs(value, text):
    assert canvas.short(value) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0139, "1.4 %"), (0.0999, "10 %"), (0.1234, "12 %"), (1, "100 %"), (-0.031, "−3.1 %"),
     (0, "0 %"), (0.0001, "0 %")],
)  # fmt: skip
def test_percent_gives_small_shares_one_digit(fraction, text):
    assert canvas.percent(fraction) == text


@pytest.mark.parametrize(
    ("text", "lines"),
    [("short", "short"), ("two words here", "two words\nhere"), ("", ""),
     ("one two three four five six", "one two\nthree four…"),
     ("unbreakableword", "unbreakabl\neword")],
)  # fmt: skip
def test_two_lines_break_and_cut_a_name(text, lines):
    assert canvas.two_lines(text, 11 if "three" in text else 10) == lines


def test_series_makes_a_gap_of_what_is_not_finite_and_leaves_its_argument():
    values = np.array([[1.0, np.inf], [-1e101, np.nan]])
    assert np.array_equal(canvas.series(values), [1, np.nan, np.nan, np.nan], equal_nan=True)
    assert np.isinf(values[0, 1])


def test_series_of_nothing_is_empty():
    assert canvas.series(None).shape == (0,)


def draw_line(y, **options):
    y = np.asarray(y, dtype=float)
    with canvas.drawing() as sheet:
        axes = sheet.add_subplot()
        canvas.line(axes, np.arange(len(y)), y, "#ff0000", **options)
        return axes.lines[0]


def test_line_keeps_ends_and_spikes_of_a_long_series():
    y = np.sin(np.arange(5000) / 500)
    y[1234], y[3210] = 7, -7
    drawn = draw_line(y, most=100)
    assert len(drawn.get_xdata()) <= 102
    assert drawn.get_ydata().max() == 7
    assert drawn.get_ydata().min() == -7
    assert list(drawn.get_xdata()[[0, -1]]) == [0, 4999]
    assert (np.diff(drawn.get_xdata()) > 0).all()


def test_line_draws_a_short_series_whole():
    assert list(draw_line([3, 1, 2]).get_ydata()) == [3, 1, 2]


@pytest.mark.parametrize(
    ("y", "marker"),
    [
        ([1], "o"),
        ([1, np.nan, 2, 3], "o"),
        ([1, 2, np.nan, 3], "o"),
        ([1, 2, np.nan, 3, 4], "None"),
    ],
)
def test_line_shows_a_point_without_neighbours(y, marker):
    assert draw_line(y).get_marker() == marker


@pytest.mark.parametrize(
    ("values", "log"),
    [([1, 31], True), ([1, 30], False), ([0, 100], False), ([-1, 100], False), ([np.nan], False)],
)
def test_an_axis_is_logarithmic_above_a_factor_of_thirty(values, log):
    with canvas.drawing() as sheet:
        axis = sheet.add_subplot().yaxis
        assert canvas.log_where_wide(axis, np.array(values, dtype=float)) is log
        assert axis.get_scale() == ("log" if log else "linear")


def test_a_logarithmic_axis_is_labelled_in_powers_where_numbers_are_long():
    def labels(low, high):
        with canvas.drawing() as sheet:
            axes = sheet.add_subplot(ylim=(low, high))
            canvas.make_log(axes.yaxis)
            return [label.get_text() for label in axes.get_yticklabels()]

    assert {"0.01", "0.1", "1"} <= set(labels(0.01, 1))
    assert {"10⁻⁴", "10⁻²", "1"} <= set(labels(1e-4, 1))


def test_a_logarithmic_axis_of_matplotlibs_own_is_labelled_by_numbers():
    with canvas.drawing() as sheet:
        sheet.add_subplot(xscale="log").plot([1, 10_000], [1, 2])
        canvas.label_logs(sheet)
        words = words_of(from_matplotlib(sheet, name="mine", caption="c", alt="alt"))
    assert {"1", "100", "10,000"} <= set(words)
    assert not any("$" in word for word in words)


def test_a_users_own_figure_keeps_its_look_and_becomes_text():
    sheet = Sheet()
    sheet.add_subplot(title="mine", xlabel="$x^2$").plot([1, 2], color="#123456")
    figure = from_matplotlib(sheet, name="mine", caption="c", alt="alt", wide=True)
    assert "mine" in words_of(figure)
    assert len(shapes(figure, "#123456")) == 1
    assert figure.wide
