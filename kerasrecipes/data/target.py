"""The target of a data set: labels or numbers, and the task that follows from them."""

from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np

from kerasrecipes.data.errors import DataError
from kerasrecipes.data.examples import Task
from kerasrecipes.data.finite import require_finite
from kerasrecipes.data.numeric_text import numeric_style, parse_numbers

if TYPE_CHECKING:
    import pandas

MOST_CLASSES = 20
INFERRED = {
    "string": "text",
    "boolean": "bool",
    "integer": "integer",
    "floating": "float",
    "mixed-integer-float": "float",
    "decimal": "float",
}


class Target(NamedTuple):
    """Clean targets `(m,)`, the task, and notes for a person."""

    y: np.ndarray
    task: Task
    notes: tuple[str, ...]


def as_target(values: "np.ndarray | pandas.Series", name: str, task: str = "auto") -> Target:
    """Turns a column or an array into targets and infers the task.

    Text, bool and category are labels; so are integers (or whole floats) of at most 20 distinct
    values with at least 2 rows a value on average; any other numbers are to be predicted as such.

    Args:
        values: Array `(m,)`, `(m, 1)` or one-hot `(m, classes)`, or a pandas Series, without
            missing values.
        name: String. What the target is called in messages.
        task: `"auto"` (default), `"classification"` or `"regression"`.

    Returns:
        Target: labels as int64, text or bool, numbers as float64.

    Raises:
        ValueError: If `task` is unknown.
        DataError: If the values cannot be targets of the task.

    Example:
    >>> as_target(np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), "y").y
    array([1, 0, 0, 1])
    >>> as_target(np.array([1.5, 2.5, 3.5]), "y").task
    'regression'
    """
    if task not in ("auto", *get_args(Task)):
        raise ValueError(
            f"`task` must be 'auto', 'classification' or 'regression'. Received: task={task!r}."
        )
    y, notes = _one_dimension(values, name)
    kind, y, parsed = _clean(y, name)
    notes += parsed
    chosen: Task
    if task == "auto":
        chosen, note = _infer(y, kind, name)
        notes.append(note)
    else:
        chosen = "classification" if task == "classification" else "regression"
    y = _as_labels(y, kind, name) if chosen == "classification" else _as_numbers(y, kind, name)
    return Target(y, chosen, tuple(notes))


def one_hot_labels(y: np.ndarray) -> np.ndarray | None:
    """Returns the labels `(m,)` of a one-hot matrix `(m, classes)`, or None if `y` is not one.

    Example:
    >>> one_hot_labels(np.array([[0, 1, 0], [1, 0, 0]]))
    array([1, 0])
    """
    if y.ndim != 2 or y.shape[1] < 2 or not len(y) or y.dtype.kind not in "biuf":
        return None
    if not (((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all()):
        return None
    return np.argmax(y, axis=1)


def _one_dimension(values: Any, name: str) -> tuple[Any, list[str]]:
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0], []
    if values.ndim == 2:
        labels = one_hot_labels(values)
        if labels is not None:
            classes = values.shape[1]
            return labels, [f"`{name}` was one-hot over {classes} classes: turned into labels."]
    if values.ndim != 1:
        raise DataError(
            f"`{name}` has shape {values.shape}, which is neither one target for each example nor "
            "one-hot labels (a single 1 in each row): give one column."
        )
    return values, []


def _clean(values: Any, name: str) -> tuple[str, np.ndarray, list[str]]:
    """Returns the kind of the values, a plain array of them, and notes."""
    kinds = {"b": "bool", "i": "integer", "u": "integer", "f": "float", "U": "text"}
    if isinstance(values, np.ndarray) and values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    if isinstance(values, np.ndarray) and values.dtype.kind in kinds:
        require_finite(values, name)
        return kinds[values.dtype.kind], values, []
    return _clean_objects(values, name)


def _clean_objects(values: Any, name: str) -> tuple[str, np.ndarray, list[str]]:
    import pandas

    series = pandas.Series(values).astype(object)
    inferred = pandas.api.types.infer_dtype(series, skipna=True)
    if inferred not in INFERRED:
        types = sorted({type(value).__name__ for value in series.dropna()})
        raise DataError(
            f"`{name}` holds labels of the wrong type ({', '.join(types[:4])}): labels must be all "
            "text, all integers or all true/false, and targets of a regression all numbers."
        )
    if series.isna().any():
        raise DataError(f"`{name}` has missing values: remove those rows.")
    kind = INFERRED[inferred]
    style = numeric_style(series) if kind == "text" else None
    if style is not None and style != "plain":
        note = f"`{name}` was text: read as numbers with {style}."
        return "float", parse_numbers(series, style), [note]
    dtype = {"text": str, "bool": bool, "integer": None, "float": float}[kind]
    y = np.array(series.tolist(), dtype=dtype)
    require_finite(y, name)
    return kind, y, []


def _infer(y: np.ndarray, kind: str, name: str) -> tuple[Task, str]:
    distinct = len(np.unique(y))
    if kind in ("text", "bool"):
        return (
            "classification",
            f"`{name}` holds {kind} labels, {distinct} distinct: classification.",
        )
    if _is_whole(y) and distinct <= MOST_CLASSES and len(y) >= 2 * distinct:
        return "classification", (
            f"`{name}` holds {distinct} distinct whole numbers: taken as classes "
            '(task="regression" says otherwise).'
        )
    return "regression", (
        f"`{name}` holds {distinct:,} distinct numbers: taken as a regression "
        '(task="classification" says otherwise).'
    )


def _as_labels(y: np.ndarray, kind: str, name: str) -> np.ndarray:
    if kind == "float" and not _is_whole(y):
        example = y[y != np.floor(y)][0]
        raise DataError(
            f"`{name}` holds fractions such as {example:g}, which are no class labels: use "
            'task="regression" or choose another target.'
        )
    if kind in ("float", "integer"):
        y = y.astype("int64")
    distinct = len(np.unique(y))
    if distinct < 2:
        raise DataError(
            f"`{name}` holds a single class ({y[0]!s}) in all {len(y):,} rows: there is nothing to "
            "tell apart. Choose another target, or add examples of a second class."
        )
    if distinct > MOST_CLASSES and distinct > len(y) / 2:
        raise DataError(
            f"`{name}` holds {distinct:,} distinct labels in {len(y):,} rows, which are names "
            "rather than classes: choose another target."
        )
    return y


def _as_numbers(y: np.ndarray, kind: str, name: str) -> np.ndarray:
    if kind == "text":
        y, kind = _plain_numbers(y, kind)
    if kind in ("text", "bool"):
        raise DataError(
            f"`{name}` holds {kind} labels such as {y[0]!s}, which are no numbers to predict: use "
            'task="classification" or choose another target.'
        )
    if len(y) and (y == y[0]).all():
        raise DataError(
            f"`{name}` is {y[0]:g} in all {len(y):,} rows: there is nothing to predict. Choose "
            "another target."
        )
    return y.astype("float64")


def _plain_numbers(y: np.ndarray, kind: str) -> tuple[np.ndarray, str]:
    import pandas

    text = pandas.Series(y)
    if numeric_style(text) != "plain":
        return y, kind
    return parse_numbers(text, "plain"), "float"


def _is_whole(y: np.ndarray) -> bool:
    return y.dtype.kind in "iu" or bool((y == np.floor(y)).all() and (np.abs(y) < 2**53).all())
