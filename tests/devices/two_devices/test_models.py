"""What is not a callback: the same answers on two devices as on one."""

import keras
import numpy as np
import pytest
from keras import layers

import kerasrecipes as kr
from tests.devices.two_devices.same import DEV, X, Y, assert_near, both, fitted, network

pytestmark = pytest.mark.two_devices
IS_JAX = keras.backend.backend() == "jax"


def blocks():
    model = keras.Sequential(
        [
            keras.Input((5,)),
            kr.layers.DenseBlock(8, "relu"),
            layers.Dense(1, "sigmoid", kernel_regularizer=kr.regularizers.L2(0.1, len(X))),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    return model


def test_statistics_of_batch_norm_are_those_of_the_whole_batch():
    def run():
        model, history, _ = fitted(build=blocks)
        return history, model.get_weights()

    assert_near(*both(run))


def test_a_block_inside_the_data_parallel_one_changes_nothing():
    def run():
        with kr.devices.use(mixed_precision=False):
            model, history, _ = fitted(build=blocks)
        return history, model.get_weights()

    assert_near(*both(run))


def test_a_last_batch_that_cannot_be_divided():
    def run():
        x, y = kr.devices.even(X[:61], Y[:61])
        model, history, _ = fitted(x=x, y=y, validation_data=(X[:23], Y[:23]))
        return len(x), history, model.get_weights(), model.predict(X[:7], verbose=0)

    one, two = both(run)
    if not IS_JAX:
        assert (one[0], two[0]) == (61, 60)
        one = fitted(x=X[:60], y=Y[:60], validation_data=(X[:23], Y[:23]))
        one = (60, one[1], one[0].get_weights(), one[0].predict(X[:7], verbose=0))
    assert_near(one, two)


def clipped():
    return network(optimizer=lambda: keras.optimizers.SGD(0.1, global_clipnorm=0.05))


def rows_of_an_embedding():
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Embedding(4, 3, name="rows"),
            layers.Flatten(),
            layers.Dense(1, name="out"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


@pytest.mark.parametrize("build", [clipped, rows_of_an_embedding])
def test_a_gradient_monitor_leaves_no_trace(build):
    x = np.abs(X).astype("int32") % 4 if build is rows_of_an_embedding else X

    def run():
        monitors = [(), [lambda: kr.callbacks.GradientMonitor(sink=None)]]
        without, watched = (fitted(each, build, x=x, validation_data=None) for each in monitors)
        for a, b in zip(without[0].get_weights(), watched[0].get_weights(), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-8)
        return {k.partition("/")[2]: v for k, v in watched[2][0].reading.gradient_norms.items()}

    one, two = both(run)
    if build is clipped:  # Keras clips each device's share, so the course differs after a step
        one, two = ({k: v[:1] for k, v in each.items()} for each in (one, two))
    assert_near(one, two)


def test_the_first_nan_is_found_wherever_it_arises():
    x = X.copy()
    x[16 + 12] = np.nan  # in the second step, on the second device

    def run():
        _, _, (monitor,) = fitted(
            [lambda: kr.callbacks.GradientMonitor(sink=None)], x=x, shuffle=False
        )
        step, path = monitor.reading.not_finite
        return step, path.partition("/")[2]

    one, two = both(run)
    assert one == two == (1, "output/bias")


@pytest.mark.parametrize("made", ["array", "dataset"])
def test_standardize_learns_the_same(made):
    tf = None if made == "array" else pytest.importorskip("tensorflow", exc_type=ImportError)

    def run():
        data = X if tf is None else tf.data.Dataset.from_tensor_slices(X).batch(10).map(lambda v: v)
        layer = kr.layers.Standardize()
        layer.adapt(data)
        model = keras.Sequential([keras.Input((5,)), layer])
        return layer.get_weights(), model.predict(X, verbose=0)

    assert_near(*both(run), tolerance=1e-6)


def test_gradients_are_checked_the_same():
    def run():
        keras.utils.set_random_seed(1)
        check = kr.gradient_check(network(), X[:8], Y[:8])
        return check.verdict, check.passed, len(check.variables)

    one, two = both(run)
    assert one == two == ("great", True, 4)


def test_signal_and_curvature_are_the_same():
    def run():
        keras.utils.set_random_seed(1)
        model = network()
        signal = kr.initializers.signal_propagation(model, X, Y)
        found = kr.curvature(model, X, Y)
        scales = [(row.activation_std, row.gradient_std) for row in signal.rows]
        return scales, signal.verdict, found.verdict, found.smallest, found.largest

    assert_near(*both(run))


def broken():
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dense(8, "relu"), layers.Dense(1, "softmax")]
    )
    model.compile("sgd", "binary_crossentropy")
    return model


@pytest.mark.parametrize(("build", "healthy"), [(network, True), (broken, False)])
def test_a_diagnosis_is_the_same(build, healthy):
    def run():
        keras.utils.set_random_seed(1)
        found = kr.diagnose(build(), X, Y, validation_data=DEV, epochs=20, batch_size=16)
        return found.healthy, [(each.code, each.severity) for each in found.findings]

    one, two = both(run)
    assert one == two
    assert one[0] is healthy


def test_an_ensemble_is_the_same():
    def run():
        ensemble = kr.Ensemble.train(
            network, X, Y, members=2, epochs=2, batch_size=16, together=False
        )
        return ensemble.histories, ensemble.predict(DEV[0], verbose=0)

    assert_near(*both(run))


def test_a_vectorized_search_trains_its_trials_alone(tmp_path):
    keras_tuner = pytest.importorskip("keras_tuner")
    said = []

    def build(hp):
        rate = hp.Float("rate", 1e-3, 1e-1, sampling="log")
        return network(optimizer=lambda: keras.optimizers.SGD(rate))

    with kr.devices.use("cpu", data_parallel=True):
        tuner = kr.tuning.VectorizedSearch(
            build,
            keras_tuner.Objective("val_loss", "min"),
            max_trials=2,
            seed=0,
            directory=tmp_path,
            sink=said.append,
        )
        tuner.search(X, Y, epochs=1, batch_size=16, validation_data=DEV, verbose=1)
    assert len(tuner.oracle.trials) == 2
    assert "copied to several devices" in " ".join(said)


def dropping():
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(64, "relu"),
            kr.layers.InvertedDropout(0.8, seed=3),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    return model


def test_dropout_drops_as_much():
    """To the bit on JAX. On TensorFlow, each device draws for its share: the mean is the same."""

    def run():
        model, _, _ = fitted(build=dropping, epochs=2)
        return model.get_weights(), model.evaluate(*DEV, verbose=0)

    one, two = both(run)
    assert_near(one, two, 2e-4 if IS_JAX else 0.2)
    assert all(np.isfinite(weight).all() for weight in two[0])


def test_the_recipe_walks_the_same_steps():
    """The data are easy enough for the first step, which has no dropout."""
    split = kr.data.train_dev_test_split(*kr.data.load("iris"), seed=0)

    def run():
        result = kr.BasicRecipe(target_error=0.2, budget=2.0, seed=0).run(split)
        return len(result.steps), result.steps[0].settings.to_dict(), result.reading.verdict

    one, two = both(run)
    assert one == two
