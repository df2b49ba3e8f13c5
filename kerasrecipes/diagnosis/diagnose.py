"""The doctor before training: static facts, a probe, retrainings with one thing changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras

from kerasrecipes.diagnosis.bench import PATIENCE, Bench, as_tensors
from kerasrecipes.diagnosis.case import Case, sampled
from kerasrecipes.diagnosis.collect import (
    input_facts,
    neighbour_skill,
    program_facts,
    require_compiled,
    split_facts,
    target_facts,
)
from kerasrecipes.diagnosis.diagnose_arguments import Checked, checked, require_numbers
from kerasrecipes.diagnosis.diagnosis import Diagnosis
from kerasrecipes.diagnosis.judge import judge
from kerasrecipes.diagnosis.model_copy import (
    CannotCopyError,
    compile_as,
    model_copy,
    undisturbed,
)
from kerasrecipes.diagnosis.own_time import own_time
from kerasrecipes.diagnosis.probe import probe
from kerasrecipes.diagnosis.trace import Program, Trace
from kerasrecipes.diagnosis.trials import Benches, run_trials
from kerasrecipes.gradients.gradient_tap import GradientTap

PROBE_SHARE = 0.45  # of the seconds; the trials have the rest


def diagnose(
    model: keras.Model,
    x: Any,
    y: Any = None,
    *,
    validation_data: Any = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    shuffle: bool = True,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    seconds: float = 15.0,
    seed: int = 0,
) -> Diagnosis:
    """Says what is wrong with a program before it is trained, where, and what to do.

    What stands in the code and in the data is read first. Then a copy of the model is trained as
    `fit` would train it, as far as the time allows; if it does not learn, or not well, it is
    retrained with one thing changed at a time, and the causes whose change mends it are named. The
    model, its optimizer and the random states stay as they are. A model that cannot be rebuilt from
    its config is not trained: what was left out is said.

    Args:
        model: Compiled, as it would be given to `fit`.
        x: Array of inputs `(examples, ...)`, or a list or dict of them, as the model takes it. Or a
            `tf.data.Dataset`, `PyDataset` or another dataset of batches `(x, y)`, of which the
            first 5,000 examples are taken, and shuffled anew if `shuffle`.
        y: Array of targets `(examples, ...)`; None where `x` holds them.
        validation_data: `(x, y)` held out, or a dataset of batches; None for none.
        epochs: As for `fit`; 1 by default, as there. Give the number you plan: too few are a fault
            too.
        batch_size: As for `fit`; by default 32, or that of a dataset.
        shuffle: As for `fit`.
        sample_weight: As for `fit`: array `(examples,)` of numbers >= 0. With weights, the cost has
            no level to compare with; `left_out` says so.
        class_weight: As for `fit`: dict from class number to a number >= 0.
        seconds: Float > 0. About how long it may take; up to three times as long where 200 steps,
            the least that tell something, take longer.
        seed: Of samples and orders.

    Returns:
        A `Diagnosis`; its `trace` holds the evidence.

    Raises:
        ValueError: If the model is not compiled, the data are empty, of different lengths or do not
            fit the model, or a number is out of range.
        TypeError: If the data are neither arrays nor a dataset that can be read again.

    Example:
        >>> import numpy as np
        >>> import kerasrecipes as kr
        >>> keras.utils.set_random_seed(0)
        >>> x = np.random.default_rng(0).normal(size=(64, 2))
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.1), "mse")
        >>> kr.diagnose(model, x, x.sum(axis=1), epochs=50).healthy
        True

    Source: Deep Learning Specialization, course 2, "Basic Recipe for Machine Learning".
    """
    ends = own_time() + seconds if isinstance(seconds, (int, float)) else 0.0
    require_numbers(epochs=epochs, batch_size=batch_size, seconds=seconds)
    require_compiled(model)
    given = checked(
        x, y, validation_data,
        batch_size=batch_size, sample_weight=sample_weight, class_weight=class_weight,
    )  # fmt: skip
    train, dev = given.train, given.dev
    program = program_facts(model, batch_size=given.batch_size, epochs=epochs or 1, shuffle=shuffle)
    program = replace(program, left_out=(*program.left_out, *given.left_out))
    inputs, targets = input_facts(train[0], model), target_facts(train[1])
    related = neighbour_skill(*train, inputs, targets)
    trace = Trace(program, inputs, targets, neighbour_skill=related)
    if dev is not None:
        trace = replace(trace, **split_facts(train[0], dev[0], seed)._asdict())
    examples = len(keras.tree.flatten(train[1])[0])
    dev_sample = None if dev is None else sampled(*dev)
    case = _case(model, program, given, dev_sample, examples, seed)
    try:
        with undisturbed():
            trace = _trained(case, trace, ends)
    except (CannotCopyError, _StepFailedError) as error:
        if isinstance(error, _StepFailedError) and judge(trace).healthy:
            raise
        left_out = (*program.left_out, f"the probe and all retrainings: {error}")
        trace = replace(trace, program=replace(program, left_out=left_out))
    return judge(trace)


def _case(
    model: keras.Model, program: Program, given: Checked, dev: Any, examples: int, seed: int
) -> Case:
    x, y = given.train
    if given.weights is None:
        return Case(model, program, sampled(x, y), dev, examples, seed)
    x, (y, weights) = sampled(x, (y, given.weights))
    return Case(model, program, (x, y), dev, examples, seed, weights)


class _StepFailedError(ValueError):
    """The program raises in training; raised to the user if no finding says why."""


def own_bench(case: Case, tap: GradientTap | None = None) -> Bench:
    """The bench of an unchanged copy, with a tap on its steps.

    Raises:
        CannotCopyError: If the model cannot be copied, or takes batches of one size alone.
    """
    (x, y), program = case.train, case.program
    sizes = [one.shape[0] for one in keras.tree.flatten(getattr(case.model, "inputs", None) or [])]
    if any(size is not None for size in sizes):
        raise CannotCopyError(
            "`model` must take batches of any size to be trained aside. "
            f"Received: batch sizes {sizes} in its inputs. Leave `batch_size` out of keras.Input."
        )
    copy = model_copy(case.model, example=as_tensors(sampled(x, y, 2)[0]))
    try:
        compile_as(copy, case.model)
    except Exception as error:
        raise CannotCopyError(
            "`model` must be compiled with an optimizer and a loss that can be made again. "
            f"Received: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        ) from error
    if tap is not None:
        tap.attach(copy.optimizer)
    return Bench(
        copy, x, y,
        batch_size=program.batch_size, shuffle=program.shuffle, seed=case.seed,
        weights=case.weights,
    )  # fmt: skip


def _trained(case: Case, trace: Trace, ends: float) -> Trace:
    """The trace with what the probe and the trials saw."""
    x, y = case.train
    tap = GradientTap()
    bench = own_bench(case, tap)
    try:
        probing, begins = PROBE_SHARE * (ends - own_time()), own_time()
        run = probe(case, bench, tap, trace.targets, probing)
    except Exception as error:
        raise _StepFailedError(
            "`x` and `y` must fit the model and its loss: its first training step failed. "
            f"Received: x of shape {_shapes(x)}, y of shape {_shapes(y)}{_dev_shape(case)}; "
            f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        ) from error
    trace = replace(trace, run=run)
    stretch = min(max((own_time() - begins) / probing, 1.0), PATIENCE)
    left = max(ends - own_time(), stretch * probing)
    return run_trials(trace, Benches(case, bench), left)


def _dev_shape(case: Case) -> str:
    return "" if case.dev is None else f", validation_data of shapes {_shapes(case.dev)}"


def _shapes(values: Any) -> Any:
    return keras.tree.map_structure(lambda array: array.shape, values)
