"""Tuning with keras-tuner underneath: right scales, a search from coarse to fine, many trials at
once, what mattered in the end, and workers that may be killed."""

from kerasrecipes.tuning.coarse_to_fine import CoarseToFine
from kerasrecipes.tuning.coarse_to_fine_oracle import CoarseToFineOracle
from kerasrecipes.tuning.distributed.launch import launch_workers
from kerasrecipes.tuning.importance import importance
from kerasrecipes.tuning.importance_table import Importance
from kerasrecipes.tuning.one_minus_log import one_minus_log
from kerasrecipes.tuning.plot import Pictures, plot
from kerasrecipes.tuning.space import space
from kerasrecipes.tuning.vectorized_search import VectorizedSearch

__all__ = [
    "CoarseToFine",
    "CoarseToFineOracle",
    "Importance",
    "Pictures",
    "VectorizedSearch",
    "importance",
    "launch_workers",
    "one_minus_log",
    "plot",
    "space",
]
