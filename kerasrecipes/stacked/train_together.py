"""`fit` for many models of one structure at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import keras
import numpy as np
from keras import ops

from kerasrecipes.stacked.program import StackedProgram
from kerasrecipes.stacked.training_data import TrainingData


@dataclass
class Member:
    """What became of one model.

    Attributes:
        history: Metric name -> its value after each epoch, as `History.history` has it.
        best_epoch: The epoch whose weights are kept, counted from `initial_epoch`; None if none was
            measured as a number.
        died_in_epoch: The epoch in which the cost was no number any more, or None.
        dropped_after_epoch: The last epoch trained, where others were trained on; or None.
        weights: The kept weights, in the order of `model.weights`.
    """

    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int | None = None
    died_in_epoch: int | None = None
    dropped_after_epoch: int | None = None
    weights: list[np.ndarray] = field(default_factory=list)


class Together:
    """Trains models of one structure epoch by epoch, each as its own `fit` would.

    Args:
        program: For as many members as there are models, or more.
        models: Built and compiled, of one structure. They are read, and stay as they are.
        data: What they are all trained on.
        is_better: `(value, best so far) -> bool`, which weights are kept. None keeps the last.
        objective: Function of the logs of an epoch, `{name: value}`, to the value compared.
        seed: Integer >= 0, of the orders of the examples, which all members share.
    """

    def __init__(
        self,
        program: StackedProgram,
        models: Sequence[keras.Model],
        data: TrainingData,
        *,
        objective: Callable[[dict[str, float]], float] | None = None,
        is_better: Callable[[float, float], bool] | None = None,
        seed: int = 0,
    ) -> None:
        self.program, self.data, self.seed = program, data, seed
        self.objective, self.is_better = objective, is_better
        self.members = [Member() for _ in models]
        self.running = list(range(len(models)))
        self.rows = {number: number for number in self.running}
        program.load(models)
        self.kept = program.weights()
        self.best: list[float | None] = [None for _ in models]

    def epochs(self) -> Iterator[int]:
        """Trains; yields the number of each epoch after it. Ends early when no member goes on."""
        for epoch in range(self.data.initial_epoch, self.data.epochs):
            if not self.running:
                break
            self._train(epoch)
            yield epoch
        self._read_weights(list(self.rows))

    def drop(self, members: Sequence[int], epoch: int) -> None:
        """Ends members after this epoch; what they were so far stays."""
        for member in members:
            self.members[member].dropped_after_epoch = epoch
            self.running.remove(member)

    def logs(self, member: int) -> dict[str, float]:
        """The member's logs of the last epoch."""
        return {name: values[-1] for name, values in self.members[member].history.items()}

    def shrink(self) -> None:
        """Goes on with a smaller program if no more than half of the rows still train."""
        if not self.running or len(self.running) > self.program.members // 2:
            return
        left = [number for number in self.rows if number not in self.running]
        self._read_weights(left)
        at = [self.rows[number] for number in self.running]
        self.program = self.program.part(at)
        self.kept = [ops.take(tensor, at, axis=0) for tensor in self.kept]
        self.rows = {number: row for row, number in enumerate(self.running)}

    def _train(self, epoch: int) -> None:
        data = self.data
        order = np.arange(data.rows)
        if data.shuffle:
            order = np.random.default_rng([self.seed, epoch]).permutation(data.rows)
        logs = self.program.train_epoch(data.train, order, data.batch_size)
        if data.dev is not None:
            dev = self.program.evaluate(data.dev, data.dev_batch_size)
            logs |= {f"val_{name}": values for name, values in dev.items()}
        self._note(epoch, logs)

    def _note(self, epoch: int, logs: dict[str, np.ndarray]) -> None:
        improved = np.zeros(self.program.members, bool)
        improved[len(self.rows) :] = True  # rows that only fill up the program
        for number in list(self.running):
            member = self.members[number]
            row = self.rows[number]
            values = {name: float(value[row]) for name, value in logs.items()}
            for name, value in values.items():
                member.history.setdefault(name, []).append(value)
            if self._is_improved(number, values):
                improved[row] = True
                member.best_epoch = epoch - self.data.initial_epoch
            if not np.isfinite(values.get("loss", 0.0)):
                member.died_in_epoch = epoch
                self.running.remove(number)
        self._keep(improved)

    def _is_improved(self, number: int, values: dict[str, float]) -> bool:
        if self.objective is None or self.is_better is None:
            return True
        value, best = self.objective(values), self.best[number]
        if not np.isfinite(value) or (best is not None and not self.is_better(value, best)):
            return False
        self.best[number] = value
        return True

    def _keep(self, improved: np.ndarray) -> None:
        now = self.program.weights()
        if improved.all():
            self.kept = now
        elif improved.any():
            self.kept = [
                ops.where(improved.reshape((-1,) + (1,) * (len(new.shape) - 1)), new, old)
                for new, old in zip(now, self.kept, strict=True)
            ]

    def _read_weights(self, members: Sequence[int]) -> None:
        arrays = [np.asarray(tensor) for tensor in self.kept]
        for number in members:
            self.members[number].weights = self.program.member_weights(arrays, self.rows[number])


def example_of(data: TrainingData) -> tuple:
    """One row of the training data, for `StackedProgram`."""
    return keras.tree.map_structure(lambda array: array[:1], data.train)
