"""Initial weights that keep the signal alive through the depth.

`He` and `Xavier` draw from the formula, `unit_variance` measures on data instead of assuming,
and `signal_propagation` tells whether activations and gradients vanish or explode.
"""

from kerasrecipes.initializers.he import He
from kerasrecipes.initializers.signal_propagation import signal_propagation
from kerasrecipes.initializers.signal_verdict import LayerSignal, SignalPropagation, SignalRate
from kerasrecipes.initializers.unit_variance import unit_variance
from kerasrecipes.initializers.xavier import Xavier

__all__ = [
    "He",
    "LayerSignal",
    "SignalPropagation",
    "SignalRate",
    "Xavier",
    "signal_propagation",
    "unit_variance",
]
