import keras
import numpy as np
import pytest

from kerasrecipes.regularizers import L1, L2, decay_factor

WEIGHTS = np.array([[1.5, -2.0], [0.25, 3.0]], dtype="float32")


@pytest.mark.parametrize(
    ("weights", "absolute", "squared"),
    [(WEIGHTS, 6.75, 15.3125), (np.array([0.0, -4.0], dtype="float32"), 4.0, 16.0)],
)
@pytest.mark.parametrize(("strength", "num_examples"), [(0.7, 50), (3.0, 2)])
def test_penalties_follow_the_formula(weights, absolute, squared, strength, num_examples):
    factor = strength / (2 * num_examples)
    assert float(L1(strength, num_examples)(weights)) == pytest.approx(factor * absolute)
    assert float(L2(strength, num_examples)(weights)) == pytest.approx(factor * squared)


def test_l2_is_keras_s_with_half_the_strength_per_example():
    keras_penalty = keras.regularizers.L2(0.7 / (2 * 50))(keras.ops.array(WEIGHTS))
    assert float(L2(0.7, 50)(keras.ops.array(WEIGHTS))) == pytest.approx(float(keras_penalty))


@pytest.mark.parametrize("regularizer", [L1(0.3, 20), L2(0.3, 20)])
def test_config_round_trip_through_a_layer(regularizer):
    layer = keras.layers.Dense(2, kernel_regularizer=regularizer)
    again = keras.layers.Dense.from_config(layer.get_config()).kernel_regularizer
    assert type(again) is type(regularizer)
    assert again.get_config() == {"strength": 0.3, "num_examples": 20}


@pytest.mark.parametrize("regularizer", [L1(0.3, 20), L2(0.3, 20)])
def test_a_saved_model_keeps_the_penalty(regularizer, tmp_path):
    layer = keras.layers.Dense(2, kernel_regularizer=regularizer)
    model = keras.Sequential([keras.Input((3,)), layer])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert float(again.losses[0]) == pytest.approx(float(model.losses[0]))
    assert float(again.losses[0]) > 0


def one_sgd_step(regularizer, x, y):
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, use_bias=False, kernel_regularizer=regularizer)]
    )
    model.set_weights([WEIGHTS])
    model.compile(keras.optimizers.SGD(0.5), loss="mse")
    model.fit(x, y, batch_size=len(x), epochs=1, verbose=0)
    return model.get_weights()[0]


def test_one_sgd_step_shrinks_the_weights_by_the_factor():
    x, y = np.ones((4, 2), dtype="float32"), np.zeros((4, 2), dtype="float32")
    with_l2, without = one_sgd_step(L2(3.0, 20), x, y), one_sgd_step(None, x, y)
    gradient_part = WEIGHTS - without
    assert np.abs(gradient_part).min() > 0.1
    factor = decay_factor(learning_rate=0.5, strength=3.0, num_examples=20)
    np.testing.assert_allclose(with_l2, factor * WEIGHTS - gradient_part, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "factor"), [((0.1, 2.0, 40), 0.995), ((1.0, 0.0, 7), 1.0), ((4.0, 1.0, 2), -1.0)]
)
def test_decay_factor(arguments, factor):
    assert decay_factor(*arguments) == pytest.approx(factor)


@pytest.mark.parametrize("make", [L1, L2, lambda *pair: decay_factor(0.1, *pair)])
@pytest.mark.parametrize(
    ("strength", "num_examples", "message"),
    [
        (-0.5, 10, "`strength` must be a finite number >= 0.*strength=-0.5"),
        (float("inf"), 10, "strength=inf"),
        (float("nan"), 10, "strength=nan"),
        (0.5, 0, "`num_examples` must be a whole number >= 1.*num_examples=0"),
        (0.5, -3, "num_examples=-3"),
        (0.5, 2.5, "num_examples=2.5"),
        (0.5, True, "num_examples=True"),
    ],
)
def test_bad_arguments_are_refused(make, strength, num_examples, message):
    with pytest.raises(ValueError, match=message):
        make(strength, num_examples)


@pytest.mark.parametrize("learning_rate", [0.0, -0.1, float("nan")])
def test_bad_learning_rates_are_refused(learning_rate):
    with pytest.raises(ValueError, match=f"`learning_rate` .*learning_rate={learning_rate}"):
        decay_factor(learning_rate, 1.0, 10)
