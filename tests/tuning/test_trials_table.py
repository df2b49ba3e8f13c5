"""Trials as arrays: order, coordinates, what is left out, and where they may come from."""

import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning.trials_table import NoTrialsError, trials_table
from tests.tuning.made_up import Round, add_trial, floats, searched


def mixed_space():
    space = keras_tuner.HyperParameters()
    space.Float("rate", 1e-4, 1.0, sampling="log")
    space.Choice("optimizer", ["sgd", "adam"])
    with space.conditional_scope("optimizer", ["sgd"]):
        space.Float("momentum", 0.0, 1.0)
    space.Fixed("epochs", 10)
    space.Boolean("norm")
    return space


def mixed_oracle(**options):
    oracle = searched(mixed_space(), lambda values: 0.0, 0, **options)
    add_trial(oracle, {"rate": 1e-2, "optimizer": "sgd", "momentum": 0.25, "norm": True}, 3.0)
    add_trial(oracle, {"rate": 1e-4, "optimizer": "adam", "norm": False}, 1.0)
    return oracle


def test_values_become_places_on_their_own_scale_and_nan_where_not_active():
    table = trials_table(mixed_oracle())
    assert table.names == ("rate", "optimizer", "momentum", "norm")
    expected = [[0.5, 0.25, 0.25, 0.75], [0.0, 0.75, np.nan, 0.25]]
    np.testing.assert_allclose(table.units, expected)
    assert table.values[1] == {"rate": 1e-4, "optimizer": "adam", "norm": False}


def test_trials_come_in_the_order_in_which_they_ended():
    oracle = mixed_oracle()
    oracle.end_order = ["0001", "0000"]
    table = trials_table(oracle)
    assert table.trial_ids == ("0001", "0000")
    np.testing.assert_array_equal(table.scores, [1.0, 3.0])
    np.testing.assert_array_equal(table.started, [1, 0])


@pytest.mark.parametrize(("direction", "best"), [("min", 1), ("max", 0)])
def test_the_best_follows_the_direction(direction, best):
    table = trials_table(mixed_oracle(objective=keras_tuner.Objective("it", direction)))
    assert (table.objective, table.direction, table.best) == ("it", direction, best)


def test_what_cannot_be_used_is_left_out_and_counted():
    oracle = mixed_oracle()
    good = {"rate": 1e-2, "optimizer": "adam", "norm": True}
    add_trial(oracle, good, None, "FAILED")
    add_trial(oracle, good, None, "FAILED")
    add_trial(oracle, good, float("inf"))
    add_trial(oracle, good, None, "RUNNING")
    add_trial(oracle, {**good, "rate": 5.0}, 0.1)
    add_trial(oracle, {**good, "optimizer": "lion"}, 0.1)
    table = trials_table(oracle)
    assert len(table.scores) == 2
    assert table.left_out == {
        "failed": 2, "score not finite": 1, "running": 1, "a value outside the space": 2,
    }  # fmt: skip
    assert "2 (failed), 1 (score not finite)" in table.left_out_in_words


def test_a_value_at_the_end_of_its_range_is_inside_despite_rounding():
    oracle = searched(floats(1), lambda values: 0.0, 0)
    add_trial(oracle, {"x0": 1.0 + 1e-12}, 1.0)
    assert trials_table(oracle).units[0, 0] == 1.0


def test_no_completed_trial_is_told_with_what_there_is():
    oracle = searched(floats(1), lambda values: 0.0, 0)
    with pytest.raises(NoTrialsError, match="Received: no trials at all"):
        trials_table(oracle)
    add_trial(oracle, {"x0": 0.5}, None, "FAILED")
    with pytest.raises(NoTrialsError, match=r"Received: 1 \(failed\)\. Run `search`"):
        trials_table(oracle)


def test_what_holds_no_trials_is_refused():
    with pytest.raises(TypeError, match="Received: tuner of type dict"):
        trials_table({})


def test_several_objectives_are_named_as_the_sum_that_keras_tuner_makes_of_them():
    objective = [keras_tuner.Objective("loss", "min"), keras_tuner.Objective("accuracy", "max")]
    table = trials_table(mixed_oracle(objective=objective))
    assert (table.objective, table.direction) == ("loss − accuracy", "min")


def test_rounds_are_taken_along():
    rounds = (Round(0, 0), Round(1, 5, ({"x0": (0.1, 0.2)},)))
    assert trials_table(searched(floats(1), lambda v: v["x0"], 9, rounds=rounds)).rounds == rounds


def test_a_name_under_several_conditions_is_one_column():
    space = keras_tuner.HyperParameters()
    space.Choice("kind", ["a", "b"])
    for kind, high in (("a", 10.0), ("b", 100.0)):
        with space.conditional_scope("kind", [kind]):
            space.Float("size", 0.0, high)
    oracle = searched(space, lambda values: 0.0, 0)
    add_trial(oracle, {"kind": "a", "size": 5.0}, 1.0)
    add_trial(oracle, {"kind": "b", "size": 50.0}, 1.0)
    table = trials_table(oracle)
    assert table.names == ("kind", "size")
    np.testing.assert_allclose(table.units[:, 1], [0.5, 0.5])


class Line(keras_tuner.RandomSearch):
    """Needs no model: the score is the value itself."""

    def run_trial(self, trial, **ignored):
        return trial.hyperparameters.Float("x", 0.0, 2.0)


def test_a_live_tuner_and_a_reloaded_one_give_the_same(tmp_path):
    live = Line(max_trials=4, directory=tmp_path, project_name="line", seed=3)
    live.search(verbose=0)
    reloaded = Line(max_trials=4, directory=tmp_path, project_name="line", overwrite=False)
    first, second = trials_table(live), trials_table(reloaded)
    assert first.trial_ids == second.trial_ids
    np.testing.assert_array_equal(first.units, second.units)
    np.testing.assert_allclose(first.scores, 2 * first.units[:, 0])
