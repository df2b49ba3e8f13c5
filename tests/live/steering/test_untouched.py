"""A steered fit in which nothing is moved: the same weights to the bit, and no trace."""

import keras
import pytest
from keras import optimizers
from keras.optimizers import schedules

from tests.live.steering.steered import Steered, assert_same, fit, network

ON_JAX = keras.backend.backend() == "jax"


def decayed():
    return schedules.ExponentialDecay(0.01, 3, 0.9)


WAYS = {
    "SGD": (lambda: optimizers.SGD(0.05), {}),
    "momentum": (lambda: optimizers.SGD(0.05, 0.9), {"jit_compile": True}),
    "Nesterov, average": (lambda: optimizers.SGD(0.05, 0.9, nesterov=True, use_ema=True), {}),
    "Adam": (lambda: optimizers.Adam(0.01), {"jit_compile": True}),
    "Adam, not compiled by XLA": (lambda: optimizers.Adam(0.01), {"jit_compile": False}),
    "AdamW, schedule": (
        lambda: optimizers.AdamW(decayed(), weight_decay=0.01),
        {"jit_compile": True},
    ),
    "RMSprop, not compiled by XLA": (
        lambda: optimizers.RMSprop(0.01, momentum=0.5),
        {"jit_compile": False},
    ),
    "accumulation": (
        lambda: optimizers.Adam(0.01, gradient_accumulation_steps=2),
        {"jit_compile": True},
    ),
    "clipping": (lambda: optimizers.SGD(decayed(), 0.9, global_clipnorm=0.5), {}),
    "clipping by value": (lambda: optimizers.Nadam(0.01, clipvalue=0.5), {}),
    "loss scaling": (
        lambda: optimizers.LossScaleOptimizer(optimizers.Adam(decayed())),
        {"policy": "mixed_float16", "jit_compile": True},
    ),
    "bfloat16": (lambda: optimizers.Lion(0.01), {"policy": "mixed_bfloat16"}),
    "several steps at once": (lambda: optimizers.Adamax(0.01), {"steps_per_execution": 2}),
}


@pytest.mark.parametrize("way", WAYS)
def test_weights_and_optimizer_are_those_of_a_fit_without_steering(way):
    make, options = WAYS[way]
    plain = fit(network(make(), **options))
    model = network(make(), **options)
    before = set(vars(model)), set(vars(model.optimizer))
    assert_same(fit(model, Steered()), plain)
    assert set(vars(model)) - before[0] <= set(vars(plain))
    assert set(vars(model.optimizer)) - before[1] <= set(vars(plain.optimizer))
    assert "train_step" not in vars(model)
    assert not hasattr(model.train_function, "untapped")
    assert all("call" not in vars(layer) for layer in model._flatten_layers())
