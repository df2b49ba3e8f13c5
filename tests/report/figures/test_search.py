"""The figures of a search: where trials stand, what is cut off, what is told in words."""

import numpy as np
import pytest

from kerasrecipes.report import figures
from kerasrecipes.report.figures import Dimension, Scores, canvas
from kerasrecipes.report.figures.search_scores import best_so_far, shade
from tests.report.drawn import bars, shapes, text_position, words_of
from tests.report.sample_page import search_dimensions, search_scores


def scores_of(values, direction="min", rounds=None):
    values = np.array(values, dtype=float)
    return Scores(values, "score", direction, np.zeros(len(values), int) if rounds is None else
                  np.array(rounds))  # fmt: skip


@pytest.mark.parametrize(("direction", "best", "line"), [
    ("min", 2, [3, 3, 1, 1]), ("max", 3, [3, 4, 4, 5]),
])  # fmt: skip
def test_the_best_so_far_follows_the_direction(direction, best, line):
    scores = scores_of([3, 4, 1, 5], direction)
    assert scores.best == best
    np.testing.assert_array_equal(best_so_far(scores), line)


@pytest.mark.parametrize(("direction", "better"), [("min", "lower"), ("max", "higher")])
def test_the_axis_says_which_way_is_better(direction, better):
    assert f"({better} is better)" in words_of(figures.search_history(scores_of([1, 2], direction)))


def test_a_score_far_off_is_drawn_on_the_edge_and_counted():
    scores = scores_of([*np.linspace(-1, 0, 20), 50.0])
    assert scores.cut_off == 1
    assert scores.limits[1] < 2
    assert "1 trial lies beyond the edge" in figures.search_history(scores).caption


def test_for_scores_to_be_raised_the_low_ones_are_cut_off():
    scores = scores_of([*np.linspace(0.8, 0.9, 20), 0.0], "max")
    low, high = scores.limits
    assert (scores.cut_off, low > 0.7, high > 0.9) == (1, True, True)
    assert not scores.log


def test_costs_that_span_much_have_a_logarithmic_axis():
    assert scores_of([0.01, 0.1, 1.0]).log
    assert not scores_of([0.5, 1.0]).log
    assert not scores_of([-1.0, 100.0]).log
    assert not scores_of([0.01, 0.1, 1.0], "max").log


def test_each_round_has_a_shade_and_begins_at_a_line():
    figure = figures.search_history(scores_of([3, 2, 1, 2], rounds=[0, 0, 1, 1]))
    pale, strong = (shapes(figure, shade(number, 1)) for number in (0, 1))
    assert (sum(map(len, pale)), sum(map(len, strong))) == (4, 4)  # two ends of a stroke each
    assert "Dotted lines mark where a round begins" in figure.caption


def test_bars_are_as_long_as_their_shares():
    figure = figures.importance_bars([("a", 0.8, 0.7, 0.9), ("b", 0.2, 0.1, 0.3)])
    first, second = bars(figure, canvas.TRAIN)
    assert first / second == pytest.approx(4.0, rel=0.01)
    assert text_position(figure, "a")[1] < text_position(figure, "b")[1]


def test_shares_without_meaning_are_hollow():
    figure = figures.importance_bars([("a", 0.8, 0.7, 0.9)], meaningful=False)
    assert bars(figure, canvas.TRAIN) == []
    assert "these shares mean nothing" in figure.caption


def test_of_many_bars_the_least_important_are_left_out_and_counted():
    figure = figures.importance_bars([(f"x{i}", 0.02, 0.0, 0.1) for i in range(25)])
    assert "The 5 least important are not drawn" in figure.caption
    assert "x19" in words_of(figure)
    assert "x20" not in words_of(figure)


def test_a_slice_shows_the_active_trials_on_their_own_scale():
    figure = figures.slices(search_dimensions(40), search_scores(40))
    told = words_of(figure)
    assert {"rate", "kind", "0.001", "0.1", "sgd", "adam", "log scale"} <= set(told)
    inactive = int(np.isnan(search_dimensions(40)[1].places).sum())
    assert f"{40 - inactive} of 40 trials" in told


def test_the_boxes_of_a_round_are_drawn_where_it_looked():
    places = np.linspace(0, 1, 4)
    ends = ((0.0, "lo"), (1.0, "hi"))
    dimension = Dimension("rate", places, ends, boxes=((), ((0.25, 0.5),)))
    figure = figures.slices([dimension], scores_of([1, 2, 3, 4], rounds=[0, 0, 1, 1]))
    low, high = (text_position(figure, text)[0] for text in ("lo", "hi"))
    strip = min(shapes(figure, canvas.TRAIN, kind="fill"), key=lambda points: points[:, 1].min())
    share = (strip[:, 0] - low) / (high - low)
    assert [share.min(), share.max()] == pytest.approx([0.25, 0.5], abs=0.02)
    assert "Strips above a panel" in figure.caption


def test_few_choices_are_all_told_and_long_ones_cut():
    names = ["adam", "rmsprop with momentum", "sgd", "lion", "nadam"]
    ticks = tuple(((i + 0.5) / 5, name) for i, name in enumerate(names))
    dimension = Dimension("kind", np.array([0.1, 0.9]), ticks, categories=True)
    told = words_of(figures.slices([dimension], scores_of([1, 2])))
    assert {"adam", "sgd", "lion"} <= set(told)
    assert any(text.startswith("rms") and text.endswith("…") for text in told)


def test_of_many_trials_some_lines_are_drawn_the_best_among_them():
    scores = search_scores(500)
    figure = figures.parallel_coordinates(search_dimensions(500), scores)
    assert "120 of 500 trials are drawn" in figure.caption
    assert len(shapes(figure, canvas.DEV)) == 1


def test_an_inactive_hyperparameter_stands_apart_in_parallel_coordinates():
    figure = figures.parallel_coordinates(search_dimensions(40), search_scores(40))
    assert text_position(figure, "off")[0] < text_position(figure, "0.001")[0]
