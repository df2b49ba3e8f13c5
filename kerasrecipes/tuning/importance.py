"""Which hyperparameters made the difference, with what certainty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from threadpoolctl import threadpool_limits

from kerasrecipes.tuning.forest import Forest, fit_forest
from kerasrecipes.tuning.functional_anova import main_effects, marginal, pair_effects
from kerasrecipes.tuning.importance_table import Importance, Share
from kerasrecipes.tuning.permutation import permutation_effects
from kerasrecipes.tuning.trials_table import TrialsTable, trials_table

Method = Literal["fanova", "permutation"]
FEWEST_TRIALS = 8
HALVES = 16  # refits on a random half of the trials
OUTLIERS, MOST_BY_OUTLIERS = 0.05, 0.8
_POINTS, _POINTS_OF_HALVES = 1 << 12, 1 << 10


def importance(
    tuner: Any,
    *,
    method: Method = "fanova",
    ranks: bool | Literal["auto"] = "auto",
    interactions: int = 5,
    trees: int = 128,
    seed: int = 0,
) -> Importance:
    """Tells which share of the differences between trials each hyperparameter makes.

    `share_i = Var(E[f | x_i]) / Var(f)` (functional ANOVA), where `f` is a random forest fit on the
    completed trials, each hyperparameter on its own scale and uniform on it, as random search draws
    it. Marginals are exact sums over the leaves. A conditional hyperparameter that was not active
    had no effect: it counts as drawn at random all the same, so the forest learns that it does
    nothing there; its main effect is what it does on average over the whole space, and what it does
    only with its parent is their interaction.

    The standard error is the spread of the shares over refits on random halves of the trials (the
    delete-half jackknife). It holds the noise of the trials and of the forest, but not the
    forest's bias: the fewer trials there are, the smaller it sees what is weak.

    Args:
        tuner: A `keras_tuner.Tuner`, live or reloaded, or a `keras_tuner.Oracle`.
        method: `"fanova"`, or `"permutation"`: by how much the out-of-bag error grows when the
            values of one hyperparameter are shuffled among the trials, over twice the variance.
            That is a total effect, all its interactions included; it looks only where trials are.
        ranks: Take apart the ranks of the scores instead of the scores: a few diverged trials then
            do not drown the rest. `"auto"`: where the most distant 5 % of the trials make more than
            80 % of the squared distance from the median; the table says so. Defaults to "auto".
        interactions: Integer >= 0. How many pairs to tell at most, the strongest. Defaults to 5.
        trees: Integer >= 8. Trees of the forest. Defaults to 128.
        seed: Integer >= 0. The same seed gives the same table.

    Returns:
        Importance: `rows`, the most important first, with their intervals; `interactions`;
        `explained`, the share of the variance that the forest predicts out of bag; `notes` on what
        to be careful about. With fewer than 8 trials, or scores that are all the same, the shares
        are NaN and a note says why. Failed trials, and those with a score that is not finite, are
        left out and counted.

    Raises:
        TypeError: If `tuner` holds no trials.
        ValueError: If no trial has been completed, or an argument is out of its range.

    Example:
        >>> import keras_tuner
        >>> class Valley(keras_tuner.RandomSearch):
        ...     def run_trial(self, trial, **ignored):
        ...         hp = trial.hyperparameters
        ...         rate = hp.Float("learning_rate", 1e-5, 1e-1, sampling="log")
        ...         return abs(np.log10(rate) + 3) + 0.001 * hp.Int("units", 8, 64)
        >>> import tempfile
        >>> tuner = Valley(max_trials=40, directory=tempfile.mkdtemp(), seed=1)
        >>> tuner.search(verbose=0)
        >>> table = importance(tuner)
        >>> table.rows[0].name, table.rows[0].importance > 0.8
        ('learning_rate', True)

    Source: Hutter, Hoos, Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter
    Importance", ICML 2014.
    """
    _check(method, ranks, interactions, trees, seed)
    table = trials_table(tuner)
    by_rank = _heavy_tailed(table.scores) if ranks == "auto" else bool(ranks)
    targets = _ranks(table.scores) if by_rank else table.scores
    why_not = _why_not(table)
    if why_not:
        shares, pairs, explained = [[np.nan] * 2] * len(table.names), [], float("nan")
    else:
        # Threads cost small matrices many times their work where others use the cores too.
        with threadpool_limits(1):
            if method == "permutation":
                shares, pairs, explained = _by_permutation(table.units, targets, trees, seed)
            else:
                of_trials = table.units, targets
                shares, pairs, explained = _by_anova(*of_trials, interactions, trees, seed)
    names = table.names
    return Importance.of(
        table,
        [Share(names[i], *shares[i]) for i in range(len(names))],
        [Share(f"{names[i]} × {names[j]}", *share) for i, j, *share in pairs],
        method=method,
        explained=explained,
        by_rank=by_rank,
        chosen=ranks == "auto",
        why_not=why_not,
    )


def _by_anova(
    units: np.ndarray, targets: np.ndarray, interactions: int, trees: int, seed: int
) -> tuple:
    rng = np.random.default_rng(seed)
    points = _points(units.shape[1], seed)
    forest = fit_forest(units, targets, rng, trees=trees)
    main, pair = _shares(forest, points, np.arange(units.shape[1]))
    order = sorted(zip(*np.triu_indices(len(main), 1), strict=True), key=lambda ij: -pair[ij])
    told = order[:interactions]
    keep = np.unique(np.array(told, dtype=int))  # pairs are refit among these alone
    refits = []
    for _ in range(HALVES):
        half = rng.permutation(len(targets))[: len(targets) // 2]
        if np.ptp(targets[half]) > 0:
            again = fit_forest(units[half], targets[half], rng, trees=max(8, trees // 4))
            refits.append(_shares(again, points[:_POINTS_OF_HALVES], keep))
    if refits:
        main_error, pair_error = (_spread(parts) for parts in zip(*refits, strict=True))
    else:  # a single trial differs, and no half holds it
        main_error, pair_error = np.full_like(main, np.nan), np.full_like(pair, np.nan)
    listed = [(i, j, float(pair[i, j]), float(pair_error[i, j])) for i, j in told]
    return np.stack([main, main_error], axis=1).tolist(), listed, forest.explained


def _spread(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The standard deviation over the refits; NaN where there is one alone."""
    return np.std(parts, axis=0, ddof=1) if len(parts) > 1 else np.full_like(parts[0], np.nan)


def _by_permutation(units: np.ndarray, targets: np.ndarray, trees: int, seed: int) -> tuple:
    rng = np.random.default_rng(seed)
    forest = fit_forest(units, targets, rng, trees=trees)
    return permutation_effects(forest, units, targets, rng).tolist(), [], forest.explained


def _shares(forest: Forest, points: np.ndarray, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Main effects, and pair effects among the coordinates `keep`, as shares of the variance."""
    dimensions = points.shape[1]
    main, pair = np.zeros(dimensions), np.zeros((dimensions, dimensions))
    variance = float(np.var(forest.predict(points)))
    if variance > 0:  # not so where no tree has split
        main = main_effects(forest.boxes) / variance
        if len(keep) > 1:
            pair[np.ix_(keep, keep)] = pair_effects(marginal(forest.boxes, keep)) / variance
    return main, pair


def _points(dimensions: int, seed: int) -> np.ndarray:
    """Points spread evenly over the space, for the variance of the whole function."""
    from scipy.stats import qmc

    return qmc.Sobol(dimensions, seed=seed).random(_POINTS)


def _heavy_tailed(scores: np.ndarray) -> bool:
    distances = np.sort((scores - np.median(scores)) ** 2)
    furthest = -(-len(scores) * OUTLIERS // 1)
    total = distances.sum()
    return bool(total > 0 and distances[-int(furthest) :].sum() > MOST_BY_OUTLIERS * total)


def _ranks(scores: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    return rankdata(scores) / len(scores)


def _why_not(table: TrialsTable) -> str:
    if not table.names:
        return "the space has no hyperparameter that can vary"
    if len(table.scores) < FEWEST_TRIALS:
        return f"{FEWEST_TRIALS} completed trials at least are needed, far more are better"
    if not np.ptp(table.scores) > 0:
        return f"all trials have the same {table.objective}: there are no differences to explain"
    return ""


def _check(method: str, ranks: object, interactions: int, trees: int, seed: int) -> None:
    if method not in get_args(Method):
        listed = ", ".join(map(repr, get_args(Method)))
        raise ValueError(f"`method` must be one of {listed}. Received: method={method!r}.")
    if ranks not in (True, False, "auto"):
        raise ValueError(f"`ranks` must be True, False or 'auto'. Received: ranks={ranks!r}.")
    least = {"interactions": (interactions, 0), "trees": (trees, 8), "seed": (seed, 0)}
    for name, (value, lowest) in least.items():
        if value != int(value) or value < lowest:
            raise ValueError(f"`{name}` must be an integer >= {lowest}. Received: {name}={value}.")
