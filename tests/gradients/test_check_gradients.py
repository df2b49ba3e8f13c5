import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.gradients import check_gradients

W = np.array([1.0, -2.0, 0.5])


@pytest.mark.parametrize(
    ("function", "gradient"),
    [
        (lambda w: ops.sum(w**3), 3 * W**2),
        (lambda w: ops.sum(ops.sin(w)) * 2, 2 * np.cos(W)),
        (lambda w: ops.sum(w) ** 2, 2 * W.sum() * np.ones(3)),
    ],
    ids=["cube", "sine", "square of the sum"],
)
def test_both_gradients_are_the_known_ones(function, gradient):
    check = check_gradients(function, W)
    assert check.passed
    analytic = {element.index[0]: element.analytic for element in check.worst}
    numeric = {element.index[0]: element.numeric for element in check.worst}
    assert analytic == pytest.approx(dict(enumerate(gradient)), rel=1e-12)
    assert numeric == pytest.approx(dict(enumerate(gradient)), rel=1e-6)


def test_a_value_of_zero_passes():
    assert check_gradients(lambda w: ops.sum(w**3), np.array([1.0, -1.0])).passed


def test_integers_are_held_fixed_and_floats_are_widened():
    function = lambda table, rows: ops.take(table, rows, axis=0)  # noqa: E731
    check = check_gradients(function, np.ones((3, 2), "float32"), np.array([0, 2, 2]))
    assert check.passed
    assert list(check.variables) == ["table"]
    assert check.variables["table"].checked == 6
    assert check.distance < 1e-8


def test_outputs_of_any_structure_are_projected():
    def function(w):
        return {"square": w**2, "pair": (ops.sum(w), ops.argmax(w)), "nothing": None}

    assert check_gradients(function, W.reshape(3, 1)).passed


def test_arguments_may_be_nested():
    check = check_gradients(lambda pair: ops.sum(pair["a"] * pair["b"]), {"a": W, "b": W + 1})
    assert check.passed
    assert list(check.variables) == ["pair/0", "pair/1"]


def test_arguments_without_a_name_are_numbered():
    check = check_gradients(lambda *parts: ops.sum(parts[0] * parts[1]), W, W)
    assert list(check.variables) == ["argument_0", "argument_1"]


@pytest.mark.parametrize(
    ("layer", "weights"),
    [
        (layers.Dense(2, "tanh"), ["kernel", "bias"]),
        (layers.LayerNormalization(), ["gamma", "beta"]),
        (layers.Dropout(0.5), []),
    ],
    ids=["dense", "layer norm", "dropout"],
)
@pytest.mark.parametrize("built", [False, True])
def test_a_layer_is_checked_for_its_inputs_and_weights(layer, weights, built):
    layer = type(layer).from_config(layer.get_config())
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    if built:
        layer(x)
    before = layer.built
    check = check_gradients(layer, x)
    assert check.passed, check
    assert [name.split("/")[-1] for name in check.variables] == ["inputs", *weights]
    assert layer.built == before


def test_a_layer_of_several_inputs():
    check = check_gradients(layers.Dot(axes=1), [np.ones((2, 3)), np.full((2, 3), 2.0)])
    assert check.passed
    assert list(check.variables) == ["inputs/0", "inputs/1"]


def test_a_layer_is_not_moved():
    layer = layers.Dense(2)
    x = np.ones((3, 4), "float32")
    layer(x)
    before = layer.get_weights()
    check_gradients(layer, x)
    for one, other in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert layer.kernel.dtype == "float32"


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        ([np.array([1, 2])], r"Received: int64 \(2,\)"),
        ([np.zeros(0)], r"Received: float64 \(0,\)"),
        ([], "Received: no argument"),
    ],
    ids=["integers", "empty", "none"],
)
def test_nothing_to_differentiate_for_is_refused(arguments, received):
    with pytest.raises(ValueError, match=received):
        check_gradients(lambda *parts: 1.0, *arguments)


def test_nothing_to_differentiate_is_refused():
    with pytest.raises(ValueError, match=r"`function` must return .* Received: dtypes \['int"):
        check_gradients(ops.argmax, W)


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        (lambda w: ops.sum(ops.log(w)), "Received: cost=nan"),
        (lambda w: ops.sum(ops.sqrt(w * 0)), "`w` must be finite. Received: 3 of 3 elements"),
        (lambda w: ops.sum(ops.log(w**2 - 1 + 1e-8)), "along 1 of 3 coordinates"),
    ],
    ids=["cost", "gradient", "neighbourhood"],
)
def test_costs_that_are_not_finite_are_refused(cost, message):
    w = W if "cost=nan" in message else np.array([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=message):
        check_gradients(cost, w)


@pytest.mark.parametrize(
    "function",
    [
        lambda w: ops.cast(ops.sum(w**2), "float32"),
        lambda w: ops.cast(ops.sum(ops.cast(w**2, "float32")), "float64"),
        lambda w: ops.sum(ops.cast(ops.cast(w, "float32"), "float64") ** 2),
    ],
    ids=["result", "cast back", "inside"],
)
def test_a_cost_in_float32_is_refused(function):
    with pytest.raises(ValueError, match=r"computed in float64.*rounding noise of \de-0[678]"):
        check_gradients(function, W * np.pi)


@pytest.mark.parametrize("epsilon", [0, -1e-7, float("nan"), float("inf"), "small", None])
def test_a_step_must_be_positive(epsilon):
    with pytest.raises(ValueError, match=f"`epsilon` must be a number > 0.*epsilon={epsilon!r}"):
        check_gradients(ops.sum, W, epsilon=epsilon)


def test_a_step_that_vanishes_is_refused():
    with pytest.raises(ValueError, match="epsilon=1e-20, lost in the rounding of 3 of 3 values"):
        check_gradients(ops.sum, W, epsilon=1e-20)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match=r"exact, directional, auto. Received: method='fast'"):
        check_gradients(ops.sum, W, method="fast")


def test_an_unserialisable_layer_is_refused_with_the_reason():
    class Held(layers.Layer):
        def __init__(self, thing):
            super().__init__()
            self.thing = thing

        def call(self, inputs):
            return inputs * self.thing.factor

    class Thing:
        factor = 2.0

    with pytest.raises(ValueError, match=r"must be copied from its config.*Held was created by"):
        check_gradients(Held(Thing()), W)


def test_the_keras_settings_are_back_also_when_it_raises():
    with pytest.raises(ZeroDivisionError):
        check_gradients(lambda w: w / (1 // 0), W)
    assert keras.config.floatx() == "float32"
    assert keras.config.dtype_policy().name == "float32"
    assert keras.backend.standardize_dtype(ops.ones(1).dtype) == "float32"
