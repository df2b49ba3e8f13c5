"""The page's files as they are: what they ask of a browser, their length, and their colours."""

import re
from importlib import resources

import pytest

FILES = {
    file.name: file.read_text("utf-8")
    for file in (resources.files("kerasrecipes") / "live/page").iterdir()
    if file.name.endswith((".html", ".js", ".css"))
}
SCRIPTS = {name: text for name, text in FILES.items() if name.endswith(".js")}
PAGES = {"fit.html": "fit.js", "watch.html": "watch.js"}
FORBIDDEN = (
    r"(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    r"|window\.(confirm|alert)"
)
TEXT = ["ink", "soft", "accent", "good", "warn", "bad"]
LINES = ["edge", "mark", *(f"curve-{n}" for n in range(1, 7))]


def imports(script):
    return set(re.findall(r'from "\./([a-z_]+\.js)"', SCRIPTS[script]))


def needed(script):
    found, waiting = set(), {script}
    while waiting:
        found |= waiting
        waiting = {each for name in waiting for each in imports(name)} - found
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_all_its_modules_at_once(page):
    ahead = re.findall(r'rel="modulepreload" href="/static/([a-z_]+\.js)"', FILES[page])
    assert sorted(ahead) == sorted(needed(PAGES[page]) - {PAGES[page]})


def test_every_module_is_used():
    assert set().union(*(needed(script) for script in PAGES.values())) == set(SCRIPTS)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_script_and_no_style_in_it(page):
    assert (
        re.findall(
            r"<script(?![^>]* src=\"/static/)|<style|\sstyle=|\son[a-z]+=|javascript:", FILES[page]
        )
        == []
    )


@pytest.mark.parametrize("name", FILES)
def test_no_file_asks_another_server(name):
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)[a-z]", FILES[name]) == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_module_is_short_and_makes_no_markup_of_text(script):
    assert len(SCRIPTS[script].splitlines()) < 200
    assert SCRIPTS[script].startswith("// ")
    assert re.findall(FORBIDDEN, SCRIPTS[script]) == []


def palette(scheme):
    light, dark = re.findall(r":root \{(.*?)\}", FILES["page.css"], re.DOTALL)[:2]
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", light))
    return (
        colours
        if scheme == "light"
        else colours | dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", dark))
    )


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("under", ["paper", "card", "wash"])
def test_text_can_be_read_and_lines_be_seen(scheme, under):
    colours = palette(scheme)
    assert min(contrast(colours[name], colours[under]) for name in TEXT) >= 4.5
    assert min(contrast(colours[name], colours[under]) for name in LINES) >= 3
