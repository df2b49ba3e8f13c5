import keras
import numpy as np
import pytest

from kerasrecipes.diagnosis.bench import Bench
from kerasrecipes.diagnosis.layer_outputs import first_not_finite, unit_states
from kerasrecipes.diagnosis.model_copy import CannotCopyError, compile_as, model_copy
from tests.diagnosis.own_model import Around

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def small_model():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse", metrics=["mae"])
    return model


def bench_of(model, **options):
    copy = model_copy(model)
    compile_as(copy, model)
    return Bench(copy, X, Y, **{"batch_size": 4, "shuffle": False, "seed": 0, **options})


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(1)
    model = small_model()
    start = [np.array(weight) for weight in model.get_weights()]
    bench = bench_of(model)
    costs = bench.train(6)
    return model, start, bench, costs, [np.array(weight) for weight in bench.copy.get_weights()]


def test_steps_end_where_fit_ends(trained):
    model, start, _, costs, weights = trained
    twin = keras.models.clone_model(model)
    twin.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse")
    twin.set_weights(start)
    history = twin.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    for ours, theirs in zip(weights, twin.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    assert costs.reshape(2, 3).mean(axis=1) == pytest.approx(history.history["loss"], rel=1e-4)


def test_the_model_that_was_copied_stays_as_it_was(trained):
    model, start, *_ = trained
    for now, before in zip(model.get_weights(), start, strict=True):
        np.testing.assert_array_equal(now, before)


def test_a_few_steps_are_made_whatever_the_time():
    bench = bench_of(small_model())
    bench.steps_at_once = 1
    assert len(bench.train(40, 1e-9)) == 8  # a call of the compiled steps
    assert len(bench.train(40, 1e-9, at_least=40)) == 8  # three times 1e-9 s
    assert len(bench.train(40, 60.0, at_least=40)) == 40


def test_a_reset_bench_repeats_its_training(trained):
    *_, bench, costs, weights = trained
    bench.reset()
    np.testing.assert_array_equal(bench.train(6), costs)
    np.testing.assert_array_equal(bench.copy.get_weights()[0], weights[0])


def test_it_stops_at_the_first_cost_that_is_not_finite(trained):
    bench = trained[2]
    bench.set_data(X, Y * np.float32(1e30))
    assert len(bench.train(1000)) <= bench.steps_at_once
    bench.set_data(X, Y)


def test_every_epoch_shows_every_example_once_in_another_order(trained):
    bench = trained[2]
    bench.shuffle = True
    orders = np.concatenate(list(bench._orders(6))).reshape(2, 12)
    bench.shuffle = False
    assert [sorted(order) for order in orders.tolist()] == [list(range(12))] * 2
    assert orders[0].tolist() != orders[1].tolist()


def test_a_model_without_a_config_is_refused_by_its_class():
    model = Around(keras.layers.Dense(1))
    model(X)
    with pytest.raises(CannotCopyError, match="Received: Around"):
        model_copy(model)


def test_losses_and_activations_of_the_users_own_are_no_hindrance():
    def own_loss(y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

    def own_activation(x):
        return keras.ops.tanh(2 * x)

    class Own(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    layers = [keras.layers.Dense(4, own_activation), Own(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile("sgd", own_loss, metrics=[own_loss])
    bench = bench_of(model)
    assert np.isfinite(bench.train(3)).all()
    assert model.compiled
    np.testing.assert_array_equal(
        model_copy(model)(X), np.asarray(keras.ops.convert_to_numpy(model(X)))
    )


def test_dead_and_saturated_units_are_counted_by_layer():
    layers = [
        keras.layers.Dense(4, "relu", name="first"),
        keras.layers.Dense(2, "tanh", name="second"),
    ]
    model = keras.Sequential([keras.Input((3,)), *layers, keras.layers.Dense(1, "sigmoid")])
    layers[0].set_weights([np.zeros((3, 4)), np.array([1.0, -1.0, -1.0, 1.0])])
    layers[1].set_weights([np.zeros((4, 2)), np.array([9.0, 0.0])])
    states = unit_states(model, keras.ops.convert_to_tensor(X))
    assert {name: (one.dead, one.saturated) for name, one in states.items()} == {
        "first": (0.5, 0.0),
        "second": (0.0, 0.5),
    }


def test_the_first_layer_with_an_output_that_is_not_finite_is_named():
    layers = [keras.layers.Dense(4, name="first"), keras.layers.Dense(2, name="second")]
    model = keras.Sequential([keras.Input((3,)), *layers, keras.layers.Dense(1)])
    x = keras.ops.convert_to_tensor(X)
    assert first_not_finite(model, x) is None
    layers[1].bias.assign([np.inf, 0.0])
    assert first_not_finite(model, x) == "second"
