"""Faults of the optimizer, the rate, the batch and the number of epochs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from doctor_bench.fault import fault
from doctor_bench.program import Program

RATES = {"SGD": 0.01, "Adam": 0.001, "RMSprop": 0.001}  # Keras's defaults
MOST_STEPS = 10_000


def _rate(program: Program) -> float:
    return program.optimizer_options.get("learning_rate", RATES[program.optimizer])


def _with_rate(program: Program, rate: float) -> Program:
    options = {**program.optimizer_options, "learning_rate": rate}
    return program.with_optimizer(program.optimizer, **options)


@fault("learning_rate")
def rate_times_1000(program: Program, random: np.random.Generator) -> Program | None:
    return _with_rate(program, 1000 * _rate(program))


@fault("learning_rate")
def rate_times_100(program: Program, random: np.random.Generator) -> Program | None:
    return _with_rate(program, 100 * _rate(program))


@fault("learning_rate")
def rate_by_1000(program: Program, random: np.random.Generator) -> Program | None:
    return _with_rate(program, _rate(program) / 1000)


@fault("learning_rate", "epochs")  # about as many more epochs would do
def rate_by_100(program: Program, random: np.random.Generator) -> Program | None:
    return _with_rate(program, _rate(program) / 100)


@fault("optimizer", "learning_rate")
def adadelta_at_its_default(program: Program, random: np.random.Generator) -> Program | None:
    return program.with_optimizer("Adadelta")


@fault("optimizer", "learning_rate")  # the momentum multiplies the rate by 1000
def momentum_of_0_999(program: Program, random: np.random.Generator) -> Program | None:
    rate = _rate(program) if program.optimizer == "SGD" else 0.01
    return program.with_optimizer("SGD", learning_rate=rate, momentum=0.999)


@fault("optimizer")
def gradients_clipped_to_nothing(program: Program, random: np.random.Generator) -> Program | None:
    rate = _rate(program) if program.optimizer == "SGD" else 0.01
    return program.with_optimizer("SGD", learning_rate=rate, momentum=0.9, clipnorm=1e-5)


@fault("epochs")
def one_epoch(program: Program, random: np.random.Generator) -> Program | None:
    return replace(program, epochs=1)


@fault("batch_size", "epochs")  # either gives the steps that are missing
def whole_set_in_one_batch(program: Program, random: np.random.Generator) -> Program | None:
    return replace(program, batch_size=len(program.x), epochs=max(1, program.epochs // 2))


@fault("batch_size")
def batch_of_one(program: Program, random: np.random.Generator) -> Program | None:
    """At an unchanged rate; as many epochs as fit a bound of steps."""
    if len(program.x) > MOST_STEPS // 4:
        return None
    epochs = min(program.epochs, MOST_STEPS // len(program.x))
    return replace(program, batch_size=1, epochs=epochs)
