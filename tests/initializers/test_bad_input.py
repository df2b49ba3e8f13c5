"""What `signal_propagation` and `unit_variance` refuse, and that the model stays as it was."""

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.initializers import signal_propagation, unit_variance

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
BOTH = pytest.mark.parametrize("function", [signal_propagation, unit_variance])


@pytest.fixture
def model():
    parts = [layers.Dense(5, "relu", name="first"), layers.Dense(3, name="second"), layers.Dense(1)]
    return keras.Sequential([keras.Input((4,)), *parts], name="small")


def state(model):
    """What a refusal must leave: attributes, functions, weights."""
    parts = [model, *model._flatten_layers(include_self=False)]
    keys = [set(vars(part)) for part in parts]
    return keys, [(part.call, getattr(part, "activation", None)) for part in parts]


def refused(function, model, x, message, **options):
    before, weights = state(model), model.get_weights()
    with pytest.raises(ValueError, match=message):
        function(model, x, **options)
    assert state(model) == before
    assert model.losses == []
    for now, then in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, then)


@BOTH
def test_a_layer_is_not_a_model(function):
    with pytest.raises(ValueError, match=r"`model` must be a keras.Model. Received: model=<Dense"):
        function(layers.Dense(2), X)


@BOTH
def test_a_model_must_be_built(function):
    model = keras.Sequential([layers.Dense(2), layers.Dense(1)], name="bare")
    refused(function, model, X, r"`model` must be built.*model='bare', not built")
    assert not model.built


@BOTH
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X[:0], r"`x` must hold .*Received: shapes \[\(0, 4\)\]"),
        (np.float32(3), r"`x` must hold .*Received: shapes \[\(\)\]"),
        ([], r"`x` must hold .*Received: shapes \[\]"),
        (X[:, :3], r"`x` must fit .*\[\(8, 3\)\], model='small' with inputs \[\(None, 4\)\]"),
        (X[:, :, None, None], r"`x` must fit .*\(8, 4, 1, 1\)"),
        ([X, X], r"`x` must fit .*shapes \[\(8, 4\), \(8, 4\)\]"),
        ([X, X[:5]], r"`x` must hold .*shapes \[\(8, 4\), \(5, 4\)\]"),
        (np.where(X > 1, np.nan, X), r"`x` must be finite.*Received: \d of 32 numbers"),
    ],
    ids=["empty", "scalar", "none", "width", "rank", "count", "lengths", "nan"],
)
def test_x_must_hold_finite_examples_that_fit(function, model, x, message):
    refused(function, model, x, message)


@BOTH
def test_inputs_by_name_are_checked_by_name(function):
    a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b")
    hidden = layers.Dense(3)(layers.Dense(3)(layers.concatenate([a, b])))
    model = keras.Model([b, a], layers.Dense(1)(hidden))
    function(model, {"a": X, "b": X[:, :2]})
    refused(function, model, {"a": X, "b": X}, r"`x` must fit .*\[\(8, 4\), \(8, 4\)\]")


def test_quantised_kernels_are_refused(model):
    twin = keras.models.clone_model(model)
    twin.quantize("int8")
    refused(unit_variance, twin, X, r"floating-point kernels.*layer `first` quantized to int8")
    refused(signal_propagation, twin, X, "at least two layers with floating-point weights.*0 in")


@pytest.mark.parametrize("widths", [(), (1,)])
def test_fewer_than_two_layers_with_weights_are_too_few(widths):
    parts = [layers.Flatten(), *(layers.Dense(width) for width in widths)]
    model = keras.Sequential([keras.Input((4,)), *parts], name="short")
    refused(signal_propagation, model, X, f"at least two layers.*{len(widths)} in model `short`")


def test_weights_must_be_finite(model):
    model.layers[1].kernel.assign(np.full((5, 3), np.inf))
    refused(signal_propagation, model, X, "finite weights.*Received: .*small/second/kernel")
    refused(unit_variance, model, X, "layer `second` .*variance=nan")


class Logarithm(layers.Layer):
    def call(self, x):
        return keras.ops.log(x)


@keras.ops.custom_gradient
def without_gradient(x):
    return x, lambda *args, upstream=None: (args[0] if upstream is None else upstream) * np.nan


class NoGradient(layers.Layer):
    def call(self, x):
        return without_gradient(x)


def test_nan_out_of_finite_numbers_is_named():
    parts = [layers.Dense(5), Logarithm(), layers.Dense(3, name="after"), layers.Dense(1)]
    broken = keras.Sequential([keras.Input((4,)), *parts])
    refused(signal_propagation, broken, X, "finite activations.*NaN in the activations.*`after`")
    refused(unit_variance, broken, X, "layer `after` .*variance=nan")


def test_a_gradient_that_is_nan_is_named():
    parts = [layers.Dense(5, "relu", name="before"), NoGradient(), layers.Dense(3), layers.Dense(1)]
    broken = keras.Sequential([keras.Input((4,)), *parts])
    refused(signal_propagation, broken, X, "finite gradients.*NaN in the gradients.*`before`")


@pytest.mark.parametrize(("compiled", "received"), [(None, "not compiled"), ({}, "without a loss")])
def test_y_needs_a_compiled_loss(model, compiled, received):
    if compiled is not None:
        model.compile(**compiled)
    refused(signal_propagation, model, X, f"`y` needs .*`small`, {received}", y=np.zeros((8, 1)))


def test_y_must_fit(model):
    model.compile(loss="mse")
    message = r"`y` must fit .*\[\(5, 2\)\], outputs of shapes \[\(8, 1\)\]"
    refused(signal_propagation, model, X, message, y=np.zeros((5, 2)))


def test_an_interrupt_restores_the_kernels():
    class Interrupted(layers.Layer):
        armed = False

        def call(self, x):
            if self.armed:
                raise KeyboardInterrupt
            return x

    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), Interrupted(), layers.Dense(1)])
    before, model.layers[1].armed = model.get_weights(), True
    with pytest.raises(KeyboardInterrupt):
        unit_variance(model, X)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert "call" not in vars(model.layers[0])
