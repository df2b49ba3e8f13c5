import contextlib
import itertools
import math

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.gradients import GradientTap, TappedFit
from kerasrecipes.gradients.looks import Looks, ten_per_decade
from kerasrecipes.gradients.tap_measures import checked_gradients, groups, is_finite

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = (X @ [[1.0], [-2.0], [0.5]]).astype("float32")


def every_step(step):
    return True


def network(optimizer=None, **compile_arguments):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, "tanh", name="a"), layers.Dense(1, name="b")]
    )
    model.compile(optimizer or keras.optimizers.Adam(0.01), "mse", **compile_arguments)
    return model


def fit(model, tapped=None, x=X, y=Y, batch_size=4, callbacks=(), **options):
    keras.utils.set_random_seed(2)
    if tapped is not None:
        begin = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: tapped.begin(model))
        callbacks = [begin, *callbacks]
    try:
        model.fit(x, y, batch_size=batch_size, verbose=0, callbacks=list(callbacks), **options)
    finally:
        if tapped is not None:
            tapped.end()
    return model


def read(model, when=every_step, **options):
    tapped = TappedFit(GradientTap(when))
    fit(model, tapped, **options)
    return tapped.tap.read()


def scaled():
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01))


WAYS = {
    "plain": (lambda: None, {}),
    "jit": (lambda: None, {"jit_compile": True}),
    "several steps at once": (lambda: None, {"steps_per_execution": 3}),
    "accumulation": (lambda: keras.optimizers.SGD(0.1, gradient_accumulation_steps=2), {}),
    "loss scaling": (scaled, {}),
    "clipping": (lambda: keras.optimizers.SGD(0.1, clipnorm=0.01), {}),
    "momentum, average": (lambda: keras.optimizers.SGD(0.1, 0.9, use_ema=True), {}),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_fit_with_a_tap_gives_the_same_weights_and_leaves_the_optimizer_as_it_was(way):
    make, options = WAYS[way]
    plain = fit(network(make(), **options), epochs=2)
    tapped = TappedFit(GradientTap(every_step))
    model = fit(network(make(), **options), tapped, epochs=2)
    assert tapped.tap.read().steps == 12
    names = [variable.path for variable in model.optimizer.variables]
    assert len(names) == len(plain.optimizer.variables)
    assert not any("tap" in name for name in names)
    inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    assert "apply" not in vars(inner)
    assert "save_own_variables" not in vars(model.optimizer)
    assert not hasattr(model.train_function, "untapped")
    for ours, theirs in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(model.optimizer.variables, plain.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("way", [way for way in WAYS if "accum" not in way])
def test_norms_and_ratios_are_those_of_the_batch(way):
    make, options = WAYS[way]
    model = network(make(), **options)
    before = model.get_weights()
    reading = read(model, x=X[:4], y=Y[:4])
    after = model.get_weights()
    hidden = np.tanh(X[:4] @ before[0])
    error = 2 / 4 * (hidden @ before[2] - Y[:4])
    back = error @ before[2].T * (1 - hidden**2)
    gradients = [X[:4].T @ back, back.sum(0), hidden.T @ error, error.sum(0)]
    norms = [np.linalg.norm(gradient) for gradient in gradients]
    seen = [series[0] for series in reading.gradient_norms.values()]
    np.testing.assert_allclose(seen, norms, rtol=1e-4)
    ratios = [
        np.linalg.norm(b - a) / (np.linalg.norm(a) or np.linalg.norm(b))
        for a, b in zip(before, after, strict=True)
    ]
    seen = [series[0] for series in reading.update_ratios.values()]
    np.testing.assert_allclose(seen, ratios, rtol=1e-3)


def wide(**compile_arguments):
    """More than two groups of neighbouring variables, as large networks have."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((300,)), *[layers.Dense(300, "relu") for _ in range(3)], layers.Dense(1)]
    )
    model.compile("adam", "mse", **compile_arguments)
    return model


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}], ids=["plain", "jit"])
def test_large_networks_are_looked_at_in_groups_and_have_the_same_weights(options):
    x = np.random.default_rng(0).normal(size=(32, 300)).astype("float32")
    y = x[:, :1]
    plain = fit(wide(**options), x=x, y=y, batch_size=8)
    tapped = TappedFit(GradientTap(lambda step: step % 2 == 0))
    model = fit(wide(**options), tapped, x=x, y=y, batch_size=8)
    for ours, theirs in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    reading = tapped.tap.read()
    assert reading.looks.tolist() == [0, 2]
    for series in (*reading.gradient_norms.values(), *reading.update_ratios.values()):
        assert (series > 0).all()


def test_groups_are_neighbours_and_hold_every_variable_once():
    split = groups([(784, 512), (512,), (512, 512), (512,), (512, 10), (10,)])
    assert [list(group.places) for group in split] == [[0], [1, 2, 3, 4, 5]]
    assert [list(group.places) for group in groups([(3, 4), (4,)])] == [[0, 1]]
    many = groups([(300, 300)] * 100)
    assert len(many) <= 16
    assert [place for group in many for place in group.places] == list(range(100))
    assert [group.size for group in groups([(3, 4), (2000,)])] == [2 * 3 + 12 + 1024]


def test_the_gradients_checked_in_every_step_are_small_ones_spread_over_the_depth():
    gradients = [keras.ops.ones((2000, 3)), keras.ops.ones((3,)), None, keras.ops.ones((3, 3))]
    assert list(checked_gradients(gradients)) == [1]
    assert list(checked_gradients([gradients[0], gradients[3]])) == [1]
    assert checked_gradients(gradients[:1])[0].shape == (3,)
    assert list(checked_gradients([gradients[1]] * 15)) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert checked_gradients([None]) == {}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_finite_is_told_from_its_numbers(value):
    fine, broken = keras.ops.ones((3,)), keras.ops.convert_to_tensor([1.0, value])
    assert bool(is_finite([fine, fine]))
    assert not bool(is_finite([fine, broken]))
    assert bool(is_finite([]))


@pytest.mark.parametrize("clipvalue", [None, 1.0])
def test_a_gradient_that_breaks_under_a_finite_cost_is_caught_at_its_step(clipvalue):
    model = keras.Sequential(
        [keras.Input((1,)), layers.Dense(1, keras.ops.sqrt, name="a"), layers.Dense(1, name="b")]
    )
    model.compile(keras.optimizers.SGD(0.0, clipvalue=clipvalue), "mse")
    model.get_layer("a").set_weights([np.ones((1, 1)), -np.ones(1)])
    x = np.array([[5.0], [2.0], [1.0], [2.0]], "float32")  # the slope of a root is infinite at 0
    reading = read(model, lambda step: False, x=x, y=x, batch_size=1, shuffle=False)
    step, path = reading.not_finite
    assert step == 2
    assert "/a/" in path


def test_a_look_waits_for_the_step_that_moves_the_weights():
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=3)
    reading = read(network(optimizer), epochs=2)
    assert reading.looks.tolist() == [2, 5, 8, 11]
    assert all((ratios > 0).all() for ratios in reading.update_ratios.values())


def test_moves_of_a_large_variable_are_measured_on_a_sample():
    model = keras.Sequential([keras.Input((200,)), layers.Dense(100), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    x = np.random.default_rng(0).normal(size=(8, 200))
    model.build()
    before = model.get_weights()[0]
    reading = read(model, x=x, y=x[:, :1], batch_size=8)
    exact = np.linalg.norm(model.get_weights()[0] - before) / np.linalg.norm(before)
    assert next(iter(reading.update_ratios.values()))[0] == pytest.approx(exact, rel=0.1)


def test_it_looks_at_the_steps_of_the_schedule_over_all_epochs_and_fits():
    tapped = TappedFit(GradientTap(lambda step: step % 5 == 1))
    model = network()
    for _ in range(2):
        fit(model, tapped, epochs=3)
        reading = tapped.tap.read()
        assert reading.looks.tolist() == [1, 6, 11, 16]
        assert {len(norms) for norms in reading.gradient_norms.values()} == {4}
    plain = model.train_function
    fit(model)
    assert model.train_function is plain  # and not one that knows the tap
    assert tapped.tap.read().steps == 18


def test_of_many_looks_each_reading_has_the_first_128():
    tapped = TappedFit(GradientTap(every_step))
    reads = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: tapped.tap.read())
    fit(network(), tapped, batch_size=1, x=np.repeat(X, 6, 0), y=np.repeat(Y, 6, 0), epochs=2,
        callbacks=[reads])  # fmt: skip
    looks = tapped.tap.read().looks
    assert looks.tolist() == [*range(128), *range(144, 144 + 128)]


class Poison(keras.callbacks.Callback):
    """Makes one weight NaN before a step."""

    def __init__(self, step, layer):
        super().__init__()
        self.step, self.layer = step, layer

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.step:
            kernel = self.model.get_layer(self.layer).kernel
            values = keras.ops.convert_to_numpy(kernel).copy()
            values[0, 0] = np.nan
            kernel.assign(values)


@pytest.mark.parametrize("layer", ["a", "b"])
def test_a_weight_that_is_not_finite_is_laid_to_the_step_before(layer):
    reading = read(
        network(), when=lambda step: False, batch_size=24, epochs=5, callbacks=[Poison(3, layer)]
    )
    step, path = reading.not_finite
    assert (step, path.split("/")[-2:]) == (2, [layer, "kernel"])


@pytest.mark.parametrize("optimizer", [lambda: None, scaled], ids=["plain", "loss scaling"])
def test_a_cost_that_is_not_finite_is_caught_at_its_step_between_looks(optimizer):
    y = Y.copy()
    y[13] = np.nan
    options = {"batch_size": 4, "shuffle": False, "y": y}
    reading = read(network(optimizer()), when=lambda step: False, **options)
    if isinstance(optimizer(), keras.optimizers.LossScaleOptimizer):
        assert reading.not_finite is None  # that step is skipped
        assert reading.steps == 5
    else:
        assert reading.not_finite[0] == 3
        assert reading.not_finite[1].endswith("b/bias")


def test_what_breaks_in_the_last_step_is_found_too():
    x = np.full((4, 3), 1e30, "float32")
    model = network(keras.optimizers.SGD(1e30))
    model.get_layer("a").activation = keras.activations.linear
    step, _ = read(model, when=lambda step: False, x=x, y=Y[:4]).not_finite
    assert step == 0


def test_a_file_saved_or_loaded_in_between_holds_nothing_of_the_tap(tmp_path):
    path = tmp_path / "model.keras"
    saves = keras.callbacks.ModelCheckpoint(path)
    model = network(scaled())
    tapped = TappedFit(GradientTap(every_step))
    fit(model, tapped, callbacks=[saves])
    loaded = keras.saving.load_model(path)
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    for ours, theirs in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    load = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: model.load_weights(path))
    fit(model, tapped, callbacks=[load])
    assert int(keras.ops.convert_to_numpy(model.optimizer.iterations)) == 12


def test_two_taps_at_once_see_the_same_and_go_in_any_order():
    first, second = TappedFit(GradientTap(every_step)), TappedFit(GradientTap(every_step))
    model = network()
    begin = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: second.begin(model))
    fit(model, first, callbacks=[begin])
    second.end()
    assert first.tap.read().looks.tolist() == second.tap.read().looks.tolist() == [*range(6)]
    assert "apply" not in vars(model.optimizer)
    assert not any("tap" in variable.path for variable in model.optimizer.variables)
    assert not hasattr(model.train_function, "untapped")


def test_a_fit_that_raises_leaves_the_optimizer_as_it_was():
    model = network()
    tapped = TappedFit(GradientTap(every_step))

    class Token:
        pass

    def raise_in_fit():
        token = Token()
        tapped.begin(model, token)
        raise KeyError

    with contextlib.suppress(KeyError):
        raise_in_fit()
    assert "apply" not in vars(model.optimizer)
    assert not any("tap" in variable.path for variable in model.optimizer.variables)


def test_gradients_of_embeddings_are_measured():
    model = keras.Sequential([keras.Input((2,)), layers.Embedding(5, 3), layers.Flatten(),
                              layers.Dense(1)])  # fmt: skip
    model.compile(keras.optimizers.SGD(0.1), "mse")
    reading = read(model, x=np.array([[0, 1], [1, 2]]), y=np.ones((2, 1)))
    assert all(norms[0] > 0 for norms in reading.gradient_norms.values())


def test_a_tap_is_on_one_built_optimizer_at_a_time():
    with pytest.raises(ValueError, match=r"must be built.*Received: optimizer='sgd"):
        GradientTap().attach(keras.optimizers.SGD())
    model = network()
    model.optimizer.build(model.trainable_variables)
    tap = GradientTap()
    tap.attach(model.optimizer)
    with pytest.raises(ValueError, match=r"once at a time.*Received: optimizer='adam"):
        tap.attach(model.optimizer)
    tap.detach()
    tap.detach()


def test_ten_steps_of_each_decade_are_looked_at():
    looks = [step for step in range(100_000) if ten_per_decade(step)]
    assert looks[:12] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13]
    assert [sum(low <= look < 10 * low for look in looks) for low in (10, 100, 1000, 10_000)] == [
        10, 10, 10, 10,
    ]  # fmt: skip
    ratios = [b / a for a, b in itertools.pairwise(looks[10:])]
    assert max(ratios) <= 1.3
    assert math.isclose(min(ratios), 1.2, rel_tol=0.05)


@pytest.mark.parametrize("start", [0, 7, 100, 101, 12_345])
def test_the_schedule_is_listed_without_asking_for_each_step(start):
    looks = Looks(ten_per_decade)
    looks._scanned = start
    expected = [step for step in range(start, start + 100_000) if ten_per_decade(step)]
    assert looks.upcoming(start, 1000) == expected


def test_each_step_is_asked_for_once():
    asked = []
    looks = Looks(lambda step: asked.append(step) or step % 3 == 0)
    assert looks.upcoming(0, 3) == [0, 3, 6]
    assert looks.upcoming(4, 3) == [6, 9, 12]
    assert asked == [*range(13)]


@pytest.mark.parametrize("when", [ten_per_decade, every_step, lambda step: step % 7 == 1])
@pytest.mark.parametrize(("every", "offset"), [(1, 0), (4, 2)])
def test_looks_begun_later_are_those_of_looks_asked_all_along(when, every, offset):
    looks = Looks(when, every, offset)
    for step in (0, 10, 200, 5000):
        assert looks.upcoming(step, 128) == Looks(when, every, offset).upcoming(step, 128)


@pytest.mark.parametrize("accumulated", [None, 4])
def test_a_tap_goes_on_from_the_state_of_another_read_or_not(accumulated):
    model = network(keras.optimizers.SGD(0.01, gradient_accumulation_steps=accumulated))
    model.optimizer.build(model.trainable_variables)
    first, second = GradientTap(every_step), GradientTap(every_step)
    first.attach(model.optimizer)
    fit(model, batch_size=5)
    first.read()
    fit(model, batch_size=5)
    state = first.get_state()
    second.attach(model.optimizer)
    second.set_state(state)
    assert second.last_reading().steps == 5
    model.make_train_function(force=True)  # in which both listen
    for _ in range(2):
        fit(model, batch_size=5)
        np.testing.assert_equal(second.read()._asdict(), first.read()._asdict())
    first.detach()
    second.detach()
    assert second.read().steps == 20


def test_a_tap_refuses_the_state_of_one_on_other_variables():
    taps = []
    for model in (network(), wide()):
        model.optimizer.build(model.trainable_variables)
        taps.append(GradientTap())
        taps[-1].attach(model.optimizer)
    count = len(model.trainable_variables)
    with pytest.raises(ValueError, match=rf"a tap on {count} variables.*state of 4 variables"):
        taps[1].set_state(taps[0].get_state())
    with pytest.raises(ValueError, match=r"Call attach\(optimizer\) first"):
        GradientTap().set_state(taps[0].get_state())
