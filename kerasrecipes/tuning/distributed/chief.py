"""The chief: serves an oracle until its search is over."""

from __future__ import annotations

import os
import time
from concurrent import futures

import grpc
from keras_tuner import Oracle
from keras_tuner.src import protos  # keras-tuner's service is not exported

from kerasrecipes.tuning.distributed.errors import SearchFailedError, SweepError
from kerasrecipes.tuning.distributed.servicer import Books, OracleServicer, sweep_methods
from kerasrecipes.tuning.distributed.trial_book import TrialBook
from kerasrecipes.tuning.distributed.wire import SERVER_OPTIONS, handler

THREADS = 16  # heartbeats must not wait for calls that wait for the oracle
POLL_SECONDS = 0.2
LAST_CALLS_SECONDS = 1.0
_FINISHED: dict[str, TrialBook] = {}


def start_server(oracle: Oracle) -> None:
    """Serves an oracle at the address of the environment until the search is over.

    Takes the place of `keras_tuner`'s function of this name. It ends when every trial has ended and
    every living worker was told so; workers that died are not waited for.

    Args:
        oracle: Any `keras_tuner.Oracle`; one that was reloaded goes on where it was.

    Raises:
        SearchFailedError: If too many trials in a row failed, or the oracle raised.
        SweepError: If the address is in use.
    """
    address = f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"
    book = TrialBook(oracle)
    server = serve(Books(book, _FINISHED), address)
    try:
        _wait(book)
    finally:
        server.stop(grace=LAST_CALLS_SECONDS).wait()
    _FINISHED[book.project] = book  # for a worker that is started again during the script's next
    if book.failure is not None:
        raise SearchFailedError(book.failure)


def serve(books: Books, address: str) -> grpc.Server:
    """Starts a server.

    Raises:
        SweepError: If the address is in use.
    """
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=THREADS), options=list(SERVER_OPTIONS)
    )
    protos.get_service_grpc().add_OracleServicer_to_server(OracleServicer(books), server)
    server.add_generic_rpc_handlers((handler(sweep_methods(books)),))
    try:
        bound = server.add_insecure_port(address)
    except RuntimeError as error:
        raise SweepError(_taken(address)) from error
    if not bound:
        raise SweepError(_taken(address))
    server.start()
    return server


def _taken(address: str) -> str:
    return (
        f"the chief cannot listen on {address}: another program does, or it is no address of this "
        "machine. Set KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT to a free one."
    )


def _wait(book: TrialBook) -> None:
    """Takes trials back from the dead until the search is over and the living know it."""
    quiet_since = failed_since = time.monotonic()
    while True:
        time.sleep(POLL_SECONDS)
        book.expire()
        now = time.monotonic()
        if book.sessions() or book.oracle.ongoing_trials:
            quiet_since = now
        if book.failure is None:
            failed_since = now
        if _may_end(book, now - quiet_since, now - failed_since):
            return


def _may_end(book: TrialBook, quiet_seconds: float, failed_seconds: float) -> bool:
    """Whether nobody needs the chief any more.

    Args:
        book: The book.
        quiet_seconds: Time since it last knew a living session or a trial that runs.
        failed_seconds: Time since the search has failed; 0 if it has not.
    """
    deadline = book.settings.deadline_seconds
    if book.failure is not None and failed_seconds > deadline:
        return True
    if quiet_seconds < LAST_CALLS_SECONDS:
        return False
    if book.over or book.failure is not None:
        # Workers of stock keras-tuner say no goodbye: they are waited for.
        stock = any("@" not in name for name in book.oracle.tuner_ids)
        return not stock or quiet_seconds > deadline
    # A chief that was started again after the last trial has nobody to tell.
    return book.all_done() and quiet_seconds > deadline
