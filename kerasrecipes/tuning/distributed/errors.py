"""What can end a search that is shared by many processes; each message is one line."""

from __future__ import annotations

from keras_tuner.errors import FatalRuntimeError


class StoreError(OSError):
    """The directory of a search cannot be written."""


class ChiefLostError(FatalRuntimeError):
    """A worker has heard nothing from its chief for as long as it was told to wait."""


class SearchFailedError(FatalRuntimeError):
    """The search ended without a result: too many failed trials, or an oracle that raised."""


class SweepError(RuntimeError):
    """A sweep could not be started, or its processes fail again and again."""


class StaleReportError(RuntimeError):
    """A worker reported on a trial that is no longer its own; the report was not taken."""
