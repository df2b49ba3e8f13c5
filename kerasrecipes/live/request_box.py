"""What viewers ask of a running training, waiting for its next step."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from kerasrecipes.live.setting import Value

MOST_WAITING = 100


class QueueFullError(Exception):
    """More is asked than the training gets to."""


class Request(NamedTuple):
    """What is asked.

    Attributes:
        name: Of a setting, or an action.
        value: What a setting is to be moved to; the number of the saved point for `go_back`.
        note: What whoever asks wrote beside it.
        take_over: Whether to take a setting over from what sets it by itself.
    """

    name: str
    value: Value = None
    note: str = ""
    take_over: bool = False


class Reply(NamedTuple):
    """What came of it: one of both is None.

    Attributes:
        result: What the training did, such as a `Nudge` as a dictionary.
        refused: Why it did not.
    """

    result: dict[str, Any] | None = None
    refused: str | None = None


class Pending:
    """A request and, once the training has come to it, the reply; the first reply counts."""

    def __init__(self, request: Request, on_reply: Callable[[Reply], None] | None = None) -> None:
        self.request = request
        self.reply: Reply | None = None
        self._on_reply = on_reply
        self._replied = threading.Event()

    def done(self, result: dict[str, Any]) -> None:
        """Replies with what was done."""
        self._answer(Reply(result=result))

    def refuse(self, reason: str) -> None:
        """Replies with why it was not done."""
        self._answer(Reply(refused=reason))

    def wait(self, timeout: float | None = None) -> Reply | None:
        """The reply, once it is there; None if it is not after `timeout` seconds."""
        self._replied.wait(timeout)
        return self.reply

    def _answer(self, reply: Reply) -> None:
        if self.reply is None:
            self.reply = reply
            self._replied.set()
            if self._on_reply is not None:
                self._on_reply(reply)


class RequestBox:
    """A queue of bounded length from viewers to the training.

    Args:
        most: Requests that may wait.

    Attributes:
        is_waiting: Whether there is one: a plain attribute, to be read at every step.

    Example:
        >>> box = RequestBox()
        >>> pending = box.put(Request("learning_rate", 1e-3))
        >>> taken = box.take()
        >>> taken.request.value
        0.001
        >>> taken.refuse("it is set by a schedule")
        >>> pending.wait(1).refused
        'it is set by a schedule'
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self.most = most
        self.is_waiting = False
        self._waiting: deque[Pending] = deque()
        self._changed = threading.Condition()
        self._closed: str | None = None

    def put(self, request: Request, on_reply: Callable[[Reply], None] | None = None) -> Pending:
        """Adds a request at the end.

        Args:
            request: What is asked.
            on_reply: Called once with the `Reply`, by the thread that replies: it must be quick
                and must not raise.

        Returns:
            What to wait for the reply with.

        Raises:
            QueueFullError: If `most` are waiting.
        """
        pending = Pending(request, on_reply)
        with self._changed:
            closed = self._closed
            if closed is None:
                if len(self._waiting) >= self.most:
                    raise QueueFullError(f"{self.most} requests wait already: try again later.")
                self._waiting.append(pending)
                self.is_waiting = True
                self._changed.notify()
        if closed is not None:
            pending.refuse(closed)
        return pending

    def take(self) -> Pending | None:
        """The request that waits longest, which is taken out; None if there is none."""
        with self._changed:
            pending = self._waiting.popleft() if self._waiting else None
            self.is_waiting = bool(self._waiting)
        return pending

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until a request is there or the box is closed; returns whether a request is."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed is not None, seconds)
            return bool(self._waiting)

    def close(self, reason: str) -> None:
        """Refuses what waits and what will come, with the reason."""
        with self._changed:
            self._closed = reason
            waiting = list(self._waiting)
            self._waiting.clear()
            self.is_waiting = False
            self._changed.notify_all()
        for pending in waiting:
            pending.refuse(reason)
