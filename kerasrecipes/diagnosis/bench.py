"""Where a copy is trained: its data as tensors, its steps compiled, its start kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from kerasrecipes import backend
from kerasrecipes.diagnosis.own_time import own_time

STEPS_AT_ONCE = 128
PATIENCE = 3.0  # times the seconds given, where steps are slow
# Convolutions in a loop of XLA's are tens of times slower; recurrent layers hold loops themselves.
_ONE_BY_ONE = (keras.layers.RNN, keras.layers.Bidirectional)


class Bench:
    """A compiled copy, ready to be trained several times from the same start.

    Args:
        copy: Compiled, its optimizer built.
        x, y: Arrays of examples, nested as the model takes them.
        batch_size: Examples of a step.
        shuffle: Whether each pass is in a new order.
        seed: Of the orders.
        weights: What each example counts, `(examples, ...)`; None for all alike.
    """

    def __init__(
        self,
        copy: keras.Model,
        x: Any,
        y: Any,
        *,
        batch_size: int,
        shuffle: bool,
        seed: int,
        weights: Any = None,
    ) -> None:
        self.copy, self.shuffle, self.seed = copy, shuffle, seed
        self.x, self.y = as_tensors(x), as_tensors(y)
        self.weights = None if weights is None else as_tensors(weights)
        self.examples = len(tree.flatten(y)[0])
        self.batch_size = min(batch_size, self.examples)
        self.steps_at_once = 1 if _is_slow_in_a_loop(copy) else STEPS_AT_ONCE
        self.step_seconds = 0.0
        self._run = backend.training_steps(copy, self.steps_at_once)
        self._outputs = backend.compiled_outputs(copy)
        copy.predict_on_batch = self._predict
        self._variables = [*copy.variables, *copy.optimizer.variables]
        # Copies: TensorFlow lets arrays and variables share memory, which a step writes in place.
        self._start = [np.array(ops.convert_to_numpy(v.value)) for v in self._variables]

    def set_data(self, x: Any, y: Any) -> None:
        """Other arrays of the same shapes and types, nested alike."""
        self.x, self.y = as_tensors(x), as_tensors(y)

    def warm_up(self) -> None:
        """Compiles the steps, and goes back to the start."""
        self.train(1)
        self.reset()

    def reset(self) -> None:
        """Puts weights, optimizer and its step count back to the start."""
        for variable, value in zip(self._variables, self._start, strict=True):
            variable.assign(np.array(value))

    def train(
        self,
        steps: int,
        seconds: float = np.inf,
        *,
        one_batch: bool = False,
        at_least: int = 0,
    ) -> np.ndarray:
        """Trains on from where the copy stands.

        Args:
            steps: Most steps.
            seconds: Begins no further call of the compiled steps after so long.
            one_batch: Whether every step is on the first batch.
            at_least: Steps that are made before the time counts, within `PATIENCE` times as long.

        Returns:
            The cost of each batch, `(steps done,)`; from the first that is not finite on, they are
            not told apart.
        """
        begins, took = own_time(), 0.0
        costs = np.empty(0)
        for order in self._orders(steps):
            order = np.tile(self.rows_of_step(0), (len(order), 1)) if one_batch else order
            self.copy.reset_metrics()
            means = np.asarray(self._run(self._data(), order), "float64")
            costs = np.append(costs, _of_each(means))
            took = own_time() - begins
            patience = PATIENCE if len(costs) < at_least else 1.0
            if took > patience * seconds or not np.isfinite(costs[-1]):
                break
        if len(costs):
            self.step_seconds = took / len(costs)
        return costs

    def _data(self) -> tuple[Any, ...]:
        return (self.x, self.y) if self.weights is None else (self.x, self.y, self.weights)

    def rows_of_step(self, step: int) -> np.ndarray:
        """The examples of one step of a training, `(batch_size,)`."""
        return list(self._orders(step + 1))[-1][-1]

    def _predict(self, x: Any, **_: Any) -> Any:
        """In place of the copy's own, which takes longer to begin than to end."""
        return tree.map_structure(ops.convert_to_numpy, self._outputs(as_tensors(x)))

    def _orders(self, steps: int) -> Iterator[np.ndarray]:
        """Rows of each step, some steps at a time; an epoch's end falls into a batch."""
        rng = np.random.default_rng(self.seed)
        left = np.empty(0, "int32")
        at_once = self.steps_at_once if self.steps_at_once > 1 else 8
        while steps > 0:
            count = min(steps, at_once)
            while len(left) < count * self.batch_size:
                rows = np.arange(self.examples, dtype="int32")
                left = np.append(left, rng.permutation(rows) if self.shuffle else rows)
            now, left = np.split(left, [count * self.batch_size])
            yield now.reshape(count, self.batch_size)
            steps -= count


def as_tensors(values: Any) -> Any:
    """Tensors of arrays, nested as they are; float64 becomes Keras's own float."""

    def convert(array: Any) -> Any:
        array = np.asarray(array)
        return ops.convert_to_tensor(
            array.astype(keras.config.floatx()) if array.dtype == "float64" else array
        )

    return tree.map_structure(convert, values)


def _of_each(means: np.ndarray) -> np.ndarray:
    """Single values from the running means after each."""
    count = np.arange(1, len(means) + 1)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.diff(count * means, prepend=0.0)


def _is_slow_in_a_loop(model: keras.Model) -> bool:
    layers = list(model._flatten_layers())  # no public way to inner layers
    return any(isinstance(layer, _ONE_BY_ONE) or "Conv" in type(layer).__name__ for layer in layers)
