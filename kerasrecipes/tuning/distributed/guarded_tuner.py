"""A tuner's directory guarded: one writer at a time, and nothing wiped that others need."""

from __future__ import annotations

import functools
import inspect
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras_tuner.src.distribute import utils as roles  # who is chief and who worker: not exported

from kerasrecipes.tuning.distributed.atomic import write_text
from kerasrecipes.tuning.distributed.directory_lock import directory_lock
from kerasrecipes.tuning.distributed.errors import SearchFailedError
from kerasrecipes.tuning.distributed.local_files import is_remote
from kerasrecipes.tuning.distributed.oracle_lock import lock_freed, reason

RESUMED = "KERASRECIPES_RESUMED"  # set for a process that takes the place of one that died
STATUS = "KERASRECIPES_STATUS_FILE"  # where a sweep's processes say which directory they use
OWNERS = ("chief", "tuner0")  # whose file of state tells that a directory holds a search

FAILURES = "Number of consecutive failures"  # how keras-tuner's error begins

Init = Callable[..., None]


def guarded_init(theirs: Init) -> Init:
    """`BaseTuner.__init__` that keeps a directory others work in, and finds their search.

    A worker never overwrites: the directory is the chief's. A process started in the place of one
    that died goes on. So does a chief with a search begun alone, and the other way round.
    """
    signature = inspect.signature(theirs)

    @functools.wraps(theirs)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        given = signature.bind(self, *args, **kwargs)
        worker = is_worker()
        if worker or os.environ.get(RESUMED):
            given.arguments["overwrite"] = False
        if not worker and not given.arguments.get("overwrite"):
            _adopt(given.arguments)
        theirs(*given.args, **given.kwargs)
        if not worker and STATUS in os.environ:
            _announce(self, os.environ[STATUS])

    return init


def guarded_search(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """`BaseTuner.search` in which no other process searches in the same directory.

    Too many failed trials raise a `SearchFailedError`, a `RuntimeError` as keras-tuner's is, in one
    line; the oracle can be used after it.
    """

    @functools.wraps(theirs)
    def search(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_worker() or is_remote(self.project_dir):
            return theirs(self, *args, **kwargs)
        with directory_lock(self.project_dir) as waited:
            if waited and self.oracle.trials:  # the other one may have gone on meanwhile
                self.reload()
            try:
                with lock_freed(self.oracle):
                    return theirs(self, *args, **kwargs)
            except RuntimeError as error:
                if str(error).startswith(FAILURES):
                    raise SearchFailedError(reason(error)) from error
                raise

    return search


def is_worker() -> bool:
    """Whether keras-tuner's variables say that this process works for a chief."""
    return roles.has_chief_oracle() and not roles.is_chief_oracle()


def _adopt(arguments: dict[str, Any]) -> None:
    """Lets a tuner see a search that was begun under another name: its own file is missing."""
    directory, name = arguments.get("directory") or ".", arguments.get("project_name")
    project = Path(str(directory), name or "untitled_project")
    own = project / f"{os.environ.get('KERASTUNER_TUNER_ID', 'tuner0')}.json"
    begun = any((project / f"{owner}.json").is_file() for owner in OWNERS)
    if not is_remote(directory) and not own.exists() and (begun or _has_trials(project)):
        write_text(own, "{}")


def _has_trials(project: Path) -> bool:
    return next(project.glob("trial_*/trial.json"), None) is not None


def _announce(tuner: Any, file: str) -> None:
    objective = tuner.oracle.objective
    status = {
        "project_dir": os.path.abspath(tuner.project_dir),
        "objective": objective.name,
        "direction": objective.direction,
        "max_trials": tuner.oracle.max_trials,
    }
    write_text(file, json.dumps(status))
