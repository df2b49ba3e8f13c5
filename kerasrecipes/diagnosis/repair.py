"""The doctor's prescriptions applied, one after the other, and kept where they help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from kerasrecipes.diagnosis.case import Case, sampled
from kerasrecipes.diagnosis.collect import program_facts
from kerasrecipes.diagnosis.diagnose import diagnose, own_bench
from kerasrecipes.diagnosis.diagnose_arguments import Data, checked_data
from kerasrecipes.diagnosis.diagnosis import Diagnosis
from kerasrecipes.diagnosis.model_copy import CannotCopyError, optimizer_copy, undisturbed
from kerasrecipes.diagnosis.own_time import own_time
from kerasrecipes.diagnosis.prescription import Change
from kerasrecipes.diagnosis.repair_changes import changes_to_try, with_change
from kerasrecipes.diagnosis.rules.trials import reached
from kerasrecipes.diagnosis.trials import Benches, CannotTrainError, Setup

LEAST_GAIN = 0.005  # of skill, below which a change is not kept
SHARE_OF_MISSING = 0.1  # of what is lacking, likewise
FINITE = "i = np.isfinite(x).all(axis=1); x, y = x[i], y[i]"
NOTHING = -1.0  # the skill of a program that does not train: as of predictions without a number


@dataclass(frozen=True)
class RepairResult:
    """What a repair did.

    Attributes:
        model: A trained copy with all kept changes; its inputs are as its `settings` say. The
            copy as it was, if nothing was kept; None if that cannot be trained, or copied.
        kept: The changes that helped, in the order they were applied.
        settings: All that is changed, by name; empty for nothing.
        skill_before, skill_after: On dev if there is one, else on train; -1 for a program whose
            training step raises, or whose predictions are not finite. Changes are chosen by it, so
            that it is somewhat too good: measure the model on examples it has not seen.
        trainings: How many trainings were made after the diagnosis.
        steps: What was done, a sentence each.
        diagnosis: What it began with.
    """

    model: keras.Model | None
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
    validation_data: tuple[Any, Any] | None = None,
    epochs: int = 1,
    batch_size: int | None = None,
    shuffle: bool = True,
    seconds: float = 60.0,
    seed: int = 0,
) -> RepairResult:
    """Applies what the doctor prescribes in the order of its evidence, and keeps what helps.

    Examples with numbers that are not finite are dropped first. Of a healthy program nothing is
    changed. Else what mended it when it was retrained is tried, then what mends a flaw in the code
    or the data, then sound practice, then, below a skill of 0.95, other numbers; each on top of
    what was kept so far. A change is kept if it
    takes away a tenth of what is lacking, and gains 0.005 at least. Targets that belong to other
    examples, classes that train never shows, or a dev set prepared otherwise than train cannot be
    mended so: the diagnosis says what is known of them.

    Args:
        build: Makes the model, not compiled.
        compile_args: Keyword arguments of its `compile`.
        data: `(x, y)` or `(x, y, x_dev, y_dev)`, as `diagnose` takes them.
        validation_data: `(x_dev, y_dev)`, if they are not in `data`.
        epochs: As for `fit`.
        batch_size: As for `fit`; 32 by default.
        shuffle: As for `fit`.
        seconds: About how long it may take, the diagnosis included.
        seed: Of samples and orders.

    Returns:
        A `RepairResult`. Nothing that was passed is changed.

    Raises:
        ValueError: As `diagnose`, or if `data` has neither two nor four parts, or dev is given
            twice.

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
    train, dev = _parts(data, validation_data)
    steps: list[str] = []
    train, dropped = _finite(train)
    if dev is not None:
        dev, dropped_of_dev = _finite(dev)
        steps += _dropped(dropped_of_dev, "dev")
    steps += _dropped(dropped, "train")
    begins = own_time()
    planned: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "shuffle": shuffle}
    with undisturbed():
        model = _compiled(build, compile_args)
        found = diagnose(
            model, *train, validation_data=dev, seconds=seconds / 2, seed=seed, **planned
        )
        program = program_facts(model, **planned)
        dev = None if dev is None else sampled(*dev)
        examples = len(keras.tree.flatten(train[1])[0])
        case = Case(model, program, sampled(*train), dev, examples, seed)
        try:
            benches = Benches(case, own_bench(case))
        except CannotCopyError as error:
            return _nothing_done(found, [*steps, f"Nothing was tried: {error}"])
        result = _Repair(benches, found, steps, begins + seconds).result()
        return _with_dropped(result) if dropped else result


def _parts(data: Any, validation_data: Any) -> tuple[Data, Data | None]:
    """Train and dev as arrays."""
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 4):
        told = f"of length {len(data)}" if hasattr(data, "__len__") else type(data).__name__
        raise ValueError(
            f"`data` must be (x, y) or (x, y, x_dev, y_dev). Received: a tuple {told}."
        )
    if len(data) == 4 and validation_data is not None:
        raise ValueError(
            "`validation_data` must be None where `data` has four parts. Received: both. Leave one."
        )
    dev = data[2:] if len(data) == 4 else validation_data
    return checked_data(data[0], data[1], dev)


def _finite(data: Data) -> tuple[Data, int]:
    """The examples without NaN and infinity, and how many were dropped; all if none is without."""
    good = np.ones(len(keras.tree.flatten(data)[0]), bool)
    for array in keras.tree.flatten(data):
        if array.dtype.kind == "f":
            good &= np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if good.all() or not good.any():
        return data, 0
    return keras.tree.map_structure(lambda array: array[good], data), int((~good).sum())


def _dropped(number: int, part: str) -> list[str]:
    return [f"Dropped {number} examples of {part} that are not finite: {FINITE}."] if number else []


def _with_dropped(result: RepairResult) -> RepairResult:
    """The dropped examples as the first change: with them the cost is NaN from some step on."""
    change = Change("preprocessing", FINITE, {"finite": True}, result.skill_before, NOTHING)
    settings = {"finite": True, **result.settings}
    kept = (change, *result.kept)
    return replace(result, kept=kept, settings=settings, skill_before=NOTHING)


def _compiled(build: Callable[[], keras.Model], compile_args: Mapping[str, Any]) -> keras.Model:
    """The user's model, with an optimizer of its own."""
    model, arguments = build(), dict(compile_args)
    if isinstance(arguments.get("optimizer"), keras.optimizers.Optimizer):
        arguments["optimizer"] = optimizer_copy(arguments["optimizer"])
    model.compile(**arguments)
    return model


class _Repair:
    """Greedy: each change on top of those kept so far."""

    def __init__(self, benches: Benches, found: Diagnosis, steps: list[str], ends: float) -> None:
        self.benches, self.found, self.steps, self.ends = benches, found, steps, ends
        self.setup, self.trainings = Setup(), 0
        self.kept: list[Change] = []
        self.last: Setup | None = None  # what was trained last: setups may share a copy
        self.best = self.before = self._skill(self.setup)
        own = "cannot be trained" if self.last is None else f"reaches a skill of {self.best:.3g}"
        self.steps.append(f"As it is, the program {own}.")

    def result(self) -> RepairResult:
        for change, limit in changes_to_try(self.found):
            tried = with_change(self.setup, change)
            if self.best >= limit or tried == self.setup:
                continue
            if self.ends - own_time() < self.benches.compile_seconds(tried):
                self.steps.append("The time is over.")
                break
            self._try(change, tried)
        if not self.kept:
            self.steps.append("Nothing that was tried helped." if self.trainings > 1 else "Done.")
        return RepairResult(
            model=self._model(),
            kept=tuple(self.kept),
            settings=self.setup.changed(),
            skill_before=self.before,
            skill_after=self.best,
            trainings=self.trainings,
            steps=tuple(self.steps),
            diagnosis=self.found,
        )

    def _try(self, change: Change, tried: Setup) -> None:
        after = self._skill(tried)
        helps = after >= self.best + max(LEAST_GAIN, SHARE_OF_MISSING * (1 - self.best))
        told = f"a skill of {after:.3g}, not {self.best:.3g}"
        self.steps.append(f"{'Kept' if helps else 'Left'} {change.line}: {told}.")
        if helps:
            self.kept.append(replace(change, skill=after, before=self.best))
            self.setup, self.best = tried, after

    def _skill(self, setup: Setup) -> float:
        """What a training with it reaches."""
        left = max(1.0, self.ends - own_time())
        self.trainings += 1
        try:
            skill, _ = self.benches.run(setup, self.benches.case.steps, left)
        except CannotTrainError:
            self.last = None
            return NOTHING
        self.last = setup
        return reached(skill)

    def _model(self) -> keras.Model | None:
        if self.last != self.setup:
            self._skill(self.setup)
        return None if self.last is None else self.benches.model_of(self.setup)


def _nothing_done(found: Diagnosis, steps: list[str]) -> RepairResult:
    run = found.trace.run if found.trace else None
    skill = reached(run.skill) if run and run.skill else float("nan")
    return RepairResult(None, (), {}, skill, skill, 0, tuple(steps), found)
