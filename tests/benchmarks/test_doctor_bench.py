"""The benchmark of the doctor: its programs, its faults, and how it counts."""

import functools
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from doctor_bench.faults import FAULTS
from doctor_bench.healthy_programs import HALVES, NEEDS_MNIST, programs_of
from doctor_bench.page import PAGE
from doctor_bench.program import Program, layer
from doctor_bench.rules_table import codes_of, rules_table
from doctor_bench.skill import does_harm, skill
from doctor_bench.table import false_alarms, ratios
from doctor_bench.trial import Kept, Trial, fingerprint, made_by
from pages.section import put_between

from kerasrecipes.diagnosis.rules import RULES

SMALL = [name for name in programs_of("all") if name not in NEEDS_MNIST]


def test_there_are_programs_and_faults_enough_and_no_program_is_in_both_halves():
    names = [make.__name__ for makes in HALVES.values() for make in makes]
    assert len(names) == len(set(names)) >= 12
    assert len(FAULTS) >= 25


@functools.cache
def healthy_programs():
    return [programs_of("all")[name](0) for name in SMALL]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_changes_a_program_repeatably_and_leaves_the_healthy_one(name):
    changed = 0
    for healthy in healthy_programs():
        before = fingerprint(healthy)
        faulty, again = made_by(name, healthy, 0), made_by(name, healthy, 0)
        assert fingerprint(healthy) == before
        if faulty is not None:
            changed += 1
            assert fingerprint(faulty) == fingerprint(again) != before
    assert changed > 0


@pytest.mark.parametrize(
    ("healthy", "faulty", "harm"),
    [
        (0.9, 0.9, False),
        (0.9, 0.71, False),
        (0.9, 0.69, True),
        (0.3, 0.24, True),
        (0.9, float("nan"), True),
    ],
)
def test_harm_is_failing_or_losing_a_fifth(healthy, faulty, harm):
    assert does_harm(healthy, faulty) is harm


class Says:
    """A model with given predictions."""

    def __init__(self, predictions):
        self.predictions = predictions

    def predict(self, x, **options):
        return np.asarray(self.predictions, dtype="float64")


@pytest.mark.parametrize(
    ("task", "y", "predictions", "expected"),
    [
        ("classes", [0, 1, 1, 1], [[0.6, 0.4], [0.1, 0.9], [0.2, 0.8], [0.9, 0.1]], 0.0),
        ("classes", [0, 1, 1, 1], [[0.6, 0.4], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]], 1.0),
        ("binary", [[0], [1], [0], [1]], [[0.1], [0.9], [0.2], [0.3]], 0.5),
        ("multilabel", [[0, 1], [1, 0], [1, 1], [0, 0]], [[0, 1], [1, 0], [1, 1], [0, 1]], 0.75),
        ("regression", [[0], [2]], [[0], [1]], 0.5),
        ("regression", [[0], [2]], [[np.nan], [1]], 0.0),
    ],
)
def test_skill_is_0_for_guessing_and_1_for_perfect(task, y, predictions, expected):
    y, x = np.asarray(y), np.zeros((len(y), 1))
    program = Program("p", task, x, y, x, y, (layer("Dense", units=1),), loss="mse")
    assert skill(program, Says(predictions)) == pytest.approx(expected)


def said(*findings):
    return {"findings": [list(each) for each in findings], "seconds": 1.0, "raised": None}


def test_a_note_is_neither_found_nor_a_false_alarm():
    answers = {
        Trial("p", None, 0): said(("note", "epochs", "n")),
        Trial("p", None, 1): said(("warning", "layers", "alarm")),
        Trial("p", "one_epoch", 0): said(("note", "epochs", "n")),
        Trial("p", "one_epoch", 1): said(("warning", "epochs", "n")),
        Trial("p", "one_epoch", 2): said(("error", "loss", "n")),
        Trial("p", "rate_by_100", 2): said(("error", "loss", "a"), ("warning", "epochs", "b")),
    }
    assert ratios(answers) == {"found": 0.75, "right cause": 0.5, "false alarms": 0.5}
    assert false_alarms(answers) == [(Trial("p", None, 1), ["alarm"])]


def test_answers_outlive_a_run_that_was_broken_off_in_a_line(tmp_path):
    path = tmp_path / "answers.jsonl"
    Kept(path).keep("a", 1.5)
    with path.open("a") as file:
        file.write('["b", 2')
    assert Kept(path).answers == {"a": 1.5}


def test_the_page_has_the_table_of_rules_as_their_docstrings_have_it():
    page = PAGE.read_text(encoding="utf-8")
    assert page == put_between(page, "rules", rules_table())
    assert len(rules_table()) == len(RULES) + 2
    codes = [code for rule in RULES for code in codes_of(rule)]
    assert {"dead-units", "vanishing-gradients", "exploding-gradients"} <= set(codes)
    assert len(codes) == len(set(codes))


def test_lines_are_put_between_their_marks_and_the_rest_stays():
    page = put_between("before\n", "a", ["one"])
    assert page == "before\n\n<!-- a: begin -->\none\n<!-- a: end -->\n"
    assert put_between(page + "after", "a", ["two", "three"]) == (
        "before\n\n<!-- a: begin -->\ntwo\nthree\n<!-- a: end -->\nafter"
    )
