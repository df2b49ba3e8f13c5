"""Tuning with keras-tuner underneath: right scales, and a search from coarse to fine."""

from kerasrecipes.tuning.coarse_to_fine import CoarseToFine
from kerasrecipes.tuning.coarse_to_fine_oracle import CoarseToFineOracle
from kerasrecipes.tuning.one_minus_log import one_minus_log
from kerasrecipes.tuning.space import space

__all__ = [
    "CoarseToFine",
    "CoarseToFineOracle",
    "one_minus_log",
    "space",
]
