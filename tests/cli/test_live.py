"""`kerasrecipes nudge` and `status`, against a page whose fit is a loop in a thread."""

import json
import socket
import threading

import pytest

from kerasrecipes.live.board import Board
from kerasrecipes.live.request_box import RequestBox
from kerasrecipes.live.server import LiveServer
from tests.cli.command import call

TOKEN = "a-token-of-the-test"
PROGRESS = {"epoch": 2, "epochs": 9, "step": 25, "steps": 90, "seconds": 75.0, "seconds_left": 300}
SETTING = {"name": "learning_rate", "value": 0.01, "unavailable": None}


class Fit:
    """Does what is asked, but for what it refuses."""

    def __init__(self, directory):
        self.asked, self.board, self.box = [], Board(), RequestBox()
        run = {"title": "digits\x1b[31m", "model": "m"}
        self.board.put(run=run, progress=PROGRESS, settings=[SETTING], metrics={"loss": 0.25})
        self.server = LiveServer(self.board, self.box, token=TOKEN)
        live = {"address": self.server.start(), "pid": 1}
        (directory / "live.json").write_text(json.dumps(live))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while self.server.is_serving:
            if self.box.wait(0.05) and (pending := self.box.take()) is not None:
                request = pending.request
                self.asked.append((request.name, request.value, request.note, request.take_over))
                if request.name == "momentum":
                    pending.refuse("the program has none")
                else:
                    told = {"step": 25, "epoch": 2, "old": None, "new": request.value}
                    pending.done({"name": request.name, **told})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("run")
    fit = Fit(directory)
    yield directory, fit
    fit.server.stop()


def test_what_is_asked_is_done_in_order_and_told(run):
    directory, fit = run
    fit.asked.clear()
    done = call("nudge", directory, "--learning-rate", "1e-4", "--pause", "--note", "hm")
    assert done.status == 0
    assert done.out.splitlines() == [
        "learning rate none -> 0.0001, from step 25 on (epoch 3)",
        "pause, from step 25 on (epoch 3)",
    ]
    assert fit.asked == [
        ("learning_rate", 0.0001, "hm", False),
        ("pause", None, "hm", False),
    ]


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (["--keep-prob", "a=b=0.5"], ("keep_prob/a=b", 0.5, "", False)),
        (["--clip-norm", "0"], ("clip_norm", None, "", False)),
        (["--no-decay-schedule"], ("decay_schedule", False, "", False)),
        (["--go-back", "3"], ("go_back", 3, "", False)),
        (["--beta-1", "0.5", "--take-over"], ("beta_1", 0.5, "", True)),
    ],
)
def test_each_option_asks_for_its_own(run, options, asked):
    directory, fit = run
    fit.asked.clear()
    assert call("nudge", directory, *options).status == 0
    assert fit.asked == [asked]


def test_the_address_does_as_well_as_the_directory(run):
    _, fit = run
    assert call("nudge", fit.server.address, "--save").status == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--momentum", "0.5"], "error: the program has none"),
        ([], "error: say what to do"),
        (["--keep-prob", "0.5"], "--keep-prob must be LAYER=PROBABILITY"),
        (["--learning-rate", "nan"], "error: "),
    ],
)
def test_a_refusal_is_one_line_and_status_2(run, options, said):
    done = call("nudge", run[0], *options)
    assert done.status == 2
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_directory_without_a_fit_says_what_is_missing(tmp_path):
    done = call("nudge", tmp_path, "--pause")
    assert done.status == 2
    assert "no fit is running" in done.err
    assert call("status", tmp_path).status == 2


def test_the_status_is_told_without_commands_to_the_terminal(run):
    done = call("status", run[0])
    assert done.status == 0
    assert "\x1b" not in done.out
    assert "epoch 3 of 9, step 25 of 90, 1 min 15 s, 5 min 0 s left" in done.out
    assert "loss 0.25" in done.out
    assert "learning_rate 0.01" in done.out


def test_as_json_it_is_the_whole_state(run):
    state = json.loads(call("status", run[0], "--json").out)
    assert state["progress"] == PROGRESS
    assert "curves" in state


def test_a_fit_that_was_killed_is_lost(tmp_path):
    (tmp_path / "state.json").write_text(json.dumps({"status": "running", "run": {"title": "x"}}))
    live = {"address": "http://127.0.0.1:9/?token=abc", "pid": 1}
    (tmp_path / "live.json").write_text(json.dumps(live))
    assert json.loads(call("status", tmp_path, "--json").out)["status"] == "lost"


@pytest.mark.parametrize("content", ["", "[]", "\x00", '{"address": 3}', '{"address": "x"}'])
def test_files_of_somebody_else_s_making_are_one_line(tmp_path, content):
    (tmp_path / "live.json").write_text(content)
    done = call("nudge", tmp_path, "--pause")
    assert done.status == 2
    assert len(done.err.strip().splitlines()) == 1


STATES = [[], 3, "x", {"progress": {"epoch": 1}}, {"settings": [{}]}, {"metrics": {"loss": "x"}}]


@pytest.mark.parametrize("state", STATES)
def test_a_state_of_somebody_else_s_making_is_one_line(tmp_path, state):
    (tmp_path / "state.json").write_text(json.dumps(state))
    done = call("status", tmp_path)
    assert done.status == 2
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\n\r\n[]"])
def test_another_program_at_the_port_is_one_line(tmp_path, answer):
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve():
            line, _ = door.accept()
            with line:
                line.recv(10_000)
                line.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        done = call("nudge", f"http://127.0.0.1:{door.getsockname()[1]}/?token=t", "--pause")
    assert done.status == 2
    assert len(done.err.strip().splitlines()) == 1
