"""How well a model does its job, whatever its loss."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import tree

from kerasrecipes.diagnosis.collect.activation_name import activation_name
from kerasrecipes.diagnosis.collect.arrays import numbers, rows_of
from kerasrecipes.diagnosis.collect.data_facts import target_facts
from kerasrecipes.diagnosis.collect.layer_facts import layer_facts
from kerasrecipes.diagnosis.collect.layer_order import steps_of
from kerasrecipes.diagnosis.collect.loss_facts import loss_facts
from kerasrecipes.diagnosis.trace import Skill, TargetFacts

Data = tuple[Any, Any]
BATCH = 256  # examples predicted at a time, at most
BOUNDED = ("sigmoid", "softmax", "hard_sigmoid", "softsign", "tanh", "hard_tanh")


class _Job(NamedTuple):
    """How to read predictions: the kind of targets, and from where on a single number says yes."""

    kind: str
    threshold: float
    prediction_threshold: float


def skill(
    model: keras.Model,
    train: Data,
    dev: Data | None = None,
    targets: TargetFacts | None = None,
    most: int = 2000,
) -> Skill | None:
    """Predicts a sample and compares it with guessing.

    Classes are read off as `argmax`, or `> 0.5` of one unit (`> 0` of a logit); several labels each
    as `> 0.5`; anything else by the squared error. Classes in one column against one unbounded unit
    are a regression on their numbers.

    Args:
        model: Predicts arrays; its weights stay as they are.
        train: `(x, y)` as given to `fit`.
        dev: The same of the held-out examples; None if there are none.
        targets: Facts on y of train; None to find them.
        most: Largest number of examples of each to predict.

    Returns:
        The `Skill`; None where the data are no arrays. Predictions that are not finite have -1.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.set_weights([np.array([[2.0]]), np.array([0.0])])
        >>> x = np.arange(9.0)[:, None]
        >>> round(skill(model, (x, 2 * x)).train, 4)
        1.0
    """
    targets = targets or target_facts(train[1])
    if targets is None:
        return None
    seen = _predicted(model, train, most)
    if seen is None:
        return None
    job = _job(model, targets, seen[1].shape[-1])
    held_out = None if dev is None else _predicted(model, dev, most)
    return Skill(
        train=_skill(job, *seen),
        dev=None if held_out is None else _skill(job, *held_out),
        prediction_deviation=_spread(job, *seen),
        examples=_different(*(train if held_out is None else dev or train), most),
    )


def _predicted(model: keras.Model, data: Data, most: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Targets and predictions of a sample, each `(rows, columns)`."""
    x, y = data
    labels = numbers(y)
    if labels is None or numbers(x) is None:
        return None
    rows = rows_of(labels, most)
    outputs = np.asarray(_first_output(model, x, rows), dtype="float64")
    columns = outputs.shape[-1] if outputs.ndim > 1 else 1
    return _as_rows(labels[rows], len(outputs.reshape(-1, columns))), outputs.reshape(-1, columns)


def _different(x: Any, y: Any, most: int) -> int:
    """How many different inputs are among those predicted."""
    rows = rows_of(tree.flatten(y)[0], most)
    parts = [np.asarray(array)[rows] for array in tree.flatten(x)]
    return len({tuple(part[i].tobytes() for part in parts) for i in range(len(rows))})


def _first_output(model: keras.Model, x: Any, rows: np.ndarray) -> np.ndarray:
    """Predictions of these rows, in batches of one size: one program is compiled for all.

    Without the loop and the callbacks of `predict`, which cost more than some hundred examples do.
    """
    count = -(-len(rows) // BATCH)
    batches = np.resize(rows, (count, -(-len(rows) // count)))  # the last repeats the first rows
    outputs = []
    for batch in batches:
        inputs = tree.map_structure(functools.partial(_rows, rows=batch), x)
        outputs.append(tree.flatten(model.predict_on_batch(inputs))[0])
    return np.concatenate(outputs)[: len(rows)]


def _rows(array: Any, rows: np.ndarray) -> np.ndarray:
    return np.asarray(array)[rows]


def _as_rows(y: np.ndarray, count: int) -> np.ndarray:
    """Targets `(count, columns)`: of a map of integers one a place."""
    return y.reshape(count, -1) if y.size % count == 0 else y.reshape(len(y), -1)


def _job(model: keras.Model, targets: TargetFacts, units: int) -> _Job:
    loss = loss_facts(model.loss)
    layers = layer_facts(steps_of(model)[0])
    last = layers[-1].activation if layers else activation_name(None)
    middle = (targets.minimum + targets.maximum) / 2
    at_zero = loss.from_logits or "hinge" in loss.name
    kind = targets.kind
    if kind == "continuous" and loss.name.startswith("sparse"):
        kind = "classes"
    if kind == "classes" and units == 1 and last not in BOUNDED:
        kind = "continuous"
    is_probability = kind == "classes" or (last in ("sigmoid", "softmax") and targets.minimum >= 0)
    return _Job(kind, middle, 0.0 if at_zero else 0.5 if is_probability else middle)


def _labels(job: _Job, values: np.ndarray, threshold: float) -> np.ndarray:
    """Classes of rows: `argmax`, or whether one number is above the threshold."""
    return values.argmax(axis=1) if values.shape[1] > 1 else values[:, 0] > threshold


def _skill(job: _Job, y: np.ndarray, predictions: np.ndarray) -> float:
    if not np.isfinite(predictions).all() or len(y) != len(predictions):
        return -1.0
    if job.kind == "continuous" or (job.kind == "multilabel" and y.shape != predictions.shape):
        return _explained(y, predictions)
    if job.kind == "multilabel":
        right = (y > 0.5) == (predictions > job.prediction_threshold)
        return _beyond_guessing(right.mean(), np.maximum(y.mean(0), 1 - y.mean(0)).mean())
    found = _labels(job, predictions, job.prediction_threshold)
    if y.shape[1] == 1 and (predictions.shape[1] > 1 or job.kind == "classes"):
        true = y[:, 0]
    else:
        true = _labels(job, y, job.threshold)
    commonest = np.unique(true, return_counts=True)[1].max() / len(true)
    return _beyond_guessing((found == true).mean(), commonest)


def _beyond_guessing(share: float, guessed: float) -> float:
    return float((share - guessed) / (1 - guessed)) if guessed < 1 else float(share)


def _explained(y: np.ndarray, predictions: np.ndarray) -> float:
    if y.shape[1] != predictions.shape[1]:
        return -1.0
    total = ((y - y.mean(axis=0)) ** 2).sum()
    missed = ((y - predictions) ** 2).sum()
    return float(1 - missed / total) if total > 0 else float(missed == 0)


def _spread(job: _Job, y: np.ndarray, predictions: np.ndarray) -> float | None:
    """Deviation between examples, of predictions over that of targets."""
    if not np.isfinite(predictions).all():
        return None
    if y.shape[1] == 1 and predictions.shape[1] > 1:  # classes against one column each
        y = (y == np.arange(predictions.shape[1])).astype("float64")
    own = np.sqrt(y.var(axis=0).mean())
    return float(np.sqrt(predictions.var(axis=0).mean()) / own) if own > 0 else None
