"""The text says what the board says, at the version it was followed to."""

import json
import math

import pytest

from kerasrecipes.live.board import Board
from kerasrecipes.live.state_text import StateText


@pytest.mark.parametrize("every", [1, 5, 60])
def test_the_text_is_the_state_and_its_changes(every):
    board, text = Board(most=16), None
    text = StateText(board)
    for step in range(120):
        board.point('a "loss"\n', step, math.nan if step == 7 else 1 / (step + 1), "cost", "</x>")
        if step == 50:
            board.point("late", step, 1, "cost", "train")
        board.put(progress={"step": step}, said="\u2028")
        if step % every == 0:
            expected = board.changes(text.version)
            assert json.loads(text.advance()) == expected
            assert json.loads(text.whole()) == board.snapshot()
            assert text.advance() is None


def test_it_stays_at_its_version_until_it_advances():
    board = Board()
    text = StateText(board)
    text.advance()
    before = text.whole()
    board.put(said="hello")
    assert text.whole() is before
    assert "\n" not in before
