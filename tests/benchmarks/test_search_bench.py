"""The benchmark of the searches: its tasks, how it counts, and that it is fair to the others."""

import contextlib
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from search_tasks import make_tables, methods, synthetic, tables
from search_tasks.exact_gradient import bound, exact_gradient
from search_tasks.page import BEGIN, END, PAGE, result_lines
from search_tasks.ranking import final, mean_ranks, trials_to_target

TASKS = {task.name: task for task in (*synthetic.tasks(), *tables.tasks())}


def random_settings(task, count=40):
    oracle = methods.in_memory(methods.random_search(task, 0, count))
    return [oracle.create_trial(str(i)).hyperparameters.values for i in range(count)]


def test_there_are_fifteen_tasks_and_half_of_them_are_held_out():
    assert len(TASKS) == 15
    assert sum(task.held_out for task in TASKS.values()) == 8


@pytest.mark.parametrize("name", TASKS)
def test_a_task_has_one_answer_for_a_setting_and_many_for_settings(name):
    task = TASKS[name]
    settings = random_settings(task)
    truth = task.make(3).truth
    costs = [truth(values, 1.0) for values in settings]
    assert costs == [truth(values, 1.0) for values in settings]
    assert np.isfinite(costs).all()
    assert len(set(costs)) > 5
    assert min(costs) >= -1e-4


@pytest.mark.parametrize("name", [name for name in TASKS if not name.startswith("table")])
def test_the_optimum_moves_with_the_seed_and_a_short_training_is_a_rough_look(name):
    task = TASKS[name]
    values = random_settings(task)[0]
    costs = {task.make(seed).truth(values, 1.0) for seed in range(8)}
    assert len(costs) > 1
    instance = task.make(0)
    assert instance.truth(values, 1 / 9) != instance.truth(values, 1.0)
    assert instance.truth(values, 1 / 9) == instance.truth(values, 1 / 9)


def test_a_table_holds_every_setting_of_the_grid():
    with np.load(make_tables.FOLDER / "digits.npz") as stored:
        costs = stored["costs"]
    assert costs.shape == (4, 2, 4, 8, 4, 3, 3)
    assert ((costs > 0) & (costs <= make_tables.WORST)).all()
    assert (make_tables.FOLDER / "digits.npz").stat().st_size < 1 << 20


def test_members_trained_together_are_trained_as_alone(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 5)).astype("float32"), np.eye(3, dtype="float32")
    y = y[rng.integers(0, 3, 40)]
    data = make_tables.Data(x, y, x, y, True)
    together = make_tables.TOGETHER
    costs = make_tables.train(data, 8, 2, 16, 9)
    weights = make_tables.initial_weights
    for member in (5, 40):
        monkeypatch.setattr(make_tables, "TOGETHER", together[member : member + 1])

        def alone(generator, *sizes, member=member):
            monkeypatch.setattr(make_tables, "TOGETHER", together)
            found = [w[member : member + 1] for w in weights(generator, *sizes)]
            monkeypatch.setattr(make_tables, "TOGETHER", together[member : member + 1])
            return found

        monkeypatch.setattr(make_tables, "initial_weights", alone)
        np.testing.assert_allclose(
            make_tables.train(data, 8, 2, 16, 9)[0], costs[member], rtol=1e-4
        )
        monkeypatch.setattr(make_tables, "initial_weights", weights)


def test_the_gradients_of_the_tables_networks_are_right():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 4)), np.eye(3)[rng.integers(0, 3, 6)]
    weights = [w.astype("float64") for w in make_tables.initial_weights(rng, 4, 5, 2, 3)]

    def cost(weights):
        _, z = make_tables.forward(weights, x)
        return -np.log(np.einsum("meo,eo->me", make_tables.softmax(z), y)).mean(axis=1)

    gradients = make_tables.backward(weights, x, y, True)
    for layer, row, column in ((0, 1, 2), (0, 4, 0), (1, 3, 1), (2, 5, 2)):
        moved = [w.copy() for w in weights]
        moved[layer][:, row, column] += 1e-6
        slope = (cost(moved) - cost(weights)) / 1e-6
        np.testing.assert_allclose(slope, gradients[layer][:, row, column], atol=1e-4)


def test_the_quick_bayesian_optimization_is_that_of_keras_tuner():
    task = synthetic.tasks()[1]
    tried = []
    for way in (exact_gradient, lambda oracle: contextlib.nullcontext()):
        oracle = methods.in_memory(methods.bayesian(task, 0, 30))
        oracle.num_initial_points = 6
        with way(oracle):
            for i in range(7):
                trial = oracle.create_trial("worker")
                tried.append(trial.hyperparameters.values)
                methods.end(oracle, trial, float(i % 3) + 0.1 * i)
    for quick, slow in zip(tried[:7], tried[7:], strict=True):
        assert quick == pytest.approx(slow, rel=1e-3)
    x = np.random.default_rng(0).random(7)
    mean, deviation = oracle.gpr.predict(x[None], return_std=True)
    assert bound(oracle.gpr, 2.6, x)[0] == pytest.approx((mean - 2.6 * deviation)[0])


@pytest.mark.parametrize("method", ["CoarseToFine", "RandomSearch", "Hyperband"])
def test_a_search_is_as_long_as_its_budget_and_repeats(method):
    task = TASKS["two optimizers, their own settings"]
    course = methods.run(method, task, 1, 12)
    assert course.shape == (12,)
    assert np.isfinite(course[-1])
    np.testing.assert_array_equal(course, methods.run(method, task, 1, 12))


def made_up():
    ours, random = np.linspace(1, 0, 80), np.linspace(2, 0.8, 80)
    names = list(TASKS)
    return {
        "CoarseToFine": {t: {s: {80: ours, 20: ours[:20]} for s in (0, 1, 2)} for t in names},
        "RandomSearch": {t: {s: {80: random} for s in (0, 1)} for t in names},
    }


def test_ranks_and_trials_to_the_target_are_counted_right():
    courses = made_up()
    task = next(iter(TASKS))
    assert final(courses, "CoarseToFine", task, 0, 20) == pytest.approx(1 - 19 / 79)
    assert final(courses, "CoarseToFine", task, 0, 40) == pytest.approx(1 - 39 / 79)
    ranks = mean_ranks(courses, ["RandomSearch", "CoarseToFine"], [task], [0, 1], 20)
    np.testing.assert_array_equal(ranks, [2, 1])
    assert trials_to_target(courses, "CoarseToFine", task, [0, 1], 0.8) == 17
    assert trials_to_target(courses, "RandomSearch", task, [0], 0.5) == np.inf


def test_the_goals_are_told_and_the_page_has_a_place_for_them():
    overheads = {"CoarseToFine": {"25": [1, 1, 1], "200": [11.0, 9.0, 5.0]}}
    lines, met = result_lines(made_up(), overheads, (20, 40, 80))
    goals = [line for line in lines if line.startswith("**")]
    assert ["MISSED" in line for line in goals] == [False, False, False, True]
    assert "17, met" in goals[2]
    assert not met
    page = PAGE.read_text()
    assert page.count(BEGIN) == page.count(END) == 1
