"""What a trial changes, as one plain value."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Setup:
    """The settings that differ from the program's own; the defaults change nothing.

    Attributes:
        rate: Factor of the learning rate.
        passes: Factor of the number of steps.
        weights: `"own"` starts from the program's weights, `"redrawn"` from others of its own
            initializers, `"fitting"` from He's or Xavier's.
        standardized: Whether each feature of the inputs gets mean 0 and deviation 1.
        scaled_targets: The same of the targets.
        shuffled: Whether each pass is in a new order though the program's are not.
        optimizer: Class name in lower case, with its defaults; empty for the program's own.
        output: Units and activation of the output layer; None for its own.
        loss: Name; empty for its own.
        hidden: Activation of all hidden layers; empty for their own.
        unregularized: Whether dropout and penalties are off.
        wider: Factor of the hidden layers' units.
        batch_size: 0 for its own.
        counted: Whether class numbers are counted from 0, in their order.
        unfrozen: Whether all layers are trained.
        least_units: Hidden layers with fewer units get so many; 0 leaves them.
    """

    rate: float = 1.0
    passes: float = 1.0
    weights: str = "own"
    standardized: bool = False
    scaled_targets: bool = False
    shuffled: bool = False
    optimizer: str = ""
    output: tuple[int, str] | None = None
    loss: str = ""
    hidden: str = ""
    unregularized: bool = False
    wider: int = 1
    batch_size: int = 0
    counted: bool = False
    unfrozen: bool = False
    least_units: int = 0

    @property
    def structure(self) -> Setup:
        """What must be compiled anew; the rest is data, weights and numbers."""
        return replace(
            self, rate=1.0, passes=1.0, weights="own", standardized=False, shuffled=False
        )

    @property
    def changes_layers(self) -> bool:
        """Whether the network itself differs."""
        layers = (self.output, self.hidden, self.unregularized, self.wider)
        return (*layers, self.unfrozen, self.least_units) != (None, "", False, 1, False, 0)

    def changed(self) -> dict[str, Any]:
        """What differs from the program's own, by name."""
        pairs = ((field.name, getattr(self, field.name), field.default) for field in fields(self))
        return {name: value for name, value, default in pairs if value != default}

    def joined(self, other: Setup) -> Setup:
        """Both changes; the other's where they disagree."""
        return replace(self, **other.changed())
