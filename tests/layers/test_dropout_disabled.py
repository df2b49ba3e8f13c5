import keras
import numpy as np
import pytest

from kerasrecipes.layers import DenseBlock, InvertedDropout, dropout_disabled

X = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")
DROPOUTS = {
    "dropout": lambda: keras.layers.Dropout(0.5),
    "spatial": lambda: keras.layers.SpatialDropout1D(0.5),
    "alpha": lambda: keras.layers.AlphaDropout(0.5),
    "gaussian": lambda: keras.layers.GaussianDropout(0.5),
    "noise": lambda: keras.layers.GaussianNoise(0.5),
    "inverted": lambda: InvertedDropout(0.5),
    "block": lambda: DenseBlock(3, normalize=False, keep_prob=0.5),
    "recurrent": lambda: keras.layers.GRU(3, dropout=0.5, recurrent_dropout=0.5),
    "stacked cells": lambda: keras.layers.RNN(
        [keras.layers.SimpleRNNCell(3, dropout=0.5), keras.layers.LSTMCell(3, dropout=0.5)]
    ),
    "bidirectional": lambda: keras.layers.Bidirectional(keras.layers.SimpleRNN(3, dropout=0.5)),
    "time distributed": lambda: keras.layers.TimeDistributed(keras.layers.Dropout(0.5)),
    "attention": lambda: SelfAttention(keras.layers.MultiHeadAttention(2, 2, dropout=0.5)),
    "submodel": lambda: keras.Sequential([keras.Sequential([keras.layers.Dropout(0.5)])]),
}


class SelfAttention(keras.layers.Layer):
    def __init__(self, attention):
        super().__init__()
        self.inner = [attention]  # found in lists as well

    def call(self, inputs, training=None):
        return self.inner[0](inputs, inputs, training=training)


def output(model, training):
    return keras.ops.convert_to_numpy(model(X, training=training))


def compiled_model():
    model = keras.Sequential([keras.Input((6, 3)), keras.layers.Dropout(0.5, seed=1)])
    model.add(keras.layers.GlobalAveragePooling1D())
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("kind", DROPOUTS)
def test_training_equals_inference_inside_and_differs_again_after(kind):
    model = keras.Sequential([keras.Input((6, 3)), DROPOUTS[kind]()])
    inference = output(model, training=False)
    assert not np.allclose(output(model, training=True), inference, atol=1e-4)
    with dropout_disabled(model) as same:
        assert same is model
        np.testing.assert_allclose(output(model, training=True), inference, atol=1e-6)
    assert not np.allclose(output(model, training=True), inference, atol=1e-4)


@pytest.mark.parametrize("kind", DROPOUTS)
def test_the_config_is_as_before_also_when_the_body_raises(kind):
    model = keras.Sequential([keras.Input((6, 3)), DROPOUTS[kind]()])
    before = None if kind == "attention" else model.get_config()
    rates = [getattr(layer, "rate", None) for layer in model._flatten_layers()]
    with pytest.raises(KeyError), dropout_disabled(model):
        raise KeyError
    assert [getattr(layer, "rate", None) for layer in model._flatten_layers()] == rates
    assert before is None or model.get_config() == before


def test_the_random_state_is_not_used_up():
    model = compiled_model()
    state = model.layers[0].seed_generator.state
    before = keras.ops.convert_to_numpy(state)
    with dropout_disabled(model):
        output(model, training=True)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(state), before)


def test_it_acts_in_a_fit_before_inside_and_after():
    model = compiled_model()
    y = X.mean(axis=1)

    def loss():
        return model.fit(X, y, verbose=0).history["loss"][0]

    assert loss() > 1e-3
    before = model.train_function
    with dropout_disabled(model):
        assert loss() < 1e-9
    assert model.train_function is before
    assert loss() > 1e-3


def test_a_function_made_inside_does_not_stay():
    model = compiled_model()
    with dropout_disabled(model):
        model.train_on_batch(X, X.mean(axis=1))
        assert model.train_function is not None
    assert model.train_function is None


def test_a_model_compiled_inside_does_not_get_its_old_function_back():
    model = compiled_model()
    model.train_on_batch(X, X.mean(axis=1))
    with dropout_disabled(model):
        model.compile("adam", "mae")
    assert model.train_function is None


def test_a_running_fit_goes_on_with_dropout():
    model = compiled_model()

    class Check(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            with dropout_disabled(self.model):
                np.testing.assert_allclose(output(self.model, True), output(self.model, False))

    history = model.fit(X, X.mean(axis=1), batch_size=2, epochs=2, callbacks=[Check()], verbose=0)
    assert min(history.history["loss"]) > 1e-3


def test_a_model_without_dropout_keeps_its_functions():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 1)))
    function = model.train_function
    with dropout_disabled(model):
        assert model.train_function is function


def test_nested_use_restores_step_by_step():
    model = compiled_model()
    with dropout_disabled(model):
        with dropout_disabled(model):
            pass
        assert model.layers[0].rate == 0
    assert model.layers[0].rate == 0.5


def test_other_things_are_refused():
    with pytest.raises(TypeError, match="Received: model of type list"), dropout_disabled([]):
        pass
