"""A tap on a model's training step for the length of one `fit`."""

from __future__ import annotations

import weakref
from typing import Any

import keras

from kerasrecipes.gradients.gradient_tap import GradientTap
from kerasrecipes.gradients.tapped_optimizer import open_taps, updating


class TappedFit:
    """Opens a tap when a `fit` begins and closes it when it ends, by an error too.

    A training step that was compiled before the tap was opened does not know of it, and one that
    was compiled with it would go on after. So the model gets a step compiled anew, and its own one
    back; both are kept, and a second `fit` compiles nothing again.

    Args:
        tap: What listens.

    Example:
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

    def __init__(self, tap: GradientTap) -> None:
        self.tap = tap
        self._kept: tuple = (None, None)
        self._model: Any = None

    def begin(self, model: keras.Model, running: Any = None) -> None:
        """Call it before the first step, in `on_train_begin`.

        Args:
            model: Compiled; its optimizer is built if it is not.
            running: An object that lives as long as the `fit`: `end` is called when it is gone.

        Raises:
            ValueError: If the model has no optimizer, as one with a `train_step` of its own may.
        """
        self.end()
        if model.optimizer is None:
            raise ValueError(
                "`model` must be compiled with an optimizer: gradients are seen in its steps. "
                "Received: optimizer=None. Give the optimizer to model.compile."
            )
        if not updating(model.optimizer).built:
            model.optimizer.build(model.trainable_variables)
        self.tap.attach(model.optimizer)
        self._model = model
        plain = getattr(model.train_function, "untapped", model.train_function)
        key = (plain, open_taps(model.optimizer))
        if self._kept[0] != key:
            model.make_train_function(force=True)
            self._kept = key, _marked(model.train_function, plain)
        model.train_function = self._kept[1]
        if running is not None:
            weakref.finalize(running, self.end).atexit = False

    def end(self) -> None:
        """Call it after the last step, in `on_train_end`; nothing if it has ended."""
        model, self._model = self._model, None
        self.tap.detach()
        function: Any = getattr(model, "train_function", None)
        if hasattr(function, "untapped"):
            model.train_function = function.untapped


def _marked(function: Any, untapped: Any) -> Any:
    def step(*arguments):
        return function(*arguments)

    step.untapped = untapped  # type: ignore[attr-defined]
    return step
