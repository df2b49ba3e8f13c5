"""Counting a fit, with a clock set by hand."""

import pytest

from kerasrecipes.callbacks.babysitting.progress import Progress


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def run_steps(progress, clock, steps, seconds):
    for _ in range(steps):
        clock.now += seconds
        progress.begin_batch(progress.batch + 1)


@pytest.fixture
def clock():
    return Clock()


def test_it_counts_over_epochs_and_tells_what_is_left(clock):
    progress = Progress(epochs=3, batches=4, clock=clock)
    progress.begin_epoch(0)
    run_steps(progress, clock, 4, 2.0)
    progress.end_epoch(4)
    progress.begin_epoch(1)
    run_steps(progress, clock, 2, 2.0)
    told = progress.to_dict()
    assert (told["step"], told["steps"], told["epoch"], told["batch"]) == (6, 12, 1, 2)
    assert (told["seconds"], told["step_seconds"], told["seconds_left"]) == (12.0, 2.0, 12.0)


def test_a_pause_is_not_the_time_of_steps(clock):
    progress = Progress(epochs=1, batches=10, clock=clock)
    run_steps(progress, clock, 5, 1.0)
    progress.pause()
    clock.now += 1000
    assert progress.to_dict()["step_seconds"] == 1.0
    progress.go_on()
    run_steps(progress, clock, 1, 1.0)
    assert progress.to_dict()["seconds_left"] == 4.0


def test_without_a_length_it_is_known_after_an_epoch(clock):
    progress = Progress(epochs=2, batches=None, clock=clock)
    run_steps(progress, clock, 3, 1.0)
    assert progress.to_dict()["steps"] is None
    assert progress.to_dict()["seconds_left"] is None
    progress.end_epoch(3)
    assert progress.to_dict()["steps"] == 6


def test_another_process_counts_on_and_times_its_own_steps(clock):
    first = Progress(epochs=2, batches=4, clock=clock)
    run_steps(first, clock, 2, 5.0)
    state = first.get_state()
    clock.now += 500
    second = Progress(epochs=2, batches=4, clock=clock)
    clock.now += 20
    second.set_state(state)
    run_steps(second, clock, 2, 1.0)
    told = second.to_dict()
    assert (told["step"], told["seconds"], told["step_seconds"]) == (4, 12.0, 1.0)
