"""Every page shows what comes from data as text, and hides none of it."""

import dataclasses
import json

import keras
import keras_tuner
import numpy as np
import pytest

from kerasrecipes.callbacks import Report
from kerasrecipes.data.visible import visible
from kerasrecipes.diagnosis import Diagnosis, Finding
from kerasrecipes.diagnosis.trace import Skill, Trial, Units
from kerasrecipes.recipe import JobOptions, run_job
from kerasrecipes.report import Page, diagnosis_facts, diagnosis_section, render, write
from kerasrecipes.tuning import importance, plot
from tests.diagnosis import traces
from tests.report.chromium import find_chromium, open_page
from tests.report.hostile import ALL, HOSTILE, SEEN, assert_harmless
from tests.tuning.made_up import searched

CSV_SAFE = [text for text in HOSTILE if not set("\x00\ud800") & set(text)]


def run_html(folder):
    """The page of a run whose file, columns, values and classes are hostile."""
    import pandas

    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, 120)
    columns = {name: rng.normal(size=120) + kind for name in CSV_SAFE}
    columns["words"] = np.array(CSV_SAFE)[rng.integers(0, len(CSV_SAFE), 120)]
    frame = pandas.DataFrame(
        columns | {"label": np.array([HOSTILE[0], HOSTILE[1], ALL[:40]])[kind]}
    )
    path = folder / "<img src=x onerror=alert(1)> \u202e\x1b.csv"
    frame.to_csv(path, index=False, quoting=1, lineterminator="\n")
    options = JobOptions(str(path), target_error=1.0, budget_minutes=1e-4, out=str(folder / "run"))
    return (run_job(options).directory / "report.html").read_text(encoding="utf-8")


def search_html(folder):
    """The page of a search with hostile names, choices, objective and title."""
    space = keras_tuner.HyperParameters()
    for name in HOSTILE:
        space.Float(name, 0.0, 1.0)
    space.Choice(ALL, list(HOSTILE))
    objective = keras_tuner.Objective(ALL, "min")
    oracle = searched(space, lambda values: values[HOSTILE[0]], 12, objective=objective)
    table = importance(oracle, trees=8)
    made = plot(oracle, folder / "search.html", title=ALL, importance=table)
    return made.html.read_text(encoding="utf-8")


def diagnosis():
    change = Trial(ALL, "learning_rate", ALL, Skill(0.9, 0.9), 0.3)
    baseline = Trial("as it is", "learning_rate", "line", Skill(0.0, 0.0), 1.1)
    trace = traces.trace(
        units={text: Units(0.9, 0.7) for text in HOSTILE},
        program=traces.program(left_out=HOSTILE),
        more={"trials": (change,), "baseline": baseline},
    )
    names = {text: text for text in HOSTILE}
    findings = [Finding(ALL, "data", "error", names, ALL, ALL, ALL)]
    findings.append(Finding("dead-units", "activation", "error", {"share": 0.9}, "Look."))
    return Diagnosis(findings, trace=trace)


def diagnosis_html(folder):
    """The page of the doctor, about hostile layers, evidence, changes and messages."""
    found = diagnosis()
    sections = (diagnosis_section(found, found.trace),)
    page = Page(ALL, ALL, diagnosis_facts(found), sections, ALL)
    return write(page, folder / "diagnosis.html").read_text(encoding="utf-8")


def fit_html(folder):
    """The page of a user's fit with a hostile title and metric."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    report = Report(folder / "fit.html", title=ALL, sink=None)
    report.set_model(model)
    report.on_train_begin()
    report.on_epoch_end(0, {"loss": 1.0, **dict.fromkeys(HOSTILE, 2.0)})
    report.on_train_end()
    return (folder / "fit.html").read_text(encoding="utf-8")


PAGES = {"run": run_html, "search": search_html, "diagnosis": diagnosis_html, "fit": fit_html}


@pytest.fixture(scope="module", params=PAGES)
def html(request, tmp_path_factory):
    return PAGES[request.param](tmp_path_factory.mktemp(request.param))


def test_hostile_text_stays_text_and_is_seen(html):
    assert_harmless(html)
    assert "&lt;img src=x onerror" in html
    assert "\\u202e" in html or "\ufffd" in html


def test_the_policy_allows_the_sheet_alone(html):
    assert "default-src 'none'; style-src 'sha256-" in html
    assert "unsafe" not in html.partition("</head>")[0]


@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed")
def test_a_browser_finds_nothing_active_and_nothing_against_the_policy(html, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    seen = open_page(path, expression=SEEN)
    assert seen.console_errors == []
    assert seen.requests == []
    counts = {name: seen.value[name] for name in ("active", "strange", "handlers")}
    assert counts == {"active": 0, "strange": 0, "handlers": 0}
    assert '"><img src=x onerror=alert(1)>' in seen.value["text"]


def test_a_notebook_gets_a_diagnosis_without_markup_of_the_data():
    block = diagnosis()._repr_html_()
    plain = Diagnosis([dataclasses.replace(f, code="a") for f in diagnosis().findings])
    assert "<script" not in block
    assert "<img" not in block
    assert "<!--" not in block
    assert visible(block) == block
    assert plain._repr_html_().count("&lt;script&gt;") > 3


def test_json_of_a_diagnosis_keeps_the_text_as_it_is():
    told = json.loads(json.dumps(diagnosis().to_dict()))
    assert told["findings"][0]["where"] == ALL


def test_an_inline_style_of_a_picture_becomes_attributes():
    assert 'style="' not in render(Page("a", sections=(diagnosis_section(diagnosis()),)))
