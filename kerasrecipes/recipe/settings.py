"""What the recipe turns: the shape of the network and how it is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Settings:
    """One point in the space the Basic Recipe walks through.

    Attributes:
        architecture: `"dense"`, `"convolutional"` (images only), or `"as built"`: a user's network,
            whose shape the other settings do not tell.
        units: Units of each hidden dense layer.
        hidden_layers: Number of hidden dense layers; 0 for linear or logistic regression.
        filters: Filters of the first convolution; each later one has twice as many.
        normalize: Whether each hidden layer is batch-normalised.
        keep_prob: Probability of keeping a unit in the dropout of the hidden layers, in (0, 1].
        l2: The course's lambda: the cost gains `l2 / (2 m)` times the sum of squared weights.
        augment: Whether training images are turned and shifted at random.
        optimizer: `"momentum"` (gradient descent with momentum 0.9) or `"adam"`.
        batch_size: Examples per step.
        epochs: Most passes over the training set; early stopping may end sooner.
        members: Networks in the ensemble; 1 for none.
    """

    architecture: str = "dense"
    units: int = 32
    hidden_layers: int = 0
    filters: int = 16
    normalize: bool = False
    keep_prob: float = 1.0
    l2: float = 0.0
    augment: bool = False
    optimizer: str = "momentum"
    batch_size: int = 64
    epochs: int = 40
    members: int = 1

    @property
    def structure(self) -> Settings:
        """The settings of the network alone, without those of its training."""
        return replace(self, optimizer="", batch_size=0, epochs=0, members=1)

    @property
    def linear(self) -> bool:
        """Whether the network has no hidden layer."""
        return self.architecture == "dense" and not self.hidden_layers

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        shape = "linear" if self.linear else f"{self.hidden_layers} x {self.units} units"
        if self.architecture == "as built":
            shape = "the network as built"
        elif self.architecture == "convolutional":
            shape = f"convolutions from {self.filters} filters, then {self.units} units"
        parts = [shape]
        if self.normalize:
            parts.append("batch norm")
        if self.keep_prob < 1:
            parts.append(f"keep_prob {self.keep_prob:g}")
        if self.l2:
            parts.append(f"lambda {self.l2:g}")
        if self.augment:
            parts.append("augmentation")
        parts.append(f"{self.optimizer}, batches of {self.batch_size}, {self.epochs} epochs")
        if self.members > 1:
            parts.append(f"{self.members} members")
        return ", ".join(parts)
