"""Beside other taps, checkpoints, files, errors and a second fit."""

import gc

import keras
import numpy as np
import pytest
from keras import optimizers

from kerasrecipes.callbacks import GradientMonitor, Resume
from kerasrecipes.checkpoints.model_state import model_state
from kerasrecipes.live.steering import Steering
from tests.live.steering.steered import Steered, X, Y, assert_same, fit, network


def adam():
    return network(optimizers.Adam(0.01, weight_decay=0.0))


MOVES = {
    2: lambda s: (s.move("beta_1", 0.7), s.move("learning_rate", 0.003)),
    3: lambda s: (s.move("weight_decay", 0.1), s.move("clip_norm", 0.5)),
    5: lambda s: s.move("keep_prob/drop", 0.5),
}


class Steady(Steered):
    """Steered, with a state, as a callback of the library."""

    def get_state(self):
        """That of the steering, and where the moves are."""
        return {"steering": self.steering.get_state(), "step": self.step}

    def set_state(self, state):
        """Goes on."""
        self.steering.set_state(state["steering"])
        self.step = state["step"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_gradient_monitor_in_the_same_fit_sees_every_step(order):
    monitor = GradientMonitor(lambda step: True, sink=None)
    steered = Steered(moves=MOVES)
    model = fit(adam(), *[steered, monitor][::order])
    assert monitor.reading.looks.tolist() == list(range(8))
    assert_same(model, fit(adam(), Steered(moves=MOVES)), rtol=1e-4, atol=1e-6)
    assert not {"apply", "_clip_gradients"} & set(vars(model.optimizer))
    assert "train_step" not in vars(model)


def test_a_second_fit_is_steered_by_the_same_step_from_the_programs_numbers():
    steered, model = Steered(moves={1: lambda s: s.move("beta_1", 0.5)}), adam()
    fit(model, steered)
    function, used = model.train_function, []
    steered.moves = {0: lambda s: used.append((model.train_function, s.get_state()["values"]))}
    fit(model, steered)
    fit(model, steered)
    assert used[0][0] is used[1][0]
    assert used[0][1]["beta_1"] == 0.9
    assert model.train_function is function


def test_files_and_states_of_a_steered_fit_are_those_of_the_program(tmp_path):
    found = {}

    def save(steering):
        model = steering._model
        steering.move("beta_1", 0.5)
        model.save(tmp_path / "model.keras")
        model.save_weights(tmp_path / "model.weights.h5")
        found["state"] = model_state(model)
        found["config"] = model.optimizer.get_config()

    model = fit(adam(), Steered(moves={3: save}))
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    state = model_state(model)
    assert {k: len(v) for k, v in found["state"].items()} == {k: len(v) for k, v in state.items()}
    assert found["config"]["beta_1"] == 0.9
    adam().load_weights(tmp_path / "model.weights.h5")
    fit(loaded)


def test_a_fit_that_breaks_off_leaves_no_trace():
    class Token:
        pass

    class Fails(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.token = Token()
            steering.begin(self.model, running=self.token)

        def on_train_batch_end(self, batch, logs=None):
            del self.token
            gc.collect()
            raise RuntimeError("broken off")

    steering, model = Steering(), adam()
    with pytest.raises(RuntimeError, match="broken off"):
        fit(model, Fails())
    assert steering.settings() == ()
    assert not {"apply", "train_step"} & (set(vars(model.optimizer)) | set(vars(model)))
    assert not any("steering" in variable.path for variable in model.optimizer.variables)


@pytest.mark.parametrize("goes_on_steered", [True, False])
def test_a_killed_fit_goes_on_to_the_same_weights(tmp_path, goes_on_steered):
    class Killed(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt

    def train(model, *callbacks):
        keras.utils.set_random_seed(2)
        options = {} if goes_on_steered else {"on_mismatch": "continue"}
        resume = Resume(tmp_path, every_steps=1, sink=None, **options)
        model.fit(X, Y, batch_size=16, epochs=2, verbose=0, callbacks=[*callbacks, resume])
        return model

    moves = MOVES if goes_on_steered else {}
    whole = fit(adam(), Steady(moves=moves))
    killed = Killed()
    killed.left = 6
    with pytest.raises(KeyboardInterrupt):
        train(adam(), Steady(moves=moves), killed)
    model = train(adam(), *([Steady(moves=moves)] if goes_on_steered else []))
    if goes_on_steered:
        assert_same(model, whole)
    else:
        np.testing.assert_allclose(model.get_weights()[0], whole.get_weights()[0], rtol=1e-4)
