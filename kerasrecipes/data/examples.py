"""A set of examples as it was read, before anything is learned from it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class Examples:
    """Inputs, targets and what was found out about them while reading.

    Nothing is fitted here: the columns of a table are still text, numbers and dates, with their
    gaps. `Encoding` and `TargetEncoding`, fitted on the training rows, make arrays of them.

    Args:
        name: String. The data set or the file's name without its ending.
        x: A pandas DataFrame `(m, columns)` for a table; an array `(m, features)` float32 for
            numeric rows; an array `(m, height, width)` or `(m, height, width, channels)` for images
            (uint8 stays uint8). `x.reshape((-1, *image_shape))` always gives images.
        y: Array `(m,)`. Labels (int64, text or bool) or numbers (float64).
        task: `"classification"` or `"regression"`.
        image_shape: `(height, width, channels)`, or None where the examples are no images.
        feature_names: Tuple of strings, one for each column of `x`; empty for images.
        target_name: String.
        notes: Tuple of strings. What a person should be told, one sentence each.

    Example:
    >>> Examples("pair", np.eye(2), np.array([0, 1]), "classification").summary()
    'pair: 2 examples, 2 features, classification into 2 classes'
    """

    name: str
    x: "np.ndarray | pandas.DataFrame"
    y: np.ndarray
    task: Task
    image_shape: tuple[int, int, int] | None = None
    feature_names: tuple[str, ...] = ()
    target_name: str = "target"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.y)

    @property
    def is_table(self) -> bool:
        """Whether `x` is a DataFrame, which an `Encoding` has to turn into numbers."""
        return not isinstance(self.x, np.ndarray)

    def summary(self) -> str:
        """Returns one line: how many examples of what, for which task."""
        if self.image_shape:
            what = "images of " + " x ".join(str(size) for size in self.image_shape)
        else:
            what = f"{self.x.shape[1]} {'columns' if self.is_table else 'features'}"
        goal = "regression"
        if self.task == "classification":
            goal = f"classification into {len(np.unique(self.y))} classes"
        return f"{self.name}: {len(self):,} examples, {what}, {goal}"
