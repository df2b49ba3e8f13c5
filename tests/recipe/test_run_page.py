"""The report of a run: what it says, and what a browser makes of it."""

import json
import re

import pytest

from tests.cli.finished_runs import LABELS, SIZE, finished
from tests.report.chromium import find_chromium, open_page

FIGURES = {
    "bias-variance", "cost-curves", "cost-with-penalty", "learning-rate", "learning-rate-finder",
    "split-sizes",
}  # fmt: skip
KINDS = {"table": {"confusion-matrix"}, "images": {"confusion-matrix"}, "numbers": {"residuals"}}
SEEN = """({
  figures: [...document.querySelectorAll("figure")].map(figure => figure.id),
  scripts: document.scripts.length,
  handlers: [...document.querySelectorAll("*")].filter(
    element => [...element.attributes].some(a => a.name.startsWith("on"))).length,
  text: document.body.innerText,
})"""


def page(kind):
    return (finished(kind).directory / "report.html").read_text(encoding="utf-8")


def words(kind):
    return " ".join(re.sub(r"<[^>]*>", " ", page(kind)).split())


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_comes_first(kind):
    result = json.loads((finished(kind).directory / "result.json").read_text())
    text = words(kind)
    answer = text[: text.index("What was tried")]
    low, high = result["test_error_interval"]
    for part in (
        f"{100 * result['test_error']:.1f} %",
        f"95 % interval {100 * low:.1f} % to {100 * high:.1f} %",
        f"{100 * result['bias']:.1f} %",
        f"{100 * result['variance']:.1f} %",
        result["advice"][0],
        result["verdict"],
    ):
        assert part in answer


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_is_there(kind):
    found = set(re.findall(r'<figure[^>]* id="figure-([a-z-]+)"', page(kind)))
    assert found == FIGURES | KINDS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_loaded_and_no_script_is_in_it(kind):
    text = page(kind)
    assert "<script" not in text
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
    assert not re.search(r"url\((?!#|data:|[\"']?#)", text)


def test_the_steps_are_listed_with_their_reason():
    (step,) = json.loads((finished("table").directory / "result.json").read_text())["steps"]
    assert step["name"] in words("table")
    assert step["reason"] in words("table")


def test_the_split_the_drift_the_settings_and_the_versions_are_told():
    text = words("table")
    for part in ("split: train 360, dev 120, test 120.", "Largest difference", "one distribution?",
                 "learning rate", "batch size", "keras", "numpy"):  # fmt: skip
        assert part in text


@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed")
@pytest.mark.parametrize(("kind", "width"), [("table", 360), ("numbers", 1200)])
def test_a_browser_shows_it_without_errors_and_without_the_network(kind, width):
    seen = open_page(finished(kind).directory / "report.html", width=width, expression=SEEN)
    assert seen.console_errors == []
    assert seen.requests == []
    assert seen.scroll_width <= width
    assert set(seen.value["figures"]) == {f"figure-{name}" for name in FIGURES | KINDS[kind]}
    assert seen.value["scripts"] == 0
    assert seen.value["handlers"] == 0
    if kind == "table":
        for shown in (*LABELS, SIZE, "<img src=x> & table"):
            assert shown in seen.value["text"]
