"""The loop itself: one training after the other, each decided by what the last has shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import keras

from kerasrecipes.checkpoints.preemption import Preemption
from kerasrecipes.data import suggest_batch_size
from kerasrecipes.diagnosis import (
    BiasVariance,
    Diagnosis,
    Finding,
    bias_variance_findings,
    read_bias_variance,
)
from kerasrecipes.ensembles import Ensemble
from kerasrecipes.gradients import GradientCheck
from kerasrecipes.recipe.events import Event, StepDone, StepStarted
from kerasrecipes.recipe.journal import Journal
from kerasrecipes.recipe.limits import Limits
from kerasrecipes.recipe.network import with_target_units
from kerasrecipes.recipe.problem import Problem
from kerasrecipes.recipe.remedies import Evidence, Proposal, propose
from kerasrecipes.recipe.result import RecipeResult, RecipeStep
from kerasrecipes.recipe.settings import Settings
from kerasrecipes.recipe.trainer import AS_COMPILED, Build, Trainer
from kerasrecipes.recipe.training import Trained, measure

FIRST_EPOCHS = 40
STEPS_PER_EPOCH, LEAST_BATCH = 16, 32
LEAST_SECONDS = 4.0  # no training is begun with less of the budget left
TOLERANCE = {"share": 0.01, "mean": 0.03}  # a recipe with time left can aim lower than a reader
INTERRUPTED = "it was interrupted"


class RecipeInterrupted(KeyboardInterrupt):
    """Ctrl-C during a recipe that already had a model; `result` is what it had."""

    def __init__(self, result: RecipeResult) -> None:
        super().__init__("interrupted")
        self.result = result


class LoopOptions(NamedTuple):
    """What `BasicRecipe` was asked for, as its arguments say."""

    target_error: float | None
    human_error: float
    budget: float
    tolerance: float | None
    seed: int
    progress: Callable[[Event], Any] | None
    should_stop: Callable[[], bool]


class _Best(NamedTuple):
    step: RecipeStep
    trained: Trained


class Loop:
    """One run of a `BasicRecipe`.

    Args:
        options: Of the recipe.
        problem: The data.
        build: From settings and problem to a compiled network.
        same_structure: Whether `build` cannot change the network.
        journal: What is kept on disk of the trainings.
        preemption: Tells of a SIGTERM.
    """

    def __init__(
        self,
        options: LoopOptions,
        problem: Problem,
        build: Build,
        same_structure: bool = False,
        *,
        journal: Journal,
        preemption: Preemption,
    ) -> None:
        self.options, self.problem = options, problem
        self.same_structure, self.own = same_structure, problem.target is not None
        self.limits = Limits(options.budget, options.should_stop, preemption)
        self.trainer = Trainer(
            problem,
            build,
            own=self.own,
            seed=options.seed,
            journal=journal,
            limits=self.limits,
            tell=self._tell,
        )
        self.steps: list[RecipeStep] = []
        self.best: _Best | None = None
        self._began = 0.0  # on the clock, of the step under way

    def run(self) -> RecipeResult:
        """Goes round until there is a reason to stop."""
        try:
            proposal = self._first()
            while True:
                self._try(proposal)
                reason = self._reason_to_stop()
                if reason:
                    return self._result(reason)
                following = self._next()
                if following is None:
                    return self._result("every remedy that applies has been tried")
                proposal = following
        except KeyboardInterrupt:
            if self.best is None:
                raise
            raise RecipeInterrupted(self._result(INTERRUPTED)) from None

    def _first(self) -> Proposal:
        settings = Settings(
            batch_size=_first_batch_size(len(self.problem.train[1])), epochs=FIRST_EPOCHS
        )
        if self.own:
            return Proposal("smallest model", "a quick start: no hidden layer.", settings)
        architecture = "as built" if self.same_structure else settings.architecture
        settings = replace(
            settings, architecture=architecture, hidden_layers=1, optimizer=AS_COMPILED
        )
        return Proposal("first model", "what `build` returns, as it was compiled.", settings)

    def _next(self) -> Proposal | None:
        last = {step.name: step.kept for step in self.steps}
        return propose(
            self._evidence(),
            self.problem,
            {step.settings for step in self.steps},
            failed=[name for name, kept in last.items() if not kept],
            same_structure=self.same_structure,
        )

    def _try(self, proposal: Proposal) -> None:
        number, settings = len(self.steps) + 1, proposal.settings
        self._tell(StepStarted(number, proposal.name, proposal.reason, settings.epochs))
        trained = self._ensemble(number, settings) if settings.members > 1 else None
        trained = trained or self.trainer.train(number, settings)
        reading = read_bias_variance(
            trained.train_error,
            trained.dev_error,
            self.options.human_error,
            tolerance=self.options.tolerance or TOLERANCE[trained.dev_error.kind],
        )
        step = RecipeStep(
            number=number,
            name=proposal.name,
            reason=proposal.reason,
            settings=settings,
            reading=reading,
            dev_cost=trained.dev_cost,
            kept=self._is_better(settings, reading, trained.dev_cost),
            seconds=self.limits.clock() - self._began,
            epochs=trained.epochs,
            learning_rate=trained.learning_rate,
            parameters=trained.model.count_params(),
            curves=trained.curves,
            remarks=trained.remarks,
        )
        self._began = self.limits.clock()
        self.steps.append(step)
        if step.kept:
            self.best = _Best(step, trained)
        self._tell(StepDone(step))

    def _ensemble(self, number: int, settings: Settings) -> Trained | None:
        """The best network averaged with others from new seeds, as many as the budget allows."""
        if self.best is None:
            return None
        members, longest = [self.best.trained], self.best.step.seconds
        for k in range(1, settings.members):
            if k > 1 and not self._has_time_for(number, k, longest):
                break
            members.append(self.trainer.train(number, settings, k))
        ensemble = Ensemble([_copy(member.model) for member in members])
        ensemble.compile(loss=self.problem.loss)
        trained = measure(ensemble, self.problem)
        trained.learning_rate, trained.curves = members[1].learning_rate, members[1].curves
        trained.best_epoch = members[1].best_epoch
        trained.remarks = (f"{len(members)} members",)
        return trained

    def _has_time_for(self, number: int, member: int, seconds: float) -> bool:
        if self.limits.is_interrupted():
            return False
        return self.trainer.is_finished(number, member) or not self.limits.is_over(seconds)

    def _is_better(self, settings: Settings, reading: BiasVariance, dev_cost: float) -> bool:
        """Lower dev error; of equals an average of networks, then the lower dev cost."""
        if self.best is None:
            return True
        old = self.best.step
        if settings.members > old.settings.members:
            return reading.dev_error.error <= old.reading.dev_error.error
        return (reading.dev_error.error, dev_cost) < (old.reading.dev_error.error, old.dev_cost)

    def _evidence(self) -> Evidence:
        step, trained = self._require_best()
        falling = trained.best_epoch >= 0.9 * (step.settings.epochs - 1)
        return Evidence(step.settings, step.reading, falling)

    def _require_best(self) -> _Best:
        if self.best is None:
            raise RuntimeError("The loop has not trained anything yet.")
        return self.best

    def _reason_to_stop(self) -> str | None:
        reading, target = self._require_best().step.reading, self.options.target_error
        if self.limits.is_interrupted():
            return INTERRUPTED
        if target is not None and reading.dev_error.error <= target:
            return f"the dev error {reading.dev_error.error:.2%} is at the target {target:.2%}"
        if target is None and reading.verdict == "balanced":
            return "bias and variance are both low"
        if self.limits.is_over(LEAST_SECONDS):
            return f"the budget of {self.options.budget:g} minutes is spent"
        return None

    def _result(self, stop_reason: str) -> RecipeResult:
        best = self._require_best()
        findings = list(bias_variance_findings(best.step.reading))
        check = self.trainer.gradient_check
        if check is not None and not check.passed:
            findings.append(_wrong_gradient(check))
        target = self.problem.target
        return RecipeResult(
            model=with_target_units(best.trained.model, self.problem),
            diagnosis=Diagnosis(findings, bias_variance=best.step.reading),
            history=_history(self.steps),
            steps=tuple(self.steps),
            stop_reason=stop_reason,
            seconds=self.limits.clock(),
            classes=target.classes if target is not None else (),
            gradient_check=check,
            finder=self.trainer.finder(best.step.settings),
        )

    def _tell(self, event: Event) -> None:
        if self.options.progress is not None:
            self.options.progress(event)


def _first_batch_size(examples: int) -> int:
    """A power of two that makes about `STEPS_PER_EPOCH` steps, as far as memory allows.

    Whole-batch steps suit sets below 2,000 examples by the course's rule, but each epoch of `fit`
    costs more than such a step: mini-batches get as far in a fraction of the epochs.
    """
    wanted = 2 ** max(0, int(math.log2(max(1, examples / STEPS_PER_EPOCH))))
    return min(max(wanted, LEAST_BATCH), suggest_batch_size(examples))


def _copy(model: keras.Model) -> keras.Model:
    """A model of its own for the ensemble, so that the best one stays as it is."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def _history(steps: list[RecipeStep]) -> list[dict[str, Any]]:
    """One row per epoch of each step."""
    return [
        {
            "step": step.number,
            "name": step.name,
            "epoch": epoch + 1,
            **{name: curve[epoch] for name, curve in step.curves.items() if epoch < len(curve)},
        }
        for step in steps
        for epoch in range(step.epochs)
    ]


def _wrong_gradient(check: GradientCheck) -> Finding:
    worst = check.worst[0]
    return Finding(
        "wrong-gradient",
        cause="layers",
        severity="error",
        where=worst.variable,
        evidence={
            "distance": check.distance,
            "analytic": worst.analytic,
            "numeric": worst.numeric,
        },
        advice="The gradient of this variable disagrees with the cost: look for a custom gradient.",
        reference="course 2, Gradient checking",
    )
