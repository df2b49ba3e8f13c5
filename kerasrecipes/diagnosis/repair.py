"""The doctor's prescriptions applied, one after the other, and kept where they help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from kerasrecipes.diagnosis.case import Case, sampled
from kerasrecipes.diagnosis.collect import program_facts
from kerasrecipes.diagnosis.diagnose import diagnose, own_bench
from kerasrecipes.diagnosis.diagnose_arguments import checked_data
from kerasrecipes.diagnosis.diagnosis import Diagnosis
from kerasrecipes.diagnosis.model_copy import undisturbed
from kerasrecipes.diagnosis.own_time import own_time
from kerasrecipes.diagnosis.prescription import Change
from kerasrecipes.diagnosis.rules.trials import reached
from kerasrecipes.diagnosis.trials import Benches, Setup

GAIN = 0.02  # of skill, below which a change is not kept
GOOD_ENOUGH = 0.98


@dataclass(frozen=True)
class RepairResult:
    """What a repair did.

    Attributes:
        model: A trained copy with all kept changes; its inputs are as its `settings` say. The
            copy as it was, if nothing was kept.
        kept: The changes that helped, in the order they were applied.
        settings: All that is changed, by name; empty for nothing.
        skill_before, skill_after: On dev if there is one, else on train; NaN if unknown.
        trainings: How many trainings were made after the diagnosis.
        steps: What was done, a sentence each.
        diagnosis: What it began with.
    """

    model: keras.Model
    kept: tuple[Change, ...]
    settings: Mapping[str, Any]
    skill_before: float
    skill_after: float
    trainings: int
    steps: tuple[str, ...]
    diagnosis: Diagnosis

    def __str__(self) -> str:
        return "\n".join(self.steps)


def repair(
    build: Callable[[], keras.Model],
    compile_args: Mapping[str, Any],
    data: tuple[Any, ...],
    *,
    epochs: int = 1,
    batch_size: int | None = None,
    seconds: float = 60.0,
    seed: int = 0,
) -> RepairResult:
    """Applies what the doctor prescribes in the order of its evidence, and keeps what helps.

    Args:
        build: Makes the model, not compiled.
        compile_args: Keyword arguments of its `compile`.
        data: `(x, y)` or `(x, y, x_dev, y_dev)`, arrays.
        epochs: As for `fit`.
        batch_size: As for `fit`; 32 by default.
        seconds: About how long it may take, the diagnosis included.
        seed: Of samples and orders.

    Returns:
        A `RepairResult`. Nothing that was passed is changed.

    Raises:
        ValueError: As `diagnose`, or if `data` has neither two nor four parts.

    Example:
        >>> import numpy as np
        >>> keras.utils.set_random_seed(0)
        >>> x = np.random.default_rng(0).normal(size=(256, 2))
        >>> def build():
        ...     layer = keras.layers.Dense(1, kernel_initializer="zeros")
        ...     return keras.Sequential([keras.Input((2,)), layer])
        >>> slow = {"optimizer": keras.optimizers.SGD(1e-5), "loss": "mse"}
        >>> result = repair(build, slow, (x, x.sum(axis=1)), epochs=5, seconds=60)
        >>> result.skill_before < 0.25 < result.skill_after
        True
    """
    if len(data) not in (2, 4):
        raise ValueError(
            "`data` must be (x, y) or (x, y, x_dev, y_dev). Received: a tuple of length "
            f"{len(data)}."
        )
    begins = own_time()
    with undisturbed():
        model = build()
        arguments = dict(compile_args)
        if isinstance(arguments.get("optimizer"), keras.optimizers.Optimizer):
            optimizer = arguments["optimizer"]
            arguments["optimizer"] = type(optimizer).from_config(optimizer.get_config())
        model.compile(**arguments)
        train, dev = checked_data(data[0], data[1], data[2:] or None)
        found = diagnose(
            model,
            *train,
            validation_data=dev,
            epochs=epochs,
            batch_size=batch_size,
            seconds=seconds / 2,
            seed=seed,
        )
        program = program_facts(model, batch_size=batch_size, epochs=epochs)
        dev = None if dev is None else sampled(*dev)
        examples = len(keras.tree.flatten(train[1])[0])
        case = Case(model, program, sampled(*train), dev, examples, seed)
        return _repaired(case, found, begins + seconds)


def _repaired(case: Case, found: Diagnosis, ends: float) -> RepairResult:
    """Greedy: each prescription on top of those kept so far."""
    benches = Benches(case, own_bench(case))
    setup, kept, steps, trainings = Setup(), [], [], 1
    skill, _ = benches.run(setup, case.steps, ends - own_time())
    best = before = reached(skill)
    steps.append(f"As it is, the program reaches a skill of {before:.3g}.")
    last = setup
    for change in found.prescription():
        left = ends - own_time()
        if best >= GOOD_ENOUGH or left < benches.compile_seconds(setup):
            break
        tried = setup.joined(Setup(**change.settings))
        last = tried
        after = reached(benches.run(tried, case.steps, left)[0])
        trainings += 1
        helps = after >= best + GAIN
        steps.append(
            f"{'Kept' if helps else 'Left'} {change.line}: a skill of {after:.3g}, not {best:.3g}."
        )
        if helps:
            setup, best = tried, after
            kept.append(change)
    if last != setup:  # they may share a copy
        benches.run(setup, case.steps, max(1.0, ends - own_time()))
        trainings += 1
    return RepairResult(
        model=benches.model_of(setup),
        kept=tuple(kept),
        settings=setup.changed(),
        skill_before=before,
        skill_after=best,
        trainings=trainings,
        steps=tuple(steps),
        diagnosis=found,
    )
