"""Faults of the hidden layers: activations, initialisation, size, regularisation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from doctor_bench.fault import fault
from doctor_bench.program import WITH_KERNEL, Layer, Program, layer


@fault("activation")
def no_nonlinearity(program: Program, random: np.random.Generator) -> Program | None:
    return _changed(
        program,
        lambda each: (
            each.but(activation="linear")
            if each.kind in ("Dense", "Conv2D", "Activation")
            else each
        ),
    )


@fault("activation", "layers", "initialization")
def sigmoid_in_a_deep_stack(program: Program, random: np.random.Generator) -> Program | None:
    """Eight more layers of sigmoids before the output: gradients vanish."""
    stack = tuple(layer("Dense", units=16, activation="sigmoid") for _ in range(8))
    return replace(program, layers=(*program.layers[:-1], *stack, program.output))


@fault("activation", "initialization")
def dead_relu_by_bias(program: Program, random: np.random.Generator) -> Program | None:
    def change(each: Layer) -> Layer:
        if each.options.get("activation") != "relu" or each.kind not in WITH_KERNEL:
            return each
        return each.but(bias_initializer=_of("Constant", value=-20.0))

    return _changed(program, change)


@fault("initialization")
def zero_initialisation(program: Program, random: np.random.Generator) -> Program | None:
    return _initialised(program, random, "Zeros")


@fault("initialization")
def constant_initialisation(program: Program, random: np.random.Generator) -> Program | None:
    return _initialised(program, random, "Constant", value=0.5)


@fault("initialization")
def tiny_initialisation(program: Program, random: np.random.Generator) -> Program | None:
    return _initialised(program, random, "RandomNormal", stddev=1e-4)


@fault("initialization")
def huge_initialisation(program: Program, random: np.random.Generator) -> Program | None:
    return _initialised(program, random, "RandomNormal", stddev=10.0)


@fault("layers")
def bottleneck_of_one_unit(program: Program, random: np.random.Generator) -> Program | None:
    narrow = layer("Dense", units=1, activation="relu")
    if any(each.kind == "Skip" for each in program.layers):
        return None
    return replace(program, layers=(*program.layers[:-1], narrow, program.output))


@fault("layers")
def everything_frozen(program: Program, random: np.random.Generator) -> Program | None:
    def freeze(each: Layer) -> Layer:
        return each.but(trainable=False)

    changed = program.map_hidden(freeze)
    return replace(changed, layers=(*changed.layers[:-1], freeze(changed.output)))


@fault("layers")
def output_frozen_at_zero(program: Program, random: np.random.Generator) -> Program | None:
    return program.with_output(trainable=False, kernel_initializer="zeros")


@fault("regularization")
def dropout_of_95_percent(program: Program, random: np.random.Generator) -> Program | None:
    drop = layer("Dropout", rate=0.95)
    if program.task == "regression" and program.output.options["units"] == 1:
        return replace(program, layers=(drop, *program.layers))
    return replace(program, layers=(*program.layers[:-1], drop, program.output))


@fault("regularization")
def dropout_after_the_output(program: Program, random: np.random.Generator) -> Program | None:
    return replace(program, layers=(*program.layers, layer("Dropout", rate=0.5)))


@fault("regularization")
def weight_decay_far_too_strong(program: Program, random: np.random.Generator) -> Program | None:
    def change(each: Layer) -> Layer:
        if each.kind not in WITH_KERNEL:
            return each
        return each.but(kernel_regularizer=_of("L2", l2=1.0))

    changed = program.map_hidden(change)
    return replace(changed, layers=(*changed.layers[:-1], change(changed.output)))


def _initialised(
    program: Program, random: np.random.Generator, kind: str, **options: Any
) -> Program:
    """Every kernel by this initializer, the output's too; each random one has a seed of its own."""

    def change(each: Layer) -> Layer:
        if each.kind not in WITH_KERNEL:
            return each
        seed = {"seed": int(random.integers(2**31))} if kind.startswith("Random") else {}
        return each.but(kernel_initializer=_of(kind, **options, **seed))

    changed = program.map_hidden(change)
    return replace(changed, layers=(*changed.layers[:-1], change(changed.output)))


def _of(kind: str, **options: Any) -> dict[str, Any]:
    """An object as Keras writes it into configurations: a plain value."""
    return {"class_name": kind, "config": options}


def _changed(program: Program, change: Any) -> Program | None:
    changed = program.map_hidden(change)
    return None if changed.layers == program.layers else changed
