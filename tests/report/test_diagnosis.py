import dataclasses

import numpy as np
import pytest

from kerasrecipes.diagnosis import Diagnosis, Finding
from kerasrecipes.diagnosis.judge import judge
from kerasrecipes.diagnosis.trace import Skill, Trial, Units
from kerasrecipes.report import Figure, Page, diagnosis_facts, diagnosis_section, render, write
from tests.diagnosis import traces
from tests.report.chromium import find_chromium, open_page
from tests.report.drawn import words_of

EVIL = "<script>alert(1)</script>"
NORMS = {f"model/dense_{n}/kernel": 1e-6 * 8.0**n for n in range(6)}


def sick():
    """A program with nearly every figure in its section."""
    names = [path.split("/")[1] for path in NORMS]
    units = {name: Units(0.9, 0.7) for name in names}
    trials = [
        Trial(change, "learning_rate", "line", Skill(skill, skill), 0.3)
        for change, skill in (
            ("learning_rate x 10", 0.6),
            ("inputs standardised", 0.93),
            ("Adam", -0.4),
        )
    ]
    baseline = Trial("as it is", "learning_rate", "line", Skill(0.02, 0.01), 1.1)
    return traces.trace(
        gradient_norms=traces.looks(NORMS),
        update_ratios=traces.looks(dict.fromkeys(NORMS, 2e-5)),
        units=units,
        inputs=traces.RAW,
        more={"trials": tuple(trials), "baseline": baseline},
    )


def page():
    found = judge(sick())
    return Page(
        "mnist.keras", answer=diagnosis_facts(found), sections=(diagnosis_section(found, sick()),)
    )


def drawn(trace):
    return {
        each.name: each
        for each in diagnosis_section(judge(trace), trace).body
        if isinstance(each, Figure)
    }


def test_each_kind_of_evidence_has_its_figure():
    assert list(drawn(sick())) == [
        "cost-against-priors", "gradient-norms", "update-ratios", "dead-units", "saturated-units",
        "trials",
    ]  # fmt: skip


def test_what_was_not_found_has_no_figure():
    assert list(drawn(traces.trace(traces.WELL, units={"one": Units(0.1, 0.0)}))) == []
    assert list(drawn(traces.trace(costs=(), batch_costs=np.full(30, 1.1)))) == [
        "cost-against-priors"
    ]
    section = diagnosis_section(judge(sick()))
    assert [type(block).__name__ for block in section.body] == ["Findings", "Table"]
    assert section.body[1].rows == [("line", "learning rate", 0.93, 0.01)]


def test_the_figures_tell_the_numbers_of_the_run():
    pictures = drawn(sick())
    assert "predicting the priors: 1.1" in words_of(pictures["cost-against-priors"])
    assert pictures["gradient-norms"].alt.startswith(
        "Gradient norm by layer: dense_0 10⁻⁶, dense_1"
    )
    assert pictures["dead-units"].alt.startswith("Dead units: dense_0 90 %, dense_1 90 %")
    assert "as it is 1.0 %, learning_rate x 10 60 %" in pictures["trials"].alt
    assert "Adam −40 %" in pictures["trials"].alt


@pytest.mark.parametrize("trace", [sick(), traces.trace(costs=(np.nan, np.nan))])
def test_the_answer_names_the_first_finding(trace):
    found = judge(trace)
    first = found.findings[0]
    cause = first.cause.replace("_", " ")
    state, likeliest, advice = diagnosis_facts(found)
    assert f" {first.severity}" in state.value
    assert (likeliest.value, advice.value) == (f"{cause}, by {first.code}", first.advice)
    assert f"→ {cause}" in render(Page("a", sections=(diagnosis_section(found),)))


def test_notes_alone_are_healthy():
    note = Finding("a", "data", "note", {"share": 0.5}, "Look.")
    (fact,) = diagnosis_facts(Diagnosis([note]))
    assert (fact.value, fact.note, fact.tone) == ("Healthy", "1 note", "good")


def test_what_comes_from_the_user_is_escaped():
    found = Diagnosis(
        [Finding(EVIL, "data", "error", {EVIL: EVIL}, EVIL, EVIL, EVIL)],
        trace=traces.trace(program=traces.program(left_out=(EVIL,))),
    )
    for shown in (found._repr_html_(), render(Page("a", sections=(diagnosis_section(found),)))):
        assert "<script" not in shown
        assert shown.count("&lt;script&gt;") >= 7
    evil = dataclasses.replace(sick().run, units={EVIL: Units(0.9, 0.0)})
    assert "<script" not in render(
        Page(
            "a", sections=(diagnosis_section(judge(sick()), dataclasses.replace(sick(), run=evil)),)
        )
    )


@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed")
@pytest.mark.parametrize("width", [1200, 360])
def test_the_section_fits_the_window_without_errors(width, tmp_path):
    seen = open_page(write(page(), tmp_path / "doctor.html"), width=width)
    assert seen.console_errors == []
    assert seen.requests == []
    assert seen.scroll_width <= width
    assert "update-ratios" in seen.dom
