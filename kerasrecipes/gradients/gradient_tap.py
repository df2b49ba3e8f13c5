"""Norms of gradients and of updates from the training step itself, without a second pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasrecipes import backend
from kerasrecipes.gradients.looks import Looks, ten_per_decade
from kerasrecipes.gradients.tap_state import MOST_LOOKS, TapState
from kerasrecipes.gradients.tapped_optimizer import close_tap, open_tap, updating


class TapReading(NamedTuple):
    """What a `GradientTap` has seen so far.

    Attributes:
        looks: The steps looked at, integers `(looks,)`, from 0.
        gradient_norms: Euclidean norm of the gradient by the variable's path, `(looks,)` each, in
            the order of the model's variables; before clipping, after the loss is unscaled.
        update_ratios: Norm of the step's move over norm of the variable, likewise.
        steps: Steps done.
        not_finite: `(step, path)` of the first gradient or weight that was NaN or infinite; None
            if all were finite. Of several in one step, the one nearest the output: what is not
            finite spreads from there. The output layer's own, if the cost was not finite.
    """

    looks: np.ndarray
    gradient_norms: Mapping[str, np.ndarray]
    update_ratios: Mapping[str, np.ndarray]
    steps: int
    not_finite: tuple[int, str] | None


class GradientTap:
    """Measures gradients and updates inside the compiled training step, at chosen steps.

    ```
    gradient norm = ||g||
    update ratio = ||w_after - w_before|| / ||w_before||
    ```

    It listens at the optimizer's `apply`, which every backend's training step goes through, so it
    sees the gradients that the step uses. Between two looks it costs a comparison, and a sum over
    a few small gradients, to catch the step where NaN or infinity arises. The moves of a variable
    of more than 1,024 elements are measured on a sample of as many, to some percent.

    With gradient accumulation, a look waits for the step that moves the weights, and sees the
    gradient of that step alone. Steps that loss scaling skips do not count. A NaN in a few rows of
    an embedding is seen once these rows are used again.

    Args:
        when: Takes the number of a step from 0 and says whether to look at it. Defaults to
            `ten_per_decade`: steps 0 to 10, then ten between a step and ten times it. Between two
            readings 128 looks are kept, the first ones.

    Raises:
        ValueError: In `attach`, if the optimizer is not built or the tap is in use elsewhere.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
        >>> model.compile(keras.optimizers.SGD(0.5), "mse")
        >>> model.optimizer.build(model.trainable_variables)
        >>> tap = GradientTap()
        >>> tap.attach(model.optimizer)
        >>> history = model.fit(np.ones((6, 2)), np.ones(6), batch_size=2, verbose=0)
        >>> tap.detach()
        >>> tap.read().looks, len(tap.read().gradient_norms)  # of kernel and bias
        (array([0, 1, 2]), 2)

    Source: Deep Learning Specialization, course 2, "Vanishing / Exploding gradients".
    """

    def __init__(self, when: Callable[[int], bool] = ten_per_decade) -> None:
        self.when = when
        self._state: TapState | None = None
        self._optimizer: Any = None
        self._not_finite: tuple[int, str] | None = None
        self._looks = Looks(when)
        self._seen: list[int] = []
        self._rows: list[np.ndarray] = []
        self._forget()

    @property
    def variables(self) -> Sequence[keras.Variable]:
        """The Keras variables of its state; the optimizer tracks them until `detach`."""
        return self._state.variables if self._state else ()

    def attach(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Begins to listen; what an earlier training left is forgotten.

        A training step that was compiled before does not know of it: `TappedFit` sees to that.
        """
        inner = updating(optimizer)
        self._check(optimizer, inner)
        self._forget()
        watched = inner._trainable_variables  # Keras has no public list of what it was built for
        if self._state is None or not self._state.fits(watched):
            with backend.strategy_scope(optimizer):
                self._state = TapState(watched)
        every = inner.gradient_accumulation_steps or 1
        done = int(ops.convert_to_numpy(inner._iterations)) if every > 1 else 0
        self._looks = Looks(self.when, every, done)
        self._state.reset(self._looks.upcoming(0, MOST_LOOKS))
        open_tap(optimizer, self)
        self._optimizer = optimizer

    def _check(self, optimizer: Any, inner: Any) -> None:
        if self._optimizer is not None:
            raise ValueError(
                "`optimizer` can be attached once at a time: one tap watches one training. "
                f"Received: optimizer={optimizer.name!r} while the tap is on "
                f"{self._optimizer.name!r}. Call detach() first."
            )
        if not inner.built:
            raise ValueError(
                "`optimizer` must be built, for its variables are watched. "
                f"Received: optimizer={optimizer.name!r}, not built. Call "
                "optimizer.build(model.trainable_variables) first."
            )

    def detach(self) -> None:
        """Stops listening, and leaves the optimizer as it was; nothing if it is not attached."""
        if self._optimizer is None or self._state is None:
            return
        optimizer, self._optimizer = self._optimizer, None
        close_tap(optimizer, self)
        self._drain(self._state)
        if self._not_finite is None:  # the last step has no next one that would show it
            self._not_finite = self._state.broken_weights(self._steps)

    def read(self) -> TapReading:
        """What was seen since `attach`; between epochs, or after `detach`."""
        if self._optimizer is not None and self._state is not None:
            self._drain(self._state)
            self._state.plan(self._looks.upcoming(self._steps, MOST_LOOKS))
        return self.last_reading()

    def last_reading(self) -> TapReading:
        """What the last `read` told; it looks for nothing new."""
        paths = self._state.paths if self._state else []
        rows = np.array(self._rows, "float32").reshape(len(self._rows), 2, len(paths))
        return TapReading(
            np.array(self._seen, dtype=int),
            {path: rows[:, 0, i] for i, path in enumerate(paths)},
            {path: rows[:, 1, i] for i, path in enumerate(paths)},
            self._steps,
            self._not_finite,
        )

    def get_state(self) -> dict[str, Any]:
        """All that a fresh tap on the same variables needs to go on, as plain values and arrays."""
        return {
            "seen": list(self._seen),
            "rows": np.array(self._rows, "float32"),
            "steps": self._steps,
            "not_finite": self._not_finite,
            "offset": self._looks.offset,
            "inside": self._state.get_state() if self._state else None,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `get_state` returned; call it after `attach`.

        Raises:
            ValueError: If the tap was never attached, or the state is of a tap on another number
                of variables.
        """
        if state["inside"] is not None:
            if self._state is None:
                raise ValueError(
                    "`state` must be given to a tap that is attached, for it is that of one. "
                    "Received: a state for a tap that has no variables. Call attach(optimizer) "
                    "first."
                )
            self._state.set_state(state["inside"])
        self._seen, self._rows = list(state["seen"]), list(np.array(state["rows"], "float32"))
        self._steps = state["steps"]
        self._not_finite = None if state["not_finite"] is None else tuple(state["not_finite"])
        self._looks = Looks(self.when, self._looks.every, state["offset"])

    def watch(self, apply: Callable, grads: Any, trainable_variables: Any = None) -> Any:
        """One step: `apply(grads, trainable_variables)`, with what is looked at around it."""
        if self._state is None:
            return apply(grads, trainable_variables)
        return self._state.watch(apply, grads, trainable_variables)

    def _forget(self) -> None:
        self._seen, self._rows = [], []
        self._steps = 0
        self._not_finite = None

    def _drain(self, state: TapState) -> None:
        looks, rows, self._steps = state.seen()
        self._seen += looks
        self._rows += list(rows)
        self._not_finite = self._not_finite or state.not_finite()
