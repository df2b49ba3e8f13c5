"""The page's arithmetic against Python's: averages, scales of sliders, marks of axes, text."""

import itertools
import math

import pytest

from kerasrecipes.averages import exponentially_weighted_average
from kerasrecipes.data.visible import visible
from tests.live.page.canned_state import HOSTILE
from tests.report.hostile import HOSTILE as HOSTILE_TEXTS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def call(chromium, fit_server):
    """Calls a function of one of the page's modules."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{fit_server.address}/static/page.css")

    def called(module, function, *arguments):
        script = """async ([module, name, given]) =>
          (await import(`/static/${module}.js`))[name](...given)"""
        return page.evaluate(script, [module, function, list(arguments)])

    called.page = page
    yield called
    context.close()


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.98])
def test_the_average_of_points_one_step_apart_is_the_library_s(call, beta):
    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]
    found = call("average", "weightedAverage", list(range(6)), values, beta)
    assert found == pytest.approx(list(exponentially_weighted_average(values, beta)), rel=1e-12)


def test_the_average_leaves_out_gaps_and_forgets_by_steps(call):
    found = call("average", "weightedAverage", [0, 10, 20, 1000], [1.0, None, 2.0, 7.0], 0.5, 10)
    assert math.isnan(found[1])
    # 1 is two units old when 2 comes: weights 0.25 * 0.5 and 0.75.
    assert found[2] == pytest.approx((0.125 * 1 + 0.75 * 2) / 0.875)
    assert found[3] == pytest.approx(7.0)


def test_a_line_whose_steps_begin_anew_is_not_drawn_back(call):
    found = call("reading", "unjoined", [0, 1, 2, 1, 2], [5.0, 4.0, 3.0, 4.5, 3.5])
    assert found["x"] == [0, 1, 2, 1, 1, 2]
    assert found["y"] == pytest.approx([5.0, 4.0, 3.0, math.nan, 4.5, 3.5], nan_ok=True)


SCALES = [
    ({"scale": "linear", "low": 0.05, "high": 1.0}, [0.05, 0.5, 1.0]),
    ({"scale": "log", "low": 1e-8, "high": 10.0}, [1e-8, 1e-4, 0.01, 10.0]),
    ({"scale": "log", "low": 0.0, "high": 1.0}, [0.0, 1e-4, 1.0]),
    ({"scale": "one_minus_log", "low": 0.0, "high": 0.9999}, [0.0, 0.9, 0.99, 0.9999]),
]


@pytest.mark.parametrize(("setting", "values"), SCALES)
def test_a_slider_s_place_gives_its_value_back(call, setting, values):
    script = """async ([setting, values]) => {
      const scale = (await import("/static/slider_scale.js")).sliderScale(setting);
      return values.map(value => [scale.place(value), scale.value(Math.round(scale.place(value)))]);
    }"""
    places = call.page.evaluate(script, [setting, values])
    assert [place for place, _ in places] == sorted(place for place, _ in places)
    assert places[-1][0] == pytest.approx(1000)
    for value, (_, back) in zip(values, places, strict=True):
        assert back == pytest.approx(value, rel=0.02)
        assert setting["low"] <= back <= setting["high"]


def test_equal_ways_on_a_log_slider_are_equal_factors(call):
    script = """async () => {
      const { sliderScale } = await import("/static/slider_scale.js");
      const scale = sliderScale({ scale: "log", low: 1e-4, high: 1 });
      return [0, 250, 500, 750, 1000].map(scale.value);
    }"""
    assert call.page.evaluate(script) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1])


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 7), (0, 1e-7), (0.1, 0.10001), (0, 123456)])
def test_an_axis_has_a_few_marks_inside_its_ends(call, low, high):
    marks = call("ticks", "ticks", low, high, 6)
    assert 2 <= len(marks) <= 9
    assert all(low - 1e-9 <= place <= high + 1e-9 for place, _ in marks)
    gaps = {round((b[0] - a[0]) / (high - low), 6) for a, b in itertools.pairwise(marks)}
    assert len(gaps) == 1


@pytest.mark.parametrize(("low", "high"), [(-8, 2), (-1, 0), (-0.3, 0.1), (2.1, 2.15)])
def test_a_log_axis_has_a_few_marks_with_the_values_they_stand_for(call, low, high):
    marks = call("ticks", "logTicks", low, high, 6)
    assert 2 <= len(marks) <= 10
    for place, label in marks:
        value = float(label.replace("−", "-").replace(",", ""))
        assert math.log10(value) == pytest.approx(place, abs=0.01)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.31234, "0.3123"),
        (1e-5, "1e−5"),
        (1.23456e-7, "1.235e−7"),
        (12345, "12,345"),
        (-0.5, "−0.5"),
        (0, "0"),
        (True, "on"),
        (None, "–"),
        (math.nan, "NaN"),
        (1e9, "1e9"),
    ],
)
def test_numbers_are_short(call, value, text):
    assert call("format", "number", value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0051, "5.1 ms"),
        (0.998, "1000 ms"),
        (41.2, "41 s"),
        (160, "2 min 40 s"),
        (59.9 * 60, "59 min 54 s"),
        (7300, "2 h 2 min"),
        (200000, "2 d 8 h"),
        (None, "–"),
    ],
)
def test_durations_have_two_units_at_most(call, seconds, text):
    assert call("format", "duration", seconds) == text


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS[:-2], HOSTILE, "a\x00b", "ok \u200d soft\u00ad"])
def test_hidden_signs_are_written_as_python_writes_them(call, text):
    assert call("visible", "visible", text) == visible(text)


def test_events_are_read_from_any_pieces(call):
    script = """async text => {
      const { readEvents } = await import("/static/event_reader.js");
      const seen = [];
      for (const size of [1, 3, 7, 1000]) {
        const bytes = new TextEncoder().encode(text);
        const body = new ReadableStream({ start(to) {
          for (let at = 0; at < bytes.length; at += size) to.enqueue(bytes.slice(at, at + size));
          to.close();
        } });
        const events = [];
        await readEvents(body, (event, data) => events.push([event, data]), () => {});
        seen.push(events);
      }
      return seen;
    }"""
    text = ': ping\n\nevent: change\ndata: {"a":\ndata: "é"}\n\ndata: 1\r\n\r\nevent: torn\ndata: 2'
    assert call.page.evaluate(script, text) == [[["change", {"a": "é"}], ["message", 1]]] * 4
