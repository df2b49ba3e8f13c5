"""The data of a run: split, encoded by what the training part holds, and compared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kerasrecipes.data import (
    DataError,
    DriftReport,
    Encoding,
    Examples,
    Split,
    same_distribution,
    train_dev_test_split,
)
from kerasrecipes.recipe.run_encoding import RunEncoding

LEAST_MEASURED = 2  # rows of dev and of test


class Prepared(NamedTuple):
    """The data of a job, split and encoded by what the training part holds."""

    examples: Examples
    split: Split
    encoding: RunEncoding
    drift: DriftReport
    notes: tuple[str, ...]


def prepare(examples: Examples, seed: int) -> Prepared:
    """Splits, encodes by the training part alone, and compares dev with test.

    Raises:
        DataError: If there are too few rows, or columns cannot be encoded.
    """
    rows = np.arange(len(examples))
    parts = train_dev_test_split(rows, examples.y, seed=seed)
    _require_enough(parts)
    table = None
    if not isinstance(examples.x, np.ndarray):
        table = Encoding.fit(examples.x.iloc[parts.train[0]])
    notes = [*examples.notes, *(table.notes if table else ())]
    split = Split(*((_inputs(examples, table, chosen), y) for chosen, y in parts))
    names = table.feature_names if table else examples.feature_names
    named = list(names) if len(names) == split.dev[0][0].size else None
    drift = same_distribution(split.dev[0], split.test[0], names=named, seed=seed)
    sizes = ", ".join(
        f"{part} {len(y):,}" for part, (_, y) in zip(("train", "dev", "test"), split, strict=True)
    )
    notes += [f"split: {sizes}.", f"dev and test: {str(drift).splitlines()[0]}"]
    encoding = RunEncoding.of(examples, table, split.train)
    return Prepared(examples, split, encoding, drift, tuple(notes))


def _require_enough(parts: Split) -> None:
    train, dev, test = (len(y) for _, y in parts)
    if min(dev, test) < LEAST_MEASURED:
        raise DataError(
            f"{train + dev + test} rows are too few: train, dev and test would have {train}, {dev} "
            f"and {test}, and an error is measured on {LEAST_MEASURED} rows at least. Give 10 or "
            "more."
        )


def _inputs(examples: Examples, table: Encoding | None, chosen: np.ndarray) -> np.ndarray:
    if table is None or isinstance(examples.x, np.ndarray):
        return np.asarray(examples.x)[chosen]
    return table.transform(examples.x.iloc[chosen])
