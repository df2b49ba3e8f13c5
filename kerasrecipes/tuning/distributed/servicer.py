"""The chief's face on the wire: keras-tuner's service, and ours beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import grpc
from keras_tuner import HyperParameters
from keras_tuner.engine.trial import Trial

# The messages of keras-tuner's service are not exported.
from keras_tuner.src import protos

from kerasrecipes.tuning.distributed.errors import SearchFailedError, StaleReportError
from kerasrecipes.tuning.distributed.leases import worker_of
from kerasrecipes.tuning.distributed.trial_book import TrialBook
from kerasrecipes.tuning.distributed.wire import Answer, read_metadata

MESSAGES = protos.get_service()


class OracleServicer(protos.get_service_grpc().OracleServicer):  # type: ignore[misc]
    """keras-tuner's service over a `TrialBook`; what is raised reaches the worker as a status."""

    def __init__(self, book: TrialBook) -> None:
        self.book = book

    def GetSpace(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The search space."""
        with _told(context):
            space = self.book.oracle.get_space().to_proto()
            return MESSAGES.GetSpaceResponse(hyperparameters=space)

    def UpdateSpace(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Adds hyperparameters to the space."""
        with _told(context):
            self.book.oracle.update_space(HyperParameters.from_proto(request.hyperparameters))
            return MESSAGES.UpdateSpaceResponse()

    def CreateTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A trial to run."""
        with _told(context) as (session, _):
            trial = self.book.create_trial(request.tuner_id, session)
            return MESSAGES.CreateTrialResponse(trial=trial.to_proto())

    def UpdateTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Records metrics of a trial."""
        with _told(context) as (session, _):
            trial = self.book.update_trial(request.trial_id, request.metrics, request.step, session)
            return MESSAGES.UpdateTrialResponse(trial=trial.to_proto())

    def EndTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Ends a trial."""
        with _told(context) as (session, message):
            self.book.end_trial(Trial.from_proto(request.trial), session, message)
            return MESSAGES.EndTrialResponse()

    def GetTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """One trial."""
        with _told(context):
            trial = self.book.oracle.get_trial(request.trial_id)
            return MESSAGES.GetTrialResponse(trial=trial.to_proto())

    def GetBestTrials(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The best trials, best first."""
        with _told(context):
            trials = self.book.oracle.get_best_trials(request.num_trials)
            return MESSAGES.GetBestTrialsResponse(trials=[trial.to_proto() for trial in trials])


def sweep_methods(book: TrialBook) -> dict[str, Answer]:
    """The methods of our own service over a `TrialBook`."""

    def heartbeat(message: dict[str, Any]) -> dict[str, Any]:
        lost = book.heartbeat(message["session"], message["trials"])
        return {
            "lost": lost,
            "failure": book.failure,
            "seconds": book.settings.heartbeat_seconds,
        }

    def goodbye(message: dict[str, Any]) -> dict[str, Any]:
        book.goodbye(message["session"])
        return {}

    def watch(message: dict[str, Any]) -> dict[str, Any]:
        book.expire(message["alive"])
        book.over = book.over or bool(message.get("done"))
        held = {
            trial_id: worker_of(lease.session) if lease.session else lease.key
            for trial_id, lease in book.leases.items()
        }
        return {"held": held, "told": book.told, "over": book.over}

    return {"Heartbeat": heartbeat, "Goodbye": goodbye, "Watch": watch}


@contextlib.contextmanager
def _told(context: Any) -> Iterator[tuple[str | None, str | None]]:
    """Session and message of a call; what it raises is told as a status with its text."""
    try:
        yield read_metadata(context.invocation_metadata())
    except StaleReportError as error:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
    except SearchFailedError as error:
        context.abort(grpc.StatusCode.ABORTED, str(error))
    except KeyError as error:
        context.abort(grpc.StatusCode.NOT_FOUND, f"there is no trial {error}")
    except ValueError as error:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
    except Exception as error:
        context.abort(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
        raise
