"""The search from coarse to fine, as a tuner of keras-tuner."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner

from kerasrecipes import devices
from kerasrecipes.tuning import distributed
from kerasrecipes.tuning.coarse_to_fine_oracle import CoarseToFineOracle
from kerasrecipes.tuning.distributed.local_files import is_remote
from kerasrecipes.tuning.objective import require_objective
from kerasrecipes.tuning.trial_resume import TrialResume


class CoarseToFine(keras_tuner.Tuner):
    """Searches from coarse to fine: random at first, then closer around what was best.

    A `keras_tuner.Tuner` like its own: `search` takes the arguments of `fit`, and afterwards there
    are `get_best_hyperparameters`, `get_best_models` and `results_summary`. How it searches is told
    at `CoarseToFineOracle`.

    A trial that fails says so in a line, and the search goes on. It ends with an error only where
    no trial can succeed: the space is empty, the objective is not among the metrics, or all failed.

    Args:
        hypermodel: `keras_tuner.HyperModel`, or a function from `hp` to a compiled model.
        objective: As keras-tuner's: a string, a `keras_tuner.Objective`, or a list of them.
        max_trials: Integer >= 1. Defaults to `20`.
        rounds: Integer >= 1, the coarse round included. Defaults to `4`.
        coarse_trials: Integer >= 1. Default: a few more than there are hyperparameters, at most a
            third of `max_trials`.
        seed: Integer >= 0, or `None` for a random one.
        hyperparameters: `HyperParameters` that are there before the first build, or `None`.
        tune_new_entries: As keras-tuner's. Defaults to `True`.
        allow_new_entries: As keras-tuner's. Defaults to `True`.
        max_retries_per_trial: Integer >= 0. Defaults to `0`.
        max_consecutive_failed_trials: Integer >= 1, or `None` to go on. Defaults to `None`.
        sink: Called with each line that is said; `None` for silence. Defaults to `print`.
        resume_trials: Whether a trial that a killed process was in the middle of goes on from its
            last epoch, by `kr.callbacks.Resume` in the trial's directory, and not from zero. It
            needs a directory on this machine, and `fit` as the trial's training. Defaults to
            `False`.
        **kwargs: Those of `keras_tuner.Tuner`: `directory`, `project_name`, `overwrite`,
            `executions_per_trial`, ... With `overwrite=False`, the default, a search that is
            already in the directory goes on; one with another space or objective is refused.

    Raises:
        ValueError: If a number is out of its range, the space is empty, or the directory holds
            another search.
        OSError: If the directory cannot be written.

    Example:
        >>> import tempfile
        >>> class Bowl(CoarseToFine):
        ...     def run_trial(self, trial, *args, **kwargs):
        ...         return (trial.hyperparameters.Float("x", 0.0, 1.0) - 0.3) ** 2
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     tuner = Bowl(max_trials=12, seed=0, directory=directory)
        ...     tuner.search(verbose=0)
        ...     best = tuner.get_best_hyperparameters()[0].get("x")
        >>> abs(best - 0.3) < 0.01
        True

    Source: Deep Learning Specialization, course 2, week 3.
    """

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int = 20,
        rounds: int = 4,
        coarse_trials: int | None = None,
        seed: int | None = None,
        hyperparameters: keras_tuner.HyperParameters | None = None,
        tune_new_entries: bool = True,
        allow_new_entries: bool = True,
        max_retries_per_trial: int = 0,
        max_consecutive_failed_trials: int | None = None,
        sink: Callable[[str], None] | None = print,
        resume_trials: bool = False,
        **kwargs: Any,
    ) -> None:
        if not isinstance(resume_trials, bool):
            raise ValueError(
                "`resume_trials` must be True or False: the directory is the trial's own. "
                f"Received: resume_trials={resume_trials!r}."
            )
        self.resume_trials, self._sink = resume_trials, sink
        self._resume: TrialResume | None = None
        oracle = CoarseToFineOracle(
            objective=objective,
            max_trials=max_trials,
            rounds=rounds,
            coarse_trials=coarse_trials,
            seed=seed,
            hyperparameters=hyperparameters,
            tune_new_entries=tune_new_entries,
            allow_new_entries=allow_new_entries,
            max_retries_per_trial=max_retries_per_trial,
            max_consecutive_failed_trials=max_consecutive_failed_trials,
            sink=sink,
        )
        _require_writable(kwargs.get("directory"), kwargs.get("project_name"))
        distributed.install()
        super().__init__(oracle=oracle, hypermodel=hypermodel, **kwargs)
        if hypermodel is not None and not self._may_grow() and not oracle.hyperparameters.space:
            raise ValueError(_empty("build"))

    def reload(self) -> None:
        """Goes on with the search in the directory; refuses one over another space."""
        super()._populate_initial_space()
        space = self.oracle.hyperparameters.get_config()["space"]
        super().reload()
        if isinstance(self.oracle, CoarseToFineOracle):
            _require_same_space(space, self.oracle.hyperparameters.get_config()["space"])

    def _build_hypermodel(self, hp: Any) -> Any:
        devices.renew()  # keras-tuner has cleared the session
        return super()._build_hypermodel(hp)

    def pre_create_trial(self) -> None:
        """Ends a search whose first trial has shown that the space is empty."""
        super().pre_create_trial()
        if isinstance(self.oracle, CoarseToFineOracle):
            ended = bool(self.oracle.end_order)
            if ended and not self.oracle.hyperparameters.space:
                raise ValueError(_empty("the first trial"))

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        """Builds and fits, by the hypermodel; ends the search if the objective is not reported."""
        results = super().run_trial(trial, *args, **kwargs)
        require_objective(results, self.oracle.objective)
        return results

    def on_trial_begin(self, trial: Any) -> None:
        """Begins a trial, or goes on with it."""
        super().on_trial_begin(trial)
        if self.resume_trials and not is_remote(self.project_dir):
            self._resume = TrialResume(self.get_trial_dir(trial.trial_id), self._sink)

    def on_trial_end(self, trial: Any) -> None:
        """Ends a trial; what it would have gone on from is not needed any more."""
        super().on_trial_end(trial)
        if self._resume is not None:
            self._resume.remove()
            self._resume = None

    def _build_and_fit_model(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
        """Trains once, or goes on with the training."""
        if self._resume is not None:
            kwargs["callbacks"] = self._resume.callbacks(kwargs.get("callbacks") or [])
        return super()._build_and_fit_model(trial, *args, **kwargs)

    def on_search_end(self) -> None:
        """Raises if no trial succeeded."""
        super().on_search_end()
        if not isinstance(self.oracle, CoarseToFineOracle) or not self.oracle.end_order:
            return
        ended = [self.oracle.trials[trial_id] for trial_id in self.oracle.end_order]
        if all(trial.status == "FAILED" for trial in ended):
            reason = (ended[-1].message or "no message").strip().rpartition("\n")[2]
            raise RuntimeError(
                f"All {len(ended)} trials failed, so there is no best one. The last one: {reason} "
                "Try the model with `hp.values` of a trial, and a narrower space."
            )

    def _may_grow(self) -> bool:
        """Whether trials may register hyperparameters that `build` does not."""
        own_fit = type(self.hypermodel).fit is not keras_tuner.HyperModel.fit
        return own_fit or type(self).run_trial is not CoarseToFine.run_trial


def _empty(where: str) -> str:
    return (
        f"The space is empty: {where} has registered no hyperparameter, so there is nothing to "
        'search. Ask for one in `build(hp)`, such as `hp.Float("learning_rate", 1e-4, 1e-1, '
        'sampling="log")`.'
    )


def _require_writable(directory: Any, project_name: Any) -> None:
    path = str(directory or ".")
    if "://" in path:
        return
    project = Path(path, project_name or "untitled_project")
    try:
        project.mkdir(parents=True, exist_ok=True)
        writable = os.access(project, os.W_OK | os.X_OK)
    except OSError as error:
        raise OSError(
            f"`directory` must be one that can be written: {error.strerror}. Received: "
            f"directory={path!r}."
        ) from error
    if not writable:
        raise PermissionError(
            f"`directory` must be one that can be written. Received: directory={path!r}."
        )


def _require_same_space(now: list[dict], saved: list[dict]) -> None:
    """Refuses if the build asks for a hyperparameter that the saved space has not, or otherwise."""
    known = [_identity(hp) for hp in saved]
    new = [hp["config"]["name"] for hp in now if _identity(hp) not in known]
    if new:
        raise ValueError(
            "The directory holds a search over another space: it has no such "
            f"{', '.join(sorted(set(new)))}. Choose another `project_name`, or `overwrite=True` to "
            "begin anew."
        )


def _identity(hp: dict) -> str:
    return repr((hp["class_name"], sorted((k, repr(v)) for k, v in hp["config"].items())))
