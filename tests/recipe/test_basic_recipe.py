"""The loop over arrays: what it refuses, what it trains, tells, and ends with."""

import json
import math
import time

import keras
import numpy as np
import pytest

from kerasrecipes.data import DataError, Split
from kerasrecipes.recipe import (
    BasicRecipe,
    EpochDone,
    RecipeInterrupted,
    Said,
    Settings,
    StepDone,
    StepStarted,
    loop,
)

ONE_EPOCH = 1e-4  # minutes; for tests that do not look at how well the model does
NOTHING = (None, None)  # for the test part, which the loop must not look at


def rows(examples=600, *, noise=0.0, seed=0):
    """Two classes, one on each side of a plane; a share `noise` of the labels is wrong."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(examples, 3)).astype("float32")
    y = (x @ [1.0, 2.0, -1.0] > 0).astype("int64")
    return x, np.where(generator.random(examples) < noise, 1 - y, y)


def split_of(make=rows, **options):
    return Split(make(600, **options), make(200, seed=1, **options), NOTHING)


def model(*layers, loss, optimizer="sgd"):
    built = keras.Sequential([keras.Input((3,)), *layers])
    built.compile(optimizer, loss)
    return built


@pytest.fixture(scope="module")
def told():
    """One training of the recipe's own first network, and the events it told."""
    events = []
    recipe = BasicRecipe(target_error=1.0, progress=events.append)
    return recipe.run(split_of()), events


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"build": 3}, r"`build` must be a callable that returns a compiled model. Received: 3"),
        ({"target_error": -0.1}, r"`target_error` must be a fraction >= 0. Received: .*=-0.1"),
        ({"target_error": math.nan}, r"Received: target_error=nan"),
        ({"human_error": -1}, r"`human_error` must be a fraction >= 0. Received: human_error=-1"),
        ({"human_error": math.inf}, r"Received: human_error=inf. Write 3 % as 0.03"),
        ({"budget": 0}, r"`budget` must be minutes > 0: .* Received: budget=0"),
        ({"budget": math.inf}, r"Received: budget=inf"),
        ({"tolerance": 0}, r"`tolerance` must be a gap > 0: .* Received: tolerance=0"),
        ({"task": "cluster"}, r"`task` must be 'auto', .* Received: task='cluster'"),
        ({"seed": -1}, r"`seed` must lie in 0 to 2147483647.* Received: seed=-1"),
        ({"seed": 2**31}, r"Received: seed=2147483648"),
    ],
)
def test_an_argument_out_of_range_is_refused_at_once(arguments, words):
    with pytest.raises(ValueError, match=words):
        BasicRecipe(**arguments)


def changed(part, inputs=None, targets=None):
    x, y = rows()
    parts = {"train": (x, y), "dev": rows(200, seed=1), "test": NOTHING}
    x, y = parts[part]
    parts[part] = (x if inputs is None else inputs(x), y if targets is None else targets(y))
    return Split(**parts)


def spoilt(x):
    return np.where(np.arange(x.size).reshape(x.shape) == 4, np.nan, x)


@pytest.mark.parametrize("own", [True, False], ids=["own networks", "the user's"])
@pytest.mark.parametrize(
    ("split", "words"),
    [
        (changed("train", spoilt), "the train inputs hold 1 values that are NaN or infinite"),
        (changed("dev", spoilt), "the dev inputs hold 1 values that are NaN or infinite"),
        (changed("dev", lambda x: x[:0], lambda y: y[:0]), "the dev part has 0 inputs and 0 targ"),
        (changed("train", lambda x: x[:9]), "the train part has 9 inputs and 600 targets"),
    ],
    ids=["NaN in train", "NaN in dev", "empty dev", "lengths"],
)
def test_a_split_that_cannot_be_learned_from_is_refused(split, words, own):
    build = None if own else lambda: model(keras.layers.Dense(2, "softmax"), loss="mse")
    with pytest.raises(DataError, match=words):
        BasicRecipe(build).run(split)


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (changed("train", lambda x: x.astype(str)), "the train inputs must be numbers, not <U"),
        (changed("train", lambda x: x[:, 0]), r"the train inputs have shape \(600,\): rows of fe"),
        (changed("train", None, lambda y: y * 0), r"training targets hold a single class \(0\)"),
        (changed("dev", None, lambda y: y + 2), "the target holds the class 2, which no training"),
    ],
)  # fmt: skip
def test_data_that_no_own_network_can_take_are_refused(split, words):
    with pytest.raises(DataError, match=words):
        BasicRecipe().run(split)


@pytest.mark.parametrize("image_shape", [(2, 2, 1), (3, 3, 3)])
def test_an_image_shape_that_does_not_fit_is_refused(image_shape):
    with pytest.raises(ValueError, match=r"Received: image_shape=\(., ., .\), rows of 3 numbers"):
        BasicRecipe().run(split_of(), image_shape=image_shape)


@pytest.mark.parametrize(
    "build",
    [
        lambda: keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]),
        lambda: None,
        lambda settings: keras.layers.Dense(2),
    ],
    ids=["not compiled", "nothing", "a layer"],
)
def test_build_must_return_a_compiled_model(build):
    with pytest.raises(
        ValueError, match=r"`build` must return a keras\.Model compiled with a loss"
    ):
        BasicRecipe(build).run(split_of())


def test_the_target_ends_the_loop_at_once(told):
    result, _ = told
    assert len(result.steps) == 1
    assert result.stop_reason.endswith("is at the target 100.00%")


def test_events_come_in_order(told):
    result, events = told
    kinds = [type(event) for event in events if not isinstance(event, Said)]
    epochs = result.steps[0].epochs
    assert kinds == [StepStarted, *[EpochDone] * epochs, StepDone]
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == [
        *range(1, epochs + 1)
    ]
    assert events[-1].step is result.steps[0]
    assert any("gradient check" in event.text for event in events if isinstance(event, Said))


def test_the_model_takes_raw_rows_and_gives_probabilities(told):
    result, _ = told
    x, y = rows(200, seed=2)
    probabilities = result.model.predict(x, verbose=0)
    assert probabilities.shape == (200, 2)
    assert probabilities.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.mean(probabilities.argmax(axis=1) != y) < 0.15
    assert result.classes == (0, 1)


def test_the_gradients_of_the_first_model_were_checked(told):
    assert told[0].gradient_check.passed


def test_the_history_has_a_row_for_each_epoch(told):
    result, _ = told
    assert len(result.history) == result.steps[0].epochs
    first = result.history[0]
    assert (first["step"], first["epoch"]) == (1, 1)
    assert first["train_cost"] == result.steps[0].curves["train_cost"][0]
    assert first["train_cost"] == pytest.approx(first["cost_without_penalty"] + first["penalty"])


def test_the_steps_are_plain_values(told):
    result, _ = told
    (step,) = json.loads(json.dumps([step.to_dict() for step in result.steps], allow_nan=False))
    assert step["settings"] == result.steps[0].settings.to_dict()
    assert step["dev_error"] - step["train_error"] == pytest.approx(step["variance"])


def test_the_same_seed_gives_the_same_model(told):
    again = BasicRecipe(target_error=1.0).run(split_of())
    for one, other in zip(told[0].model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_images_of_rank_3_are_taken_for_images():
    def images(examples, seed=0):
        generator = np.random.default_rng(seed)
        y = generator.integers(0, 2, examples)
        return generator.normal(size=(examples, 6, 6)) + y[:, None, None], y

    result = BasicRecipe(budget=ONE_EPOCH).run(split_of(images))
    assert result.model.input_shape == (None, 6, 6)
    assert any(layer.name == "image" for layer in result.model.layers)


def test_flat_rows_are_images_where_their_shape_is_told():
    def images(examples, seed=0):
        generator = np.random.default_rng(seed)
        y = generator.integers(0, 2, examples)
        return generator.normal(size=(examples, 36)) + y[:, None], y

    result = BasicRecipe(budget=ONE_EPOCH).run(split_of(images), image_shape=(6, 6, 1))
    assert result.model.input_shape == (None, 36)
    assert result.model.get_layer("image").output.shape == (None, 6, 6, 1)


def test_a_regression_is_predicted_in_the_units_of_the_target():
    def prices(examples, seed=0):
        x, _ = rows(examples, seed=seed)
        return x, 1e4 + 300 * x @ [1.0, 2.0, -1.0]

    result = BasicRecipe(target_error=10.0).run(split_of(prices))
    x, y = prices(100, seed=2)
    predictions = result.model.predict(x, verbose=0)[:, 0]
    assert np.square(predictions - y).mean() < 0.1 * y.var()
    assert result.classes == ()


def as_one_hot(examples, seed=0):
    x, y = rows(examples, seed=seed)
    return x, np.eye(2)[y]


def as_sum(examples, seed=0):
    x, _ = rows(examples, seed=seed)
    return x, x.sum(axis=1)


@pytest.mark.parametrize(
    ("make", "layer", "loss"),
    [
        (as_one_hot, (2, "softmax"), "categorical_crossentropy"),
        (rows, (2, None), keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        (rows, (1, "sigmoid"), "binary_crossentropy"),
        (as_sum, (1, None), "mse"),
    ],
    ids=["one-hot", "logits", "sigmoid", "regression"],
)
def test_a_compiled_model_of_the_user_is_trained_as_it_is(make, layer, loss):
    seen = []

    def build():
        seen.append(model(keras.layers.Dense(*layer, name="mine"), loss=loss))
        return seen[-1]

    result = BasicRecipe(build, budget=ONE_EPOCH).run(split_of(make))
    assert result.model is seen[-1]
    assert 0 <= result.steps[0].reading.train_error.error < 3
    assert result.steps[0].settings.optimizer == "as compiled"


@pytest.fixture(scope="module")
def walked():
    """Three short steps of a user's `build(settings)`, then Ctrl-C; and the settings given."""
    given = []

    def build(settings):
        given.append(settings)
        hidden = [keras.layers.Dense(settings.units, "relu")] * min(1, settings.hidden_layers)
        loss = "sparse_categorical_crossentropy"
        return model(*hidden, keras.layers.Dense(2, "softmax"), loss=loss, optimizer="adam")

    def progress(event):
        if isinstance(event, StepStarted) and event.number == 4:
            raise KeyboardInterrupt

    recipe = BasicRecipe(build, progress=progress, budget=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "FIRST_EPOCHS", 4)
        with pytest.raises(RecipeInterrupted) as raised:
            recipe.run(split_of(noise=0.3))
    return raised.value.result, given


def test_build_is_given_settings_that_change_from_step_to_step(walked):
    result, given = walked
    assert all(isinstance(settings, Settings) for settings in given)
    assert {step.settings for step in result.steps} <= set(given)
    assert len({step.settings for step in result.steps}) == 3


def test_a_step_is_kept_only_if_its_dev_error_is_lower(walked):
    result, _ = walked
    best = (math.inf, math.inf)
    for step in result.steps:
        score = (step.reading.dev_error.error, step.dev_cost)
        assert step.kept == (score < best)
        best = min(best, score)
    assert result.reading.dev_error.error == best[0]


def test_ctrl_c_gives_what_there_is(walked):
    result, _ = walked
    assert result.stop_reason == "it was interrupted"
    assert result.model.predict(rows(5)[0], verbose=0).shape == (5, 2)
    assert [step.number for step in result.steps] == [1, 2, 3]
    assert len(result.history) == sum(step.epochs for step in result.steps)


def test_ctrl_c_before_there_is_a_model_is_a_keyboard_interrupt():
    def progress(event):
        if isinstance(event, EpochDone):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised:
        BasicRecipe(progress=progress).run(split_of())
    assert not isinstance(raised.value, RecipeInterrupted)


def test_a_budget_that_is_spent_ends_the_training_under_way():
    began = time.process_time()
    result = BasicRecipe(budget=ONE_EPOCH).run(split_of(noise=0.3))
    assert time.process_time() - began < 30
    assert len(result.steps) == 1
    assert result.steps[0].epochs == 1
    assert result.stop_reason == "the budget of 0.0001 minutes is spent"


@pytest.mark.parametrize(("human_error", "high"), [(0.0, True), (0.9, False)])
def test_the_human_error_is_the_baseline_of_the_bias(human_error, high):
    def noisy(examples, seed=0):
        return rows(examples, noise=0.3, seed=seed)

    result = BasicRecipe(human_error=human_error, budget=ONE_EPOCH).run(split_of(noisy))
    train_error = result.reading.train_error.error
    assert result.reading.bias.value == pytest.approx(train_error - human_error)
    assert (result.reading.bias.size == "high") == high
    assert ("high-bias" in {finding.code for finding in result.diagnosis.findings}) == high
