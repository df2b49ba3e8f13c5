"""Every trial is completed once, and none is lost, whoever dies."""

import keras_tuner as kt
import pytest

from kerasrecipes.tuning.distributed.errors import SearchFailedError, StaleReportError
from kerasrecipes.tuning.distributed.settings import Settings
from kerasrecipes.tuning.distributed.trial_book import TrialBook
from tests.tuning.distributed.searches import SETTINGS, Clock, oracle_in, run, saved, statuses

A, B, A_AGAIN = "tuner0/1", "tuner1/1", "tuner0/2"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def said():
    return []


@pytest.fixture
def book(tmp_path, clock, said):
    return TrialBook(oracle_in(tmp_path), SETTINGS, clock=clock, sink=said.append)


def again(tmp_path, clock=None, **options):
    """The chief of a directory, started again."""
    oracle = oracle_in(tmp_path, **options)
    from kerasrecipes.tuning.distributed.reload import reload_oracle

    reload_oracle(oracle)
    return TrialBook(oracle, SETTINGS, clock=clock or Clock(), sink=lambda line: None)


def complete(book, trial, session, loss=0.5):
    book.update_trial(trial.trial_id, {"loss": loss}, 0, session)
    book.end_trial(finished(trial), session)


def finished(trial, status="COMPLETED"):
    return kt.engine.trial.Trial(trial.hyperparameters.copy(), trial.trial_id, status)


def test_the_trial_of_a_silent_worker_is_given_to_another(book, clock, said):
    lost = book.create_trial("tuner0", A)
    clock.now += 10
    book.expire()
    taken = book.create_trial("tuner1", B)
    assert (taken.trial_id, taken.hyperparameters.values) == (
        lost.trial_id,
        lost.hyperparameters.values,
    )
    assert said == ["trial 0 is given to another worker: its worker was silent for 10 s."]


def test_heartbeats_keep_all_trials_of_a_worker(book, clock):
    held = [book.create_trial(f"tuner0-{i}", A).trial_id for i in range(3)]
    for _ in range(5):
        clock.now += 9
        assert book.heartbeat(A, held) == []
        book.expire()
    assert len(book.oracle.ongoing_trials) == 3


def test_a_report_of_a_trial_that_another_holds_is_refused(book, clock):
    trial = book.create_trial("tuner0", A)
    clock.now += 10
    book.expire()
    book.create_trial("tuner1", B)
    assert book.heartbeat(A, ["0"]) == ["0"]
    with pytest.raises(StaleReportError, match="trial 0 is no longer tuner0's"):
        book.update_trial("0", {"loss": 9.0}, 0, A)
    with pytest.raises(StaleReportError, match="trial 0 is no longer tuner0's"):
        book.end_trial(finished(trial), A)
    complete(book, trial, B, loss=0.25)
    assert book.oracle.trials["0"].score == 0.25


def test_a_late_worker_keeps_a_trial_that_nobody_has_taken_up(book, clock):
    trial = book.create_trial("tuner0", A)
    clock.now += 10
    book.expire()
    assert book.heartbeat(A, ["0"]) == []
    assert book.create_trial("tuner1", B).trial_id == "1"
    complete(book, trial, A)
    assert book.oracle.end_order == ["0"]


def test_the_end_of_a_trial_given_up_before_it_was_measured_is_refused(book, clock):
    trial = book.create_trial("tuner0", A)
    book.update_trial("0", {"loss": 0.5}, 0, A)
    clock.now += 10
    book.expire()
    with pytest.raises(StaleReportError, match="given up before it was measured"):
        book.end_trial(finished(trial), A)


def test_the_end_told_twice_counts_once(book):
    trial = book.create_trial("tuner0", A)
    complete(book, trial, A)
    book.end_trial(finished(trial), A)
    assert book.oracle.end_order == ["0"]
    assert book.oracle._run_times["0"] == 1


def test_what_an_unfinished_run_reported_is_forgotten(book, clock):
    trial = book.create_trial("tuner0", A)
    book.update_trial("0", {"loss": 9.0}, 0, A)
    clock.now += 10
    book.expire()
    book.create_trial("tuner1", B)
    complete(book, trial, B, loss=1.0)
    assert book.oracle.trials["0"].score == 1.0


def test_workers_wait_while_others_may_still_die(book, clock):
    for number in range(5):
        complete(book, book.create_trial("tuner0", A), A, loss=number)
    book.create_trial("tuner1", B)
    assert book.create_trial("tuner0", A).status == "IDLE"
    assert not book.over
    clock.now += 10
    book.expire()
    last = book.create_trial("tuner0", A)
    assert (last.trial_id, last.status) == ("5", "RUNNING")
    complete(book, last, A)
    assert book.create_trial("tuner0", A).status == "STOPPED"
    assert book.over
    assert book.all_done()


def test_a_worker_of_stock_keras_tuner_is_served_as_ever(book, clock):
    trial = book.create_trial("tuner9", None)
    clock.now += 1e6
    book.expire()
    complete(book, trial, None)
    assert statuses(book.oracle) == {"0": "COMPLETED"}


def test_two_workers_of_one_name_get_different_trials(book):
    assert book.create_trial("tuner0", A).trial_id == "0"
    assert book.create_trial("tuner0", A_AGAIN).trial_id == "1"
    assert book.create_trial("tuner0", A).trial_id == "0"  # a call that is made again


def test_a_launcher_need_not_wait_for_the_deadline(book):
    book.create_trial("tuner0", A)
    book.create_trial("tuner1", B)
    book.expire({"tuner0": [A_AGAIN], "tuner1": [B]})
    assert book.create_trial("tuner0", A_AGAIN).trial_id == "0"
    assert book.sessions() == [B, A_AGAIN]


def test_a_chief_started_again_leaves_trials_with_their_workers(book, tmp_path):
    trial = book.create_trial("tuner0", A)
    book.update_trial("0", {"loss": 0.125}, 0, A)
    chief = again(tmp_path)
    assert chief.create_trial("tuner1", B).trial_id == "1"
    assert chief.heartbeat(A, ["0"]) == []
    chief.end_trial(finished(trial), A)  # it had reported to the chief that died
    assert chief.oracle.trials["0"].score == 0.125


def test_a_chief_started_again_takes_trials_from_workers_that_died_too(book, tmp_path):
    book.create_trial("tuner0", A)
    clock = Clock()
    chief = again(tmp_path, clock)
    clock.now += 10
    chief.expire()
    assert chief.create_trial("tuner1", B).trial_id == "0"


def test_a_chief_started_again_refuses_what_was_stale_before(book, tmp_path, clock):
    trial = book.create_trial("tuner0", A)
    clock.now += 10
    book.expire()
    book.create_trial("tuner1", B)
    with pytest.raises(StaleReportError):
        again(tmp_path).end_trial(finished(trial), A)


def test_a_chief_killed_in_the_middle_of_an_end_knows_that_it_ended(book, tmp_path):
    trial = book.create_trial("tuner0", A)
    complete(book, trial, A)
    chief = again(tmp_path)
    chief.end_trial(finished(trial), A)  # the worker never heard the answer
    assert chief.oracle.end_order == ["0"]
    assert chief.create_trial("tuner0", A).trial_id == "1"


def test_the_message_of_a_failed_trial_is_kept(book, tmp_path):
    trial = book.create_trial("tuner0", A)
    book.end_trial(finished(trial, "FAILED"), A, message="ValueError: too wide")
    assert saved(tmp_path, "0")["message"] == "ValueError: too wide"


def test_too_many_failures_end_the_search_with_their_message(book):
    for number in range(3):
        trial = book.create_trial("tuner0", A)
        if number < 2:
            book.end_trial(finished(trial, "FAILED"), A, message="too wide")
    with pytest.raises(SearchFailedError, match=r"exceeded the limit of 3\. too wide"):
        book.end_trial(finished(trial, "FAILED"), A, message="too wide")
    with pytest.raises(SearchFailedError, match=r"exceeded the limit of 3\. too wide"):
        book.create_trial("tuner1", B)  # and not a lock that is held for ever
    assert book.failure


def test_an_objective_that_is_missing_is_told_and_the_search_goes_on(book):
    book.create_trial("tuner0", A)
    with pytest.raises(ValueError, match=r"\['loss'\], found: .*accuracy"):
        book.update_trial("0", {"accuracy": 0.5}, 0, A)
    book.update_trial("0", {"loss": 0.5}, 0, A)


def test_an_oracle_that_raises_ends_the_search(tmp_path, clock):
    class Broken(kt.oracles.RandomSearchOracle):
        def populate_space(self, trial_id):
            raise RuntimeError("no idea\nwhat to try")

    book = TrialBook(oracle_in(tmp_path, kind=Broken), SETTINGS, clock=clock)
    for _ in range(2):
        with pytest.raises(SearchFailedError, match="no idea what to try"):
            book.create_trial("tuner0", A)


def test_a_trial_that_kills_its_workers_fails_in_the_end(tmp_path, clock, said):
    settings = Settings(deadline_seconds=10, deaths_per_trial=3)
    book = TrialBook(oracle_in(tmp_path), settings, clock=clock, sink=said.append)
    for _ in range(3):
        assert book.create_trial("tuner0", A).trial_id == "0"
        clock.now += 10
        book.expire()
    assert statuses(book.oracle) == {"0": "FAILED"}
    assert said[-1] == "trial 0 has failed: 3 workers died or fell silent while they ran it."
    assert book.create_trial("tuner0", A).trial_id == "1"


def test_an_unknown_trial_is_named(book):
    with pytest.raises(KeyError, match="17"):
        book.update_trial("17", {"loss": 0.5}, 0, A)


def test_the_search_of_a_chief_is_that_of_one_process(book, tmp_path):
    alone = oracle_in(tmp_path / "alone")
    for _ in range(6):
        run(alone)
        complete(book, book.create_trial("tuner0", A), A)
    theirs = [trial.hyperparameters.values for trial in alone.trials.values()]
    assert [trial.hyperparameters.values for trial in book.oracle.trials.values()] == theirs
