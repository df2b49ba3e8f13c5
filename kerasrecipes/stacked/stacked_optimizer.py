"""The optimizers of all members as one, on weights of shape `(members, parameters)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops, optimizers

from kerasrecipes.stacked.member_value import MemberValue
from kerasrecipes.stacked.not_stackable import NotStackable

ELEMENTWISE: dict[type, tuple[str, ...]] = {
    optimizers.SGD: ("momentum",),
    optimizers.RMSprop: ("rho", "momentum", "epsilon"),
    optimizers.Adam: ("beta_1", "beta_2", "epsilon"),
    optimizers.AdamW: ("beta_1", "beta_2", "epsilon"),
    optimizers.Adagrad: ("epsilon",),
    optimizers.Adadelta: ("rho", "epsilon"),
    optimizers.Adamax: ("beta_1", "beta_2", "epsilon"),
    optimizers.Nadam: (),  # keeps a product of its betas as one number
    optimizers.Lion: ("beta_1", "beta_2"),
    optimizers.Ftrl: (),
}
"""Optimizers that treat each weight by itself, and their numbers that may differ by member."""
CLIPS = ("clipnorm", "global_clipnorm")
APART = ("name", "learning_rate", "weight_decay", *CLIPS)
UNFIT = ("use_ema", "loss_scale_factor", "gradient_accumulation_steps")


def optimizer_structure(optimizer: Any) -> Any:
    """Tells optimizers apart that cannot work as one.

    Returns:
        A plain value, the same for optimizers that can.

    Raises:
        NotStackable: If this one has to work alone.
    """
    if type(optimizer) not in ELEMENTWISE:
        kind = type(optimizer).__name__
        raise NotStackable(f"its optimizer `{kind}` is not known to treat each weight by itself")
    config = optimizer.get_config()
    for name in UNFIT:
        if config.get(name):
            raise NotStackable(f"its optimizer has `{name}={config[name]}`")
    differs = ELEMENTWISE[type(optimizer)]
    same = {key: value for key, value in config.items() if key not in (*APART, *differs)}
    present = {key: bool(config[key]) for key in differs}
    present |= {key: config.get(key) is not None for key in ("weight_decay", *CLIPS)}
    return [type(optimizer).__name__, same, present]


class StackedOptimizer:
    """One Keras optimizer for the stacked weights, with numbers of each member.

    Args:
        template: Optimizer of one member, of the structure of all.
        variable: The stacked weights, shape `(members, parameters)`.
        slices: Where each variable of a member lies among its parameters.
        decayed: Whether weight decay applies, for each variable.
    """

    def __init__(
        self,
        template: Any,
        variable: keras.Variable,
        slices: Sequence[slice],
        decayed: Sequence[bool],
    ) -> None:
        config = template.get_config()
        self.names = tuple(name for name in ELEMENTWISE[type(template)] if config[name])
        self.weight_names = tuple(
            name for name in ("weight_decay", *CLIPS) if config.get(name) is not None
        )
        self.variable, self.slices = variable, slices
        self.rates = _MemberRates()
        config = {key: value for key, value in config.items() if key not in APART}
        self.optimizer = type(template).from_config({**config, "learning_rate": self.rates})
        self.optimizer.build([variable])
        self.initial = [np.array(each) for each in self.optimizer.variables]
        self.has_decay = "weight_decay" in self.weight_names
        mask = np.zeros((1, variable.shape[1]), "float32")
        for where, decays in zip(slices, decayed, strict=True):
            mask[:, where] = float(decays)
        self.decay_mask = mask
        self.numbers = keras.Variable(
            np.zeros((len(self.names) + len(self.weight_names), variable.shape[0], 1), "float32"),
            trainable=False,
        )

    @property
    def variables(self) -> list[keras.Variable]:
        """What a step changes, and the members' numbers."""
        return [*self.optimizer.variables, self.numbers]

    def load(self, members: Sequence[Any]) -> None:
        """Takes the numbers of the members' optimizers, and begins anew."""
        configs = [optimizer.get_config() for optimizer in members]
        names = (*self.names, *self.weight_names)
        rows = [[[config[name]] for config in configs] for name in names]
        self.numbers.assign(np.array(rows, "float32").reshape(self.numbers.shape))
        for variable, value in zip(self.optimizer.variables, self.initial, strict=True):
            variable.assign(value)

    def apply(self, gradients: Any, rates: Any) -> None:
        """One step.

        Args:
            gradients: Tensor, shape `(members, parameters)`.
            rates: Learning rate of each member at this step, shape `(members,)`.
        """
        values = {
            name: self.numbers[number]
            for number, name in enumerate((*self.names, *self.weight_names))
        }
        for name in CLIPS:
            if name in values:
                gradients = _clipped(gradients, values[name], self._groups(name))
        self.rates.now = ops.expand_dims(rates, -1)
        before = {name: getattr(self.optimizer, name) for name in (*self.names, "weight_decay")}
        try:
            for name in self.names:
                setattr(self.optimizer, name, MemberValue(values[name]))
            if self.has_decay:
                self.optimizer.weight_decay = values["weight_decay"] * self.decay_mask
            self.optimizer.apply([gradients], [self.variable])
        finally:
            for name, value in before.items():
                setattr(self.optimizer, name, value)

    def _groups(self, name: str) -> Sequence[slice]:
        return [slice(None)] if name == "global_clipnorm" else self.slices


def learning_rates(optimizer: Any) -> Callable[[int, int], np.ndarray]:
    """The learning rate of an optimizer at each step, from the first to the last asked for.

    Returns:
        A function `(first, count) -> float32 array of shape (count,)`; steps count from 0.
    """
    schedule = optimizer._learning_rate  # not public; a schedule's config need not tell it all
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        rate = optimizer.get_config()["learning_rate"]
        return lambda first, count: np.full(count, rate, "float32")

    def scheduled(first: int, count: int) -> np.ndarray:
        steps = range(first, first + count)
        return np.array([float(schedule(step)) for step in steps], "float32")

    return scheduled


def decays(optimizer: Any, variables: Sequence[keras.Variable]) -> list[bool]:
    """Whether the optimizer's weight decay applies, for each variable."""
    if optimizer.weight_decay is None:
        return [False for _ in variables]
    return [bool(optimizer._use_weight_decay(variable)) for variable in variables]  # not public


class _MemberRates(keras.optimizers.schedules.LearningRateSchedule):
    """The rates of this step, set before each, in the place of a schedule."""

    now: Any = 0.0

    def __call__(self, step: Any) -> Any:
        return self.now

    def get_config(self) -> dict:
        return {}


def _clipped(gradients: Any, limits: Any, groups: Sequence[slice]) -> Any:
    """Keras's clipping by the norm of a variable, or of all, for each member by itself."""
    parts = []
    for where in groups:
        part = gradients[:, where]
        norm = ops.sqrt(ops.sum(ops.square(part), axis=1, keepdims=True))
        parts.append(part * limits / ops.maximum(norm, limits))
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=1)
