"""One training of the recipe: built, prepared, trained and measured, or taken from the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from kerasrecipes.checkpoints.model_state import build_all
from kerasrecipes.checkpoints.random_state import random_state, set_random_state
from kerasrecipes.gradients import GradientCheck, gradient_check
from kerasrecipes.recipe.events import EpochDone, Event, Said
from kerasrecipes.recipe.journal import Journal, TrainingJournal
from kerasrecipes.recipe.limits import Limits
from kerasrecipes.recipe.problem import Problem
from kerasrecipes.recipe.settings import Settings
from kerasrecipes.recipe.trained_state import check_from, check_state, trained_from, trained_state
from kerasrecipes.recipe.training import (
    Trained,
    chosen_rate,
    compile_network,
    find_rate,
    train_network,
)

AS_COMPILED = "as compiled"
CHECKED_EXAMPLES = 16

Build = Callable[[Settings, Problem], keras.Model]


class Trainer:
    """Trains the networks of a recipe one by one, each from a seed of its own.

    What is the same for several trainings is found once: the check of the gradients in the first,
    a learning rate for each optimizer and structure. All of it is kept in the journal, so that a
    process that takes the place of a killed one does not find or train it again.

    Args:
        problem: The data.
        build: From settings and problem to a compiled network.
        own: Whether the networks are the recipe's own.
        seed: The trainings count up from it.
        journal: What is kept on disk.
        limits: What may end a training early.
        tell: Called with each event.

    Attributes:
        gradient_check: Of the first network; None where it could not be made.
    """

    def __init__(
        self,
        problem: Problem,
        build: Build,
        *,
        own: bool,
        seed: int,
        journal: Journal,
        limits: Limits,
        tell: Callable[[Event], Any],
    ) -> None:
        self.problem, self.build, self.own, self.seed = problem, build, own, seed
        self.journal, self.limits, self.tell = journal, limits, tell
        self.gradient_check: GradientCheck | None = None
        self._rates: dict[Settings, float] = {}
        self._finders: dict[Settings, dict[str, Any]] = {}

    def train(self, number: int, settings: Settings, member: int = 0) -> Trained:
        """Trains a network, or goes on with its training, or gives back what it was.

        Args:
            number: Of the step, from 1.
            settings: Of the network and its training.
            member: Of an ensemble, from 1; 0 for none.

        Raises:
            KeyboardInterrupt: If it is interrupted before the first training.
            Preempted: If SIGTERM has come.
        """
        kept = self.journal.training(number, member)
        keras.utils.set_random_seed(self.seed + (1_000 * member or number))
        network = self._built(settings)
        finished = kept.finished(settings)
        if finished is not None:
            self._take_over(finished["prepared"], settings)
            self.limits.clock.go_on_from(finished["seconds"])
            return trained_from(finished["trained"], network)
        prepared = self._prepared(kept, network, settings, is_first=number == 1)
        self.limits.leave_if_asked()
        if number == 1 and self.limits.is_interrupted():
            raise KeyboardInterrupt
        trained = self._trained(kept, number, network, settings)
        trained.remarks = (*prepared["remarks"], *trained.remarks)
        if not self.limits.is_interrupted():
            value = {"prepared": prepared, "trained": trained_state(trained)}
            kept.finish(settings, value | {"seconds": self.limits.clock()})
        self.limits.leave_if_asked()
        return trained

    def is_finished(self, number: int, member: int) -> bool:
        """Whether a training was finished by a process before."""
        return self.journal.training(number, member).is_finished()

    def finder(self, settings: Settings) -> dict[str, Any]:
        """The range test that gave these settings their learning rate."""
        return self._finders.get(_rate_key(settings), {})

    def _built(self, settings: Settings) -> keras.Model:
        network = self.build(settings, self.problem)
        if not self.own and settings.optimizer != AS_COMPILED:
            compile_network(network, settings, self.problem)
        build_all(network, tuple(part[:2] for part in self.problem.train))
        return network

    def _prepared(
        self, kept: TrainingJournal, network: keras.Model, settings: Settings, is_first: bool
    ) -> dict[str, Any]:
        """Checks gradients and finds a rate, or takes over what was found."""
        prepared = kept.prepared(settings)
        if prepared is None:
            if is_first:
                self._check_gradients(network)
            remarks = self._find_rate(network, settings)
            prepared = {
                "gradient_check": check_state(self.gradient_check) if is_first else None,
                "rate": self._rates[_rate_key(settings)],
                "finder": self._finders.get(_rate_key(settings)),
                "remarks": remarks,
                "random": random_state(),
                "seconds": self.limits.clock(),
            }
            kept.prepare(settings, prepared)
        else:
            self._take_over(prepared, settings)
            set_random_state(prepared["random"])
        network.optimizer.learning_rate = prepared["rate"]
        return prepared

    def _take_over(self, prepared: dict[str, Any], settings: Settings) -> None:
        key = _rate_key(settings)
        self._rates[key] = prepared["rate"]
        if prepared["finder"] is not None:
            self._finders[key] = prepared["finder"]
        if prepared["gradient_check"] is not None:
            self.gradient_check = check_from(prepared["gradient_check"])
        self.limits.clock.go_on_from(prepared["seconds"])

    def _trained(
        self, kept: TrainingJournal, number: int, network: keras.Model, settings: Settings
    ) -> Trained:
        resume, limits = kept.resume(), self.limits

        def should_stop() -> bool:
            if limits.is_interrupted() and resume is not None:
                resume.close()  # what comes now is no part of the training that may go on
            return limits.is_interrupted() or limits.is_over()

        def on_epoch(epoch: int, train: float, dev: float) -> None:
            self.tell(EpochDone(number, epoch + 1, settings.epochs, train, dev))

        try:
            return train_network(
                network,
                settings,
                self.problem,
                should_stop=should_stop,
                on_epoch=on_epoch,
                limits=limits,
                resume=resume,
            )
        finally:
            if resume is not None:
                resume.close()

    def _find_rate(self, network: keras.Model, settings: Settings) -> list[str]:
        """Finds a rate by a range test, if there is none; remarks on it."""
        key = _rate_key(settings)
        if key in self._rates:
            return []
        finder = find_rate(network, settings, self.problem)
        self._finders[key] = {
            "rates": list(finder.rates),
            "costs": list(finder.costs),
            "smoothed": list(finder.smoothed),
            "suggestion": finder.suggestion,
        }
        rate = chosen_rate(finder, settings)
        if rate is None:
            rate = float(keras.ops.convert_to_numpy(network.optimizer.learning_rate))
        self._rates[key] = rate
        return [] if finder.suggestion is not None else [f"learning-rate finder: {finder.reason}"]

    def _check_gradients(self, network: keras.Model) -> None:
        x, y = (part[:CHECKED_EXAMPLES] for part in self.problem.train)
        try:
            self.gradient_check = gradient_check(network, x, y, method="auto")
        except ValueError as error:
            self.tell(Said(f"gradient check left out: {error}"))
            return
        self.tell(Said(str(self.gradient_check).splitlines()[0]))


def _rate_key(settings: Settings) -> Settings:
    """Settings that share a learning rate: regularisation and length do not change it much."""
    return Settings(
        architecture=settings.architecture,
        units=settings.units,
        hidden_layers=settings.hidden_layers,
        filters=settings.filters,
        normalize=settings.normalize,
        optimizer=settings.optimizer,
        batch_size=settings.batch_size,
    )
