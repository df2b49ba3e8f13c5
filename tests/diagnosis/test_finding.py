import json
import math

import numpy as np
import pytest

from kerasrecipes.diagnosis import (
    CAUSES,
    SEVERITIES,
    Diagnosis,
    Finding,
    estimate_error,
    read_bias_variance,
)

ARGUMENTS = {
    "code": "dead-units",
    "cause": "activation",
    "severity": "warning",
    "evidence": {"dead_share": 0.61234567, "units": 10},
    "advice": "Use He initialisation.",
}


def finding(**changes):
    return Finding(**{**ARGUMENTS, **changes})


def test_the_text_has_the_place_and_the_numbers():
    assert str(finding(where="hidden")) == (
        "warning: dead-units at hidden (dead_share 0.6123, units 10). Use He initialisation."
    )
    assert str(finding(evidence={"share": np.float32(0.5)})) == (
        "warning: dead-units (share 0.5). Use He initialisation."
    )


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_every_cause_and_severity_is_taken(cause, severity):
    found = finding(cause=cause, severity=severity)
    assert (found.cause, found.severity) == (cause, severity)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cause": "weather"}, "`cause` must be one of activation, .* cause='weather'"),
        ({"severity": "fatal"}, "error, warning, note. Received: severity='fatal'"),
        ({"evidence": {}}, "`evidence` must hold at least one .* evidence={}"),
        ({"evidence": None}, "`evidence` must hold at least one .* evidence=None"),
        ({"evidence": [0.5]}, r"`evidence` must hold at least one .* evidence=\[0.5\]"),
        ({"code": ""}, "`code` must be text.* code=''"),
        ({"advice": " "}, "`advice` must be text.* advice=' '"),
    ],
)
def test_what_is_no_finding_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        finding(**changes)


def test_a_finding_does_not_change():
    with pytest.raises(AttributeError):
        finding().severity = "note"


def test_the_dictionary_is_json():
    evidence = {
        "single": np.float32(0.5),
        "count": np.int64(3),
        "flag": np.bool_(True),
        "curve": np.array([1.0, np.nan]),
        "shape": (2, None),
        "loss": math.inf,
        "inner": {"rate": np.float64(0.25)},
    }
    values = finding(evidence=evidence, where="hidden").to_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == {
        "code": "dead-units",
        "cause": "activation",
        "severity": "warning",
        "evidence": {
            "single": 0.5,
            "count": 3,
            "flag": True,
            "curve": [1.0, None],
            "shape": [2, None],
            "loss": None,
            "inner": {"rate": 0.25},
        },
        "advice": "Use He initialisation.",
        "where": "hidden",
        "reference": "Deep Learning Specialization, course 2",
    }


def test_findings_come_the_most_severe_first_and_else_as_given():
    given = [
        finding(severity=severity, code=code)
        for severity, code in [("note", "a"), ("error", "b"), ("warning", "c"), ("error", "d")]
    ]
    assert [found.code for found in Diagnosis(given).findings] == ["b", "d", "c", "a"]


@pytest.mark.parametrize(
    ("severities", "healthy"),
    [([], True), (["note"], True), (["note", "warning"], False), (["error"], False)],
)
def test_healthy_means_no_error_and_no_warning(severities, healthy):
    diagnosis = Diagnosis(finding(severity=severity) for severity in severities)
    assert diagnosis.healthy is healthy
    assert diagnosis.to_dict()["healthy"] is healthy


def test_the_reading_comes_with_the_findings():
    error = estimate_error(np.repeat([1.0, 0.0], [10, 990]))
    reading = read_bias_variance(error, error)
    diagnosis = Diagnosis([finding()], bias_variance=reading)
    assert str(diagnosis) == f"{reading}\n{finding()}"
    values = diagnosis.to_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["bias_variance"] == reading.to_dict()
    assert Diagnosis().to_dict() == {
        "healthy": True,
        "findings": [],
        "prescription": [],
        "left_out": [],
        "bias_variance": None,
    }


def test_nothing_found_says_so():
    assert str(Diagnosis()) == "healthy: nothing found"
    assert "healthy: nothing found" in Diagnosis()._repr_html_()


@pytest.mark.parametrize("field", ["code", "advice", "where", "reference", "evidence"])
def test_the_page_escapes_what_it_shows(field):
    text = "<script>alert('x')</script> & more"
    shown = Diagnosis([finding(**{field: {text: 1} if field == "evidence" else text})])
    page = shown._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; more" in page
