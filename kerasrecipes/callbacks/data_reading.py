"""How a running fit reads its data, as far as random numbers go."""

from __future__ import annotations

from typing import NamedTuple

from kerasrecipes import backend
from kerasrecipes.callbacks.running_fit import RunningFit


class DataReading(NamedTuple):
    """How a fit reads its data.

    Attributes:
        in_background: Whether code of the user's that draws random numbers may run beside it.
        reads_on: Whether batches of the next epoch may be drawn before this one has ended.
    """

    in_background: bool
    reads_on: bool

    @classmethod
    def of(cls, running: RunningFit) -> DataReading:
        """Of a running `fit`, by the adapter that Keras chose for its data."""
        if reads_arrays(running):
            return cls(False, False)
        iterator = running.given.get("epoch_iterator")
        adapter = getattr(iterator, "data_adapter", None)
        kind = type(adapter).__name__
        if kind == "TFDatasetAdapter":
            in_background = backend.runs_python(running.given["x"])
        else:
            is_tensorflow = hasattr(iterator, "_distributed_dataset")
            in_background = is_tensorflow or getattr(adapter, "enqueuer", None) is not None
        is_endless = running.given.get("steps_per_epoch") is not None
        is_unknown = getattr(adapter, "num_batches", 0) is None
        return cls(in_background, in_background and (is_endless or is_unknown))


def reads_arrays(running: RunningFit) -> bool:
    """Whether the data are arrays in memory, which can be read again without a trace."""
    adapter = getattr(running.given.get("epoch_iterator"), "data_adapter", None)
    return type(adapter).__name__ == "ArrayDataAdapter"
