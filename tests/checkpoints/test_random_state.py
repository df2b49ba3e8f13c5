"""The random numbers that come after a state are those that came after it before."""

import random

import keras
import numpy as np
import pytest

from kerasrecipes.checkpoints.random_state import (
    host_mark,
    host_state,
    random_state,
    same_mark,
    set_host_state,
    set_random_state,
)

DRAWS = {
    "python": random.random,
    "python gauss": lambda: random.gauss(0, 1),
    "numpy": lambda: float(np.random.rand()),
    "numpy gauss": lambda: float(np.random.randn()),
    "keras": lambda: float(keras.random.uniform(())),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_repeated_after_a_state_is_set(name):
    draw = DRAWS[name]
    keras.utils.set_random_seed(1)
    draw()
    state = random_state()
    first = [draw() for _ in range(3)]
    assert len(set(first)) == 3
    set_random_state(state)
    assert [draw() for _ in range(3)] == first


def test_a_process_that_set_no_seed_draws_on_as_the_one_that_did():
    keras.utils.set_random_seed(1)
    state = random_state()
    first = [draw() for draw in DRAWS.values()]
    keras.utils.set_random_seed(2)
    set_random_state(state)
    assert [draw() for draw in DRAWS.values()] == first


def test_a_state_does_not_change_with_what_is_drawn_after_it():
    state = host_state()
    first = np.random.rand(700).tolist(), random.random()  # more than a block of the generator
    np.random.rand(700)
    set_host_state(state)
    assert (np.random.rand(700).tolist(), random.random()) == first


@pytest.mark.parametrize("name", ["python", "python gauss", "numpy", "numpy gauss"])
def test_one_draw_makes_marks_differ(name):
    before = host_mark()
    assert same_mark(before, host_mark())
    DRAWS[name]()
    assert not same_mark(before, host_mark())
