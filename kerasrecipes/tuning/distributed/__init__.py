"""A search by a chief and workers, any of which may be killed at any time.

keras-tuner's own protocol and environment variables stay. What is put in the place of its chief,
its client and its files, and how, is told in `seam`.
"""

from kerasrecipes.tuning.distributed.errors import (
    ChiefLostError,
    SearchFailedError,
    StoreError,
    SweepError,
)
from kerasrecipes.tuning.distributed.seam import install, installed, uninstall

__all__ = [
    "ChiefLostError",
    "SearchFailedError",
    "StoreError",
    "SweepError",
    "install",
    "installed",
    "uninstall",
]
