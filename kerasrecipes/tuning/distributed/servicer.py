"""The chief's face on the wire: keras-tuner's service, and ours beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
from keras_tuner import HyperParameters
from keras_tuner.engine.trial import Trial

# The messages of keras-tuner's service are not exported.
from keras_tuner.src import protos

from kerasrecipes.tuning.distributed.errors import SearchFailedError, StaleReportError
from kerasrecipes.tuning.distributed.leases import worker_of
from kerasrecipes.tuning.distributed.trial_book import TrialBook
from kerasrecipes.tuning.distributed.wire import Answer, Caller

MESSAGES = protos.get_service()


class Books:
    """The search that is served, and those that the same script has finished before.

    Args:
        current: The book that is served.
        finished: Earlier ones by the name of their project.
    """

    def __init__(self, current: TrialBook, finished: Mapping[str, TrialBook]) -> None:
        self.current, self.finished = current, finished

    def of(self, project: str | None) -> TrialBook | None:
        """The book of a project; None if its search has not begun."""
        if project is None or project == self.current.project:
            return self.current
        return self.finished.get(project)


class OracleServicer(protos.get_service_grpc().OracleServicer):  # type: ignore[misc]
    """keras-tuner's service over books; what is raised reaches the worker as a status."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def GetSpace(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The search space."""
        with self._call(context) as (book, _), book.reading() as oracle:
            return MESSAGES.GetSpaceResponse(hyperparameters=oracle.get_space().to_proto())

    def UpdateSpace(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Adds hyperparameters to the space."""
        with self._call(context) as (book, _), book.reading() as oracle:
            oracle.update_space(HyperParameters.from_proto(request.hyperparameters))
            return MESSAGES.UpdateSpaceResponse()

    def CreateTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A trial to run."""
        with self._call(context) as (book, caller):
            trial = book.create_trial(request.tuner_id, caller.session)
            return MESSAGES.CreateTrialResponse(trial=trial.to_proto())

    def UpdateTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Records metrics of a trial."""
        with self._call(context) as (book, caller):
            trial = book.update_trial(
                request.trial_id, request.metrics, request.step, caller.session
            )
            return MESSAGES.UpdateTrialResponse(trial=trial.to_proto())

    def EndTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Ends a trial."""
        with self._call(context) as (book, caller):
            book.end_trial(Trial.from_proto(request.trial), caller.session, caller.message)
            return MESSAGES.EndTrialResponse()

    def GetTrial(self, request: Any, context: Any) -> Any:  # noqa: N802
        """One trial."""
        with self._call(context) as (book, _), book.reading() as oracle:
            return MESSAGES.GetTrialResponse(trial=oracle.get_trial(request.trial_id).to_proto())

    def GetBestTrials(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The best trials, best first."""
        with self._call(context) as (book, _), book.reading() as oracle:
            trials = oracle.get_best_trials(request.num_trials)
            return MESSAGES.GetBestTrialsResponse(trials=[trial.to_proto() for trial in trials])

    @contextlib.contextmanager
    def _call(self, context: Any) -> Iterator[tuple[TrialBook, Caller]]:
        """The book that a caller means; what is raised is told as a status with its text."""
        caller = Caller.read(context.invocation_metadata())
        book = self.books.of(caller.project)
        if book is None:
            context.abort(
                grpc.StatusCode.UNAVAILABLE,
                f"it serves the search `{self.books.current.project}`, not `{caller.project}`",
            )
            return  # never: `abort` raises
        try:
            yield book, caller
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


def sweep_methods(books: Books) -> dict[str, Answer]:
    """The methods of our own service over books."""

    def heartbeat(message: dict[str, Any]) -> dict[str, Any]:
        book = books.of(message["project"])
        seconds = books.current.settings.heartbeat_seconds
        if book is None:  # the search has not begun: whoever waits for it keeps no other alive
            return {"lost": [], "failure": None, "seconds": seconds}
        lost = book.heartbeat(message["session"], message["trials"])
        return {"lost": lost, "failure": book.failure, "seconds": seconds}

    def goodbye(message: dict[str, Any]) -> dict[str, Any]:
        book = books.of(message["project"])
        if book is not None:
            book.goodbye(message["session"])
        return {}

    def watch(message: dict[str, Any]) -> dict[str, Any]:
        book = books.current
        book.expire(message["alive"])
        book.over = book.over or bool(message.get("done"))
        held = {
            trial_id: worker_of(lease.session) if lease.session else lease.key
            for trial_id, lease in book.leases.items()
        }
        return {"held": held, "told": book.told, "over": book.over}

    return {"Heartbeat": heartbeat, "Goodbye": goodbye, "Watch": watch}
