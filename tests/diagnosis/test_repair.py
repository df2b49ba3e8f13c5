"""What `repair` mends, one fault each, and what it says where it cannot."""

import keras
import numpy as np
import pytest

from kerasrecipes.diagnosis import Change, repair
from kerasrecipes.diagnosis.judge import judge
from kerasrecipes.diagnosis.repair_changes import changes_to_try, with_change
from kerasrecipes.diagnosis.trials import Setup
from tests.diagnosis.own_model import Around
from tests.diagnosis.traces import WELL, trace

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4)).astype("float32")
SIDE = (X @ np.array([1.0, -1.0, 0.5, 0.0]) > 0).astype("float32")
THIRD = np.digitize(X[:, 0], [-0.4, 0.4])


def build_with(units, activation, **options):
    def build():
        keras.utils.set_random_seed(0)
        hidden = keras.layers.Dense(16, "relu", **options)
        return keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(units, activation)])

    return build


def mended(build, loss, y, x=X, **options):
    arguments = {"optimizer": keras.optimizers.Adam(0.02), "loss": loss}
    dev = (x[300:], y[300:])
    return repair(
        build, arguments, (x[:300], y[:300]), validation_data=dev, epochs=12,
        **{"seconds": 30, **options},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("build", "loss", "y", "settings"),
    [
        (build_with(1, "sigmoid"), "binary_crossentropy", SIDE + 1, {"counted"}),
        (build_with(3, "softmax"), "categorical_crossentropy", THIRD, {"output", "loss"}),
        (build_with(2, "softmax"), "sparse_categorical_crossentropy", THIRD, {"output", "loss"}),
        (
            build_with(1, "sigmoid", bias_initializer=keras.initializers.Constant(-30)),
            "binary_crossentropy", SIDE, {"weights"},
        ),
    ],
    ids=["labels from 1", "class numbers for one-hot", "too few units", "dead by bias"],
)  # fmt: skip
def test_a_flaw_is_mended_also_where_the_first_step_raises(build, loss, y, settings):
    result = mended(build, loss, y)
    assert result.skill_before < 0.25 < 0.8 < result.skill_after, str(result)
    assert settings <= set(result.settings)
    assert result.model is not None
    assert len(result.kept) >= 1
    assert result.kept[0].before < result.kept[0].skill


def test_examples_that_are_not_finite_are_dropped():
    x = X.copy()
    x[5:12, 1] = np.nan
    result = mended(build_with(1, "sigmoid"), "binary_crossentropy", SIDE, x)
    assert "Dropped 7 examples of train" in str(result)
    assert result.settings["finite"]
    assert result.skill_before == -1 < result.kept[0].skill
    assert result.skill_after > 0.8


def test_data_in_order_are_shuffled():
    order = np.argsort(SIDE[:300], kind="stable")
    x, y = np.concatenate([X[order], X[300:]]), np.concatenate([SIDE[order], SIDE[300:]])
    arguments = {"optimizer": keras.optimizers.Adam(0.02), "loss": "binary_crossentropy"}
    result = repair(
        build_with(1, "sigmoid"), arguments, (x[:300], y[:300], x[300:], y[300:]), epochs=2,
        batch_size=4, shuffle=False, seconds=30,
    )  # fmt: skip
    assert result.diagnosis.trace.program.shuffle is False
    assert result.skill_after > 0.8


def test_a_healthy_program_is_left_as_it_is():
    result = mended(build_with(1, "sigmoid"), "binary_crossentropy", (X[:, 0] > 0) * 1.0)
    assert result.diagnosis.healthy, str(result.diagnosis)
    assert (result.kept, dict(result.settings), result.trainings) == ((), {}, 1)
    assert result.skill_after == result.skill_before > 0.8


def test_where_nothing_helps_it_says_so():
    y = np.random.default_rng(1).integers(0, 2, 400).astype("float32")
    result = mended(build_with(1, "sigmoid"), "binary_crossentropy", y, seconds=6)
    assert result.skill_after < 0.5
    assert result.model is not None
    assert str(result).startswith("As it is, the program reaches a skill of")


def test_a_model_that_cannot_be_copied_is_left_alone():
    def build():
        return Around(keras.layers.Dense(1, "sigmoid"))

    result = mended(build, "binary_crossentropy", SIDE, seconds=5)
    assert result.model is None
    assert "Nothing was tried: `model` must be rebuilt" in str(result)


def test_dev_is_given_once():
    dev = (X[300:], SIDE[300:])
    with pytest.raises(ValueError, match="Received: both"):
        repair(
            build_with(1, "sigmoid"), {"loss": "mse"}, (X, SIDE, *dev), validation_data=dev
        )  # fmt: skip


def test_another_optimizer_brings_a_rate_of_its_own():
    adam = Change("optimizer", "line", {"optimizer": "adam"}, 0.9, 0.1)
    kept = Setup(rate=100.0, standardized=True)
    assert with_change(kept, adam) == Setup(standardized=True, optimizer="adam")


def test_of_a_healthy_program_nothing_is_tried():
    from kerasrecipes.diagnosis.judge import judge
    from tests.diagnosis.traces import trace

    assert changes_to_try(judge(trace(WELL))) == ()


def test_sound_practice_comes_before_numbers_and_luck_is_for_programs_that_fail():
    tried = changes_to_try(judge(trace()))
    settings = [tuple(change.settings.items()) for change, _ in tried]
    assert len(settings) == len(set(settings)) > 5
    limits = [limit for change, limit in tried if change.settings != {"weights": "redrawn"}]
    assert limits == sorted(limits, reverse=True)
    assert [limit for one, limit in tried if one.settings == {"weights": "redrawn"}] == [0.25]
