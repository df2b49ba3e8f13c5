"""A training broken off at any place ends as the one never broken off."""

import json

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import EarlyStopping, Resume
from tests.callbacks.resumed_programs import (
    ARRAYS,
    PROGRAMS,
    STEPS,
    THREADS,
    Best,
    Break,
    Broken,
    Shuffled,
    assert_same,
    network,
    train,
    train_in_parts,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*shuffle=True. was passed")


WAYS = {
    "arrays, early stopping": ([3, STEPS - 1, STEPS], {"every_steps": 3}),
    "not built, schedule": ([STEPS + 3], {}),
    "steps at once, class weights": ([4, 1], {"every_epochs": None, "every_steps": 5}),
    "averages, decay": ([2 * STEPS + 1], {"every_epochs": 2}),
    "dataset, accumulation": ([2, STEPS + 5], {"every_steps": 3}),
    "py dataset": ([STEPS + 3, STEPS + 1], {}),
    "generator": ([STEPS + 5, STEPS + 1], {"every_epochs": None, "every_steps": 5}),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_training_in_parts_ends_as_the_whole_one(name, tmp_path):
    if name == "py dataset" and keras.backend.backend() == "tensorflow":
        pytest.skip(THREADS)
    if name.startswith("dataset"):
        pytest.importorskip("tensorflow", exc_type=ImportError)
    breaks, options = WAYS[name]
    expected = train(name, tmp_path / "whole", every_epochs=None)
    assert_same(expected, train_in_parts(name, tmp_path / "parts", breaks, **options))


def test_it_leaves_no_trace_in_the_training(tmp_path):
    keras.utils.set_random_seed(3)
    model, given, callbacks = PROGRAMS["arrays, early stopping"]()
    history = model.fit(**given, epochs=4, verbose=0, callbacks=callbacks).history
    assert history == train("arrays, early stopping", tmp_path)["history"]
    assert "on_epoch_end" not in vars(model.history)


@pytest.mark.parametrize("name", ["arrays, early stopping", "averages, decay"])
def test_a_finished_training_ends_at_once_with_what_it_ended_with(name, tmp_path):
    said = []
    expected = train(name, tmp_path)
    assert_same(expected, train(name, tmp_path, after=1, sink=said.append))
    assert said == [
        "Resume: this fit had ended: nothing is left to train. Remove the directory to begin anew."
    ]


def test_a_training_is_prolonged_by_more_epochs(tmp_path):
    expected = train("generator", tmp_path / "whole", epochs=5)
    train("generator", tmp_path / "parts", epochs=2)
    assert_same(expected, train("generator", tmp_path / "parts", epochs=5))


def test_a_script_without_a_seed_goes_on_in_the_order_of_its_first_start(tmp_path):
    def fit(after=None):
        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")]
        )
        model.compile("sgd", "mse")
        callbacks = [Resume(tmp_path, every_steps=2, sink=None), Break(after)]
        return model.fit(Shuffled(), epochs=3, verbose=0, callbacks=callbacks)

    if keras.backend.backend() == "tensorflow":
        pytest.skip(THREADS)
    with pytest.raises(Broken):
        fit(after=STEPS + 3)
    state = np.random.get_state()
    fit()
    np.random.set_state(state)
    np.random.rand(5)  # another process draws other numbers
    assert fit().history["loss"] == fit().history["loss"]


def test_callbacks_without_a_state_are_named_once(tmp_path):
    class Counter(keras.callbacks.Callback):
        pass

    said = []
    model = network()
    callbacks = [Counter(), Resume(tmp_path, sink=said.append), Counter()]
    model.fit(**ARRAYS, epochs=3, verbose=0, callbacks=callbacks)
    assert said == [
        "Resume: Counter cannot be resumed, and would begin anew: give it get_state() and "
        "set_state(state)."
    ]


def test_the_epoch_begins_for_callbacks_without_a_state_when_it_is_resumed_within(tmp_path):
    class Times(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_epoch_begin(self, epoch, logs=None):
            self.seen.append(epoch)

    def fit(after, times):
        keras.utils.set_random_seed(0)
        resume = Resume(tmp_path, every_steps=1, sink=None)
        network().fit(**ARRAYS, epochs=3, verbose=0, callbacks=[times, resume, Break(after)])

    with pytest.raises(Broken):
        fit(STEPS + 4, Times())
    times = Times()
    fit(None, times)
    assert times.seen == [1, 2]


def test_as_many_checkpoints_are_kept_as_asked_for(tmp_path):
    train("generator", tmp_path, keep=1, every_steps=1)
    kept = [path.name for path in tmp_path.iterdir() if path.name.startswith("checkpoint")]
    assert len(kept) == 1
    about = json.loads((tmp_path / kept[-1] / "manifest.json").read_text())["about"]
    assert about["versions"]["keras"] == keras.__version__


@pytest.mark.parametrize("after", [3, STEPS + 3])
def test_a_callback_may_keep_nothing_or_a_list(after, tmp_path):
    best, stopping = Best(), EarlyStopping("loss", patience=9, sink=None)

    def fit(*callbacks):
        keras.utils.set_random_seed(0)
        resume = Resume(tmp_path, every_steps=2, sink=None)
        network().fit(**ARRAYS, epochs=2, verbose=0, callbacks=[*callbacks, resume])

    with pytest.raises(Broken):
        fit(Best(), EarlyStopping("loss", patience=9, sink=None), Break(after))
    fit(best, stopping, Break(None))
    assert best.best == ["loss", stopping.best]


@keras.saving.register_keras_serializable("resume_test")
class Extremes(keras.metrics.Metric):
    """Gives several results."""

    def __init__(self):
        super().__init__(name="extremes")
        self.most = self.add_variable((), "zeros", name="most")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.most.assign(keras.ops.maximum(self.most, keras.ops.max(y_pred)))

    def result(self):
        return {"most": self.most + 0, "twice": 2 * self.most}


def test_a_metric_may_give_several_results(tmp_path):
    def fit(after=None):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=[Extremes()])
        callbacks = [Resume(tmp_path, every_steps=2, sink=None), Break(after)]
        return model.fit(**ARRAYS, epochs=2, verbose=0, callbacks=callbacks).history

    with pytest.raises(Broken):
        fit(after=STEPS - 1)
    assert len(fit()["twice"]) == 2


def test_optimizers_beside_the_models_own_come_back(tmp_path):
    class Two(keras.Model):
        """Trains its parts by optimizers of their own; not built before its first step."""

        def __init__(self):
            super().__init__()
            self.parts = [keras.layers.Dense(2), keras.layers.Dense(1)]

        def compile(self):
            super().compile()
            self.optimizers = [keras.optimizers.Adam(0.1) for _ in self.parts]

        def train_step(self, data):
            import tensorflow as tf

            x, y = data
            with tf.GradientTape(persistent=True) as tape:
                loss = keras.ops.mean((self.parts[1](self.parts[0](x)) - y) ** 2)
            for part, optimizer in zip(self.parts, self.optimizers, strict=True):
                gradients = tape.gradient(loss, part.trainable_variables)
                optimizer.apply(gradients, part.trainable_variables)
            return {"loss": loss}

    def fit(*callbacks):
        keras.utils.set_random_seed(0)
        model = Two()
        model.compile()
        model.fit(**ARRAYS, epochs=2, verbose=0, callbacks=callbacks)
        return {"weights": model.get_weights()}

    if keras.backend.backend() != "tensorflow":
        pytest.skip("a `train_step` is written for one backend")
    expected = fit()
    with pytest.raises(Broken):
        fit(Resume(tmp_path, every_steps=2, sink=None), Break(5))
    assert_same(expected, fit(Resume(tmp_path, sink=None), Break(None)))
