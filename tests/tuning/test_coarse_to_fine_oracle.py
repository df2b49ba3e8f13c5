import json

import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning import coarse_to_fine_oracle
from kerasrecipes.tuning.coarse_to_fine_oracle import CoarseToFineOracle
from tests.tuning.searches import begin, finish, make_oracle, rate_and_units, search


def cost(values):
    return (np.log10(values["rate"]) + 2) ** 2 + 0.2 * (values["kind"] != "tanh")


def test_it_finds_the_best_rate_and_kind(tmp_path):
    tried = search(make_oracle(rate_and_units(), tmp_path, max_trials=30), cost)
    assert len(tried) == 30
    best = min(tried, key=cost)
    assert best["kind"] == "tanh"
    assert abs(np.log10(best["rate"]) + 2) < 0.05


def test_it_maximises_where_the_objective_says_so(tmp_path):
    oracle = make_oracle(rate_and_units(), tmp_path, "max", max_trials=25)
    search(oracle, lambda values: -cost(values))
    assert oracle.get_best_trials()[0].score > -0.01


def test_the_rounds_tell_where_they_looked(tmp_path):
    oracle = make_oracle(rate_and_units(), tmp_path, max_trials=30, coarse_trials=6)
    tried = search(oracle, cost)
    assert [(r.number, r.first_trial) for r in oracle.rounds] == [(0, 0), (1, 6), (2, 14), (3, 22)]
    assert oracle.rounds[0].boxes == ()
    last = oracle.rounds[-1]
    assert all(0 <= low < high <= 1 for box in last.boxes for low, high in box.values())
    assert last.boxes[0]["kind"] == (0, 1)
    width = [np.diff(r.boxes[0]["rate"])[0] for r in oracle.rounds[1:]]
    assert width[2] < width[0] < 1
    rates = [(np.log10(v["rate"]) + 5) / 5 for v in tried]
    inside = [
        any(box["rate"][0] - 1e-9 <= rates[i] <= box["rate"][1] + 1e-9 for box in last.boxes)
        for i in range(22, 30)
        if i % 5  # one in five may go anywhere
    ]
    assert all(inside)


def test_a_long_search_learns_from_its_most_telling_trials(tmp_path, monkeypatch):
    monkeypatch.setattr(coarse_to_fine_oracle, "LEARNED_FROM", 12)
    oracle = make_oracle(rate_and_units(), tmp_path, max_trials=40)
    running = begin(oracle, "another worker")
    assert len(search(oracle, cost)) == 39
    finish(oracle, running, 0.0)
    assert oracle.get_best_trials(2)[1].score < 0.05


def test_the_coarse_round_is_even_on_each_scale(tmp_path):
    oracle = make_oracle(rate_and_units(), tmp_path, max_trials=60, coarse_trials=10)
    rates = [(np.log10(v["rate"]) + 5) / 5 for v in search(oracle, cost, most=10)]
    assert sorted(np.floor(10 * np.array(rates)).astype(int)) == list(range(10))


@pytest.mark.parametrize("seed", [0, 3])
def test_the_same_seed_searches_the_same(seed, tmp_path):
    one, two, other = (
        search(make_oracle(rate_and_units(), tmp_path / name, seed=number), cost)
        for name, number in (("a", seed), ("b", seed), ("c", seed + 1))
    )
    assert one == two != other


def test_a_search_goes_on_as_if_it_had_never_stopped(tmp_path):
    whole = make_oracle(rate_and_units(), tmp_path / "whole")
    expected = search(whole, cost)
    first = make_oracle(rate_and_units(), tmp_path / "halves")
    before = search(first, cost, most=11)
    json.dumps(first.get_state())
    second = make_oracle(rate_and_units(), tmp_path / "halves")
    second.reload()
    assert second.rounds == first.rounds
    assert before + search(second, cost) == expected
    assert second.rounds == whole.rounds


def test_workers_at_the_same_time_try_different_settings(tmp_path):
    oracle = make_oracle(rate_and_units(), tmp_path, max_trials=24)
    for number in range(3):
        trials = [begin(oracle, f"worker{i}") for i in range(8)]
        settings = {tuple(trial.hyperparameters.values.items()) for trial in trials}
        assert len(settings) == 8, number
        for trial in trials:
            finish(oracle, trial, cost(trial.hyperparameters.values))
    assert oracle.get_best_trials()[0].score < 0.2


def test_failed_and_nan_trials_count_as_bad_and_the_search_goes_on(tmp_path):
    lines = []
    oracle = make_oracle(rate_and_units(), tmp_path, max_trials=30, sink=lines.append)

    def broken(values):
        if values["kind"] == "relu":
            return None
        return float("nan") if values["rate"] > 0.1 else cost(values)

    tried = search(oracle, broken)
    assert len(tried) == 30
    broken_late = [values for values in tried[15:] if values["kind"] == "relu"]
    assert len(broken_late) <= 4
    assert oracle.get_best_trials()[0].score < 0.05
    failed = [trial for trial in oracle.trials.values() if trial.status == "FAILED"]
    assert len(lines) == len(failed) > 1
    assert any("ValueError: no such model" in line for line in lines)
    nan = [t for t in failed if "relu" not in t.hyperparameters.values.values()]
    assert all("`cost` is not finite: nan" in trial.message for trial in nan)


def test_a_search_in_which_all_fails_ends_early_and_says_so(tmp_path):
    lines = []
    oracle = make_oracle(rate_and_units(), tmp_path, max_trials=50, sink=lines.append)
    assert len(search(oracle, lambda values: None)) == 10
    assert "first 10 trials all failed" in lines[-1]


def test_a_limit_of_failures_ends_the_search_and_leaves_the_oracle_free(tmp_path):
    oracle = make_oracle(rate_and_units(), tmp_path, max_consecutive_failed_trials=2)
    with pytest.raises(RuntimeError, match="2 trials in a row failed"):
        search(oracle, lambda values: None)
    assert begin(oracle) is not None


def test_a_small_space_is_tried_to_the_last_setting_and_no_further(tmp_path):
    hp = keras_tuner.HyperParameters()
    hp.Choice("optimizer", ["sgd", "adam"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        hp.Int("k", 1, 5)
    lines = []
    oracle = make_oracle(hp, tmp_path, max_trials=None, sink=lines.append)
    tried = search(oracle, lambda values: float(values.get("k", 3)))
    assert len(tried) == len({tuple(v.items()) for v in tried}) == 6
    assert "Every setting of the space has been tried" in lines[-1]


def test_a_space_of_one_point_is_one_trial(tmp_path):
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 0.1, 0.1)
    assert search(make_oracle(hp, tmp_path), lambda values: 1.0) == [{"rate": 0.1}]


def test_an_empty_space_is_one_trial_and_a_line(tmp_path):
    lines = []
    oracle = make_oracle(keras_tuner.HyperParameters(), tmp_path, sink=lines.append)
    assert search(oracle, lambda values: 1.0) == [{}]
    assert "no hyperparameters to search over" in lines[-1]


def test_hyperparameters_that_appear_later_are_searched_too(tmp_path):
    oracle = make_oracle(rate_and_units(), tmp_path, max_trials=30)
    late = []
    while (trial := begin(oracle)) is not None:
        late.append(trial.hyperparameters.Float("late", 0.0, 1.0, default=0.5))
        finish(oracle, trial, cost(trial.hyperparameters.values) + (late[-1] - 0.9) ** 2)
    assert late[0] == 0.5
    assert abs(oracle.get_best_trials()[0].hyperparameters.get("late") - 0.9) < 0.2


def test_an_objective_that_is_not_reported_is_named_and_the_oracle_stays_free(tmp_path):
    oracle = make_oracle(rate_and_units(), tmp_path)
    trial = begin(oracle)
    with pytest.raises(ValueError, match=r"Received: objective=cost; reported: loss, accuracy"):
        oracle.update_trial(trial.trial_id, {"loss": 1.0, "accuracy": 0.5})
    assert begin(oracle, "another") is not None


def test_the_directory_of_another_search_is_refused(tmp_path):
    search(make_oracle(rate_and_units(), tmp_path), cost, most=3)
    with pytest.raises(ValueError, match=r"objective={'cost': 'max'}"):
        make_oracle(rate_and_units(), tmp_path, "max").reload()
    random = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective("cost", "min"), 5, hyperparameters=rate_and_units()
    )
    random._set_project_dir(str(tmp_path), "random")
    random.save()
    ours = make_oracle(rate_and_units(), tmp_path)
    ours._set_project_dir(str(tmp_path), "random")
    with pytest.raises(ValueError, match="another oracle"):
        ours.reload()


@pytest.mark.parametrize(
    "wrong",
    [{"rounds": 0}, {"max_trials": 0}, {"coarse_trials": 0}, {"seed": -1}, {"rounds": True},
     {"max_consecutive_failed_trials": 0}],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"`{name}` must be .* Received: {name}={value}"):
        CoarseToFineOracle("val_loss", **wrong)


def test_the_coarse_round_is_begun_at_once_and_later_ones_in_parts(tmp_path):
    oracle = make_oracle(rate_and_units(), tmp_path, max_trials=50, rounds=3, coarse_trials=20)
    asked = []
    for _ in range(3):
        asked.append(oracle.trials_at_once())
        trials = [begin(oracle, f"worker-{number}") for number in range(asked[-1])]
        for trial in trials:
            finish(oracle, trial, cost(trial.hyperparameters.values))
    assert asked == [20, 15, 15]  # the rest of each round
    assert [each.first_trial for each in oracle.rounds] == [0, 20, 35]
