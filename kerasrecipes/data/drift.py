"""Whether two sets come from one distribution."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasrecipes.data.encoding import Encoding
from kerasrecipes.data.errors import DataError
from kerasrecipes.data.feature_tests import feature_tests, holm
from kerasrecipes.data.finite import require_finite
from kerasrecipes.data.joint_test import joint_test
from kerasrecipes.data.rows import as_rows
from kerasrecipes.data.seeds import generator

SHOWN = 10
MOST_VALUES = 1 << 21  # of each set in the tests of single features: a second, not a minute
FEWEST_ROWS = 1_000


class FeatureDrift(NamedTuple):
    """A feature that is distributed differently in the two sets.

    `p_value` is corrected for all tests of the report, so it compares with its `alpha`; `statistic`
    is the largest difference of the two distributions, from 0 (alike) to 1 (apart).
    """

    name: str
    p_value: float
    statistic: float


class DriftReport(NamedTuple):
    """The answer of `same_distribution`: yes or no, how surely, and which features say no."""

    same: bool
    p_value: float
    features: tuple[FeatureDrift, ...]

    def __str__(self) -> str:
        if self.same:
            return f"The two sets look alike: nothing says they differ (p = {self.p_value:.2g})."
        lines = [f"The two sets come from different distributions (p = {self.p_value:.2g})."]
        if not self.features:
            lines.append("  No single feature says so: they differ in how features go together.")
        width = max((len(feature.name) for feature in self.features[:SHOWN]), default=0)
        for name, p_value, statistic in self.features[:SHOWN]:
            lines.append(f"  {name:<{width}}  differs by {statistic:.2f}  (p = {p_value:.2g})")
        if len(self.features) > SHOWN:
            lines.append(f"  and {len(self.features) - SHOWN} more features")
        return "\n".join(lines)


def same_distribution(
    a: Any, b: Any, *, alpha: float = 0.01, names: Sequence[str] | None = None, seed: int = 0
) -> DriftReport:
    """Tests whether two sets come from one distribution, and which features say no.

    `p = min(1, 2 min(p_joint, smallest Holm-corrected p of a feature))`: each feature alone
    (Kolmogorov-Smirnov, or Fisher's exact test where it has few values), and all together, which
    sees changed correlations too (a kernel test). Sets that are the same are called different with
    probability `alpha` at most, however many features there are.

    Args:
        a: Array `(rows, ...)`, flattened to `(rows, features)`, or DataFrame, whose text, dates and
            gaps are encoded.
        b: The same of the other set, with as many features.
        alpha: Float between 0 and 1. Accepted probability of a false alarm.
        names: Sequence of strings, one for each feature of an array. Default: `x0`, `x1`, ...
        seed: Integer >= 0. For the rows drawn from large sets (of each, 2 million values for the
            single features and 1,000 rows for the joint test) and for those exchanged.

    Returns:
        DriftReport: `same`, `p_value`, and `features`, the worst first.

    Raises:
        ValueError: If `alpha` is not between 0 and 1, or `names` has another length.
        DataError: If a set has fewer than 2 rows, holds NaN or infinity, or the features differ.

    Example:
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) + [0.0, 1.0]
    >>> report = same_distribution(a, b, names=["height", "weight"])
    >>> report.same, [feature.name for feature in report.features]
    (False, ['weight'])
    """
    if not 0 < alpha < 1:
        raise ValueError(
            f"`alpha` must lie between 0 and 1: it is a probability. Received: alpha={alpha}."
        )
    a, b, names = _as_features(a, b, names)
    rng = generator(seed)
    a, b = _drawn(a, rng), _drawn(b, rng)
    tests = feature_tests(a, b)
    p_values = np.minimum(2 * holm(tests.p_value), 1.0)
    p_joint = joint_test(a, b, alpha, rng)
    worst = sorted(
        np.flatnonzero(p_values <= alpha), key=lambda i: (p_values[i], -tests.statistic[i])
    )
    features = tuple(
        FeatureDrift(names[int(i)], float(p_values[i]), float(tests.statistic[i])) for i in worst
    )
    p_value = float(min(1.0, 2 * p_joint, p_values.min()))
    return DriftReport(p_value > alpha, p_value, features)


def _as_features(
    a: Any, b: Any, names: Sequence[str] | None
) -> tuple[np.ndarray, np.ndarray, Sequence[str]]:
    a, b = as_rows(a, "a"), as_rows(b, "b")
    for name, values in (("a", a), ("b", b)):
        if len(values) < 2:
            raise DataError(f"`{name}` has {len(values)} rows: two at least are needed to compare.")
    if hasattr(a, "columns") and hasattr(b, "columns"):
        a, b, names = _encoded(a, b)
    a, b = _matrix(a, "a"), _matrix(b, "b")
    if a.shape[1] != b.shape[1]:
        raise DataError(
            f"`a` has {a.shape[1]:,} features and `b` has {b.shape[1]:,}: give both the same ones."
        )
    names = [f"x{i}" for i in range(a.shape[1])] if names is None else [str(n) for n in names]
    if len(names) != a.shape[1]:
        raise ValueError(
            f"`names` must be one for each of the {a.shape[1]:,} features. Received: "
            f"{len(names):,} names."
        )
    return a, b, names


def _encoded(a: Any, b: Any) -> tuple[np.ndarray, np.ndarray, Sequence[str]]:
    import pandas

    different = sorted({str(name) for name in a.columns} ^ {str(name) for name in b.columns})
    if different:
        raise DataError(
            f"`a` has {a.shape[1]} columns and `b` has {b.shape[1]}, and only one of them has "
            f"{', '.join(different[:10])}: give both the same ones."
        )
    encoding = Encoding.fit(pandas.concat([a, b[a.columns]], ignore_index=True))
    return encoding.transform(a), encoding.transform(b), encoding.feature_names


def _drawn(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    rows = max(FEWEST_ROWS, MOST_VALUES // values.shape[1])
    return values if len(values) <= rows else values[rng.choice(len(values), rows, replace=False)]


def _matrix(values: Any, name: str) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise DataError(f"`{name}` holds {array.dtype}, not numbers: give text as a DataFrame.")
    require_finite(array, name)
    if not array.size:
        raise DataError(f"`{name}` has shape {array.shape} and so no features to compare.")
    return array.reshape(len(array), -1)
