"""Penalties on the weights as the course writes them: divided by the number of examples."""

from kerasrecipes.regularizers.decay_factor import decay_factor
from kerasrecipes.regularizers.l1 import L1
from kerasrecipes.regularizers.l2 import L2

__all__ = ["L1", "L2", "decay_factor"]
