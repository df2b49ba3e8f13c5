"""Where to try next: the most promising of many candidates, refined."""

from collections.abc import Callable

import numpy as np
from scipy.special import log_ndtr

from kerasrecipes.tuning.scales import Scales
from kerasrecipes.tuning.surrogate import Surrogate

CANDIDATES = 400  # before the best are refined
FULL_EFFORT = 80  # with more trials, fewer candidates: each costs more to judge
BEST_TRIALS = 5  # neighbours of so many are among the candidates
REFINED = 6  # so many of the best candidates are refined,
REFINEMENTS = 4  # so many times,
NEIGHBOURS = 24  # each by the best of so many of its neighbours
HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


def propose(
    scales: Scales,
    surrogate: Surrogate,
    rows: np.ndarray,
    means: np.ndarray,
    boxes: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """The candidates within the boxes that promise the largest expected improvement.

    Args:
        scales: The scales of the space.
        surrogate: What is known; smaller scores are better.
        rows: Array `(trials, hyperparameters)`: trials so far.
        means: Array `(trials,)`: what the surrogate expects of them.
        boxes: Array `(boxes, hyperparameters, 2)`.
        rng: For the candidates.

    Returns:
        Array `(candidates, hyperparameters)`, the best first.
    """
    effort = min(1.0, FULL_EFFORT / len(rows)) ** 1.5
    count, neighbours = max(int(CANDIDATES * effort), 40), max(int(NEIGHBOURS * effort), 6)
    steps = 0.3 * np.minimum(surrogate.lengths, 0.5)
    best = means.min()

    def judge(raw: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inside = np.clip(raw, boxes[box, :, 0], boxes[box, :, 1])
        found = scales.switch_off(scales.snap(inside))
        return found, _log_gain(surrogate, scales.features(found)[0], best)

    box = rng.integers(len(boxes), size=count)
    near = _filled(rows[np.argsort(means)[:BEST_TRIALS]], rng)
    raw = rng.uniform(boxes[box, :, 0], boxes[box, :, 1])
    local = rng.random(count) < 0.5
    raw[local] = _moved(near[rng.integers(len(near), size=local.sum())], steps, rng)
    found, gains = judge(raw, box)
    order = np.argsort(-gains)[:REFINED]
    start = raw[order], box[order], gains[order]
    refined, refined_gains = _refine(judge, *start, steps, neighbours, rng)
    found, gains = np.concatenate([found, *refined]), np.concatenate([gains, *refined_gains])
    return found[np.argsort(-gains, kind="stable")]


def _refine(
    judge: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    raw: np.ndarray,
    box: np.ndarray,
    gains: np.ndarray,
    steps: np.ndarray,
    neighbours: int,
    rng: np.random.Generator,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """All neighbours looked at, and their gains; each turn begins at the best of the last."""
    all_found, all_gains = [], []
    for turn in range(REFINEMENTS):
        moved = _moved(np.repeat(raw, neighbours, axis=0), steps * 0.5**turn, rng)
        found, moved_gains = judge(moved, np.repeat(box, neighbours))
        all_found.append(found)
        all_gains.append(moved_gains)
        winners = moved_gains.reshape(-1, neighbours).argmax(axis=1)
        winners += neighbours * np.arange(len(winners))
        better = moved_gains[winners] > gains
        raw = np.where(better[:, None], moved[winners], raw)
        gains = np.where(better, moved_gains[winners], gains)
    return all_found, all_gains


def _filled(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(np.isnan(rows), rng.random(rows.shape), rows)


def _moved(rows: np.ndarray, steps: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Neighbours: some coordinates moved by about a step, and now and then one drawn anew."""
    m, d = rows.shape
    moves = rng.random((m, d)) < max(0.3, 1.5 / d)
    moves[np.arange(m), rng.integers(d, size=m)] = True
    moved = np.where(moves, rows + rng.normal(size=(m, d)) * steps, rows)
    anew = moves & (rng.random((m, d)) < 0.15)
    return np.where(anew, rng.random((m, d)), np.clip(moved, 0.0, 1.0))


def _log_gain(surrogate: Surrogate, features: np.ndarray, best: float) -> np.ndarray:
    """Logarithm of the expected improvement, which still tells candidates apart where it is tiny.

    Ament et al., "Unexpected improvements to expected improvement", 2023.
    """
    mean, deviation = surrogate.predict(features)
    z = np.minimum((best - mean) / deviation, 30.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = -0.5 * z * z - HALF_LOG_TWO_PI
        tail = np.exp(log_ndtr(z) - density)  # Mills' ratio of -z
        gain = np.where(
            z > -10, np.log(np.maximum(z * tail + 1, 1e-300)), -2 * np.log(np.abs(z) + 1e-300)
        )
    return np.log(deviation) + density + gain
