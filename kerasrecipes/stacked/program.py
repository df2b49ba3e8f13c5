"""Many models of one structure as one compiled program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes import backend
from kerasrecipes.stacked.member_numbers import member_numbers, put_numbers, read_numbers
from kerasrecipes.stacked.not_stackable import NotStackable
from kerasrecipes.stacked.stacked_optimizer import StackedOptimizer, decays, learning_rates


class StackedProgram:
    """Trains `members` models of one structure in one program, and measures them.

    All trainable weights of a member lie in one row of one variable of shape
    `(members, parameters)`, so that a step of the optimizer is a handful of operations whatever the
    number of layers. The members' costs are added up, and the gradient of the sum for each row is
    that of its own member: a member that diverges harms no other.

    Args:
        template: One of the models: built, compiled, with the structure of all. Its layers are what
            is traced; its weights stay as they are.
        members: Integer >= 1.
        example: `(x, y)` or `(x, y, sample_weight)` of a row or more, to build the metrics with.
    """

    def __init__(self, template: keras.Model, members: int, example: tuple) -> None:
        self.template, self.members, self.example = template, members, example
        self.slices = _slices(template.trainable_variables)
        size = self.slices[-1].stop
        self.flat = keras.Variable(np.zeros((members, size), "float32"), name="members")
        self.others = [self._stack(v) for v in template.non_trainable_variables]
        self.numbers = member_numbers(template)
        self.number_values = keras.Variable(
            np.zeros((members, len(self.numbers)), "float32"), trainable=False
        )
        self.optimizer = StackedOptimizer(
            template.optimizer,
            self.flat,
            self.slices,
            decays(template.optimizer, template.trainable_variables),
        )
        _build_metrics(template, example)
        self.metric_variables = list(template.metrics_variables)
        self.fresh_metrics = [np.array(v) for v in self.metric_variables]
        self.metrics = [self._stack(v) for v in self.metric_variables]
        self.how = "unroll" if _is_convolutional(template) else "map"
        self.train_loop = backend.compiled_loop(self._train_step, self._variables)
        self.test_loop = backend.compiled_loop(self._test_step, self._variables)
        self.read_metrics = backend.compiled(self._metric_results)
        self.rates: list[Any] = []
        self.steps = 0

    @property
    def _variables(self) -> list[keras.Variable]:
        own = [self.flat, *self.others, *self.metrics, self.number_values]
        return [*own, *self.optimizer.variables]

    def load(self, models: Sequence[keras.Model]) -> None:
        """Takes the weights and numbers of the members, and begins anew.

        Args:
            models: `members` models of the template's structure; less is filled up with the last.
        """
        models = [*models, *[models[-1]] * (self.members - len(models))]
        rows = [
            np.concatenate([np.ravel(np.asarray(v)) for v in model.trainable_variables])
            for model in models
        ]
        self.flat.assign(np.stack(rows))
        columns = zip(*[model.non_trainable_variables for model in models], strict=True)
        for stacked, each in zip(self.others, columns, strict=True):
            stacked.assign(np.stack([np.asarray(variable) for variable in each]))
        numbers = [read_numbers(member_numbers(model)) for model in models]
        self.number_values.assign(np.stack(numbers).reshape(self.number_values.shape))
        self.optimizer.load([model.optimizer for model in models])
        self.rates = [learning_rates(model.optimizer) for model in models]
        self.steps = 0

    def train_epoch(self, data: tuple, order: np.ndarray, batch_size: int) -> dict[str, np.ndarray]:
        """One pass over the rows in the given order.

        Args:
            data: `(x, y)` or `(x, y, sample_weight)` as tensors, nested where the model's are.
            order: Integers, shape `(rows,)`.
            batch_size: Rows of a step; the last step may have less.

        Returns:
            The metrics of `fit`'s training logs, each of shape `(members,)`.
        """
        self._reset_metrics()
        for rows in _batches(order, batch_size):
            rates = np.stack([rate(self.steps, len(rows)) for rate in self.rates], axis=1)
            self.train_loop(len(rows), rows, rates, data)
            self.steps += len(rows)
        return self._results()

    def evaluate(self, data: tuple, batch_size: int) -> dict[str, np.ndarray]:
        """Cost and metrics by the weights of now, in inference mode; each of shape `(members,)`."""
        self._reset_metrics()
        rows_in_all = len(keras.tree.flatten(data[0])[0])
        for rows in _batches(np.arange(rows_in_all), batch_size):
            self.test_loop(len(rows), rows, data)
        return self._results()

    def part(self, rows: Sequence[int]) -> StackedProgram:
        """A program of some of the members, that goes on where this one is."""
        smaller = StackedProgram(self.template, len(rows), self.example)
        pairs = zip(smaller._variables, self._variables, strict=True)
        for new, old in pairs:
            axis = [i for i, (a, b) in enumerate(zip(new.shape, old.shape, strict=True)) if a != b]
            new.assign(ops.take(old.value, rows, axis=axis[0]) if axis else old.value)
        smaller.rates = [self.rates[row] for row in rows]
        smaller.steps = self.steps
        return smaller

    def weights(self) -> list[Any]:
        """The members' weights now: `[trainable, *non-trainable]`, stacked tensors."""
        return [ops.copy(v.value) for v in (self.flat, *self.others)]

    def member_weights(self, weights: Sequence[np.ndarray], member: int) -> list[np.ndarray]:
        """Those of one member, in the order of `template.weights`, from what `weights()` gave."""
        flat = weights[0][member]
        values = {}
        for where, variable in zip(self.slices, self.template.trainable_variables, strict=True):
            values[id(variable)] = np.reshape(flat[where], variable.shape)
        for stacked, variable in zip(
            weights[1:], self.template.non_trainable_variables, strict=True
        ):
            values[id(variable)] = stacked[member]
        return [values[id(variable)] for variable in self.template.weights]

    def _stack(self, variable: keras.Variable) -> keras.Variable:
        shape = (self.members, *variable.shape)
        return keras.Variable(
            np.zeros(shape, str(variable.dtype)), dtype=variable.dtype, trainable=False
        )

    def _reset_metrics(self) -> None:
        for stacked, fresh in zip(self.metrics, self.fresh_metrics, strict=True):
            stacked.assign(np.broadcast_to(fresh, stacked.shape))

    def _results(self) -> dict[str, np.ndarray]:
        found = self.read_metrics([ops.convert_to_tensor(v.value) for v in self.metrics])
        return {name: np.asarray(value, "float64") for name, value in found.items()}

    def _train_step(self, step: Any, order: Any, rates: Any, data: tuple) -> None:
        batch = _rows_of(data, order[step])
        stacked = [[v.value for v in each] for each in (self.others, self.metrics)]

        def cost(tensors: list) -> tuple[Any, Any]:
            state = [self._unstacked(tensors[0]), *stacked, self.number_values.value]
            found = backend.member_by_member(
                lambda one: self._member(one, batch, training=True), state, self.how
            )
            return ops.sum(found[0]), found[1:]

        _, gradients, found = backend.value_gradients_and_rest(cost, [self.flat.value])
        self.optimizer.apply(gradients[0], rates[step])
        self._constrain()
        for variables, values in zip((self.others, self.metrics), found, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def _test_step(self, step: Any, order: Any, data: tuple) -> None:
        batch = _rows_of(data, order[step])
        stacked = [[v.value for v in each] for each in (self.others, self.metrics)]
        state = [self._unstacked(self.flat.value), *stacked]
        found = backend.member_by_member(
            lambda one: self._member(one, batch, training=False),
            [*state, self.number_values.value],
            self.how,
        )
        for variable, value in zip(self.metrics, found[2], strict=True):
            variable.assign(value)

    def _member(self, state: list, batch: tuple, training: bool) -> list:
        """The step of one member: its cost, and its other variables and metrics after it."""
        weights, others, metrics, numbers = state
        x, y, weight = (*batch, None)[:3]
        model = self.template
        mapping = [*zip(model.non_trainable_variables, others, strict=True)]
        mapping += [*zip(self.metric_variables, metrics, strict=True)]
        mapping += [*zip(model.trainable_variables, weights, strict=True)]
        values = [numbers[number] for number in range(len(self.numbers))]
        with (
            put_numbers(self.numbers, values),
            keras.StatelessScope(mapping, collect_losses=True) as scope,
        ):
            given = [scope.get_current_value(variable) for variable in model.trainable_variables]
            outputs = model(x, training=training)
            cost = model.compute_loss(x, y, outputs, weight, training=training)
            for metric in model.metrics[:1]:
                if metric.name == "loss":  # as Keras's own steps do
                    rows = ops.shape(keras.tree.flatten(x)[0])[0]
                    metric.update_state(cost, sample_weight=rows)
            model.compute_metrics(x, y, outputs, weight)
        now = [scope.get_current_value(variable) for variable in model.trainable_variables]
        if any(one is not other for one, other in zip(now, given, strict=True)):
            raise NotStackable("a layer sets trainable weights itself")
        after = [scope.get_current_value(variable) for variable, _ in mapping]
        return [cost, after[: len(others)], after[len(others) : len(others) + len(metrics)]]

    def _unstacked(self, flat: Any) -> list[Any]:
        """The trainable variables, each of shape `(members, *shape)`."""
        parts = ops.split(flat, [where.stop for where in self.slices[:-1]], axis=1)
        return [
            ops.reshape(part, (self.members, *variable.shape))
            for part, variable in zip(parts, self.template.trainable_variables, strict=True)
        ]

    def _constrain(self) -> None:
        constraints = [variable.constraint for variable in self.template.trainable_variables]
        if not any(constraints):
            return
        parts = [
            part if constraint is None else backend.member_by_member(constraint, part, "map")
            for part, constraint in zip(self._unstacked(self.flat.value), constraints, strict=True)
        ]
        rows = [ops.reshape(part, (self.members, -1)) for part in parts]
        self.flat.assign(ops.concatenate(rows, axis=1))

    def _metric_results(self, metrics: list) -> dict[str, Any]:
        def one(values: list) -> dict[str, Any]:
            with keras.StatelessScope(list(zip(self.metric_variables, values, strict=True))):
                return self.template.get_metrics_result()

        return backend.member_by_member(one, metrics, "map")


def _slices(variables: Sequence[keras.Variable]) -> list[slice]:
    ends = np.cumsum([int(np.prod(variable.shape)) for variable in variables])
    return [
        slice(int(end - np.prod(v.shape)), int(end)) for end, v in zip(ends, variables, strict=True)
    ]


def _batches(order: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Rows of whole steps, and those of a last shorter one."""
    whole = len(order) // batch_size * batch_size
    parts = [order[:whole].reshape(-1, batch_size), order[whole:].reshape(1, -1)]
    return [part.astype("int32") for part in parts if part.size]


def _rows_of(data: tuple, rows: Any) -> tuple:
    return keras.tree.map_structure(lambda array: ops.take(array, rows, axis=0), data)


def _build_metrics(model: keras.Model, example: tuple) -> None:
    """Metrics make their variables when they first see targets and outputs."""
    x, y, weight = (*_rows_of(example, np.arange(1)), None)[:3]
    before = [np.array(variable) for variable in model.non_trainable_variables]
    outputs = model(x, training=False)
    model.compute_loss(x, y, outputs, weight, training=False)
    model.compute_metrics(x, y, outputs, weight)
    model.reset_metrics()
    for variable, value in zip(model.non_trainable_variables, before, strict=True):
        variable.assign(value)  # a layer that is always in training has changed them


def _is_convolutional(model: keras.Model) -> bool:
    layers = model._flatten_layers(include_self=False)  # no public way to layers in blocks
    return any("conv" in type(layer).__name__.lower() for layer in layers)
