"""The protocol over gRPC: workers of ours and of keras-tuner's, chiefs that die and come back."""

import contextlib
import socket
import threading
import time

import keras_tuner as kt
import pytest
from keras_tuner.src.distribute import oracle_client

from kerasrecipes.tuning.distributed.chief import serve
from kerasrecipes.tuning.distributed.client import OracleClient
from kerasrecipes.tuning.distributed.errors import (
    ChiefLostError,
    SearchFailedError,
    SweepError,
)
from kerasrecipes.tuning.distributed.reload import reload_oracle
from kerasrecipes.tuning.distributed.servicer import Books
from kerasrecipes.tuning.distributed.settings import Settings
from kerasrecipes.tuning.distributed.trial_book import TrialBook
from kerasrecipes.tuning.distributed.wire import ask, channel
from tests.patience import HANG
from tests.tuning.distributed.searches import oracle_in, statuses

SETTINGS = Settings(deadline_seconds=1.0, give_up_seconds=1.0)


@pytest.fixture
def address(monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", str(port))
    monkeypatch.setenv("KERASRECIPES_DEADLINE_SECONDS", "1")
    monkeypatch.setenv("KERASRECIPES_GIVE_UP_SECONDS", "1")
    return f"127.0.0.1:{port}"


@pytest.fixture
def worker(monkeypatch, address):
    """Makes workers."""
    made = []

    def make(name="tuner0", kind=OracleClient):
        monkeypatch.setenv("KERASTUNER_TUNER_ID", name)
        made.append(kind(oracle_in("nowhere")))
        return made[-1]

    yield make
    for client in made:
        if isinstance(client, OracleClient):
            client._link.close()


@contextlib.contextmanager
def chief(directory, address, restarted=False, project="search", finished=None, **options):
    oracle = oracle_in(directory, **options)
    oracle._set_project_dir(str(directory), project)
    if restarted:
        reload_oracle(oracle)
    book = TrialBook(oracle, SETTINGS, sink=lambda line: None)
    server = serve(Books(book, finished or {}), address)
    try:
        yield book
    finally:
        server.stop(grace=None).wait()


def complete(client, trial):
    client.update_trial(trial.trial_id, {"loss": 0.5})
    trial.status = "COMPLETED"
    client.end_trial(trial)


@pytest.mark.parametrize("kind", [OracleClient, oracle_client.OracleClient])
def test_a_worker_runs_all_trials(kind, worker, address, tmp_path):
    with chief(tmp_path, address, max_trials=2) as book:
        client = worker(kind=kind)
        while (trial := client.create_trial("tuner0")).status == "RUNNING":
            complete(client, trial)
        assert trial.status == "STOPPED"
        assert statuses(book.oracle) == {"0": "COMPLETED", "1": "COMPLETED"}
        assert book.sessions() == []


def test_results_can_be_read_after_the_chief_has_ended(worker, address, tmp_path):
    with chief(tmp_path, address, max_trials=1):
        client = worker()
        complete(client, client.create_trial("tuner0"))
        client.create_trial("tuner0")
    begun = time.monotonic()
    assert [trial.score for trial in client.get_best_trials(1)] == [0.5]
    assert client.get_trial("0").status == "COMPLETED"
    assert time.monotonic() - begun < 0.5


def test_a_silent_worker_is_given_up_and_a_living_one_is_not(worker, address, tmp_path):
    with chief(tmp_path, address) as book:
        living, dead = worker("tuner0"), worker("tuner1")
        kept, lost = living.create_trial("tuner0"), dead.create_trial("tuner1")
        dead._link._closed.set()  # no more heartbeats
        until = time.monotonic() + HANG
        while len(book.leases.items()) > 1 and time.monotonic() < until:
            time.sleep(0.1)
            book.expire()
        assert book.leases.holder(kept.trial_id).session == living._link.session
        assert living.create_trial("tuner0-1").trial_id == lost.trial_id
        complete(dead, lost)  # too late: dropped with a notice
        assert book.oracle.trials[lost.trial_id].status == "RUNNING"


def test_a_worker_waits_for_a_chief_that_comes_back_and_keeps_its_trial(
    worker, address, tmp_path, capsys
):
    with chief(tmp_path, address):
        client = worker()
        trial = client.create_trial("tuner0")
    reporting = threading.Thread(target=complete, args=(client, trial))
    reporting.start()
    time.sleep(0.4)
    with chief(tmp_path, address, restarted=True) as book:
        reporting.join(HANG)
        assert not reporting.is_alive()
        assert statuses(book.oracle) == {"0": "COMPLETED"}
    assert capsys.readouterr().err.splitlines() == [
        f"the chief at {address} does not answer; trying for 1 s.",
        f"the chief at {address} is back.",
    ]


def test_a_worker_without_a_chief_gives_up_with_one_error(worker, address):
    client = worker()
    with pytest.raises(
        ChiefLostError, match=rf"chief at {address} has not answered for 1 s .*KERASTUNER_ORACLE_IP"
    ):
        client.create_trial("tuner0")


def test_a_search_that_failed_is_told_to_every_worker(worker, address, tmp_path):
    class Broken(kt.oracles.RandomSearchOracle):
        def populate_space(self, trial_id):
            raise RuntimeError("no idea")

    with chief(tmp_path, address, kind=Broken):
        for name in ("tuner0", "tuner1"):
            with pytest.raises(SearchFailedError, match="no idea"):
                worker(name).create_trial(name)


def test_an_objective_that_is_not_logged_fails_the_trial_alone(worker, address, tmp_path):
    with chief(tmp_path, address) as book:
        client = worker()
        trial = client.create_trial("tuner0")
        with pytest.raises(ValueError, match=r"expected: \['loss'\], found: .*acc"):
            client.update_trial(trial.trial_id, {"acc": 0.5})
        trial.status, trial.message = "FAILED", "Traceback\n" + "x" * 9000 + "\nValueError: no loss"
        client.end_trial(trial)
        assert book.oracle.trials["0"].message.endswith("ValueError: no loss")
        assert client.create_trial("tuner0").trial_id == "1"


def test_the_launcher_hears_who_runs_what(worker, address, tmp_path):
    with chief(tmp_path, address):
        client = worker()
        client.create_trial("tuner0")
        with channel(address) as line:
            alive = {"tuner0": [client._link.session]}
            answer = ask(line, "Watch", {"alive": alive}, 2.0)
            assert answer == {"held": {"0": "tuner0"}, "told": [], "over": False}
            assert ask(line, "Watch", {"alive": {"tuner0": []}}, 2.0)["held"] == {}


def test_a_worker_of_the_next_search_waits_for_it(worker, address, tmp_path):
    with chief(tmp_path, address, project="first", max_trials=1) as book:
        client = worker()
        asked = []
        asking = threading.Thread(target=lambda: asked.append(client.create_trial("tuner0")))
        asking.start()
        asking.join(0.5)
        assert book.sessions() == []
        assert asked == []
    with chief(tmp_path, address):
        asking.join(HANG)
        assert asked[0].status == "RUNNING"


def test_a_worker_of_the_last_search_hears_that_it_is_over(worker, address, tmp_path):
    with chief(tmp_path, address, max_trials=1) as first:
        client = worker()
        complete(client, client.create_trial("tuner0"))
    with chief(tmp_path, address, project="second", finished={"search": first}):
        assert client.create_trial("tuner0").status == "STOPPED"
        assert client.get_best_trials()[0].score == 0.5


def test_one_tuner_can_search_twice(worker, address, tmp_path):
    client = worker()
    for number in range(2):
        with chief(tmp_path / str(number), address, max_trials=1) as book:
            complete(client, client.create_trial("tuner0"))
            assert not client._link._closed.is_set()
            assert client.create_trial("tuner0").status == "STOPPED"
            assert book.told == [client._link.session]


def test_a_worker_that_holds_trials_is_not_made_to_wait_for_more(worker, address, tmp_path):
    with chief(tmp_path, address, max_trials=3) as book:
        client, other = worker("tuner0"), worker("tuner1")
        held = [client.create_trial(f"tuner0-{i}") for i in range(3)]
        begun = time.monotonic()
        assert client.create_trial("tuner0-3").status == "IDLE"
        assert time.monotonic() - begun < 0.4
        assert other.create_trial("tuner1").status == "IDLE"
        assert time.monotonic() - begun > 0.5
        for trial in held:
            complete(client, trial)
        assert client.create_trial("tuner0-0").status == "STOPPED"
        assert statuses(book.oracle) == dict.fromkeys("012", "COMPLETED")


def test_an_address_in_use_is_named(address, tmp_path):
    with chief(tmp_path, address) as book, pytest.raises(SweepError, match=f"listen on {address}"):
        serve(Books(book, {}), address)
