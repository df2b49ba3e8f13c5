"""VectorizedSearch: the trials of one structure, trained together in one compiled program."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras_tuner.oracles import RandomSearchOracle

from kerasrecipes import devices
from kerasrecipes.stacked import (
    Member,
    NotStackable,
    StackedProgram,
    example_of,
    structure_of,
    why,
)
from kerasrecipes.tuning import distributed
from kerasrecipes.tuning.candidates import Candidate, chunks_of, groups_of, memory_for_search
from kerasrecipes.tuning.fit_arguments import TrainedItself, fit_arguments
from kerasrecipes.tuning.member_callbacks import require_by_logs
from kerasrecipes.tuning.member_store import MemberStore
from kerasrecipes.tuning.search_arguments import check_numbers, check_objective, check_oracle
from kerasrecipes.tuning.shared_data import SharedData
from kerasrecipes.tuning.train_chunk import train_chunk
from kerasrecipes.tuning.trial_outcome import (
    best_member,
    mean_metrics,
    outcome_in_words,
    trials_in_words,
)
from kerasrecipes.tuning.users_code import UsersCodeError, users_code

MEMBERS = 64
IDLE_SECONDS = 0.1
FILLED_UP = 2
"""How many times more members than needed a program may have to be used again."""
KEPT_PROGRAMS = 4


class VectorizedSearch(keras_tuner.Tuner):
    """Trains a hundred small trials in about the time of one: the course's caviar.

    Asks the oracle for many trials at once, builds their models with the hypermodel as it is, and
    trains those of one structure in one compiled program, on weights of shape `(members, ...)`.
    Members may differ in learning rate (a schedule too), momentum, betas, weight decay, clip norms,
    the strengths of regularizers, keep probability and rate of dropout, seeds and initial values.
    What changes the structure (layers, units, activations, batch size, epochs, the class of the
    optimizer) makes groups of their own. Each member is trained as by its own `fit`: same steps,
    same logs; its weights agree to rounding. The order of the examples is drawn anew for each epoch
    and shared by all members. A member whose cost is no number any more is left behind; the others
    go on. What cannot be trained together (a step of the model's own, a callback that needs its own
    `fit`, a `tf.data.Dataset`, ...) is trained the ordinary way, and a line says why.

    Args:
        hypermodel: A `keras_tuner.HyperModel` or a function of `hp` that returns a compiled model.
            `HyperModel.fit` may choose arguments itself (`batch_size=hp.get("batch_size")`).
        objective: As keras-tuner has it. May be left out where the oracle has one.
        max_trials: Integer >= 1, for the default oracle. Default 64.
        oracle: Any `keras_tuner.Oracle`: random search (default), `CoarseToFineOracle`, Hyperband.
        members: Integer >= 1. How many trials are asked for at once. An oracle that learns from
            results may give less, by a method `trials_at_once()`.
        halving: Integer >= 2 or None. Successive halving inside each group: after
            `epochs / halving ** k` epochs only the best `1 / halving` go on.
        memory_bytes: Integer or None. Bound for a group in training, about; larger groups are
            trained in parts. None: half of the free memory.
        seed: Integer or None, of the default oracle and of the orders of the examples.
        hyperparameters: As in keras-tuner, for the default oracle.
        sink: Callable that takes each line of what is said. Default `print`; silent with
            `search(verbose=0)`.
        **kwargs: Of `keras_tuner.Tuner`: `directory`, `project_name`, `overwrite`,
            `executions_per_trial`, `optimizer`, `loss`, `metrics`, `max_model_size`, ...

    Raises:
        ValueError: If `members`, `halving` or `memory_bytes` is out of range, or both `objective`
            and an `oracle` with another one are given.

    Example:
        >>> import tempfile
        >>> def build(hp):
        ...     model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        ...     rate = hp.Float("learning_rate", 1e-3, 1e-1, sampling="log")
        ...     model.compile(keras.optimizers.SGD(rate), "mse")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(64, 2))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     tuner = VectorizedSearch(build, "loss", max_trials=4, seed=1, directory=folder)
        ...     tuner.search(x, x.sum(axis=1), epochs=2, verbose=0)
        ...     len(tuner.get_best_hyperparameters(4))
        4

    Source: Deep Learning Specialization, course 2, week 3 (pandas and caviar).
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int = MEMBERS,
        *,
        oracle: keras_tuner.Oracle | None = None,
        members: int = MEMBERS,
        halving: int | None = None,
        memory_bytes: int | None = None,
        seed: int | None = None,
        hyperparameters: keras_tuner.HyperParameters | None = None,
        sink: Callable[[str], Any] = print,
        **kwargs: Any,
    ) -> None:
        check_numbers(members=members, memory_bytes=memory_bytes, halving=halving)
        if oracle is None:
            oracle = RandomSearchOracle(
                objective=objective,
                max_trials=max_trials,
                hyperparameters=hyperparameters,
                seed=seed,
            )
        else:
            check_oracle(oracle)
            check_objective(objective, oracle)
        # Keras-tuner gives up after so many failures in a row; here a whole group is one.
        if oracle.max_consecutive_failed_trials is not None:
            oracle.max_consecutive_failed_trials *= members
        self.members, self.halving, self.memory_bytes, self.sink = (
            members,
            halving,
            memory_bytes,
            sink,
        )
        self.seed = oracle.seed
        self._trials_at_once = getattr(oracle, "trials_at_once", None)
        self._programs: dict[Any, StackedProgram] = {}
        distributed.install()
        super().__init__(oracle, hypermodel, **kwargs)
        self.store = MemberStore(self.project_dir)

    def _build_hypermodel(self, hp: Any) -> Any:
        devices.renew()  # keras-tuner has cleared the session
        return super()._build_hypermodel(hp)

    def search(self, *fit_args: Any, **fit_kwargs: Any) -> None:
        """Runs the search; takes the arguments of `fit`."""
        if _is_chief():
            super().search(*fit_args, **fit_kwargs)
            return
        self._is_silent = fit_kwargs.get("verbose", "auto") in (0, "0")
        self.oracle.verbose = 0  # keras-tuner would print a table for each trial
        self._data, self._programs = SharedData(), {}
        self._fit_arguments = (fit_args, fit_kwargs)
        self.on_search_begin()
        while trials := self._claim():
            candidates: list[Candidate] = []
            for trial in trials:
                self.on_trial_begin(trial)
                candidates += self._prepared(trial, fit_args, fit_kwargs)
            results: dict[str, list[Member]] = {}
            for group in groups_of(candidates):
                for chunk in chunks_of(group, self.members, memory_for_search(self.memory_bytes)):
                    self._train(chunk, results)
            self._programs = dict(list(self._programs.items())[-KEPT_PROGRAMS:])
        self.on_search_end()

    def load_model(self, trial: Any) -> keras.Model:
        """The model of a trial with the weights of its best epoch."""
        weights = self.store.load(trial.trial_id)
        if weights is None:
            if not list(Path(self.get_trial_dir(trial.trial_id)).glob("checkpoint*")):
                raise FileNotFoundError(
                    f"The weights of trial {trial.trial_id} are not in `{self.project_dir}`: train "
                    "its hyperparameters again (`get_best_hyperparameters`)."
                )
            return super().load_model(trial)
        model = self._build_hypermodel(trial.hyperparameters)
        model.set_weights(weights)
        return model

    def _claim(self) -> list[Any]:
        """As many trials as the oracle gives at once; none when the search is over."""
        most = self.members if self._trials_at_once is None else self._trials_at_once()
        names = [f"{self.tuner_id}-{number}" for number in range(max(1, min(most, self.members)))]
        while True:
            trials, stopped = [], 0
            with self._saved_once():
                for name in names:
                    trial = self.oracle.create_trial(name)
                    if trial.status == "RUNNING":
                        trials.append(trial)
                    elif trial.status == "STOPPED":
                        stopped += 1  # every name has to hear it, or a chief would wait for it
                    elif trials:
                        break
            if trials or stopped == len(names):
                return trials
            time.sleep(IDLE_SECONDS)

    @contextlib.contextmanager
    def _saved_once(self) -> Iterator[None]:
        """Writes the state of the oracle and the tuner once, after the block.

        Each trial has its own file at once; a state that is older than they are is mended by them.
        """
        savers = [each for each in (self, self.oracle) if hasattr(each, "save")]
        for each in savers:
            each.save = lambda: None
        try:
            yield
        finally:
            for each in savers:
                del each.save
                each.save()

    def _prepared(self, trial: Any, args: tuple, kwargs: dict) -> list[Candidate]:
        """The models of a trial that can be trained together; others are trained here."""
        executions = range(self.executions_per_trial)
        try:
            with users_code():
                return [self._candidate(trial, args, kwargs) for _ in executions]
        except NotStackable as reason:
            self._say(f"Trial {trial.trial_id} is trained alone: {reason}.")
            self._try_run_and_update_trial(trial, *args, **kwargs)
        except TrainedItself as trained:
            self._end_with_result(trial, trained.result)
        except UsersCodeError as failure:
            failed = isinstance(failure.error, keras_tuner.errors.FailedTrialError)
            trial.status = "FAILED" if failed else "INVALID"
            trial.message = failure.message
            kind = type(failure.error).__name__
            self._say(f"Trial {trial.trial_id} failed: {kind}: {failure.error}")
        self.on_trial_end(trial)
        return []

    def _candidate(self, trial: Any, args: tuple, kwargs: dict) -> Candidate:
        hp = trial.hyperparameters
        kwargs = dict(kwargs)
        if "tuner/epochs" in hp.values:  # how Hyperband's oracle tells a budget
            kwargs["epochs"] = hp.values["tuner/epochs"]
            kwargs["initial_epoch"] = hp.values["tuner/initial_epoch"]
        model = self._build_hypermodel(hp)
        if not isinstance(model, keras.Model):
            raise keras_tuner.errors.FatalTypeError(
                "`hypermodel.build(hp)` must return a `keras.Model`. "
                f"Received: {model!r} (of type {type(model).__name__})."
            )
        if self.max_model_size and model.built and model.count_params() > self.max_model_size:
            raise keras_tuner.errors.FailedTrialError(
                f"the model has {model.count_params()} parameters, more than `max_model_size`"
            )
        arguments = fit_arguments(self.hypermodel, hp, model, args, kwargs)
        callbacks = arguments.pop("callbacks", None)
        require_by_logs(callbacks)
        data = self._data.of(arguments)
        if not model.built:
            model(example_of(data)[0])
        earlier = hp.values.get("tuner/trial_id")
        weights = self.store.load(earlier) if earlier else None
        if weights is not None:
            model.set_weights(weights)
        return Candidate(trial, model, data, structure_of(model), callbacks or ())

    def _train(self, chunk: Sequence[Candidate], results: dict[str, list[Member]]) -> None:
        began = time.perf_counter()
        objective, options = self.oracle.objective, {"halving": self.halving, "seed": self.seed}
        try:
            with users_code():
                if structure_of(chunk[0].model) != chunk[0].structure:
                    raise NotStackable("what `build` sets outside its models has changed since")
                members = train_chunk(chunk, self._program(chunk), objective, **options)
        except NotStackable as reason:
            self._train_alone(chunk, reason)
        except UsersCodeError as failure:
            if len(chunk) > 1 and _is_out_of_memory(failure.error):
                self._train_halves(chunk, results)
            else:
                self._train_alone(chunk, failure.error)
        else:
            self._end(chunk, members, results)
            trials, seconds = [candidate.trial for candidate in chunk], time.perf_counter() - began
            several = self.executions_per_trial > 1
            self._say(outcome_in_words(trials, members, objective, seconds, several))

    def _train_halves(self, chunk: Sequence[Candidate], results: dict[str, list[Member]]) -> None:
        self._programs.clear()
        self._say(f"{len(chunk)} models did not fit the memory: half of them at a time.")
        middle = len(chunk) // 2
        self._train(chunk[:middle], results)
        self._train(chunk[middle:], results)

    def _program(self, chunk: Sequence[Candidate]) -> StackedProgram:
        """The program of an earlier chunk of this structure, not much larger, or a new one.

        A program traced anew costs about a second, members that only fill it up much less.
        """
        fitting = range(len(chunk), FILLED_UP * len(chunk) + 1)
        for (structure, members), program in self._programs.items():
            if structure == chunk[0].structure and members in fitting:
                return program
        program = StackedProgram(chunk[0].model, len(chunk), example_of(chunk[0].data))
        self._programs[chunk[0].structure, len(chunk)] = program
        return program

    def _train_alone(self, chunk: Sequence[Candidate], error: Exception) -> None:
        trials = list({candidate.trial.trial_id: candidate.trial for candidate in chunk}.values())
        self._say(
            f"{trials_in_words(trials)} trained alone: the program of all failed ({why(error)})."
        )
        args, kwargs = self._fit_arguments
        for trial in trials:
            self._try_run_and_update_trial(trial, *args, **kwargs)
            self.on_trial_end(trial)

    def _end(
        self,
        chunk: Sequence[Candidate],
        members: Sequence[Member],
        results: dict[str, list[Member]],
    ) -> None:
        for candidate, member in zip(chunk, members, strict=True):
            results.setdefault(candidate.trial.trial_id, []).append(member)
        trials = {candidate.trial.trial_id: candidate.trial for candidate in chunk}
        done = [t for t in trials.values() if len(results[t.trial_id]) == self.executions_per_trial]
        alive = [t for t in done if all(m.best_epoch is not None for m in results[t.trial_id])]
        if alive:
            objective = self.oracle.objective
            best = [best_member(results[trial.trial_id], objective).weights for trial in alive]
            self.store.save([trial.trial_id for trial in alive], best)
        with self._saved_once():
            for trial in done:
                self._end_trial(trial, results.pop(trial.trial_id))

    def _end_trial(self, trial: Any, executions: Sequence[Member]) -> None:
        if all(member.best_epoch is not None for member in executions):
            step = int(np.mean([member.best_epoch for member in executions]))
            metrics = mean_metrics(executions, self.oracle.objective)
            self.oracle.update_trial(trial.trial_id, metrics, step=step)
            trial.status = "COMPLETED"
        else:
            epoch = next(m.died_in_epoch for m in executions if m.best_epoch is None)
            trial.status = "FAILED"
            trial.message = f"The cost was no finite number in epoch {epoch}."
        self.on_trial_end(trial)

    def _end_with_result(self, trial: Any, result: Any) -> None:
        """A trial whose hypermodel has trained by itself, and returned what keras-tuner takes."""
        self._say(f"Trial {trial.trial_id} was trained alone, by its hypermodel's own `fit`.")
        self._given = result
        try:
            self._try_run_and_update_trial(trial)
        finally:
            del self._given

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        """One trial the ordinary way."""
        if hasattr(self, "_given"):
            return self._given
        return super().run_trial(trial, *args, **kwargs)

    def _say(self, line: str) -> None:
        if not self._is_silent:
            self.sink(line)


def _is_chief() -> bool:
    return os.environ.get("KERASTUNER_TUNER_ID", "") == "chief"


def _is_out_of_memory(error: Exception) -> bool:
    text = f"{type(error).__name__} {error}"
    return (
        isinstance(error, MemoryError)
        or "ResourceExhausted" in text
        or "RESOURCE_EXHAUSTED" in text
    )
