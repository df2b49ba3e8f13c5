"""What the doctor collects of a running `fit`, beside what the steps tell."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes.callbacks.attempts import Attempts
from kerasrecipes.callbacks.fit_arguments import FitArguments, fit_arguments, sample_examples
from kerasrecipes.callbacks.running_fit import running_fit
from kerasrecipes.diagnosis.collect import (
    floor_cost,
    input_facts,
    neighbour_skill,
    prior_cost,
    program_facts,
    skill,
    split_facts,
    target_facts,
)
from kerasrecipes.diagnosis.layer_outputs import unit_states
from kerasrecipes.diagnosis.probe import cost_of
from kerasrecipes.diagnosis.trace import InputFacts, Program, Skill, TargetFacts, Units

FEW = 128  # examples of the cost before training
PREDICTED = 512  # examples of train and of dev that skill is read from: to 2 %
DEFAULT_BATCH = 32  # Keras's own


class FitEvidence(NamedTuple):
    """The user's program and data as they are when `fit` begins.

    Attributes:
        program, inputs, targets: Facts for the rules; None where they could not be found.
        train, dev: Samples `(x, y)`; None likewise.
        prior_cost, floor_cost: Levels of the cost.
        initial_cost: Of the sample, before the first step.
    """

    program: Program | None = None
    inputs: InputFacts | None = None
    targets: TargetFacts | None = None
    train: tuple[Any, Any] | None = None
    dev: tuple[Any, Any] | None = None
    prior_cost: float | None = None
    floor_cost: float | None = None
    initial_cost: float | None = None


def collect_evidence(model: keras.Model, attempts: Attempts, examples: int) -> FitEvidence:
    """Reads the running `fit`; what fails is kept in `attempts`.

    Args:
        model: In `fit`.
        attempts: Where failures are told.
        examples: Largest number of examples to sample of train and of dev.
    """
    found: dict[str, Any] = {}
    running, fit = running_fit(model), fit_arguments(model)
    with attempts("program"):
        found["program"] = program_facts(
            model,
            batch_size=_batch_size(running.batch_size if running else None, fit),
            epochs=max(1, running.epochs) if running else 1,
            shuffle=running.shuffle if running else True,
        )
    if fit is None:
        attempts.fail("data", "no running fit to read them from")
        return FitEvidence(**found)
    with attempts("training data"):
        found["train"] = _sample(fit.x, fit.y, examples)
        if found["train"] is None:
            attempts.fail("training data", "a generator can be read only once, by fit")
    with attempts("dev data"):
        if fit.validation_data is not None:
            found["dev"] = _sample(*_pair(fit.validation_data), examples)
    if found.get("train") is not None:
        found |= _facts(model, found, fit, attempts)
    return FitEvidence(**found)


def _facts(model: keras.Model, found: dict, fit: FitArguments, attempts: Attempts) -> dict:
    x, y = found["train"]
    facts: dict[str, Any] = {}
    with attempts("inputs"):
        facts["inputs"] = input_facts(x if fit.y is None else fit.x, model)
    with attempts("targets"):
        facts["targets"] = target_facts(y if fit.y is None else fit.y)
    program = found.get("program")
    if program is not None:
        with attempts("levels of the cost"):
            facts["prior_cost"] = prior_cost(program, facts.get("targets"), y)
            facts["floor_cost"] = floor_cost(program, facts.get("targets"), y)
    with attempts("cost before training"):
        few = tree.map_structure(lambda array: array[:FEW], (x, y))
        with keras.StatelessScope():
            facts["initial_cost"] = cost_of(model, *few)
    return facts


def measure_units(model: keras.Model, evidence: FitEvidence, examples: int) -> dict[str, Units]:
    """Dead and saturated units on the first of the sampled examples."""
    if evidence.train is None:
        return {}
    few = tree.map_structure(
        lambda array: ops.convert_to_tensor(array[:examples]), evidence.train[0]
    )
    with keras.StatelessScope():  # the state of a stateful layer stays as it is
        return unit_states(model, few)


def measure_skill(model: keras.Model, evidence: FitEvidence) -> Skill | None:
    """How well the model does on the samples, by its weights now."""
    if evidence.train is None:
        return None
    return skill(model, evidence.train, evidence.dev, evidence.targets, most=PREDICTED)


def measure_relation(evidence: FitEvidence) -> float | None:
    """Whether the sampled inputs say anything of their targets, the model apart."""
    if evidence.train is None:
        return None
    return neighbour_skill(*evidence.train, evidence.inputs, evidence.targets)


def measure_drift(evidence: FitEvidence) -> float | None:
    """The p-value of the sampled inputs of train and of dev coming from one distribution."""
    if evidence.train is None or evidence.dev is None:
        return None
    return split_facts(evidence.train[0], evidence.dev[0]).drift


def _batch_size(given: int | None, fit: FitArguments | None) -> int:
    if given is not None or fit is None or fit.y is not None:
        return given or DEFAULT_BATCH
    size = getattr(fit.x, "batch_size", None) or getattr(fit.x, "_batch_size", None)
    return int(size) if isinstance(size, (int, np.integer)) else DEFAULT_BATCH


def _pair(data: Any) -> tuple[Any, Any]:
    x, y = (*data, None)[:2] if isinstance(data, (tuple, list)) else (data, None)
    return x, y


def _sample(x: Any, y: Any, count: int) -> tuple[Any, Any] | None:
    return sample_examples(x, y, count)
