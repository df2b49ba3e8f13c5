"""All variables of a training, as arrays and back."""

import functools

import keras
import numpy as np
import pytest

from kerasrecipes.checkpoints.model_state import is_built, model_state, set_model_state

X = np.ones((8, 3), "float32")


def trained(units=4, epochs=2, use_ema=True):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(units),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]
    )
    optimizer = keras.optimizers.Adam(use_ema=use_ema, gradient_accumulation_steps=2)
    model.compile(optimizer, "mse", metrics=["mae"])
    model.fit(X, X[:, :1], batch_size=4, epochs=epochs, verbose=0)
    return model


@functools.cache
def saved():
    """The state of a trained model; look, do not write."""
    return model_state(trained())


def test_a_model_goes_on_from_the_state_of_another():
    other, state = trained(epochs=5), saved()
    set_model_state(other, state)
    for name, values in model_state(other).items():
        assert len(values) == len(state[name]) > 0
        assert all(map(np.array_equal, values, state[name]))


def test_seeds_of_dropout_moments_averages_and_metrics_are_in_it():
    state = saved()
    assert [3, 4] in [list(value.shape) for value in state["model"]]
    assert any(value.shape == (2,) for value in state["model"])  # a seed generator's
    assert sum(value.shape == (3, 4) for value in state["optimizer"]) == 4  # m, v, average, sum
    assert len(state["metrics"]) >= 4  # sums and counts of loss and mae


def test_a_state_does_not_change_with_the_training():
    model = trained(use_ema=False)  # Keras on JAX has no second fit with averages
    state = model_state(model)
    kept = [value.copy() for value in state["model"]]
    model.fit(X, X[:, :1], verbose=0)
    assert all(map(np.array_equal, state["model"], kept))
    assert not all(map(np.array_equal, state["model"], model_state(model)["model"]))


def test_another_shape_is_named_and_nothing_is_changed():
    model = trained(units=5)
    before = model_state(model)
    with pytest.raises(ValueError, match=r"Received: \(3, 5\), and \(3, 4\) was saved"):
        set_model_state(model, saved())
    assert all(map(np.array_equal, before["model"], model_state(model)["model"]))


def test_another_number_of_variables_is_named():
    model = trained()
    state = model_state(model)
    state["optimizer"].pop()
    count = len(state["optimizer"])
    with pytest.raises(ValueError, match=f"Received: {count + 1}, and {count} were saved"):
        set_model_state(model, state)


def test_a_model_is_built_once_all_its_parts_are():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    assert not is_built(model)
    model.build((None, 3))
    assert not is_built(model)  # neither its optimizer nor its metrics
    model.fit(X, X[:, :1], verbose=0)
    assert is_built(model)


def test_a_state_that_nobody_needs_is_overwritten():
    model = trained()
    old = model_state(trained(epochs=5))
    places = [id(value) for value in old["model"]]
    state = model_state(model, into=old)
    assert [id(value) for value in state["model"]] == places
    assert all(map(np.array_equal, state["model"], model_state(model)["model"]))


def test_a_state_of_another_model_is_not_written_into():
    other = model_state(trained(units=5))
    kept = [value.copy() for value in other["model"]]
    state = model_state(trained(), into=other)
    assert [3, 4] in [list(value.shape) for value in state["model"]]
    assert [value.shape for value in other["model"]] == [value.shape for value in kept]
