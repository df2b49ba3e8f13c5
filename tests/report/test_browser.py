"""The rendered sample in a real browser: what it loads, says, shows, and how wide it is."""

import struct

import pytest

from kerasrecipes.report import Figure, Page, Section, Table, render, write
from tests.report.chromium import find_chromium, open_page
from tests.report.sample_page import sample_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed"),
]

# The size of each picture, the number of its shapes, and the smallest letters, in CSS pixels.
FIGURES = """
Object.fromEntries([...document.querySelectorAll("figure")].map(figure => {
  const box = figure.querySelector("svg, img").getBoundingClientRect();
  const letters = [...figure.querySelectorAll("text")].map(t => t.getBoundingClientRect().height);
  const shapes = figure.querySelectorAll("path, use, image, rect").length;
  return [figure.id, [box.width, box.height, shapes, Math.min(...letters)]];
}))
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(sample_page(), tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture(scope="module", params=[(1200, False), (360, True)], ids=["desktop", "dark-phone"])
def load(request, path):
    width, dark = request.param
    return width, open_page(path, width=width, dark=dark, expression=FIGURES)


def test_the_page_loads_without_errors_and_without_the_network(load):
    _, seen = load
    assert seen.console_errors == []
    assert seen.requests == []


def test_the_page_never_scrolls_sideways(load):
    width, seen = load
    assert seen.scroll_width <= width


def test_every_figure_is_there_and_has_something_in_it(load):
    width, seen = load
    expected = {f"figure-{block.name}" for section in sample_page().sections
                for block in section.body if isinstance(block, Figure)}  # fmt: skip
    assert set(seen.value) == expected
    assert len(expected) == 8
    for name, (wide, high, shapes, _) in seen.value.items():
        assert min(300, 0.85 * width) <= wide <= width, name
        assert high >= 90, name
        assert shapes >= 3, name


def test_letters_in_figures_can_be_read(load):
    _, seen = load
    assert min(smallest for *_, smallest in seen.value.values()) >= 8.0


def test_the_screenshot_shows_the_whole_page(load):
    width, seen = load
    wide, high = struct.unpack(">II", seen.screenshot[16:24])
    assert wide == width
    assert high > 3000


def test_the_page_prints(load):
    _, seen = load
    assert seen.pdf.startswith(b"%PDF-")


def test_print_colours_are_light_also_where_the_reader_prefers_dark(path):
    colours = "[document.body, document.querySelector('.fact')].map(e => getComputedStyle(e))" \
        ".map(s => [s.color, s.backgroundColor])"  # fmt: skip
    seen = open_page(path, dark=True, media="print", expression=colours)
    assert seen.value[0] == ["rgb(27, 35, 48)", "rgb(255, 255, 255)"]
    assert seen.value[1][1] == "rgb(255, 255, 255)"


def test_long_words_and_wide_tables_stay_in_their_boxes(tmp_path):
    word = "Antidisestablishmentarianism" * 6
    table = Table(tuple(f"column {n}" for n in range(30)), [[word] * 30])
    page = Page(word, word, sections=(Section(word, word, (table,)), Section(word)), footer=word)
    seen = open_page(write(page, tmp_path / "wide.html"), width=360)
    assert seen.scroll_width == 360


def test_the_opener_tells_of_errors_and_requests(tmp_path):
    # What the tests above rely on: a page that misbehaves is caught.
    policy = "<meta http-equiv"
    broken = render(Page("t")).replace(policy, "<meta data-off")
    script = "<img src='http://127.0.0.1:9/x.png'><script>console.error('oh'); missing()</script>"
    file = tmp_path / "broken.html"
    file.write_text(broken.replace("</body>", script + "</body>"), encoding="utf-8")
    seen = open_page(file)
    assert seen.requests == ["http://127.0.0.1:9/x.png"]
    assert "oh" in seen.console_errors
    assert any("Uncaught" in text for text in seen.console_errors)


def test_the_lines_of_a_paragraph_stay_lines(tmp_path):
    page = Page("A page", sections=(Section("Text", "a\nb\nc\n\na b c"),))
    heights = "[...document.querySelectorAll('section > p')].map(p => p.clientHeight)"
    three, one = open_page(
        write(page, tmp_path / "report.html"), width=800, expression=heights
    ).value
    assert three == pytest.approx(3 * one, rel=0.1)
