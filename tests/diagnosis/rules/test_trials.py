import dataclasses

import numpy as np
import pytest

from kerasrecipes.diagnosis.rules.trials import mended_by_a_change, mending
from kerasrecipes.diagnosis.trace import Program, Run, Skill, TargetFacts, Trace, Trial

PROGRAM = Program((), "softmax", 3, 2, "categorical_crossentropy", False, "adam", 0.001)


def trial(skill, cause="activation", **more):
    return Trial(f"to {skill}", cause, "line", Skill(skill), 0.1, **more)


def trace(before, *trials):
    return Trace(PROGRAM, baseline=trial(before), trials=trials)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (0.0, 0.25, True),
        (0.0, 0.24, False),
        (0.2, 0.29, False),  # gains less than 0.1
        (0.2, 0.30001, True),
        (-2.0, 0.1, False),
        (0.8, 0.91, True),  # half of what is lacking
        (0.8, 0.89, False),
        (0.92, 0.965, False),  # half, and less than 0.05
    ],
)
def test_a_change_mends_where_it_makes_the_difference(before, after, found):
    assert bool(mending(trace(before, trial(after, is_sound=True)))) == found


@pytest.mark.parametrize(
    ("cause", "is_sound", "found"),
    [("preprocessing", True, True), ("activation", False, False), ("epochs", False, False)],
)
def test_what_is_no_flaw_in_the_code_must_gain_more_once_it_learns(cause, is_sound, found):
    assert bool(mending(trace(0.6, trial(0.81, cause, is_sound=is_sound)))) == found


@pytest.mark.parametrize(("rate", "found"), [(1e-3, False), (1e-6, True)])
def test_a_number_is_named_of_a_program_that_learns_if_it_is_unusual_too(rate, found):
    program = dataclasses.replace(PROGRAM, learning_rate=rate)
    evidence = dataclasses.replace(trace(0.5, trial(0.95, "learning_rate")), program=program)
    assert bool(mending(evidence)) == found


def test_a_change_is_left_out_that_gains_less_than_half_of_the_best():
    found = mending(trace(0.0, trial(0.9), trial(0.44), trial(0.46)))
    assert [after for _, _, after in found] == [0.9, 0.46]


def test_one_of_several_changes_is_compared_with_the_others_alone():
    needed, idle = trial(0.9, without=Skill(0.1)), trial(0.9, without=Skill(0.88))
    assert mending(trace(0.0, needed, idle)) == [(needed, 0.1, 0.9)]


def test_trials_that_were_cut_must_beat_what_the_program_reached_in_full():
    whole = dataclasses.replace(trace(0.4, trial(0.9)), run=Run(skill=Skill(0.94)))
    assert mending(whole) == []


def cut_short(**changes):
    """A run that is not finished, without a hope if one batch is not learned either."""
    return Run(
        (0.7,), prior_cost=0.7, floor_cost=0.0, steps=150, planned_epochs=9, skill=Skill(0.0),
        **changes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("run", "cause", "is_sound", "found"),
    [
        (cut_short(), "activation", True, True),
        (cut_short(), "activation", False, False),
        (cut_short(), "learning_rate", True, False),  # it may come to it by itself
        (cut_short(one_batch_cost=0.69), "learning_rate", False, True),
    ],
)
def test_of_a_run_that_was_cut_short_flaws_alone_are_named(run, cause, is_sound, found):
    tried = dataclasses.replace(trial(0.9, cause), is_sound=is_sound)
    assert bool(mending(dataclasses.replace(trace(0.0, tried), run=run))) == found


def test_a_program_on_its_way_is_left_in_peace():
    tried = dataclasses.replace(trial(0.9), is_sound=True)
    run = dataclasses.replace(cut_short(), costs=(0.4,), skill=Skill(0.5))
    assert mending(dataclasses.replace(trace(0.5, tried), run=run)) == []


@pytest.mark.parametrize(("examples", "found"), [(4, False), (40, True), (None, True)])
def test_a_gain_among_a_few_examples_is_luck_once_it_learns(examples, found):
    tried = trial(0.0, is_sound=True)
    tried = dataclasses.replace(tried, skill=Skill(0.95, examples=examples))
    assert bool(mending(trace(0.5, tried))) == found


@pytest.mark.parametrize(("commonest", "found"), [(0.5, True), (0.95, False)])
def test_the_rarer_the_other_classes_the_more_a_gain_is_luck(commonest, found):
    tried = trial(0.0, is_sound=True)
    tried = dataclasses.replace(tried, skill=Skill(0.95, examples=100))
    priors = np.array([commonest, 1 - commonest])
    targets = TargetFacts("binary", 1, 2, 0.0, 1.0, 0.5, 0.5, priors=priors)
    assert bool(mending(dataclasses.replace(trace(0.5, tried), targets=targets))) == found


def test_each_cause_of_a_mending_change_is_named_with_its_skills():
    found = list(mended_by_a_change(trace(0.1, trial(0.9, also=("loss",)))))
    assert [finding.cause for finding in found] == ["activation", "loss"]
    assert found[0].severity == "error"
    assert found[0].evidence == {"skill": 0.1, "skill_with_the_change": 0.9, "change": "to 0.9"}


def test_a_cause_is_named_once_by_the_change_that_gained_most():
    found = list(mended_by_a_change(trace(0.0, trial(0.6), trial(0.9), trial(0.8, "loss"))))
    assert [(f.cause, f.evidence["change"]) for f in found] == [
        ("activation", "to 0.9"),
        ("loss", "to 0.8"),
    ]


def test_dev_counts_where_there_is_one():
    overfitted = dataclasses.replace(trial(0.0), skill=Skill(train=1.0, dev=0.1))
    assert mending(trace(0.0, overfitted)) == []


def test_nothing_is_said_without_trials():
    assert list(mended_by_a_change(Trace(PROGRAM))) == []
