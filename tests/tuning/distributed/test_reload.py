"""A search put together again from files that a killed process left."""

import json
import os

import keras_tuner as kt
import pytest

from kerasrecipes.tuning.distributed.reload import reload_oracle
from tests.tuning.distributed.searches import oracle_in, run, statuses, values

DONE, RUNS = "COMPLETED", "RUNNING"


@pytest.fixture
def begun(tmp_path):
    """A search of six trials: three are completed, the fourth runs."""
    oracle = oracle_in(tmp_path)
    for _ in range(3):
        run(oracle)
    oracle.create_trial("tuner0")
    return oracle


@pytest.fixture
def undisturbed(tmp_path):
    oracle = oracle_in(tmp_path / "undisturbed")
    for _ in range(6):
        run(oracle)
    return values(oracle)


def reloaded(tmp_path, **options):
    said = []
    oracle = oracle_in(tmp_path, **options)
    reload_oracle(oracle, said.append)
    return oracle, said


def finish(oracle):
    """Runs what is left, and returns the ids in the order they were run."""
    ran = []
    while (trial := oracle.create_trial("tuner0")).status == RUNS:
        ran.append(trial.trial_id)
        oracle.update_trial(trial.trial_id, {"loss": trial.hyperparameters.values["x"]})
        trial.status = DONE
        oracle.end_trial(trial)
    return ran


def test_a_search_goes_on_where_it_was(begun, tmp_path, undisturbed):
    oracle, said = reloaded(tmp_path)
    assert finish(oracle) == ["3", "4", "5"]
    assert (said, values(oracle)) == ([], undisturbed)


def older_state(tmp_path, trials):
    """Puts back the state file of a search with fewer trials."""
    other = tmp_path / "other"
    oracle = oracle_in(other)
    for _ in range(trials):
        run(oracle)
    os.replace(other / "search/oracle.json", tmp_path / "search/oracle.json")


@pytest.mark.parametrize("trials", [1, 2, 3])
def test_trial_files_newer_than_the_state_are_believed(trials, begun, tmp_path, undisturbed):
    older_state(tmp_path, trials)
    oracle, _ = reloaded(tmp_path)
    assert oracle.start_order == ["0", "1", "2", "3"]
    assert oracle.end_order == ["0", "1", "2"]
    assert finish(oracle) == ["3", "4", "5"]
    assert values(oracle) == undisturbed


def test_a_trial_whose_end_was_not_noted_is_not_run_again(begun, tmp_path):
    file = tmp_path / "search/oracle.json"
    state = json.loads(file.read_text())
    file.write_text(json.dumps(state | {"ongoing_trials": {"tuner0": "2"}, "end_order": ["0"]}))
    oracle, _ = reloaded(tmp_path)
    assert oracle.end_order == ["0", "1", "2"]
    assert finish(oracle) == ["3", "4", "5"]


def test_an_unfinished_trial_is_queued_once(begun, tmp_path):
    file = tmp_path / "search/oracle.json"
    state = json.loads(file.read_text())
    file.write_text(json.dumps(state | {"retry_queue": ["3", "3", "0"]}))
    assert finish(reloaded(tmp_path)[0]) == ["3", "4", "5"]


def test_what_an_unfinished_trial_reported_is_forgotten(begun, tmp_path):
    begun.update_trial("3", {"loss": 100.0})
    oracle, _ = reloaded(tmp_path)
    finish(oracle)
    assert oracle.trials["3"].score == oracle.trials["3"].hyperparameters.values["x"]


@pytest.mark.parametrize(
    "torn", ["", '{"trial_id": "1", "hyperpa', "[]", '{"trial_id": "1"}', "\0\0"]
)
def test_a_corrupted_trial_is_set_aside_and_its_number_run_again(torn, begun, tmp_path):
    folder = tmp_path / "search/trial_1"
    (folder / "trial.json").write_text(torn)
    oracle, said = reloaded(tmp_path)
    assert (folder / "trial.json.corrupted-1").read_text() == torn
    assert len(said) == 1
    assert said[0].startswith(f"trial 1: `{folder / 'trial.json'}` is corrupted (")
    assert said[0].endswith("set aside as `trial.json.corrupted-1`, and the trial is run again.")
    assert oracle.start_order == ["0", "1", "2", "3"]
    assert finish(oracle) == ["1", "3", "4", "5"]
    assert statuses(oracle) == dict.fromkeys("012345", DONE)
    assert sorted(oracle.end_order) == list("012345")
    assert len({value["x"] for value in values(oracle).values()}) == 6
    assert reloaded(tmp_path)[1] == []


def test_a_trial_file_that_tells_of_another_trial_is_set_aside(begun, tmp_path):
    file = tmp_path / "search/trial_1/trial.json"
    file.write_text((tmp_path / "search/trial_0/trial.json").read_text())
    oracle, (line,) = reloaded(tmp_path)
    assert "it tells of trial 0" in line
    assert finish(oracle) == ["1", "3", "4", "5"]


def test_a_missing_trial_file_leaves_no_gap_and_no_number_twice(begun, tmp_path):
    (tmp_path / "search/trial_0/trial.json").unlink()
    oracle, _ = reloaded(tmp_path)
    assert finish(oracle) == ["0", "3", "4", "5"]


@pytest.mark.parametrize("torn", [None, "", '{"ongoing_tri', "[]"])
def test_a_torn_state_is_rebuilt_from_the_trials(torn, begun, tmp_path, undisturbed):
    file = tmp_path / "search/oracle.json"
    file.unlink()
    if torn is not None:
        file.write_text(torn)
    oracle, said = reloaded(tmp_path)
    assert ["is rebuilt from its trial files" in line for line in said] == [True] * (
        torn is not None
    )
    assert oracle.end_order == ["0", "1", "2"]
    assert finish(oracle) == ["3", "4", "5"]
    assert values(oracle) == undisturbed


def test_the_directory_of_another_search_is_named_and_left_as_it_is(tmp_path):
    (tmp_path / "search").mkdir()
    (tmp_path / "search/oracle.json").write_text('{"epochs": 3}')
    with pytest.raises(
        RuntimeError, match=r"search` holds another search: its oracle\.json has no"
    ):
        reloaded(tmp_path)
    assert (tmp_path / "search/oracle.json").read_text() == '{"epochs": 3}'


@pytest.mark.parametrize(
    "kind", [kt.oracles.GridSearchOracle, kt.oracles.BayesianOptimizationOracle]
)
def test_other_oracles_survive_a_corrupted_trial_and_a_torn_state(kind, tmp_path):
    oracle = oracle_in(tmp_path, kind=kind)
    for _ in range(4):
        run(oracle)
    (tmp_path / "search/trial_1/trial.json").write_text("{")
    oracle, _ = reloaded(tmp_path, kind=kind)
    assert finish(oracle) == ["1", "4", "5"]
    (tmp_path / "search/oracle.json").write_text("{")
    oracle, _ = reloaded(tmp_path, kind=kind)
    assert len(set(oracle.end_order)) == len(oracle.end_order) == 6


def test_a_grid_search_goes_on_along_its_grid(tmp_path):
    whole = oracle_in(tmp_path / "whole", kind=kt.oracles.GridSearchOracle, max_trials=None)
    points = len(finish(whole))
    for number in range(3):
        run(reloaded(tmp_path, kind=kt.oracles.GridSearchOracle, max_trials=None)[0])
        assert len(list(tmp_path.glob("search/trial_*"))) == number + 1
    oracle, _ = reloaded(tmp_path, kind=kt.oracles.GridSearchOracle, max_trials=None)
    assert len(finish(oracle)) == points - 3
    found = {value["x"] for value in values(oracle).values()}
    assert found == {value["x"] for value in values(whole).values()}
    assert len(found) == points


@pytest.mark.parametrize("trial_id", ["../../outside", "/tmp/outside", "..", 7])
def test_a_state_that_names_a_trial_outside_its_directory_is_set_aside(trial_id, begun, tmp_path):
    file = next(tmp_path.rglob("oracle.json"))
    state = json.loads(file.read_text())
    file.write_text(json.dumps({**state, "start_order": [*state["start_order"], trial_id]}))
    before = set(tmp_path.parent.rglob("*outside*"))
    oracle, (said,) = reloaded(tmp_path)
    assert "is corrupted (" in said
    assert finish(oracle) == ["3", "4", "5"]
    assert set(tmp_path.parent.rglob("*outside*")) == before
