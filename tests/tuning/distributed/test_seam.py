"""keras-tuner's parts are exchanged and put back, and a search in one process is safe with ours."""

import subprocess
import sys

import keras_tuner as kt
import pytest
from keras_tuner.src import utils
from keras_tuner.src.distribute import oracle_chief, oracle_client
from keras_tuner.src.engine.base_tuner import BaseTuner

from kerasrecipes.tuning.distributed import (
    SearchFailedError,
    StoreError,
    install,
    installed,
    uninstall,
)
from kerasrecipes.tuning.distributed.directory_lock import directory_lock
from tests.tuning.distributed.tuners import valley


def parts():
    return [
        oracle_chief.start_server,
        oracle_client.OracleClient,
        utils.save_json,
        utils.create_directory,
        kt.Oracle.reload,
        BaseTuner.__init__,
        BaseTuner.search,
    ]


@pytest.fixture
def seam():
    install()
    yield
    uninstall()


def test_everything_is_exchanged_once_and_put_back():
    theirs = parts()
    install()
    ours = parts()
    install()
    assert parts() == ours
    assert installed()
    assert not any(our == their for our, their in zip(ours, theirs, strict=True))
    uninstall()
    assert parts() == theirs
    assert not installed()
    uninstall()
    assert parts() == theirs


def test_what_another_has_exchanged_since_stays(monkeypatch):
    install()
    other = object()
    monkeypatch.setattr(utils, "save_json", other)
    uninstall()
    assert utils.save_json is other
    monkeypatch.undo()
    utils.save_json = save_json


save_json = utils.save_json


def test_a_search_killed_at_any_time_goes_on(seam, tmp_path):
    class Killed(BaseException):
        pass

    def kill(trial):
        if trial.trial_id in ("1", "3") and trial.trial_id not in killed:
            killed.append(trial.trial_id)
            raise Killed

    killed = []
    undisturbed = valley(tmp_path / "undisturbed")
    undisturbed.search()
    for _ in range(2):
        with pytest.raises(Killed):
            valley(tmp_path).search(on=kill)
    tuner = valley(tmp_path)
    tuner.search(on=kill)
    scores = {key: trial.score for key, trial in tuner.oracle.trials.items()}
    assert scores == {key: trial.score for key, trial in undisturbed.oracle.trials.items()}
    assert sorted(tuner.oracle.end_order) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("owner", ["chief", "tuner7", None])
def test_a_search_begun_under_another_name_is_gone_on_with(seam, owner, tmp_path):
    valley(tmp_path, max_trials=2).search()
    own = tmp_path / "search/tuner0.json"
    if owner is None:
        own.unlink()
    else:
        own.rename(own.with_name(f"{owner}.json"))
    assert len(valley(tmp_path).oracle.trials) == 2


def test_a_fresh_directory_and_overwrite_begin_anew(seam, tmp_path):
    assert not valley(tmp_path).oracle.trials
    valley(tmp_path).search()
    assert not valley(tmp_path, overwrite=True).oracle.trials


def test_a_process_started_again_does_not_overwrite(seam, tmp_path, monkeypatch):
    valley(tmp_path).search()
    monkeypatch.setenv("KERASRECIPES_RESUMED", "1")
    assert len(valley(tmp_path, overwrite=True).oracle.trials) == 4


def test_too_many_failures_are_one_line_and_hold_no_lock(seam, tmp_path):
    def fail(trial):
        raise ValueError("too wide")

    tuner = valley(tmp_path)
    message = r"^Number of consecutive failures exceeded the limit of 3\. ValueError: too wide$"
    with pytest.raises(SearchFailedError, match=message):
        tuner.search(on=fail)
    assert tuner.oracle.create_trial("another").status == "RUNNING"


def test_an_unwritable_directory_is_one_clear_error(seam, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"search's directory `.*file/search` cannot be written"):
        valley(tmp_path / "file")


def test_two_searches_in_one_directory_do_not_mix(seam, tmp_path):
    valley(tmp_path)
    code = (
        "import fcntl, sys; file = open(sys.argv[1], 'a'); fcntl.lockf(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "search/.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout.readline() == b"held\n"
        with (
            pytest.raises(StoreError, match="another process searches in"),
            directory_lock(str(tmp_path / "search"), wait_seconds=0.2),
        ):
            pass
        other.kill()
    with directory_lock(str(tmp_path / "search")) as waited:
        assert not waited
