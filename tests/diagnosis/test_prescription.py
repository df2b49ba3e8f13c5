"""What mended a program is told everywhere that its findings are."""

import io
import json
import math

import pytest
from rich.console import Console

from kerasrecipes.diagnosis import Diagnosis
from kerasrecipes.diagnosis.judge import judge
from kerasrecipes.diagnosis.trace import Skill, Trial
from kerasrecipes.report import Page, diagnosis_section, render
from kerasrecipes_cli.diagnosis_display import show_diagnosis
from tests.diagnosis.traces import program, trace

LINE = 'keras.layers.Dense(3, activation="softmax")'
LEFT_OUT = "the shape of <b>: the model does not tell"


@pytest.fixture(scope="module")
def diagnosis():
    """A program that one of two trials mended; the cost of the other was no number."""
    trials = (
        Trial("worse", "optimizer", "line", Skill(-1.0, -1.0), math.nan),
        Trial(
            "fitting output", "activation", LINE, Skill(0.93, 0.9), 0.2, ("loss",),
            settings={"output": (3, "softmax"), "loss": "categorical_crossentropy"},
        ),
    )  # fmt: skip
    baseline = Trial("nothing", "data", "", Skill(0.02, 0.01), 1.1)
    return judge(
        trace(
            program=program(left_out=(LEFT_OUT,)),
            costs=(math.nan, math.nan),
            more={"trials": trials, "baseline": baseline},
        )
    )


def test_json_holds_the_prescription_and_what_was_left_out(diagnosis):
    told = json.loads(json.dumps(diagnosis.to_dict(), allow_nan=False))
    assert told["prescription"] == [
        {
            "cause": "activation",
            "line": LINE,
            "settings": {"output": [3, "softmax"], "loss": "categorical_crossentropy"},
            "skill": 0.9,
            "before": 0.01,
        }
    ]
    assert told["left_out"] == [LEFT_OUT]
    assert told["healthy"] is False


def shown_in_the_terminal(diagnosis):
    console = Console(width=200, file=io.StringIO())
    show_diagnosis(diagnosis, console)
    return console.file.getvalue()


@pytest.mark.parametrize("show", [str, shown_in_the_terminal])
def test_text_tells_both(show, diagnosis):
    text = show(diagnosis)
    assert f"{LINE} (activation): skill 0.90, not 0.01" in text
    assert f"left out: {LEFT_OUT}" in text


def test_pages_tell_both_escaped(diagnosis):
    section = diagnosis_section(diagnosis, diagnosis.trace)
    for page in (diagnosis._repr_html_(), render(Page("a", sections=(section,)))):
        assert "Dense(3, activation=&#" in page or "Dense(3, activation=&quot;" in page
        assert "0.9" in page
        assert "the shape of &lt;b&gt;: the model does not tell" in page
        assert "<b>:" not in page


def test_a_healthy_program_has_nothing_to_prescribe_and_says_that_it_is_healthy():
    bare = Diagnosis(trace=trace(program=program(left_out=("the probe",))))
    assert str(bare) == "healthy: nothing found\nleft out: the probe"
    assert bare.to_dict()["prescription"] == []
    assert "prescription" not in bare._repr_html_()
    assert [type(each).__name__ for each in diagnosis_section(bare).body] == ["Findings"]
