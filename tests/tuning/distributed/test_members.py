"""Processes are started again when they die, and given up when that does not help."""

import pytest

from kerasrecipes.tuning.distributed.errors import StoreError, SweepError
from kerasrecipes.tuning.distributed.members import DEATHS, FAILURES, LocalRunner, Member


class Runner:
    """Processes that end with the statuses they are told to; None runs on."""

    def __init__(self, *statuses):
        self.statuses, self.environments = list(statuses), []

    def start(self, environment, log):
        self.environments.append(environment)
        return Process(self.statuses.pop(0) if self.statuses else None)


class Process:
    def __init__(self, status):
        self.status = status

    def poll(self):
        return self.status

    def terminate(self):
        self.status = -15

    def kill(self):
        self.status = -9


def member(tmp_path, *statuses):
    made = Member("tuner0", Runner(*statuses), {"A": "1"}, tmp_path / "tuner0.log")
    made.start()
    return made


@pytest.mark.parametrize("status", [-9, -15, 1, 137])
def test_a_dead_process_is_started_again_as_another_session(status, tmp_path):
    worker = member(tmp_path, status)
    first = worker.session
    assert worker.mend(progress=0)
    assert worker.session != first
    assert worker.status is None
    before, after = worker.runner.environments
    assert (before["A"], after["A"]) == ("1", "1")
    assert "KERASRECIPES_RESUMED" not in before
    assert after["KERASRECIPES_RESUMED"] == "1"
    assert after["KERASRECIPES_SESSION"] == worker.session
    assert not worker.mend(progress=0)
    assert worker.restarts == 1


@pytest.mark.parametrize("status", [0, 2])
def test_one_that_is_done_or_refuses_is_not(status, tmp_path):
    worker = member(tmp_path, status)
    assert not worker.mend(progress=0)
    assert (worker.status, worker.restarts) == (status, 0)


@pytest.mark.parametrize(("status", "limit"), [(1, FAILURES), (-9, DEATHS)])
def test_one_that_dies_again_and_again_is_given_up_with_its_last_words(status, limit, tmp_path):
    (tmp_path / "tuner0.log").write_text(
        "Traceback ...\nModuleNotFoundError: No module named 'x'\n"
    )
    worker = member(tmp_path, *[status] * limit)
    for _ in range(limit - 1):
        worker.mend(progress=4)
    message = rf"tuner0 ended with status {status} {limit} times and no trial .*named 'x' \(log: "
    with pytest.raises(SweepError, match=message):
        worker.mend(progress=4)


def test_deaths_are_forgiven_while_trials_are_finished(tmp_path):
    worker = member(tmp_path, *[-9] * 50)
    for progress in range(50):
        assert worker.mend(progress)
    assert worker.restarts == 50


def test_a_process_is_ended_at_once_if_it_runs(tmp_path):
    worker = member(tmp_path)
    worker.stop()
    worker.kill()
    assert worker._process.poll() == -15


def test_a_log_that_is_a_link_is_not_written_through(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("as it was")
    (tmp_path / "chief.log").symlink_to(outside)
    with pytest.raises(StoreError, match="cannot be written"):
        LocalRunner(tmp_path / "script.py", ()).start({}, tmp_path / "chief.log")
    assert outside.read_text() == "as it was"
