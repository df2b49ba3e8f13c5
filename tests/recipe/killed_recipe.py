"""A short recipe of three steps that ends in an ensemble, and that can be killed anywhere."""

import contextlib
from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np

from kerasrecipes.data import Split
from kerasrecipes.recipe import BasicRecipe, RecipeResult, Settings, loop
from kerasrecipes.recipe.remedies import Proposal

FIRST = Settings(architecture="as built", hidden_layers=1, optimizer="as compiled", epochs=3)
PLAN = {
    1: Proposal("Adam", "as planned.", replace(FIRST, optimizer="adam", batch_size=32)),
    2: Proposal("ensemble", "as planned.", replace(FIRST, batch_size=32, members=3)),
}
SAME = ("number", "name", "reason", "settings", "reading", "dev_cost", "kept", "epochs",
        "learning_rate", "parameters", "curves", "remarks")  # fmt: skip


class Killed(BaseException):
    """Nothing that any code here handles."""


def rows(examples, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(examples, 3)).astype("float32")
    y = (x @ [1.0, 2.0, -1.0] > 0).astype("int64")
    return x, np.where(generator.random(examples) < 0.2, 1 - y, y)


SPLIT = Split(rows(60), rows(40, 1), (None, None))


def build():
    layers = [keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dropout(0.3),
              keras.layers.Dense(2, "softmax")]  # fmt: skip
    model = keras.Sequential(layers)
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    return model


@contextlib.contextmanager
def planned(patch):
    """The loop follows `PLAN`, whatever it finds."""
    patch.setattr(loop, "FIRST_EPOCHS", 3)
    patch.setattr(loop, "propose", lambda evidence, problem, tried, **_: PLAN.get(len(tried)))
    patch.setattr("kerasrecipes.recipe.training.FINDER_STEPS", 12)
    yield


def walk(directory, progress: Callable | None = None, split=SPLIT, **options) -> RecipeResult:
    """The recipe with what it has done kept in `directory`."""
    asked = {"target_error": 0.0, "budget": 30.0} | options
    return BasicRecipe(build, progress=progress, resume_dir=directory, **asked).run(split)


def require_same(one: RecipeResult, other: RecipeResult) -> None:
    """All but the times must be equal, to the bit."""
    assert len(one.steps) == len(other.steps)
    for step, twin in zip(one.steps, other.steps, strict=True):
        for name in SAME:
            assert repr(getattr(step, name)) == repr(getattr(twin, name)), (step.number, name)
    assert one.stop_reason == other.stop_reason
    assert one.history == other.history
    assert one.finder == other.finder
    assert one.diagnosis.to_dict() == other.diagnosis.to_dict()
    checks = [(check.distance, check.noise) for check in (one.gradient_check, other.gradient_check)]
    assert checks[0] == checks[1]
    for value, twin in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(value, twin)
