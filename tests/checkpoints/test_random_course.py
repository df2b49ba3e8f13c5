"""The states that the batches of each epoch began with."""

import numpy as np

from kerasrecipes.checkpoints.random_course import RandomCourse


def epoch_of(course, epoch, draws_of_data=1, draws_of_others=0):
    with course.others():
        np.random.rand(draws_of_others)
    course.begin(epoch)
    return np.random.rand(draws_of_data).tolist()


def test_one_state_is_enough_where_nothing_but_the_data_draws():
    course = RandomCourse()
    for epoch in range(4):
        epoch_of(course, epoch)
    assert list(course.states) == ["0"]


def test_a_state_is_kept_after_others_have_drawn():
    course = RandomCourse()
    for epoch, draws in enumerate([0, 3, 0, 1]):
        epoch_of(course, epoch, draws_of_others=draws)
    assert list(course.states) == ["0", "1", "3"]


def test_the_data_of_each_epoch_are_drawn_again_without_the_others():
    course = RandomCourse()
    first = [epoch_of(course, epoch, 2, draws) for epoch, draws in enumerate([1, 0, 2, 0])]
    again, found = RandomCourse(course.states), []
    for epoch in range(4):
        again.begin_again(epoch)
        found.append(np.random.rand(2).tolist())
    assert found == first


def test_the_first_epoch_of_a_later_process_has_a_state_of_its_own():
    course = RandomCourse()
    epoch_of(course, 0)
    later = RandomCourse(course.states)
    epoch_of(later, 1)
    assert list(later.states) == ["0", "1"]
