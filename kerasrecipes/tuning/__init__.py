"""Sweeps on keras-tuner: which hyperparameters mattered, and pictures of a search."""

from kerasrecipes.tuning.importance import importance
from kerasrecipes.tuning.importance_table import Importance
from kerasrecipes.tuning.plot import Pictures, plot

__all__ = [
    "Importance",
    "Pictures",
    "importance",
    "plot",
]
