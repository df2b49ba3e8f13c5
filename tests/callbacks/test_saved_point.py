"""Points saved by hand stay, and a fit goes back to one."""

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import GradientMonitor, Resume
from kerasrecipes.checkpoints import CheckpointError, CheckpointStore

X = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
Y = X @ np.float32([1, -1, 2])


class At(keras.callbacks.Callback):
    """Does something before some steps, by their number in the fit."""

    def __init__(self, **actions):
        super().__init__()
        self.actions = {int(name[1:]): action for name, action in actions.items()}
        self.step = 0

    def on_train_batch_begin(self, batch, logs=None):
        if self.step in self.actions:
            self.actions[self.step](self.model)
        self.step += 1


def train(directory, *, epochs=4, keep=1, others=(), **actions):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    resume = Resume(directory, keep=keep, sink=None)
    steps = {name: (lambda model, do=do: do(model, resume)) for name, do in actions.items()}
    model.fit(X, Y, 8, epochs, 0, callbacks=[resume, *others, At(**steps)])  # 8 steps an epoch
    return resume


def weights(model):
    return [np.array(w) for w in model.get_weights()]


def test_a_point_saved_by_hand_stays_and_tells_its_place(tmp_path):
    resume = train(tmp_path, s10=lambda model, resume: resume.save())
    points = resume.saved_points()
    assert [(each.epoch, each.step, each.by_hand) for each in points] == [
        (3, 32, False),
        (1, 11, True),
    ]


def test_it_is_on_the_disk_before_the_next_step(tmp_path):
    seen = []
    train(
        tmp_path,
        s3=lambda model, resume: resume.save(),
        s4=lambda model, resume: seen.append([each.step for each in resume.saved_points()]),
    )
    assert seen == [[4]]


def test_going_back_gives_weights_and_optimizer_of_then(tmp_path):
    seen = {}

    def note(name):
        return lambda model, resume: seen.update({name: (weights(model), int(_steps(model)))})

    def go_back(model, resume):
        resume.go_back(resume.saved_points()[-1].number)
        note("after")(model, resume)

    def _steps(model):
        return np.array(model.optimizer.iterations)

    train(tmp_path, s4=lambda m, r: r.save(), s5=note("saved"), s20=go_back)
    assert seen["after"][1] == seen["saved"][1] == 5
    for now, then in zip(seen["after"][0], seen["saved"][0], strict=True):
        np.testing.assert_array_equal(now, then)


def test_history_goes_on_and_what_watches_is_not_confused(tmp_path):
    monitor, stopping = (
        GradientMonitor(sink=None),
        keras.callbacks.EarlyStopping("loss", patience=9),
    )
    waits = []

    def go_back(model, resume):
        stopping.wait = 7
        resume.go_back(resume.saved_points()[-1].number)
        waits.append(stopping.wait)

    resume = train(tmp_path, others=[monitor, stopping], s4=lambda m, r: r.save(), s20=go_back)
    assert waits == [0]
    assert resume.model.history.epoch == [0, 1, 2, 3]
    assert monitor.reading.steps == 32
    assert monitor.reading.looks.tolist() == [*range(11), 13, 16, 20, 25]


def test_a_fit_that_saved_by_hand_resumes_as_another(tmp_path):
    straight = train(tmp_path / "a", s10=lambda m, r: r.save())
    train(tmp_path / "b", epochs=2, s10=lambda m, r: r.save())
    parts = train(tmp_path / "b")
    for now, then in zip(weights(parts.model), weights(straight.model), strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_point_that_is_not_there_is_refused_by_its_number(tmp_path):
    with pytest.raises(CheckpointError, match="holds no checkpoint 77"):
        train(tmp_path, s10=lambda model, resume: resume.go_back(77))


def test_outside_of_fit_there_is_nothing_to_save(tmp_path):
    resume = train(tmp_path, epochs=1)
    for call in (resume.save, lambda: resume.go_back(1)):
        with pytest.raises(ValueError, match="between the steps of `fit`"):
            call()


def test_pinned_checkpoints_are_not_removed_for_being_old_and_are_read_by_number(tmp_path):
    store = CheckpointStore(tmp_path, keep=1)
    for number in range(5):
        store.save(number, {"n": number}, {"pinned": number in (1, 3)})
    assert [each.number for each in store.listed()] == [4, 3, 1]
    assert store.read(3).state == {"n": 3}
    (tmp_path / "checkpoint-000000003" / "arrays.npz").write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="is corrupted"):
        store.read(3)
