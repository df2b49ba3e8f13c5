"""The saved points of a running fit, and how it goes back to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras

from kerasrecipes.callbacks.callback_states import restore
from kerasrecipes.callbacks.early_stopping import EarlyStopping
from kerasrecipes.callbacks.fit_state import matched
from kerasrecipes.checkpoints import Listed
from kerasrecipes.checkpoints.model_state import set_back
from kerasrecipes.checkpoints.store import PINNED
from kerasrecipes.gradients.tapped_optimizer import open_taps

PLACE = "place"
# What decides by what it has seen; the others record, and go on recording.
DECIDING = (keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau, EarlyStopping)


class SavedPoint(NamedTuple):
    """A checkpoint that can be gone back to.

    Attributes:
        number: Of the checkpoint.
        epoch: From 0, the one it lies in or ends; None if that is not told.
        step: Batches done in the fit; None likewise.
        time: When it was saved, in ISO 8601.
        by_hand: Whether somebody asked for it; such ones are not removed for being old.
    """

    number: int
    epoch: int | None
    step: int | None
    time: str
    by_hand: bool

    @classmethod
    def of(cls, listed: Listed) -> SavedPoint:
        """The point that a checkpoint holds, as its manifest tells."""
        place = listed.about.get(PLACE, {})
        by_hand = listed.about.get(PINNED) is True
        return cls(listed.number, place.get("epoch"), place.get("step"), listed.created, by_hand)


def place_of(state: Mapping[str, Any], by_hand: bool) -> dict[str, Any]:
    """What the manifest tells of the point of a state, beside what the run must agree in."""
    step = state["steps"] + (state["batch"] or 0)
    return {PLACE: {"epoch": state["epoch"], "step": step}, PINNED: by_hand}


def rewind(
    model: keras.Model,
    callbacks: Sequence[keras.callbacks.Callback],
    state: Mapping[str, Any],
) -> None:
    """Gives the weights, the optimizer and the deciding callbacks the state of a saved point.

    Args:
        model: In `fit`, between two steps.
        callbacks: All of the `fit`.
        state: Of the checkpoint.

    Raises:
        ValueError: If the model's variables are others; nothing was changed then.
    """
    taps = open_taps(model.optimizer) if model.optimizer is not None else ()
    set_back(model, state["model"], [variable for tap in taps for variable in tap.variables])
    for callback, own in matched(callbacks, state["callbacks"]):
        if isinstance(callback, DECIDING) and own is not None:
            restore(callback, own)
