"""Data sets by name or from a file, told from each other, split, encoded and cut into batches.

The way of the data is `read -> train_dev_test_split -> same_distribution -> Encoding`, each a
plain value; `load` is the short way to two arrays. What cannot be used raises a `DataError`, whose
message is one line that says what is wrong and what to do.
"""

from kerasrecipes.data.batch_size import suggest_batch_size
from kerasrecipes.data.drift import DriftReport, same_distribution
from kerasrecipes.data.encoding import Encoding
from kerasrecipes.data.errors import DataError
from kerasrecipes.data.examples import Examples
from kerasrecipes.data.load import load
from kerasrecipes.data.mini_batches import mini_batches
from kerasrecipes.data.read import read
from kerasrecipes.data.split import Split, split_fractions, train_dev_test_split
from kerasrecipes.data.target_encoding import TargetEncoding
from kerasrecipes.data.wrong_labels import with_wrong_labels

__all__ = [
    "DataError",
    "DriftReport",
    "Encoding",
    "Examples",
    "Split",
    "TargetEncoding",
    "load",
    "mini_batches",
    "read",
    "same_distribution",
    "split_fractions",
    "suggest_batch_size",
    "train_dev_test_split",
    "with_wrong_labels",
]
