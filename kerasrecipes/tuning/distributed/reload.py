"""A search's state put together again from files that a killed process left.

keras-tuner's own reload trusts `oracle.json`. That file may be torn, or older than the trial files:
a process can be killed between the two. The trial files say what was done; here the state is made
to agree.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from keras_tuner import Oracle
from keras_tuner.engine.trial import Trial, TrialStatus

from kerasrecipes.checkpoints import warn_on_stderr
from kerasrecipes.tuning.distributed.atomic import remove_leftovers
from kerasrecipes.tuning.distributed.grid_order import restore_grid_order
from kerasrecipes.tuning.distributed.trial_files import missing_numbers, read_state, read_trials

ENDED = (TrialStatus.COMPLETED, TrialStatus.FAILED)
HELD = "_kerasrecipes_held"


class Held(NamedTuple):
    """A trial that was being run when the last process ended.

    Attributes:
        key: Under which the oracle listed it.
        metrics: What its worker had reported.
    """

    key: str
    metrics: Any


def reload_oracle(oracle: Oracle, sink: Callable[[str], None] = warn_on_stderr) -> None:
    """Loads an oracle from its directory, whatever was left there.

    A trial that ended is never run again, one that had begun is queued once, and a number whose
    file is corrupted or missing is run again under the same number. Takes the place of
    `keras_tuner.Oracle.reload`.

    Args:
        oracle: A fresh oracle whose directory is set.
        sink: Called with one line for each file that was set aside.

    Raises:
        RuntimeError: If the directory is that of another kind of search.
    """
    project = Path(oracle._project_dir)
    for name in ("oracle.json", "trial.json"):
        remove_leftovers(project, name)
    state = read_state(project / "oracle.json", sink)
    files = read_trials(project, sink)
    oracle.trials = files.trials
    known = list(state.get("start_order", ())) if state else []
    lost = missing_numbers(files.trials, [*known, *files.broken])
    _set_state(oracle, state, project)
    _agree(oracle, frozenset(lost))
    restore_grid_order(oracle)
    for trial_id in lost:
        _run_again(oracle, trial_id)
    held = state.get("ongoing_trials", {}) if state else {}
    _queue(oracle, held)


def take_held(oracle: Oracle) -> dict[str, Held]:
    """What was being run when the state was saved, by trial id; told once."""
    held: dict[str, Held] = vars(oracle).pop(HELD, {})
    return held


def forget_metrics(trial: Trial) -> None:
    """Takes from a trial what an unfinished run reported: keras-tuner would average it in."""
    trial.metrics = type(trial.metrics)()
    trial.score = None


def _set_state(oracle: Oracle, state: dict[str, Any] | None, project: Path) -> None:
    """The saved state without trials that are gone, or that of a fresh oracle."""
    state = oracle.get_state() if state is None else dict(state)
    state["ongoing_trials"] = {}
    try:
        oracle.set_state(state)
    except KeyError as error:
        raise RuntimeError(
            f"`{project}` holds another search: its oracle.json has no {error}. Give another "
            "`directory` or `project_name`, or overwrite=True to begin anew."
        ) from error


def _agree(oracle: Oracle, lost: frozenset[str]) -> None:
    """Makes the oracle's lists agree with the trials; those of `lost` come back under their id."""
    trials = oracle.trials
    unknown = [trial_id for trial_id in trials if trial_id not in oracle.start_order]
    everything = {*trials, *lost}
    oracle.start_order = _once([*oracle.start_order, *unknown], everything)
    ended = {trial_id for trial_id, trial in trials.items() if trial.status in ENDED}
    oracle.end_order = _once([*oracle.end_order, *sorted(ended)], ended)
    for trial_id in ended:
        oracle._run_times[trial_id] = max(1, oracle._run_times[trial_id])
    for trial_id in lost:
        oracle._tried_so_far.discard(oracle._id_to_hash.pop(trial_id, None))
    for trial_id in trials:
        if oracle.tune_new_entries:
            oracle.hyperparameters.merge(trials[trial_id].hyperparameters, overwrite=False)
        oracle._record_values(trials[trial_id])
    # Of trials that were drawn after the state was saved: the same draws would be refused as
    # repetitions, and twenty of these end a search.
    oracle._seed_state += len(unknown) * len(oracle.hyperparameters.space)


def _run_again(oracle: Oracle, trial_id: str) -> None:
    """Makes a trial anew under the number of one whose file is gone."""
    values = _asked(oracle, trial_id) or oracle.hyperparameters.values  # the defaults
    hyperparameters = oracle.hyperparameters.copy()
    hyperparameters.values = dict(values)
    trial = Trial(hyperparameters, trial_id, TrialStatus.RUNNING)
    oracle._record_values(trial)
    oracle.trials[trial_id] = trial
    if trial_id not in oracle.start_order:
        oracle.start_order = sorted([*oracle.start_order, trial_id])
    oracle._save_trial(trial)


def _asked(oracle: Oracle, trial_id: str) -> dict[str, Any] | None:
    """The oracle's own proposal, if it makes one now: it may wait, or be done, or miss the file."""
    try:
        answer = oracle.populate_space(trial_id)
    except KeyError:
        return None
    return answer.get("values") if answer["status"] == TrialStatus.RUNNING else None


def _queue(oracle: Oracle, held: dict[str, str]) -> None:
    """Every trial that did not end is queued once. The queue is read backwards: lowest first."""
    waiting = sorted(
        (trial_id for trial_id, trial in oracle.trials.items() if trial.status not in ENDED),
        reverse=True,
    )
    keys = {trial_id: key for key, trial_id in held.items() if trial_id in waiting}
    vars(oracle)[HELD] = {
        trial_id: Held(key, oracle.trials[trial_id].metrics) for trial_id, key in keys.items()
    }
    for trial_id in waiting:
        forget_metrics(oracle.trials[trial_id])
    oracle._retry_queue = waiting
    oracle.ongoing_trials = {}


def _once(ids: list[str], allowed: set[str]) -> list[str]:
    return [trial_id for trial_id in dict.fromkeys(ids) if trial_id in allowed]
