"""The trial files of a search, read; those that are broken are set aside."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from keras_tuner.engine.trial import Trial

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)


class TrialFiles(NamedTuple):
    """What the trial files of a directory hold.

    Attributes:
        trials: The readable ones by their id, in the order of the ids.
        broken: Ids of those that were set aside.
    """

    trials: dict[str, Trial]
    broken: tuple[str, ...]


def read_trials(project: Path, sink: Callable[[str], None]) -> TrialFiles:
    """Reads every `trial_*/trial.json`; a file that cannot be read is renamed and reported.

    Args:
        project: The directory of a search.
        sink: Called with one line for each file that was set aside.
    """
    trials: dict[str, Trial] = {}
    broken: list[str] = []
    for file in sorted(project.glob("trial_*/trial.json")):
        trial_id = file.parent.name.removeprefix("trial_")
        try:
            trial = Trial.from_state(json.loads(file.read_text(encoding="utf-8")))
            if trial.trial_id != trial_id:
                raise ValueError(f"it tells of trial {trial.trial_id}")
        except UNREADABLE as error:
            aside = set_aside(file)
            broken.append(trial_id)
            sink(
                f"trial {trial_id}: `{file}` is corrupted ({_short(error)}); it was set aside as "
                f"`{aside.name}`, and the trial is run again."
            )
        else:
            trials[trial_id] = trial
    return TrialFiles(trials, tuple(broken))


def read_state(file: Path, sink: Callable[[str], None]) -> dict[str, Any] | None:
    """Reads `oracle.json`; None if it is missing, or corrupted and set aside."""
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(state, dict):
            raise ValueError("it holds no object")
        for trial_id in state.get("start_order", ()):
            if not re.fullmatch(r"[\w-][\w.-]*", trial_id):  # it becomes the name of a directory
                raise ValueError(f"it names a trial {trial_id!r}")
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        aside = set_aside(file)
        sink(
            f"`{file}` is corrupted ({_short(error)}); it was set aside as `{aside.name}`, and the "
            "search's state is rebuilt from its trial files."
        )
        return None
    return state


def set_aside(file: Path) -> Path:
    """Renames a file so that it is not read again, and returns its new path."""
    number = 1
    while (aside := file.with_name(f"{file.name}.corrupted-{number}")).exists():
        number += 1
    os.replace(file, aside)
    return aside


def missing_numbers(trials: dict[str, Trial], known: list[str]) -> list[str]:
    """Ids that should be there and are not, where ids are numbers: gaps, and those in `known`."""
    ids = [*trials, *known]
    if not ids or not all(re.fullmatch(r"\d+", trial_id) for trial_id in ids):
        return [trial_id for trial_id in known if trial_id not in trials]
    width = max(len(trial_id) for trial_id in ids)
    wanted = (f"{number:0{width}d}" for number in range(max(map(int, ids)) + 1))
    return [trial_id for trial_id in wanted if trial_id not in trials]


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{type(error).__name__}: {text}"[:120]
