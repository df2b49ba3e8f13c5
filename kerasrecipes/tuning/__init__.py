"""Sweeps on keras-tuner: which hyperparameters mattered, and pictures of a search."""

from kerasrecipes.tuning.importance import importance
from kerasrecipes.tuning.importance_table import Importance

__all__ = [
    "Importance",
    "importance",
]
