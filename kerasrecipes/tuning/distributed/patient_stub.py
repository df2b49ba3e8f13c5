"""keras-tuner's calls, made again until the chief answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
from keras_tuner.src import protos  # keras-tuner's service is not exported

from kerasrecipes.tuning.distributed.errors import SearchFailedError, StaleReportError
from kerasrecipes.tuning.distributed.wire import Caller
from kerasrecipes.tuning.distributed.worker_link import WorkerLink

CALL_SECONDS = 60.0  # then it is made again: all are safe to repeat
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 3.0
AWAY = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.UNIMPLEMENTED,  # something else listens there, for now
)
RAISED = {
    grpc.StatusCode.FAILED_PRECONDITION: StaleReportError,
    grpc.StatusCode.NOT_FOUND: StaleReportError,
    grpc.StatusCode.ABORTED: SearchFailedError,
    grpc.StatusCode.INVALID_ARGUMENT: ValueError,
}


class PatientStub:
    """Stands for keras-tuner's `OracleStub`: the same methods, with patience and a session.

    Args:
        link: The worker's link to its chief.
    """

    def __init__(self, link: WorkerLink) -> None:
        self.link = link
        self.message: str | None = None
        self._stub = protos.get_service_grpc().OracleStub(link.channel)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._stub, name)

        def call(request: Any, **_theirs: Any) -> Any:
            wait = FIRST_WAIT_SECONDS
            while True:
                try:
                    answer = method(request, timeout=CALL_SECONDS, metadata=self._metadata())
                except grpc.RpcError as error:
                    self._judge(error)
                else:
                    self.link.heard()
                    return answer
                time.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)

        return call

    def _metadata(self) -> tuple[tuple[str, Any], ...]:
        session = None if self.link.follower else self.link.session
        return Caller(session, self.link.project, self.message).metadata()

    def _judge(self, error: Any) -> None:
        """Returns if the call is to be made again, else raises what the chief meant."""
        if error.code() in AWAY:
            self.link.check(error.details() or error.code().name)
            return
        raise RAISED.get(error.code(), RuntimeError)(error.details()) from error
