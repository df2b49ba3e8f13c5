"""What the recipe did and found, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from kerasrecipes.diagnosis import BiasVariance, Diagnosis
from kerasrecipes.gradients import GradientCheck
from kerasrecipes.recipe.settings import Settings


@dataclass(frozen=True)
class RecipeStep:
    """One round of the loop: a decision with its evidence, the training, the reading after it.

    Attributes:
        number: From 1.
        name: What was tried, such as `"bigger network"`.
        reason: The evidence that led to it, in words with numbers.
        settings: The `Settings` trained.
        reading: The `BiasVariance` after it.
        dev_cost: Mean loss on the dev set, without penalty.
        kept: Whether it became the best so far.
        seconds: Wall time of the step.
        epochs: Epochs trained.
        learning_rate: The rate it began with.
        parameters: Number of trainable parameters.
        curves: Lists over the epochs: `train_cost`, `dev_cost`, `cost_without_penalty`, `penalty`,
            `learning_rate`; of the first member for an ensemble.
        remarks: What the cost monitor or the finder had to say.
    """

    number: int
    name: str
    reason: str
    settings: Settings
    reading: BiasVariance
    dev_cost: float
    kept: bool
    seconds: float
    epochs: int
    learning_rate: float
    parameters: int
    curves: Mapping[str, Sequence[float]]
    remarks: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The step as plain values, ready for JSON; the curves are in `history`."""
        return {
            "step": self.number,
            "name": self.name,
            "reason": self.reason,
            "settings": self.settings.to_dict(),
            "train_error": self.reading.train_error.error,
            "dev_error": self.reading.dev_error.error,
            "bias": self.reading.bias.value,
            "variance": self.reading.variance.value,
            "verdict": self.reading.verdict,
            "dev_cost": self.dev_cost,
            "kept": self.kept,
            "seconds": round(self.seconds, 3),
            "epochs": self.epochs,
            "learning_rate": self.learning_rate,
            "parameters": self.parameters,
            "remarks": list(self.remarks),
        }


@dataclass(frozen=True)
class RecipeResult:
    """What `BasicRecipe.run` returns.

    Attributes:
        model: The best `keras.Model`: takes raw rows, returns class probabilities or numbers in the
            units of the target. Compiled with its loss.
        diagnosis: `Diagnosis` of the best model.
        history: One dict per epoch of each step: `step`, `name`, `epoch`, the costs, the rate.
        steps: The `RecipeStep`s in their order.
        stop_reason: Why the loop ended.
        seconds: Wall time.
        classes: The labels in the order of the model's outputs; empty for a regression.
        gradient_check: The check of the first model, or `None` where it could not be made.
        finder: `rates`, `costs`, `smoothed` and `suggestion` of the best model's range test.
    """

    model: keras.Model
    diagnosis: Diagnosis
    history: list[dict[str, Any]]
    steps: tuple[RecipeStep, ...]
    stop_reason: str
    seconds: float
    classes: tuple[Any, ...] = ()
    gradient_check: GradientCheck | None = None
    finder: Mapping[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> RecipeStep:
        """The step whose model was kept last."""
        return [step for step in self.steps if step.kept][-1]

    @property
    def reading(self) -> BiasVariance:
        """Bias and variance of the best model."""
        return self.best.reading
