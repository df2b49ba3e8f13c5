"""A tap on a model's training step for the length of one `fit`."""

from __future__ import annotations

import weakref
from typing import Any, Generic, Protocol, TypeVar

import keras

from kerasrecipes import backend
from kerasrecipes.gradients.tapped_optimizer import open_taps, updating

MOST_KEPT = 4  # compiled steps, with other taps beside and in other variants


class FitTap(Protocol):
    """A tap of a whole `fit`."""

    def attach(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Opens itself on a built optimizer."""

    def detach(self) -> None:
        """Undoes `attach`; nothing if it is not attached."""


AnyTap = TypeVar("AnyTap", bound=FitTap)


class TappedFit(Generic[AnyTap]):
    """Opens a tap when a `fit` begins and closes it when it ends, by an error too.

    A training step that was compiled before the tap was opened does not know of it, and one that
    was compiled with it would go on after. So the model gets a step compiled anew, and its own one
    back; both are kept, and a second `fit` compiles nothing again.

    Args:
        tap: What listens.

    Example:
        >>> from kerasrecipes.gradients import GradientTap
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
        >>> model.compile(keras.optimizers.SGD(0.5), "mse")
        >>> tapped = TappedFit(GradientTap())
        >>> begin = keras.callbacks.LambdaCallback(on_train_begin=lambda _: tapped.begin(model))
        >>> x = keras.ops.ones((6, 2))
        >>> try:
        ...     history = model.fit(x, x[:, :1], 2, verbose=0, callbacks=[begin])
        ... finally:
        ...     tapped.end()
        >>> tapped.tap.read().steps
        3
    """

    def __init__(self, tap: AnyTap) -> None:
        self.tap = tap
        self._kept: dict[tuple, Any] = {}
        self._model: Any = None
        self._begun = 0

    def begin(self, model: keras.Model, running: Any = None) -> None:
        """Call it before the first step, in `on_train_begin`.

        Args:
            model: Compiled; its optimizer is built if it is not.
            running: An object that lives as long as the `fit`: `end` is called when it is gone.

        Raises:
            ValueError: If the model has no optimizer, as one with a `train_step` of its own may, or
                is not built.
        """
        self.end()
        check_is_tappable(model)
        if not updating(model.optimizer).built:
            _check_is_built(model)
            model.optimizer.build(model.trainable_variables)
        self.tap.attach(model.optimizer)
        self._model = model
        self.use()
        self._begun += 1
        if running is not None:
            weakref.finalize(running, self._end_of, self._begun).atexit = False

    def use(self, variant: Any = None) -> None:
        """Goes on, from the next step, with a step that the tap makes in another way.

        Args:
            variant: What the tap is set to. A step that was compiled for it before is taken again.
        """
        model = self._model
        plain = getattr(model.train_function, "untapped", model.train_function)
        key = (plain, open_taps(model.optimizer), variant)
        if key not in self._kept:
            model.make_train_function(force=True)
            known = [item for item in self._kept.items() if item[0][0] is plain]
            self._kept = dict(known[-MOST_KEPT + 1 :])
            self._kept[key] = _marked(model.train_function, plain)
        model.train_function = self._kept[key]

    def _end_of(self, begun: int) -> None:
        """Ends a fit that was broken off, if it is not a later one that runs."""
        if begun == self._begun:
            with backend.eagerly():  # whenever memory is collected, also while a step is traced
                self.end()

    def end(self) -> None:
        """Call it after the last step, in `on_train_end`; nothing if it has ended."""
        model, self._model = self._model, None
        self.tap.detach()
        function: Any = getattr(model, "train_function", None)
        if hasattr(function, "untapped"):
            model.train_function = function.untapped


def check_is_tappable(model: keras.Model) -> None:
    """Raises ValueError if the model has no optimizer, whose steps could be seen."""
    if model.optimizer is None:
        raise ValueError(
            "`model` must be compiled with an optimizer: gradients are seen in its steps. "
            "Received: optimizer=None. Give the optimizer to model.compile."
        )


def _check_is_built(model: keras.Model) -> None:
    if not model.trainable_variables and not model.built:  # the optimizer would know none for good
        raise ValueError(
            "`model` must be built: the optimizer is made for its variables. Received: "
            f"`{model.name}`, not built. Begin it with keras.Input, or call it once."
        )


def _marked(function: Any, untapped: Any) -> Any:
    def step(*arguments):
        return function(*arguments)

    step.untapped = untapped  # type: ignore[attr-defined]
    return step
