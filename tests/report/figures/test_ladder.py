import pytest

from kerasrecipes.report import figures
from tests.report.drawn import bars, shapes, words_of

BIAS, VARIANCE, PALE, INK = "#2457b8", "#b54a04", "#e9ecf1", "#1b2330"


@pytest.mark.parametrize(("human", "train", "dev"), [(0.01, 0.03, 0.08), (0.0, 0.2, 0.25)])
def test_the_gaps_are_as_wide_as_bias_and_variance(human, train, dev):
    figure = figures.bias_variance_bars(human, train, dev)
    (bias,), (variance,) = bars(figure, BIAS), bars(figure, VARIANCE)
    whole = max(bars(figure, PALE))
    assert bias / whole == pytest.approx((train - human) / dev, abs=0.002)
    assert variance / whole == pytest.approx((dev - train) / dev, abs=0.002)


def test_gaps_and_errors_are_written():
    texts = words_of(figures.bias_variance_bars(0.01, 0.03, 0.155))
    assert {"bias 2.0 %", "variance 12 %", "1.0 %", "3.0 %", "16 %"} <= set(texts)


def test_a_gap_below_zero_is_hollow():
    figure = figures.bias_variance_bars(0.05, 0.03, 0.01)
    assert bars(figure, BIAS) == bars(figure, VARIANCE) == []
    assert len(shapes(figure, BIAS)) == 1
    assert "bias −2.0 %" in words_of(figure)


def test_an_interval_is_as_wide_as_it_says():
    figure = figures.bias_variance_bars(0.0, 0.02, 0.10, {"dev": (0.05, 0.15)})
    lines = [points for points in shapes(figure, INK) if points[0, 1] == points[-1, 1]]
    widths = [abs(points[-1, 0] - points[0, 0]) for points in lines]
    assert max(widths) == pytest.approx(max(bars(figure, PALE)), rel=0.002)
    assert "dev 10 % (interval 5.0 to 15 %)" in figure.alt
    assert "95 % intervals" in figure.caption


def test_what_was_not_measured_has_no_gap():
    figure = figures.bias_variance_bars(0.0, 0.02, float("nan"))
    assert figure.alt == "Error: human 0 %, train 2.0 %, dev not measured; bias 2.0 %."
    assert bars(figure, VARIANCE) == []


@pytest.mark.parametrize(
    ("intervals", "message"),
    [
        ({"test": (0, 1)}, r"'human', 'train' or 'dev'. Received: intervals\['test'\]"),
        ({"dev": (0.4, 0.2)}, r"low <= high. Received: intervals\['dev'\]=\(0.4, 0.2\)"),
    ],
)
def test_a_wrong_interval_is_refused(intervals, message):
    with pytest.raises(ValueError, match=message):
        figures.bias_variance_bars(0, 0.1, 0.2, intervals)
