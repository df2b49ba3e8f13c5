import numpy as np
import pytest

from kerasrecipes.diagnosis.cost_course import (
    is_hopeless,
    is_stuck,
    last_cost,
    one_batch_fails,
    progress,
    still_falls,
)
from kerasrecipes.diagnosis.learning import fails, harm, is_suspect
from kerasrecipes.diagnosis.trace import Run, Skill
from tests.diagnosis.traces import FLAT, WELL, noise, trace


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (Run(), None),
        (Run(batch_costs=np.array([5.0, 4.0])), 4.0),
        (Run(costs=(5.0, 4.0), batch_costs=np.array([9.0])), 4.0),
        (Run(costs=(*[5.0] * 27, 1.0, 2.0, 9.0)), 2.0),
    ],
)
def test_the_last_cost_is_a_median_of_the_end(run, expected):
    assert last_cost(run) == expected


@pytest.mark.parametrize(
    ("cost", "prior", "floor", "expected"),
    [
        (1.5, 2.0, 1.0, 0.5),
        (3.0, 2.0, 1.0, -1.0),
        (0.5, 2.0, None, 0.75),
        (1.0, None, 0.0, None),
        (1.0, 2.0, 2.0, None),
        (np.nan, 2.0, 0.0, None),
    ],
)
def test_progress_is_measured_from_the_priors_to_the_floor(cost, prior, floor, expected):
    assert progress(Run(costs=(cost,), prior_cost=prior, floor_cost=floor)) == expected


@pytest.mark.parametrize(
    ("costs", "falls"),
    [
        (2 - 0.05 * np.arange(20), True),
        (2 - 0.05 * np.arange(20) + noise(20, 0, 0.02), True),
        (2 - 0.0005 * np.arange(20), False),  # too little to be worth it
        (noise(40, 1.0, 0.2), False),
        (noise(400, 1.0, 0.5), False),
        (1 + 0.05 * np.arange(20), False),
        (np.r_[np.linspace(3, 1, 10), np.ones(20)], False),
        ([3.0, 2.0, 1.0], False),  # too few to tell
        ([np.nan] * 20, False),
    ],
)
def test_a_fall_is_told_from_noise(costs, falls):
    assert bool(still_falls(Run(costs=tuple(costs)))) == falls
    assert bool(still_falls(Run(costs=(2.0, 1.0), batch_costs=np.asarray(costs)))) == (
        falls and len(costs) >= 20
    )


@pytest.mark.parametrize(
    ("changes", "stuck"),
    [
        ({}, True),
        ({"steps": 199}, False),
        ({"epochs": 9}, False),
        ({"epochs": 10}, True),
        ({"prior_cost": None}, False),
        ({"costs": tuple(noise(20, 0.9))}, False),
        ({"costs": tuple(2 - 0.02 * np.arange(20))}, False),
    ],
)
def test_stuck_is_a_long_stay_at_the_priors(changes, stuck):
    assert is_stuck(trace(**changes).run) == stuck


@pytest.mark.parametrize(
    ("changes", "hopeless"),
    [
        ({}, False),
        ({"one_batch_cost": 1.0}, True),
        ({"one_batch_cost": 0.5}, False),
        ({"one_batch_cost": 1.0, "steps": 99}, False),
        ({"one_batch_cost": 1.0, "costs": (0.9,)}, False),
        ({"costs": (100.1 * 1.1,)}, True),
        ({"costs": (99.0 * 1.1,)}, False),
        ({"costs": (1e9,), "steps": 20}, False),
        ({"costs": (np.nan,), "not_finite": (3, "one")}, True),
    ],
)
def test_a_run_that_was_cut_short_is_hopeless_where_nothing_moves_or_all_is_lost(changes, hopeless):
    evidence = trace(epochs=1, **changes)
    assert is_hopeless(evidence.run) == hopeless
    assert fails(evidence) == hopeless


def test_one_batch_fails_where_half_of_the_way_is_not_made():
    assert one_batch_fails(trace(one_batch_cost=0.56).run)
    assert not one_batch_fails(trace(one_batch_cost=0.54).run)
    assert not one_batch_fails(trace(one_batch_cost=1.0, prior_cost=None).run)


@pytest.mark.parametrize(
    ("run", "changes", "suspect", "severity"),
    [
        (FLAT, {}, True, "warning"),
        (FLAT, {"epochs": 12, "skill": None}, True, "warning"),
        (FLAT, {"epochs": 4, "skill": None}, False, "note"),
        (FLAT, {"skill": Skill(0.5)}, True, "note"),
        (FLAT, {"skill": Skill(0.5), "epochs": 12}, True, "note"),
        (WELL, {}, False, "note"),
        (WELL, {"skill": None}, True, "note"),
        (WELL, {"skill": Skill(0.9, 0.1)}, True, "warning"),
    ],
)
def test_harm_is_seen_where_a_finished_program_fails_or_is_stuck(run, changes, suspect, severity):
    evidence = trace(run, **changes)
    assert (is_suspect(evidence), harm(evidence)) == (suspect, severity)
