import json

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.callbacks.learning_rate_finder import LearningRateFinder
from kerasrecipes.callbacks.learning_rate_suggestion import suggest_learning_rate
from kerasrecipes.schedules import ExponentialDecay


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    return (x[order] / 8.0 - 1.0).astype("float32")[:1024], y[order][:1024]


def classifier(optimizer):
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(64, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile(optimizer, loss="sparse_categorical_crossentropy")
    return model


def network_of_everything(optimizer="adam", **options):
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.5),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer, loss="mse", metrics=["mae"], **options)
    return model


RANDOM = np.random.default_rng(1)
X, Y = RANDOM.normal(size=(64, 4)).astype("float32"), RANDOM.normal(size=(64, 1)).astype("float32")


def silent(**arguments):
    return LearningRateFinder(**arguments, sink=lambda line: None)


def everything(model):
    variables = [*model.variables, *model.metrics_variables, *model.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def assert_same_bits(model, before):
    after = everything(model)
    assert len(after) == len(before)
    for now, then in zip(after, before, strict=True):
        assert now.dtype == then.dtype
        assert now.tobytes() == then.tobytes()


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_suggestion_is_sensible_and_trains_well(optimizer, digits):
    x, y = digits
    model = classifier(optimizer)
    finder = silent()
    model.fit(x, y, batch_size=32, epochs=100, callbacks=[finder], verbose=0)
    low, high = {"adam": (1e-3, 3e-2), "sgd": (3e-2, 0.7)}[optimizer]
    assert low < finder.suggestion < high
    model.optimizer.learning_rate = finder.suggestion
    costs = model.fit(x, y, batch_size=32, epochs=8, verbose=0).history["loss"]
    assert costs[-1] < 0.4
    assert costs[-1] < costs[0]


@pytest.mark.parametrize(
    "optimizer",
    [
        "adam",
        keras.optimizers.SGD(0.1, momentum=0.9),
        keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01)),
    ],
    ids=["adam", "momentum", "loss_scale"],
)
def test_everything_is_as_found_bit_for_bit(optimizer):
    model = network_of_everything(optimizer)
    model.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    before, path = everything(model), model.get_weights()
    finder = silent(steps=12)
    model.fit(X, Y, batch_size=16, epochs=9, callbacks=[finder], verbose=0)
    assert len(finder.rates) == 12
    assert_same_bits(model, before)
    assert len(path) == len(model.get_weights())


def test_training_after_it_goes_as_if_it_had_never_run():
    weights = []
    for use_it in (False, True):
        keras.utils.set_random_seed(5)
        model = network_of_everything()
        if use_it:
            options = {"batch_size": 16, "epochs": 9, "shuffle": False, "verbose": 0}
            model.fit(X, Y, callbacks=[silent(steps=15)], **options)
        model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for never, after in zip(*weights, strict=True):
        np.testing.assert_array_equal(never, after)


def test_after_an_exception_restore_puts_everything_back():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                raise KeyboardInterrupt

    model, finder = network_of_everything(), silent(low=1e-2)
    model.fit(X, Y, batch_size=16, epochs=1, verbose=0)
    before = everything(model)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, batch_size=16, epochs=9, callbacks=[finder, Stop()], verbose=0)
    finder.restore()
    assert_same_bits(model, before)
    finder.restore()  # a second call does nothing
    assert_same_bits(model, before)


def test_costs_are_those_of_each_batch_alone():
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)])
    model.compile("sgd", loss="mse")
    model.set_weights([np.zeros((1, 1))])
    y = np.arange(4.0).reshape(4, 1)
    finder = silent(low=1e-30, high=1e-29)
    options = {"batch_size": 1, "epochs": 3, "shuffle": False, "verbose": 0}
    model.fit(np.ones((4, 1)), y, callbacks=[finder], **options)
    assert finder.costs == pytest.approx([0, 1, 4, 9] * 3)


def test_rates_rise_geometrically_over_the_steps_of_the_fit():
    finder = silent(low=1e-6, high=1e-3)
    network_of_everything().fit(X, Y, batch_size=16, epochs=3, callbacks=[finder], verbose=0)
    assert finder.rates == pytest.approx(np.geomspace(1e-6, 1e-3, 12).tolist())


def test_several_steps_per_execution_are_one_step_of_the_test():
    finder = silent(low=1e-6, high=1e-3)
    model = network_of_everything(steps_per_execution=2, jit_compile=False)
    model.fit(X, Y, batch_size=16, epochs=6, callbacks=[finder], verbose=0)
    assert finder.rates == pytest.approx(np.geomspace(1e-6, 1e-3, 12).tolist())


def test_a_fit_of_unknown_length_takes_its_steps():
    def endless():
        while True:
            yield X, Y

    finder = silent(steps=11, high=1e-3)
    network_of_everything().fit(endless(), steps_per_epoch=30, callbacks=[finder], verbose=0)
    assert len(finder.rates) == 11
    assert finder.rates[-1] == pytest.approx(1e-3)


def test_it_stops_where_the_cost_diverges():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile("sgd", loss="mse")
    lines = []
    finder = LearningRateFinder(high=1e4, sink=lines.append)
    model.fit(X, Y, batch_size=16, epochs=100, callbacks=[finder], verbose=0)
    assert 10 < len(finder.costs) < 100
    assert lines[0].startswith("LearningRateFinder: ")
    assert f"Diverged at step {len(finder.costs)}: smoothed cost" in lines[0]


def decisions(costs):
    """What `decide` says after each of these costs."""
    finder = silent(steps=50, smoothing=0.0)
    finder._planned = [0.1] * 50
    said = []
    for cost in costs:
        finder.costs.append(cost)
        said.append(finder.decide(cost))
    return said


def test_decide_ends_at_divergence():
    said = decisions([1.0] * 9 + [0.1, 0.9, 0.95, 1.1])  # 0.9 is 9 times the best, no more
    assert [stop for stop, _ in said] == [False] * 12 + [True]
    assert said[-1][1] == "Diverged at step 13: smoothed cost 1.1, at best 0.1."


def test_decide_ends_at_a_cost_that_is_no_number():
    assert decisions([1.0, float("nan")])[-1] == (True, "The cost was nan at step 2.")


def test_decide_ends_after_the_steps_planned():
    assert decisions([1.0] * 50)[-2:] == [(False, "Took 49 steps."), (True, "Took 50 steps.")]


def test_costs_below_zero_do_not_turn_the_rule_round():
    said = decisions([-1.0] * 10 + [-2.0, -1.5, -0.5, 3.9, 4.1])
    assert [stop for stop, _ in said] == [False] * 14 + [True]


def test_a_cost_that_does_not_depend_on_the_weights_has_no_suggestion():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile("sgd", loss=lambda y, p: keras.ops.square(y) + 0.0 * p)
    lines = []
    finder = LearningRateFinder(sink=lines.append)
    model.fit(X, Y, batch_size=16, epochs=30, callbacks=[finder], verbose=0)
    assert finder.suggestion is None
    assert finder.reason.startswith("the cost never falls by more than its noise: from ")
    assert lines == [f"LearningRateFinder: no learning rate: {finder.reason} Took 100 steps."]


def test_too_few_steps_have_no_suggestion():
    finder = silent()
    network_of_everything().fit(X, Y, batch_size=16, epochs=2, callbacks=[finder], verbose=0)
    assert (finder.suggestion, len(finder.costs)) == (None, 8)
    assert finder.reason == "8 steps with a finite cost are too few; it needs 10 or more."


def test_state_resumes_a_test_begun():
    model, finder, other = network_of_everything(), silent(steps=12), silent(steps=12)
    for callback in (finder, other):
        callback.set_model(model)
        callback.set_params({"steps": 4, "epochs": 9})
    finder.on_train_begin()
    for batch in range(5):
        finder.on_train_batch_begin(batch)
        finder.on_train_batch_end(batch, {"loss": 1.0 - 0.1 * batch})
    state = finder.get_state()
    other.on_train_begin()
    other.set_state({**json.loads(json.dumps({**state, "found": None})), "found": state["found"]})
    assert (other.rates, other.costs) == (finder.rates, finder.costs)
    assert other.decide(0.5) == finder.decide(0.5)
    other.restore()
    assert_same_bits(model, state["found"])


def test_the_state_of_another_model_is_refused():
    model, finder = network_of_everything(), silent()
    finder.set_model(model)
    finder.set_params({"steps": 4, "epochs": 9})
    finder.on_train_begin()
    state = finder.get_state()
    state["found"].pop()
    many = len(state["found"])
    with pytest.raises(ValueError, match=rf"{many} values for {many + 1} variables"):
        finder.set_state(state)


def test_an_optimizer_with_a_schedule_is_refused():
    model = network_of_everything(keras.optimizers.SGD(ExponentialDecay(0.1).per_step(4)))
    with pytest.raises(ValueError, match=r"LearningRateFinder sets it.*learning_rate=PerStep"):
        model.fit(X, Y, callbacks=[silent()], verbose=0)


def test_an_unbuilt_model_is_refused():
    model = keras.Sequential([layers.Dense(1)], name="raw")
    model.compile("sgd", loss="mse")
    finder = silent()
    finder.set_model(model)
    with pytest.raises(ValueError, match=r"`model` must be built.*`raw`, not built"):
        finder.on_train_begin()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"low": 0.0}, "`low` and `high`.*low=0.0, high=10.0"),
        ({"low": 1.0, "high": 0.1}, "low=1.0, high=0.1"),
        ({"high": float("inf")}, "high=inf"),
        ({"steps": 1}, "`steps` must be.*steps=1"),
        ({"steps": 20.5}, "steps=20.5"),
        ({"smoothing": 1.0}, r"`beta` must be in \[0, 1\).*beta=1.0"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LearningRateFinder(**arguments)


RATES = np.geomspace(1e-6, 10, 100)


def textbook(best=1e-2, limit=1.0):
    """A plateau at 2.3, a fall around `best`, divergence beyond `limit`."""
    return 0.3 + 2.0 / (1 + (RATES / best) ** 2) + (RATES / limit) ** 3


@pytest.mark.parametrize("best", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_textbook_curve_gives_its_steepest_point(best, noise):
    costs = textbook(best) + noise * np.random.default_rng(2).normal(size=100)
    found = suggest_learning_rate(RATES, costs)
    assert best / 5 < found.rate < 5 * best
    assert "falls fastest at" in found.reason


def test_it_stays_clear_of_the_lowest_cost():
    found = suggest_learning_rate(RATES, textbook(best=0.3, limit=1.0))
    lowest = RATES[np.argmin(found.smoothed)]
    assert found.rate == pytest.approx(lowest / (5 * (RATES[1] / RATES[0]) ** 2))
    assert found.reason.startswith("a safe distance below ")


def test_pure_noise_gives_no_suggestion():
    random = np.random.default_rng(4)
    curves = random.normal(2.3, 0.1, size=(300, 100))
    assert sum(suggest_learning_rate(RATES, curve).rate is not None for curve in curves) <= 3


def test_steps_after_an_infinite_cost_do_not_count():
    costs = textbook()
    costs[80:] = np.nan
    whole, cut = suggest_learning_rate(RATES, costs), suggest_learning_rate(RATES[:80], costs[:80])
    assert whole.rate == cut.rate
    assert len(whole.smoothed) == 80
