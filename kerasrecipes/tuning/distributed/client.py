"""The worker's oracle: keras-tuner's client, which outlives its chief."""

from __future__ import annotations

import os
import time
from typing import Any

from keras_tuner.engine.trial import Trial, TrialStatus
from keras_tuner.src.distribute import oracle_client  # keras-tuner's client is not exported

from kerasrecipes.tuning.distributed.errors import (
    ChiefLostError,
    SearchFailedError,
    StaleReportError,
)
from kerasrecipes.tuning.distributed.patient_stub import PatientStub
from kerasrecipes.tuning.distributed.settings import Settings
from kerasrecipes.tuning.distributed.worker_link import WorkerLink

IDLE_SECONDS = 0.5  # keras-tuner's tuner asks again at once
ALL_TRIALS = 2**31 - 1


class OracleClient(oracle_client.OracleClient):
    """An oracle that lives with the chief, asked over gRPC.

    Beyond keras-tuner's: heartbeats from a thread, for all trials that this process holds; calls
    that wait for a dead chief to come back; reports of trials that were given to another are
    dropped with a notice; results can be read after the chief has ended.

    Args:
        oracle: The script's own oracle, for its settings.

    Raises:
        ChiefLostError: From any method, if the chief was silent for too long.
        SearchFailedError: From any method, if the search has failed.
    """

    def __init__(self, oracle: Any) -> None:
        self._oracle = oracle
        self.multi_worker, self.should_report = False, True
        self.tuner_id = os.environ["KERASTUNER_TUNER_ID"]
        address = f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"
        self._link = WorkerLink(
            address, self.tuner_id, oracle._project_name, Settings.from_environment()
        )
        self.stub = PatientStub(self._link)
        self._final: list[Trial] | None = None

    def create_trial(self, tuner_id: str) -> Trial:
        """A trial to run, or one that says to wait (IDLE) or to end (STOPPED).

        A process may hold many trials, each under a name of its own such as `tuner0-3`. IDLE tells
        it that there is no more for now: it should run what it holds, and ask again.
        """
        self._link.follower = not self.should_report
        self._link.open()  # anew, for a second search
        self._final = None
        trial: Trial = super().create_trial(tuner_id)
        if trial.status == TrialStatus.RUNNING and self.should_report:
            self._link.hold(trial.trial_id)
        elif trial.status == TrialStatus.IDLE and not self._link.holds():
            time.sleep(IDLE_SECONDS)
        elif trial.status == TrialStatus.STOPPED:
            self._final = super().get_best_trials(ALL_TRIALS)
            self._link.close()
        return trial

    def update_trial(self, trial_id: str, metrics: Any, step: float = 0) -> Trial:
        """Reports metrics; those of a trial that is another's now are dropped."""
        try:
            trial: Trial = super().update_trial(trial_id, metrics, step)
        except StaleReportError as error:
            self._link.lose(trial_id, str(error))
            return Trial(self.get_space(), trial_id, TrialStatus.RUNNING)
        return trial

    def end_trial(self, trial: Trial) -> None:
        """Reports the end of a trial; that of a trial that is another's now is dropped."""
        self.stub.message = trial.message
        try:
            super().end_trial(trial)
        except StaleReportError as error:
            self._link.lose(trial.trial_id, str(error))
        finally:
            self.stub.message = None
            self._link.release(trial.trial_id)

    def get_trial(self, trial_id: str) -> Trial:
        """One trial, as the chief knows it."""
        if self._final is not None:
            return next(trial for trial in self._final if trial.trial_id == trial_id)
        trial: Trial = super().get_trial(trial_id)
        return trial

    def get_best_trials(self, num_trials: int = 1) -> list[Trial]:
        """The best trials, best first; after the search those that it ended with."""
        if self._final is not None:
            return self._final[:num_trials]
        trials: list[Trial] = super().get_best_trials(num_trials)
        return trials


__all__ = ["ChiefLostError", "OracleClient", "SearchFailedError"]
