"""The board is of one moment for every reader, whatever is written meanwhile."""

import json
import math
import threading
import time

import numpy as np
import pytest

from kerasrecipes.live.board import MOST_CURVES, PARTS, Board
from tests.live.served import followed


def test_a_new_board_has_every_part():
    state = Board().snapshot()
    assert state == {"format": 1, "version": 0, **PARTS, "curves": {}}


def test_what_is_put_is_shown_and_shared_with_nobody():
    board, settings = Board(), [{"name": "learning_rate", "value": np.float32(0.5)}]
    board.put(settings=settings, metrics={"loss": math.nan, "count": np.int64(3)})
    settings[0]["value"] = 9
    state = board.snapshot()
    assert state["settings"] == [{"name": "learning_rate", "value": 0.5}]
    assert state["metrics"] == {"loss": None, "count": 3}
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    state["settings"][0]["value"] = state["run"]["x"] = 7
    assert board.snapshot()["settings"] == [{"name": "learning_rate", "value": 0.5}]
    assert Board().snapshot()["run"] == {}


def test_a_change_is_what_became_different():
    board = Board()
    board.put(status="running", said="hello")
    board.point("loss", 1, 0.5, "cost", "train")
    seen = board.version
    assert board.changes(seen) is None
    board.put(said="hello")  # as it was
    assert board.changes(seen) is None
    board.put(said="bye")
    board.point("loss", 2, math.inf, "cost", "train")
    board.point("val_loss", 2, 0.75, "cost", "dev")
    assert board.changes(seen) == {
        "version": seen + 3,
        "put": {"said": "bye"},
        "points": {"loss": [[2], [None]]},
        "curves": {"val_loss": {"group": "cost", "part": "dev", "steps": [2], "values": [0.75]}},
    }


@pytest.mark.parametrize("every", [1, 3, 7, 40])
def test_following_the_changes_leads_to_the_state(every):
    board = Board(most=16)
    state = board.snapshot()
    for step in range(200):
        board.point("loss", step, 1 / (step + 1), "cost", "train")
        board.point("rate", step, 0.1, "learning_rate", "train")
        board.put(progress={"step": step})
        if step % every == 0:
            state = followed(state, board.changes(state["version"]))
            assert state == board.snapshot()


def test_changes_since_nothing_are_everything():
    board = Board(most=16)
    for step in range(100):
        board.point("loss", step, step, "cost", "train")
    change = board.changes(-1)
    assert set(change["put"]) == set(PARTS)
    assert change["curves"] == board.snapshot()["curves"]


def test_readers_see_one_moment_while_the_training_writes():
    board, broken, ended = Board(most=64), [], threading.Event()

    def read():
        state = board.snapshot()
        while not ended.is_set():
            change = board.changes(state["version"])
            state = followed(state, change) if change else state
            for each in (state, board.snapshot()):
                steps = {tuple(curve["steps"][-1:]) for curve in each["curves"].values()}
                counts = each["progress"].get("a"), each["progress"].get("b")
                if len(steps) > 2 or len(set(counts)) > 1:
                    broken.append((steps, counts))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for step in range(3000):
        for name in ("a", "b", "c"):
            board.point(name, step, step, "cost", name)
        board.put(progress={"a": step, "b": step})
    ended.set()
    for reader in readers:
        reader.join()
    assert not broken


def test_more_curves_than_are_kept_are_left_out():
    board = Board()
    for number in range(MOST_CURVES + 5):
        board.point(f"curve {number}", 0, 0, "cost", "train")
    assert len(board.snapshot()["curves"]) == MOST_CURVES
    assert board.version == MOST_CURVES


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match=r"parts of the state are run, status.*Received: 'colour'"):
        Board().put(colour=3)


def test_a_point_takes_microseconds():
    board = Board()
    began = time.process_time()
    for step in range(20_000):
        board.point("loss", step, 0.5, "cost", "train")
    assert (time.process_time() - began) / 20_000 < 20e-6  # about 2 on an idle machine
