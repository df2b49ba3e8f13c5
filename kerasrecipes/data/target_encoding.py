"""Labels as the numbers 0 to k - 1, and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasrecipes.data.errors import DataError
from kerasrecipes.data.examples import Task

VERSION = 1


@dataclass(frozen=True)
class TargetEncoding:
    """What turns targets into the numbers a model is trained on, kept beside the model.

    `index = position of the label in the sorted classes`; the targets of a regression pass through.

    Args:
        task: `"classification"` or `"regression"`.
        classes: Tuple of int, str or bool labels, sorted; empty for a regression.

    Raises:
        ValueError: If `task` is unknown, or the classes are of several types or repeated.

    Example:
    >>> encoding = TargetEncoding.fit(np.array(["dog", "cat", "dog"]), "classification")
    >>> encoding.transform(np.array(["cat", "dog"]))
    array([0, 1])
    >>> encoding.inverse([1, 0]).tolist()
    ['dog', 'cat']
    """

    task: Task
    classes: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        _check_task(self.task)
        types = {type(label) for label in self.classes}
        if len(types) > 1 or not types <= {int, str, bool}:
            raise ValueError(
                "`classes` must be all text, all integers or all true/false. Received: "
                f"classes={_shown(self.classes)}."
            )
        if len(set(self.classes)) < len(self.classes) or (
            self.task == "regression" and self.classes
        ):
            raise ValueError(
                "`classes` must name each label once, and be empty for a regression. Received: "
                f"classes={_shown(self.classes)}, task={self.task!r}."
            )

    @classmethod
    def fit(cls, y: Any, task: Task) -> "TargetEncoding":
        """Finds the classes in the training targets.

        Args:
            y: Array `(m,)` of labels, all text, all integers or all bool; or of numbers.
            task: `"classification"` or `"regression"`.

        Returns:
            TargetEncoding.

        Raises:
            ValueError: If `task` is unknown.
            DataError: If there are fewer than two classes, or labels of different types.
        """
        _check_task(task)
        if task == "regression":
            return cls("regression")
        labels = _labels(y)
        classes = tuple(sorted(set(labels)))
        if len(classes) < 2:
            raise DataError(
                f"the training targets hold a single class ({', '.join(map(repr, classes))}): "
                "there is nothing to tell apart. Add examples of a second class."
            )
        return cls("classification", classes)

    def transform(self, y: Any) -> np.ndarray:
        """Turns targets into numbers.

        Args:
            y: Array `(m,)`.

        Returns:
            int64 `(m,)` with values from 0 to k - 1, or float32 `(m,)` for a regression.

        Raises:
            DataError: If a label was not among the training targets.
        """
        if self.task == "regression":
            return _float32(y)
        index = {label: i for i, label in enumerate(self.classes)}
        labels = _labels(y)
        unknown = sorted({str(label) for label in labels if label not in index})
        if unknown:
            raise DataError(
                f"the target holds the class {unknown[0]}, which no training example has (they "
                f"have {_shown(self.classes)}): mend the label, or train with examples of it."
            )
        return np.array([index[label] for label in labels], dtype="int64")

    def inverse(self, indices: Any) -> np.ndarray:
        """Turns class numbers back into labels; numbers of a regression pass through.

        Args:
            indices: Integers `(m,)` from 0 to k - 1, or numbers for a regression.

        Returns:
            Array `(m,)` of labels in their first type, or float32.

        Raises:
            ValueError: If an index is no class number.
        """
        if self.task == "regression":
            return _float32(indices)
        indices = np.asarray(indices)
        if indices.dtype.kind not in "iu" and indices.size:
            raise ValueError(f"`indices` must be integers. Received: dtype {indices.dtype}.")
        if indices.size and not 0 <= indices.min() <= indices.max() < len(self.classes):
            raise ValueError(
                f"`indices` must lie in 0 to {len(self.classes) - 1}, one for each class. "
                f"Received: values from {indices.min()} to {indices.max()}."
            )
        return np.array(self.classes)[indices.astype("int64")]

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values that JSON can hold."""
        return {"version": VERSION, "task": self.task, "classes": list(self.classes)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "TargetEncoding":
        """Builds the encoding from what `to_dict` returned.

        Args:
            saved: Dict with `version`, `task` and `classes`.

        Returns:
            TargetEncoding, equal to the one saved.

        Raises:
            DataError: If it was written by another version or lacks an entry.
        """
        if saved.get("version") != VERSION or not {"task", "classes"} <= saved.keys():
            raise DataError(
                f"the saved encoding of the target has version {saved.get('version')} and the "
                f"entries {', '.join(saved)}; version {VERSION} is read: train again."
            )
        return cls(saved["task"], tuple(saved["classes"]))


def _check_task(task: Any) -> None:
    if task not in ("classification", "regression"):
        raise ValueError(
            f"`task` must be 'classification' or 'regression'. Received: task={task!r}."
        )


def _labels(y: Any) -> list[Any]:
    """Returns plain int, str or bool labels, all of one type."""
    array = np.asarray(y, dtype=object) if isinstance(y, Sequence) else np.asarray(y)
    if array.ndim != 1:
        raise DataError(
            f"labels must be one column, one for each example; received shape {array.shape}: turn "
            "one-hot labels into class numbers with `numpy.argmax(y, axis=1)`."
        )
    if array.dtype.kind == "f" and np.isfinite(array).all() and (array == np.floor(array)).all():
        array = array.astype("int64")
    labels = [label.item() if isinstance(label, np.generic) else label for label in array.tolist()]
    types = {type(label) for label in labels}
    if len(types) > 1 or not types <= {int, str, bool}:
        names = ", ".join(sorted(kind.__name__ for kind in types))
        raise DataError(f"labels must be all text, all integers or all true/false; found {names}.")
    return labels


def _float32(y: Any) -> np.ndarray:
    try:
        numbers = np.asarray(y, dtype="float64")
    except (TypeError, ValueError) as error:
        raise DataError(f"the targets of a regression must be numbers ({error}).") from error
    if numbers.size and not np.abs(numbers).max() <= np.finfo("float32").max:
        raise DataError(
            "the targets of a regression must be finite and fit float32: remove those rows, or "
            "divide by a constant."
        )
    return numbers.astype("float32")


def _shown(classes: tuple[Any, ...], limit: int = 10) -> str:
    more = f" and {len(classes) - limit} more" if len(classes) > limit else ""
    return ", ".join(str(label) for label in classes[:limit]) + more
