"""The table shows each run as its files tell, and whatever they tell."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from kerasrecipes.checkpoints.holder import Holder
from kerasrecipes.live.run_files import RunFiles
from kerasrecipes.live.runs import find, run_table
from kerasrecipes.live.runs.run_table import RunTable
from tests.live.runs.run_folders import FINDING, TOKEN, alive, fit, recipe, search


def row_of(directory, **options):
    (row,) = RunTable(directory, **options).read()
    return row


def by_title(directory):
    return {row.title: row for row in RunTable(directory).read()}


def test_a_fit_is_a_row_with_its_last_state(tmp_path):
    row = row_of(fit(alive(tmp_path / "a")).parent, links=True)
    assert row.to_dict() == {
        "id": row.id,
        "title": "digits",
        "kind": "fit",
        "parent": None,
        "status": "running",
        "said": None,
        "started": "2026-01-01T00:00:00+00:00",
        "updated": "2026-01-01T00:10:00+00:00",
        "epoch": 3,
        "epochs": 9,
        "metrics": {"loss": 0.25},
        "settings": {"learning_rate": 0.01},
        "address": f"http://127.0.0.1:4711/?token={TOKEN}",
        "nudges": 1,
    }


def test_a_recipe_is_a_row_with_its_errors_and_what_it_kept(tmp_path):
    row = row_of(recipe(tmp_path / "a").parent)
    assert (row.kind, row.title, row.status, row.epoch) == ("recipe", "iris", "finished", 3)
    assert row.metrics["test_error"] == 0.05
    assert row.settings == {"units": 8, "learning_rate": 0.02}
    assert row.said == "both are low"


def test_a_recipe_that_is_not_finished_runs_or_was_broken_off(tmp_path):
    (tmp_path / ".progress").mkdir()
    (tmp_path / ".progress" / ".lock").write_text(Holder.this_process().to_text())
    assert (row_of(tmp_path).kind, row_of(tmp_path).status) == ("recipe", "running")
    (tmp_path / ".progress" / ".lock").write_text("")
    table = RunTable(tmp_path)
    (row,) = table.read()
    assert (row.status, row.said[:10]) == ("lost", "broken off")
    assert table.state(row.id)["status"] == "lost"
    assert row_of(recipe(tmp_path)).status == "finished"


def test_a_search_is_a_row_with_its_trials_below(tmp_path):
    search(tmp_path / "sweep")
    rows = RunTable(tmp_path).read()
    assert [row.kind for row in rows] == ["search", "trial", "trial", "trial"]
    whole, done, running, failed = rows
    assert (whole.title, whole.status, whole.epoch, whole.epochs) == ("sweep", "running", 2, 3)
    assert whole.said == "1 finished, 1 running, 1 failed"
    assert {row.parent for row in rows[1:]} == {whole.id}
    assert (done.title, done.status, done.metrics) == (
        "trial 0", "finished", {"val_loss": 0.25, "score": 0.25}
    )  # fmt: skip
    assert done.settings == {"lr": 0.1, "act": "relu", "bn": True}
    assert (running.status, running.metrics) == ("running", {"val_loss": 0.25})
    assert (failed.status, failed.said) == ("failed", "boom")


def test_a_search_of_which_nothing_was_heard_for_long_is_lost(tmp_path):
    search(tmp_path, ("RUNNING",))
    os.utime(tmp_path / "trial_0" / "trial.json", (0, time.time() - 2 * 3600))
    assert [row.status for row in RunTable(tmp_path).read()] == ["lost", "lost"]


@pytest.mark.parametrize(
    ("status", "there", "shown"),
    [
        ("running", True, "running"),
        ("paused", True, "paused"),
        ("running", False, "lost"),
        ("paused", False, "lost"),
        ("finished", False, "finished"),
        ("failed", True, "failed"),
    ],
)
def test_a_fit_whose_process_has_gone_is_lost(tmp_path, status, there, shown):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    fit(alive(tmp_path, os.getpid() if there else gone.pid), status)
    row = row_of(tmp_path)
    assert row.status == shown
    assert (row.said == "its process has ended without a word") is (shown == "lost")


def test_a_fit_without_the_file_of_a_process_is_lost_and_one_elsewhere_is_not(tmp_path):
    fit(tmp_path / "a", title="none")
    fit(alive(tmp_path / "b", 1, "another-machine"), title="elsewhere")
    rows = by_title(tmp_path)
    assert (rows["none"].status, rows["elsewhere"].status) == ("lost", "running")


def test_a_fit_that_has_just_begun_is_there(tmp_path):
    row = row_of(alive(tmp_path / "new").parent)
    assert (row.title, row.status) == ("new", "running")


def test_a_search_shows_the_score_of_each_trial_over_the_trials(tmp_path):
    search(tmp_path, ["COMPLETED", "FAILED", *["COMPLETED"] * 9])
    table = RunTable(tmp_path)
    score = table.state(table.read()[0].id)["curves"]["score"]
    assert score["steps"] == [1, *range(3, 12)]
    assert score["values"] == [0.25] * 10


@pytest.mark.parametrize(
    "address",
    [
        f"javascript:alert(1)?token={TOKEN}",
        f"http://evil.example:80/?token={TOKEN}",
        f"http://127.0.0.1@evil.example:80/?token={TOKEN}",
        f"https://127.0.0.1:80/?token={TOKEN}",
        f"http://127.0.0.1/?token={TOKEN}",
        f"http://[::1?token={TOKEN}",
        "http://127.0.0.1:80/",
        "http://127.0.0.1:80/?token=</script>........",
        None,
    ],
)
def test_no_other_link_than_to_a_page_on_this_machine(tmp_path, address):
    assert row_of(fit(alive(tmp_path, address=address)), links=True).address is None


def test_what_a_running_fit_writes_is_a_link_to_its_page(tmp_path):
    files = RunFiles(str(tmp_path), dict, print)
    address = f"http://127.0.0.1:4711/?token={TOKEN}"
    files.begin(goes_on=False, run="x", address=address)
    try:
        for _ in range(500):  # a thread writes it
            time.sleep(0 if (tmp_path / "live.json").exists() else 0.01)
        row = row_of(fit(tmp_path), links=True)
    finally:
        files.end()
    assert (row.status, row.address) == ("running", address)


def test_a_fit_without_a_title_of_its_own_has_that_of_its_folder(tmp_path):
    run = {"title": "sequential", "model": "sequential"}
    assert row_of(fit(tmp_path / "seed_3", run=run).parent).title == "seed_3"


def test_links_are_there_only_where_they_may_be_and_the_token_nowhere_else(tmp_path):
    fit(alive(tmp_path, address=f"http://{socket.gethostname()}:80/x?token={TOKEN}"))
    assert row_of(tmp_path, links=True).address.endswith(f":80/?token={TOKEN}")
    table = RunTable(tmp_path)
    (row,) = table.read()
    assert TOKEN not in json.dumps([row.to_dict(), table.state(row.id)])


TORN = {
    "state.json": ["", "{", "[]", "\xff", "[" * 5000, "{}", '{"format": 2}', '{"format": 1}',
                   '{"format": 1, "status": "<b>"}', '{"a": 1' + "0" * 5000 + "}"],
    "result.json": ["", "[]", "nul"],
    "trial.json": ["{", "7"],
    "oracle.json": ["{", '"x"'],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"), [(name, content) for name, all_ in TORN.items() for content in all_]
)
def test_what_cannot_be_read_is_a_row_that_says_so(tmp_path, name, content):
    (tmp_path / name).write_text(content, "latin-1")
    table = RunTable(tmp_path)
    (row,) = table.read()
    assert row.status == "broken"
    assert row.said.startswith(name)
    state = table.state(row.id)
    assert (state["status"], state["said"]) == ("broken", row.said)


FOREIGN = {
    "a": None,
    "b": [1, {"c": "x"}],
    "c": 1e999,
    "d": {"e": []},
    "steps": [3, {"kept": True}],
}


@pytest.mark.parametrize("name", ["state.json", "result.json", "trial.json", "oracle.json"])
@pytest.mark.parametrize("wrong", [None, 3, "text", [], [[1]], {}, {"x": [None]}, True, 1e999])
def test_fields_of_another_kind_are_left_out(tmp_path, name, wrong):
    names = ("run", "progress", "metrics", "curves", "settings", "findings", "nudges", "messages",
             "steps", "advice", "diagnosis", "data", "hyperparameters", "message", "score",
             "trial_id", "best_step", "stop_reason", "said", "layers", "bias_variance")  # fmt: skip
    told = {**FOREIGN, **dict.fromkeys(names, wrong), "format": 1, "status": "finished"}
    (tmp_path / name).write_text(json.dumps(told))
    (tmp_path / "history.csv").write_bytes(b'a,b\n1,x\n"\x00\xff,,,\n1e999,2')
    table = RunTable(tmp_path)
    (row,) = table.read()
    assert row.status in ("finished", "running", "lost")
    json.dumps([row.to_dict(), table.state(row.id)], allow_nan=False)


def test_links_pipes_and_long_files_are_not_read(tmp_path):
    secret = fit(tmp_path / "elsewhere", title="secret")
    runs = tmp_path / "runs"
    fit(runs / "mine", title="mine")
    (runs / "folder").symlink_to(secret)
    (runs / "file").mkdir()
    (runs / "file" / "state.json").symlink_to(secret / "state.json")
    (runs / "pipe").mkdir()
    os.mkfifo(runs / "pipe" / "state.json")
    assert list(by_title(runs)) == ["mine"]


def test_a_file_that_is_too_long_is_not_read(tmp_path):
    (tmp_path / "live.json").write_text(" " * 100_000)
    with (tmp_path / "state.json").open("wb") as file:
        file.truncate(2**30)
    assert row_of(tmp_path).said == "state.json has more than 33,554,432 bytes."


def test_checkpoints_hidden_folders_and_deep_ones_are_no_runs(tmp_path):
    fit(tmp_path / "checkpoint-000000001")
    (tmp_path / "checkpoint-000000001" / "manifest.json").write_text("{}")
    fit(tmp_path / ".hidden")
    fit(tmp_path / "a" / "b" / "c" / "d", title="deep")
    fit(tmp_path / "a" / "b" / "c" / "d" / "e", title="too deep")
    assert list(by_title(tmp_path)) == ["deep"]


def test_no_more_runs_are_read_than_there_may_be(tmp_path, monkeypatch):
    monkeypatch.setattr(find, "MOST_RUNS", 3)
    for number in range(5):
        fit(tmp_path / f"{number}")
    assert len(RunTable(tmp_path).read()) == 3


def test_the_state_of_a_fit_is_what_it_wrote(tmp_path):
    fit(tmp_path, "finished")
    table = RunTable(tmp_path)
    (row,) = table.read()
    state = table.state(row.id)
    told = json.loads((tmp_path / "state.json").read_text())
    assert state == {**told, "run": {**told["run"], "id": row.id, "read_only": True}}


def test_the_state_of_a_recipe_has_its_curves_and_its_reading(tmp_path):
    recipe(tmp_path)
    table = RunTable(tmp_path)
    state = table.state(table.read()[0].id)
    assert state["curves"] == {
        "train_cost": {"group": "cost", "part": "train", "steps": [1, 2, 3],
                       "values": [0.9, 0.5, 0.25]},
        "dev_cost": {"group": "cost", "part": "dev", "steps": [1, 3], "values": [1.0, 0.5]},
        "learning_rate": {"group": "learning_rate", "part": "train", "steps": [1, 2, 3],
                          "values": [0.1, 0.02, 0.02]},
    }  # fmt: skip
    assert state["bias_variance"]["verdict"] == "balanced"
    assert state["findings"] == [FINDING.to_dict()]
    assert [message["text"] for message in state["messages"]][1] == "bigger: bias"


def test_the_state_of_a_trial_has_the_mean_of_its_executions(tmp_path):
    search(tmp_path, ("COMPLETED",))
    table = RunTable(tmp_path)
    whole, trial = table.read()
    curve = {"group": "cost", "part": "dev", "steps": [0, 3], "values": [0.6, 0.25]}
    assert table.state(trial.id)["curves"] == {"val_loss": curve}
    assert table.state(whole.id)["progress"] == {"epoch": 1, "epochs": 1}
    assert table.state(whole.id)["said"] == "1 finished"
    assert table.state("nobody") is None


def test_ids_stay_and_only_what_changed_is_read_again(tmp_path, monkeypatch):
    for number in range(3):
        fit(tmp_path / f"{number}", "finished")
    table, read = RunTable(tmp_path), []
    first = table.read()
    assert [row.id for row in RunTable(tmp_path).read()] == [row.id for row in first]
    row_of_fit = run_table.ROWS["fit"]
    monkeypatch.setitem(
        run_table.ROWS, "fit", lambda path: read.append(path.name) or row_of_fit(path)
    )
    fit(tmp_path / "1", "failed")
    assert [row.status for row in table.read()] == ["finished", "failed", "finished"]
    assert read == ["1"]


def test_five_hundred_runs_that_stay_are_looked_at_quickly(tmp_path):
    for number in range(500):
        folder = fit(tmp_path / f"{number % 20}" / f"{number}", "finished")
        if number % 25 == 0:
            fit(alive(folder))
    table = RunTable(tmp_path)
    assert len(table.read()) == 500
    seconds = []
    for _ in range(5):
        began = time.thread_time()
        table.read()
        seconds.append(time.thread_time() - began)
    assert min(seconds) < 0.05  # of this thread's: others use the machine too


def test_a_directory_that_is_none_is_refused(tmp_path):
    with pytest.raises(NotADirectoryError, match="`directory` must be a directory with runs"):
        RunTable(tmp_path / "none")
