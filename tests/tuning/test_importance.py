"""Importance against known variance shares, its uncertainty, and what it says if it cannot tell."""

import json

import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning import importance
from kerasrecipes.tuning.importance_table import Share
from tests.tuning.made_up import add_trial, floats, searched

SHARES = (0.7, 0.25, 0.05)
SLOPES = np.sqrt(12 * np.array(SHARES))  # the variance of a line of slope 1 is 1/12
FAST = {"trees": 64}


def additive(values):
    return sum(slope * values[f"x{i}"] for i, slope in enumerate(SLOPES))


def ishigami(values, a=7.0, b=0.1):
    z = [(2 * values[f"x{i}"] - 1) * np.pi for i in range(3)]
    return np.sin(z[0]) + a * np.sin(z[1]) ** 2 + b * z[2] ** 4 * np.sin(z[0])


def ishigami_shares(a=7.0, b=0.1):
    """The Sobol indices: first order of x0, x1, x2, and of x0 with x2."""
    parts = np.array([
        (1 + b * np.pi**4 / 5) ** 2 / 2, a**2 / 8, 0, b**2 * np.pi**8 * (1 / 18 - 1 / 50),
    ])  # fmt: skip
    return parts / parts.sum()


def first_of(values):
    return values["x0"]


def shares_of(table):
    return {row.name: row.importance for row in (*table.rows, *table.interactions)}


@pytest.fixture(scope="module")
def of_additive():
    return importance(searched(floats(8), additive, 200), **FAST)


def test_an_additive_function_has_its_known_shares(of_additive):
    shares = shares_of(of_additive)
    assert [row.name for row in of_additive.rows[:3]] == ["x0", "x1", "x2"]
    for i, expected in enumerate(SHARES):
        assert shares[f"x{i}"] == pytest.approx(expected, abs=0.04)
    assert max(shares[f"x{i}"] for i in range(3, 8)) < 0.005
    assert max(pair.importance for pair in of_additive.interactions) < 0.02
    assert of_additive.explained > 0.9


def test_the_intervals_hold_the_known_shares(of_additive):
    for row in of_additive.rows[:3]:
        assert row.low <= SHARES[int(row.name[1])] <= row.high
        assert 0.001 < row.standard_error < 0.05


def test_shares_are_found_in_spite_of_noise():
    rng = np.random.default_rng(0)
    oracle = searched(floats(6), lambda v: additive(v) + 0.5 * rng.normal(), 200)
    table = importance(oracle, **FAST)
    shares = shares_of(table)
    assert shares["x0"] == pytest.approx(0.7, abs=0.1)
    assert shares["x1"] == pytest.approx(0.25, abs=0.1)
    assert max(shares[f"x{i}"] for i in range(3, 6)) < 0.02
    assert 0.5 < table.explained < 0.85  # a fifth of the variance is noise


def test_ishigami_has_its_sobol_indices():
    table = importance(searched(floats(4), ishigami, 400), **FAST)
    expected = ishigami_shares()
    shares = shares_of(table)
    np.testing.assert_allclose([shares[f"x{i}"] for i in range(3)], expected[:3], atol=0.06)
    assert table.interactions[0].name == "x0 × x2"
    # It sits in the corners, as x2 to the fourth, where a forest is flat: seen from below.
    assert table.interactions[0].importance == pytest.approx(expected[3], abs=0.1)


def test_a_pure_interaction_is_told_as_such():
    oracle = searched(floats(4), lambda v: (v["x0"] - 0.5) * (v["x1"] - 0.5), 200)
    table = importance(oracle, **FAST)
    assert table.interactions[0].name == "x0 × x1"
    assert table.interactions[0].importance > 0.85
    assert table.rows[0].importance < 0.06


def conditional_space():
    space = keras_tuner.HyperParameters()
    space.Choice("kind", ["flat", "steep"])
    with space.conditional_scope("kind", ["steep"]):
        space.Float("slope", 0.0, 1.0)
    return space


def test_what_is_not_active_has_no_effect_there():
    # f = slope - 1/2 if steep, else 0: E[f | kind] = 0; E[f | slope] varies by 1/4 of Var(slope),
    # f by 1/2 of it: half is the child's alone, half is together with its parent.
    oracle = searched(conditional_space(), lambda v: v.get("slope", 0.5), 200)
    table = importance(oracle, **FAST)
    shares = shares_of(table)
    assert shares["slope"] == pytest.approx(0.5, abs=0.06)
    assert shares["kind"] < 0.05
    assert shares["kind × slope"] == pytest.approx(0.5, abs=0.06)


def test_the_parent_gets_its_due():
    oracle = searched(conditional_space(), lambda v: float(v["kind"] == "flat"), 100)
    table = importance(oracle, **FAST)
    assert table.rows[0].name == "kind"
    assert table.rows[0].importance > 0.97


def test_choices_are_compared_as_cells_of_equal_weight():
    space = keras_tuner.HyperParameters()
    space.Choice("optimizer", ["a", "b", "c"])
    space.Int("units", 1, 5)
    cost = {"a": 0.0, "b": 5.0, "c": 1.0}
    oracle = searched(space, lambda v: cost[v["optimizer"]] + 0.5 * v["units"], 150)
    by_choice, by_units = np.var(list(cost.values())), 0.25 * np.var(range(1, 6))
    table = importance(oracle, **FAST)
    expected = by_choice / (by_choice + by_units)
    assert shares_of(table)["optimizer"] == pytest.approx(expected, abs=0.02)


def test_scores_to_be_raised_give_the_same_shares():
    lower = importance(searched(floats(3), additive, 60), **FAST)
    raised = searched(floats(3), lambda v: -additive(v), 60,
                      objective=keras_tuner.Objective("score", "max"))  # fmt: skip
    assert shares_of(importance(raised, **FAST)) == pytest.approx(shares_of(lower), abs=1e-6)


def test_failed_trials_change_nothing_and_are_counted():
    oracle = searched(floats(3), additive, 60)
    before = importance(oracle, **FAST)
    add_trial(oracle, {"x0": 0.1, "x1": 0.1, "x2": 0.1}, None, "FAILED")
    add_trial(oracle, {"x0": 0.1, "x1": 0.1, "x2": 0.1}, float("nan"))
    after = importance(oracle, **FAST)
    assert after.rows == before.rows
    assert after.notes[-1] == "Left out: 1 (failed), 1 (score not finite)."


def diverging(values):
    return additive(values) + (1e9 if values["x3"] > 0.98 else 0.0)


def test_a_few_diverged_trials_do_not_drown_the_rest():
    oracle = searched(floats(4), diverging, 120)
    table = importance(oracle, **FAST)
    assert table.by_rank
    assert any("the ranks of the scores" in note for note in table.notes)
    assert [row.name for row in table.rows[:2]] == ["x0", "x1"]
    as_they_are = importance(oracle, ranks=False, **FAST)
    assert not as_they_are.by_rank
    assert shares_of(as_they_are)["x0"] < 0.2


def test_ordinary_scores_are_not_ranked(of_additive):
    assert not of_additive.by_rank


def test_noise_is_called_meaningless():
    rng = np.random.default_rng(0)
    table = importance(searched(floats(4), lambda v: rng.normal(), 80), **FAST)
    assert not table.meaningful
    assert table.notes[0].startswith("These shares mean nothing")


@pytest.mark.parametrize(("space", "function", "trials", "why"), [
    (floats(2), first_of, 7, "8 completed trials at least"),
    (floats(2), first_of, 1, "8 completed trials at least"),
    (floats(2), lambda v: 1.0, 30, "all trials have the same val_loss"),
    (keras_tuner.HyperParameters(), lambda v: 1.0, 30, "no hyperparameter that can vary"),
])  # fmt: skip
def test_where_nothing_can_be_told_it_says_why(space, function, trials, why):
    table = importance(searched(space, function, trials))
    assert why in table.notes[0]
    assert all(np.isnan(row.importance) for row in table.rows)
    assert not table.meaningful
    assert why in str(table)
    json.dumps(table.to_dict(), allow_nan=False)


def test_few_trials_for_many_hyperparameters_are_told():
    table = importance(searched(floats(12), lambda v: v["x0"], 30), **FAST)
    assert any(note.startswith("Few trials: 30 for 12 hyperparameters") for note in table.notes)


def test_permutation_tells_total_effects():
    table = importance(searched(floats(4), ishigami, 400), method="permutation", **FAST)
    x0, x1, _, both = ishigami_shares()
    shares = shares_of(table)
    assert shares["x0"] == pytest.approx(x0 + both, abs=0.1)
    assert shares["x1"] == pytest.approx(x1, abs=0.1)
    assert shares["x2"] == pytest.approx(both, abs=0.1)
    assert shares["x3"] < 0.01
    assert all(row.standard_error < 0.1 for row in table.rows)


def test_the_same_seed_gives_the_same_table():
    oracle = searched(floats(3), additive, 40)
    assert importance(oracle, seed=3, **FAST) == importance(oracle, seed=3, **FAST)


def test_the_table_reads_well(of_additive):
    text = str(of_additive).splitlines()
    assert text[0].startswith("Importance for val_loss, 200 trials; the forest predicts 9")
    assert text[1].split()[0] == "x0"
    assert text[1].split()[1].endswith("%")


def test_the_table_becomes_plain_values(of_additive):
    plain = json.loads(json.dumps(of_additive.to_dict(), allow_nan=False))
    assert plain["rows"][0]["name"] == "x0"
    assert plain["rows"][0]["low"] < plain["rows"][0]["importance"] < plain["rows"][0]["high"]
    assert (plain["trials"], plain["method"], plain["by_rank"]) == (200, "fanova", False)


@pytest.mark.parametrize(("share", "low", "high"), [
    (Share("a", 0.5, 0.1), 0.304, 0.696), (Share("a", 0.1, 0.1), 0.0, 0.296),
    (Share("a", 0.95, 0.1), 0.754, 1.0),
])  # fmt: skip
def test_intervals_stay_among_the_shares(share, low, high):
    assert (share.low, share.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(("options", "match"), [
    ({"method": "shap"}, "must be one of 'fanova', 'permutation'. Received: method='shap'"),
    ({"ranks": "yes"}, "Received: ranks='yes'"),
    ({"interactions": -1}, "`interactions` must be an integer >= 0. Received: interactions=-1"),
    ({"trees": 1}, "`trees` must be an integer >= 8. Received: trees=1"),
    ({"seed": 0.5}, "`seed` must be an integer >= 0. Received: seed=0.5"),
])  # fmt: skip
def test_wrong_arguments_are_named(options, match):
    with pytest.raises(ValueError, match=match):
        importance(searched(floats(1), lambda v: v["x0"], 3), **options)
