"""A training step that reads its settings when it runs."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes import backend
from kerasrecipes.gradients.tapped_optimizer import close_tap, open_tap
from kerasrecipes.live.steering.knob import Knob
from kerasrecipes.live.steering.learning_rate import LearningRate
from kerasrecipes.live.steering.stand_in import StandIn


class SteeredStep:
    """A tap that puts knobs in the place of a program's numbers, while its step is traced.

    The numbers are in one variable, which the optimizer tracks meanwhile: compiled steps of JAX
    are given only what it tracks. The layers and the optimizer are as they were except inside the
    step, so that whatever is saved or evaluated beside it is the program's own.

    Args:
        model: Compiled; its optimizer is built.
        knobs: What is read.
        is_ready: Whether the step reads all of them from the beginning, also those that change the
            last bit of the weights.
    """

    def __init__(self, model: keras.Model, knobs: Sequence[Knob], is_ready: bool) -> None:
        self._model, self._knobs, self._is_ready = model, knobs, is_ready
        with backend.strategy_scope(model.optimizer):
            self._numbers = keras.Variable(
                np.zeros(sum(len(knob.numbers()) for knob in knobs) or 1),
                dtype="float32",
                trainable=False,
                name="steering_numbers",
                aggregation="only_first_replica",
            )
        self._numbers.is_passing = True  # no part of the model's state on disk
        self._place = StandIn(model, "train_step")
        self._own_step = model.train_step
        self._steps = {has: functools.partial(self._step, has) for has in (False, True)}
        self._has_all = self._is_put = False
        self._optimizer: Any = None

    @property
    def variables(self) -> Sequence[keras.Variable]:
        """What the optimizer tracks until `detach`."""
        return (self._numbers,)

    def attach(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Begins; a step that is made from now on is steered."""
        self._has_all = self._is_ready
        self.write()
        open_tap(optimizer, self)
        self._place.put(self._steps[self._has_all])
        for rate in self._rates():
            rate.attach()
        self._optimizer = optimizer

    def detach(self) -> None:
        """Leaves the model and its optimizer as they were; nothing if it is not attached."""
        optimizer, self._optimizer = self._optimizer, None
        if optimizer is None:
            return
        for rate in self._rates():
            rate.detach()
        self._place.give_back()
        close_tap(optimizer, self)

    def write(self) -> None:
        """Lets the next step read what the knobs are at now."""
        numbers = [number for knob in self._knobs for number in knob.numbers()]
        self._numbers.assign(np.array(numbers or [0.0]))

    def is_outgrown(self) -> bool:
        """Whether something was moved that the step as it is compiled does not read."""
        moved = any(knob.is_moved and not knob.is_exact for knob in self._knobs)
        return moved and not self._has_all

    def grow(self) -> None:
        """Lets a step that is made from now on read all knobs."""
        self._has_all = True
        self._place.put(self._steps[True])

    def watch(self, apply: Callable, grads: Any, trainable_variables: Any = None) -> Any:
        """The optimizer's part of a step."""
        with self._put(ops.convert_to_tensor(self._numbers), is_inside=False):
            return apply(grads, trainable_variables)

    def _step(self, has_all: bool, *arguments: Any) -> Any:
        """The model's `train_step`; it may be traced again for batches of another shape."""
        self._is_put = has_all
        numbers = backend.value_in_step(self._model, self._numbers, arguments)
        with self._put(numbers, is_inside=True):
            return self._own_step(*arguments)

    @contextlib.contextmanager
    def _put(self, numbers: Any, is_inside: bool) -> Iterator[None]:
        each = ops.unstack(numbers, self._numbers.shape[0])
        start = 0
        with contextlib.ExitStack() as stack:
            for knob in self._knobs:
                end = start + len(knob.numbers())
                if knob.is_inside == is_inside and (knob.is_exact or self._is_put):
                    stack.enter_context(knob.put(each[start:end]))
                start = end
            yield

    def _rates(self) -> list[LearningRate]:
        return [knob for knob in self._knobs if isinstance(knob, LearningRate)]
