"""What the recipe did and found, as plain values."""

import json

import keras
import pytest

from kerasrecipes.diagnosis import Diagnosis, ErrorEstimate, read_bias_variance
from kerasrecipes.recipe import RecipeResult, RecipeStep, Settings


def step(number, kept):
    train, dev = (ErrorEstimate(e, e / 2, 2 * e, 400, "share") for e in (0.1, 0.25))
    return RecipeStep(
        number=number,
        name="L2",
        reason="variance 15 % is high",
        settings=Settings(l2=1.0),
        reading=read_bias_variance(train, dev, 0.04),
        dev_cost=0.75,
        kept=kept,
        seconds=1.23456,
        epochs=2,
        learning_rate=0.125,
        parameters=10,
        curves={"train_cost": [1.0, 0.5]},
        remarks=("slow",),
    )


def test_a_step_says_what_was_measured():
    values = json.loads(json.dumps(step(3, kept=True).to_dict(), allow_nan=False))
    assert values["step"] == 3
    assert values["seconds"] == 1.235
    assert (values["train_error"], values["dev_error"]) == (0.1, 0.25)
    assert (values["bias"], values["variance"]) == pytest.approx((0.06, 0.15))
    assert values["settings"]["l2"] == 1.0
    assert values["remarks"] == ["slow"]
    assert "curves" not in values


def test_the_best_step_is_the_last_that_was_kept():
    steps = (step(1, True), step(2, True), step(3, False))
    result = RecipeResult(keras.Sequential(), Diagnosis(), [], steps, "enough", 1.0)
    assert result.best is steps[1]
    assert result.reading is steps[1].reading
