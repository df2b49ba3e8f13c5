"""What there is to learn: the encoded parts of a split, and what kind of target they have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kerasrecipes.data import DataError, Split, TargetEncoding
from kerasrecipes.data.target import as_target
from kerasrecipes.diagnosis import TargetScale, infer_metric

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Problem:
    """Training and dev examples with targets a network can be trained on.

    Attributes:
        task: `"classification"` or `"regression"`.
        train: `(x, y)`: y class numbers (int64), or standardised numbers (float32).
        dev: The same of the dev set.
        outputs: Units of the last layer: the number of classes, or 1.
        image_shape: `(height, width, channels)` where each row of x is an image, else `None`.
        loss: The loss that fits the targets and the last layer.
        metric: How errors are measured, as `kerasrecipes.diagnosis.example_errors` names it.
        target: The `TargetEncoding` of the labels; `None` where targets are used as given.
        offset: Mean of the training targets of a regression, else 0.
        scale: Their standard deviation, else 1.
        threshold: Outputs above it say 1, for independent outputs.
        target_scale: Mean and variance of the training targets as the network sees them.
    """

    task: str
    train: Pair
    dev: Pair
    outputs: int
    image_shape: tuple[int, int, int] | None
    loss: Any
    metric: str
    target: TargetEncoding | None = None
    offset: float = 0.0
    scale: float = 1.0
    threshold: float = 0.5
    target_scale: TargetScale | None = None

    @classmethod
    def of(
        cls, split: Split, task: str = "auto", image_shape: tuple[int, int, int] | None = None
    ) -> Problem:
        """Encodes the targets by what the training part holds.

        Args:
            split: Parts of numeric arrays; x of shape `(examples, ...)`, y of `(examples,)`,
                `(examples, 1)`, or one-hot.
            task: `"classification"`, `"regression"`, or `"auto"`: by the targets' type and values.
            image_shape: Where the rows of x are flattened images. Arrays of rank 3 and 4 are taken
                for images without it.

        Raises:
            DataError: If a part is empty or not finite, or the targets cannot be learned.
            ValueError: If `image_shape` does not fit the rows.
        """
        _require_examples(split)
        x_train, x_dev = _as_inputs(split.train[0], "train"), _as_inputs(split.dev[0], "dev")
        found = as_target(np.concatenate([split.train[1], split.dev[1]]), "y", task)
        y_train, y_dev = np.split(found.y, [len(x_train)])
        target = TargetEncoding.fit(y_train, found.task)
        y_train, y_dev = target.transform(y_train), target.transform(y_dev)
        offset, scale = 0.0, 1.0
        if found.task == "regression":
            offset, scale = float(np.mean(y_train, dtype="float64")), 1.0
            scale = float(np.std(y_train, dtype="float64")) or 1.0
            y_train, y_dev = ((y - offset) / scale for y in (y_train, y_dev))
        if image_shape is None and x_train.ndim > 2:
            height, width, *channels = x_train.shape[1:]
            image_shape = (height, width, channels[0] if channels else 1)
        if image_shape is not None and math.prod(image_shape) != x_train[0].size:
            raise ValueError(
                "`image_shape` must be (height, width, channels) of as many numbers as a row has. "
                f"Received: image_shape={image_shape}, rows of {x_train[0].size} numbers."
            )
        return cls(
            found.task,
            (x_train, y_train),
            (x_dev, y_dev),
            max(1, len(target.classes)),
            image_shape,
            "mse" if found.task == "regression" else "sparse_categorical_crossentropy",
            "relative_squared_error" if found.task == "regression" else "error_rate",
            target,
            offset,
            scale,
            target_scale=TargetScale.of(y_train) if found.task == "regression" else None,
        )

    @classmethod
    def as_given(cls, split: Split, model: keras.Model) -> Problem:
        """Targets just as the user's compiled model takes them, the metric by its loss.

        Raises:
            DataError: If a part is empty or not finite.
        """
        _require_examples(split)
        for name, part in zip(("train", "dev"), (split.train, split.dev), strict=True):
            for what, array in zip(("inputs", "targets"), part, strict=True):
                _require_finite(np.asarray(array), f"{name} {what}")
        metric, threshold = infer_metric(model.loss)
        regression = metric == "relative_squared_error"
        return cls(
            "regression" if regression else "classification",
            split.train,
            split.dev,
            int(model.output_shape[-1] or 1),
            None,
            model.loss,
            metric,
            threshold=threshold,
            target_scale=TargetScale.of(split.train[1]) if regression else None,
        )


def _as_inputs(x: Any, part: str) -> np.ndarray:
    x = np.asarray(x)
    if x.dtype.kind not in "fiub":
        raise DataError(
            f"the {part} inputs must be numbers, not {x.dtype}: encode text columns with "
            "`kr.data.Encoding` first."
        )
    if x.ndim < 2 or x.ndim > 4:
        raise DataError(
            f"the {part} inputs have shape {x.shape}: rows of features (m, n) or images "
            "(m, height, width[, channels]) are needed."
        )
    _require_finite(x, f"{part} inputs")
    return x


def _require_examples(split: Split) -> None:
    for name, (x, y) in zip(("train", "dev"), (split.train, split.dev), strict=True):
        if len(x) != len(y) or not len(y):
            raise DataError(
                f"the {name} part has {len(x)} inputs and {len(y)} targets: they must be as "
                "many, at least one. Check the split."
            )


def _require_finite(values: np.ndarray, what: str) -> None:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise DataError(
            f"the {what} hold {bad} values that are NaN or infinite: remove these rows, or "
            "impute them with `kr.data.Encoding`."
        )
