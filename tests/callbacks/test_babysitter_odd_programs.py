"""Programs, logs and callers out of the ordinary: a babysitter changes nothing of them."""

import contextlib
import copy
import gc
import threading
import time

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import Babysitter, Resume
from kerasrecipes.callbacks.babysitting.watched_fit import MOST_LAYERS
from kerasrecipes.live.nudge import Nudge, read_nudges
from kerasrecipes.live.request_box import Request
from tests.patience import HANG

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 4)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("float32")
STEPS = 6  # an epoch


class Sampling(keras.layers.Layer):
    """Draws random numbers in predictions too, as that of a variational autoencoder."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, x):
        return x + 0.1 * keras.random.normal(keras.ops.shape(x), seed=self.seeds)


def build(*inner, has_input=True):
    keras.utils.set_random_seed(0)
    first = [keras.Input((4,))] if has_input else []
    hidden, out = keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")
    model = keras.Sequential([*first, hidden, *(make() for make in inner), out])
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    return model


def fit(model, *callbacks, epochs=3):
    keras.utils.set_random_seed(1)  # of the order of the data
    dev = (X[:32], Y[:32])
    model.fit(X, Y, 16, epochs, 0, validation_data=dev, callbacks=list(callbacks))
    return model.get_weights()


def quiet(**options):
    return Babysitter(sink=None, **options)


def at(babysitter, **actions):
    """Does something before some steps, by their number in the fit."""

    def act(batch, logs):
        action = actions.get(f"s{babysitter._fit.progress.epoch * STEPS + batch}")
        if action is not None:
            action()

    return keras.callbacks.LambdaCallback(on_train_batch_begin=act)


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_layer_that_draws_in_predictions_goes_on_as_if_nothing_had_been_predicted():
    plain, watched = build(Sampling), build(Sampling)
    assert_same(fit(plain), fit(watched, quiet()))
    assert_same(fit(plain), fit(watched, quiet()))  # after its last prediction, too


@pytest.mark.skipif(not ON_TENSORFLOW, reason="TensorFlow counts operations for its seeds")
def test_random_numbers_of_tensorflow_s_own_stay_as_they_are():
    import tensorflow as tf

    def noise():
        return keras.layers.Lambda(lambda x: x + 0.1 * tf.random.normal(tf.shape(x)))

    assert_same(fit(build(noise)), fit(build(noise), quiet(judge=False)))


def test_a_model_without_input_is_built_and_steered():
    babysitter = quiet()
    names = []

    def dropout():
        return keras.layers.Dropout(0.5)

    look = at(babysitter, s3=lambda: names.extend(s.name for s in babysitter._steering.settings()))
    watched = fit(build(dropout, has_input=False), look, babysitter)
    assert_same(fit(build(dropout, has_input=False)), watched)
    assert "learning_rate" in names
    assert "beta_1" in names


def test_it_can_be_copied():
    assert copy.deepcopy(Babysitter(title="run")).title == "run"


def test_logs_that_are_no_numbers_are_left_out():
    class Odd(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs |= {"text": "abc", "none": None, "several": {"a": 1.0}, "matrix": np.eye(2)}

    babysitter = quiet()
    fit(build(), Odd(), babysitter)
    metrics = babysitter._fit.board.snapshot()["metrics"]
    assert metrics["matrix"] == 0.5
    assert not {"text", "none", "several"} & set(metrics)


def test_two_are_refused():
    with pytest.raises(ValueError, match="must hold one Babysitter"):
        fit(build(), quiet(), quiet())


def test_a_fit_that_was_broken_off_does_not_close_the_page_of_the_next():
    babysitter, kept, seen = quiet(), [], []

    def boom():
        raise RuntimeError("boom")

    try:
        fit(build(), at(babysitter, s2=boom), babysitter)
    except RuntimeError as error:
        kept.append(error)
    assert len(kept) == 1

    def forget():
        kept.clear()
        gc.collect()

    look = at(babysitter, s3=forget, s4=lambda: seen.append(babysitter.address))
    fit(build(), look, babysitter)
    assert seen[0] is not None


def test_a_nudge_that_cannot_be_done_again_is_said_and_the_fit_goes_on(tmp_path):
    said = []
    nudges = [Nudge(4, 0, "t", "go_back", 3.0, 77), Nudge(5, 0, "t", "learning_rate", 0.05, 0.01)]
    babysitter = Babysitter(replay=nudges, sink=said.append)
    fit(build(), Resume(tmp_path, sink=None), babysitter)
    assert [each.name for each in babysitter.nudges] == ["learning_rate"]
    assert "`go back to saved point 77` of step 4 cannot be done again" in said[1]


def test_going_back_waits_for_a_save_that_was_asked_for_before(tmp_path):
    babysitter, resume = quiet(), Resume(tmp_path, keep=9, sink=None)
    box = []

    def ask():
        box.extend(babysitter._fit.box.put(Request(*each)) for each in (("save",), ("go_back", 1)))

    fit(build(), resume, at(babysitter, s9=ask), babysitter)
    saved = next(point for point in resume.saved_points() if point.by_hand)
    steps = resume._store.read(saved.number).state["model"]["optimizer"][0]
    assert (saved.step, int(steps)) == (10, 10)
    assert [pending.reply.result["step"] for pending in box] == [9, 10]


def test_many_layers_leave_room_for_the_curves_of_the_cost():
    layers = [keras.layers.Dense(4, name=f"layer{i}") for i in range(140)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile("sgd", "mse")
    babysitter = quiet()
    nudge = Request("learning_rate", 0.001)  # after which all is shown
    put = at(babysitter, s1=lambda: babysitter._fit.box.put(nudge))
    model.fit(X, X, 48, 1, 0, validation_data=(X, X), callbacks=[put, babysitter])
    curves = babysitter._fit.board.snapshot()["curves"]
    assert "val_loss" in curves
    assert sum(name.startswith("gradient_norm/") for name in curves) == MOST_LAYERS
    assert {"gradient_norm/layer0", "gradient_norm/layer139"} <= set(curves)


def test_nudges_of_a_killed_fit_outlive_a_second_kill(tmp_path):
    def resumed(kill, **asked):
        babysitter = quiet(directory=tmp_path / "run")

        def stop():
            ends = time.monotonic() + HANG  # until the file is written
            while babysitter._files._todo and time.monotonic() < ends:
                time.sleep(0.01)
            raise KeyboardInterrupt

        put = {
            step: (lambda request=request: babysitter._fit.box.put(request))
            for step, request in asked.items()
        }
        resume = Resume(tmp_path / "saved", sink=None)
        with contextlib.suppress(KeyboardInterrupt):
            fit(build(), resume, at(babysitter, **put, **{f"s{kill}": stop}), babysitter)
        return babysitter

    asked = {"s7": Request("learning_rate", 0.2), "s9": Request("beta_1", 0.5)}
    resumed(10, **asked)
    resumed(8)
    kept = read_nudges(tmp_path / "run" / "nudges.json")
    assert [(each.step, each.name) for each in kept] == [(7, "learning_rate"), (9, "beta_1")]
    assert [each.step for each in resumed(99).nudges] == [7, 9]


def test_a_pause_that_nobody_can_end_is_over():
    babysitter = quiet()

    def pause():
        babysitter._fit.box.put(Request("pause"))
        thread = babysitter._server._thread
        threading.Timer(0.5, thread.stop).start()
        threading.Timer(20, lambda: babysitter._fit.box.put(Request("go_on", note="late"))).start()

    fit(build(), at(babysitter, s3=pause), babysitter)
    assert [(each.name, each.note) for each in babysitter.nudges] == [("pause", ""), ("go_on", "")]


def test_a_directory_that_was_removed_is_made_again(tmp_path):
    babysitter, directory = quiet(directory=tmp_path / "run"), tmp_path / "run"

    def remove():
        while not (directory / "live.json").exists():
            time.sleep(0.01)
        directory.rename(tmp_path / "gone")  # at once; its files are still being written

    nudge = Request("learning_rate", 0.01)
    put = at(babysitter, s1=lambda: babysitter._fit.box.put(nudge), s3=remove)
    fit(build(), put, babysitter)
    assert [each.name for each in read_nudges(directory / "nudges.json")] == ["learning_rate"]
    assert (directory / "history.csv").exists()
