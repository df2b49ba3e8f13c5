"""The rounds of a search from coarse to fine, and the boxes that each looks in."""

from typing import Any, NamedTuple

import numpy as np

MORE_THAN_DIMENSIONS = 3  # trials of the coarse round
MOST_BOXES = 2
HALF_WIDTHS = 0.4, 0.7  # of a typical side of the first boxes, and how each round shrinks it
FREE_LENGTH = 2.0  # a hyperparameter with a longer scale does not matter: its whole range stays


class Round(NamedTuple):
    """A round of the search.

    `number` counts from 0, the coarse round over the whole space, which has no boxes.
    `first_trial` is the index, in the order of starting, of its first trial. Each of `boxes` maps
    hyperparameters to `(low, high)` in coordinates on [0, 1], each on its own scale.
    """

    number: int
    first_trial: int
    boxes: tuple[dict[str, tuple[float, float]], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the file of the search."""
        return self._asdict() | {"boxes": [dict(box) for box in self.boxes]}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Round":
        """What `to_json` wrote."""
        boxes = ({name: tuple(side) for name, side in box.items()} for box in plain["boxes"])
        return cls(plain["number"], plain["first_trial"], tuple(boxes))


def coarse_count(dimensions: int, max_trials: int | None, wanted: int | None) -> int:
    """Trials of the coarse round: a few more than hyperparameters, a third of all at most."""
    if wanted is not None:
        return wanted
    count = dimensions + MORE_THAN_DIMENSIONS
    return count if max_trials is None else max(min(count, max_trials // 3), 2)


def round_starts(coarse: int, rounds: int, max_trials: int | None) -> list[int]:
    """The index of the first trial of each round; the rounds after the coarse one are as long.

    Example:
    >>> round_starts(coarse=10, rounds=4, max_trials=40)
    [0, 10, 20, 30]
    """
    if rounds == 1:
        return [0]
    if max_trials is None:
        return [0, *(coarse * number for number in range(1, rounds))]
    rest = max(max_trials - coarse, 0)
    return [0, *(coarse + rest * number // (rounds - 1) for number in range(rounds - 1))]


def boxes_around(
    rows: np.ndarray, means: np.ndarray, lengths: np.ndarray, unordered: np.ndarray, number: int
) -> np.ndarray:
    """Boxes around the best regions, `(boxes, hyperparameters, 2)`.

    Sides go with the length scales: a hyperparameter that matters is looked at closely, one that
    does not keeps its whole range, and so does an unordered choice, where near has no meaning.

    Args:
        rows: Array `(trials, hyperparameters)`, the trials so far; NaN where not active.
        means: Array `(trials,)`: what the surrogate expects of them; the smaller the better.
        lengths: Array `(hyperparameters,)`: length scales.
        unordered: Boolean array `(hyperparameters,)`.
        number: Integer >= 1: of the round; the later, the smaller the boxes.
    """
    first, shrink = HALF_WIDTHS
    typical = np.exp(np.mean(np.log(np.minimum(lengths, FREE_LENGTH))))
    half = first * shrink ** (number - 1) * np.clip(lengths / typical, 0.5, 2.0)
    half = np.where(unordered | (lengths > FREE_LENGTH), 1.0, half)
    boxes: list[np.ndarray] = []
    for index in np.argsort(means, kind="stable"):
        if len(boxes) == MOST_BOXES:
            break
        row = rows[index]
        if not any(np.all(np.isnan(row) | ((row >= b[:, 0]) & (row <= b[:, 1]))) for b in boxes):
            low, high = np.maximum(row - half, 0.0), np.minimum(row + half, 1.0)
            boxes.append(np.stack([np.nan_to_num(low), np.nan_to_num(high, nan=1.0)], axis=1))
    return np.array(boxes)


def named_boxes(boxes: np.ndarray, names: list[str]) -> tuple[dict[str, tuple[float, float]], ...]:
    """Boxes as dicts; a name that two hyperparameters share has the side that holds both."""
    named: list[dict[str, tuple[float, float]]] = []
    for box in boxes:
        plain: dict[str, tuple[float, float]] = {}
        for name, (low, high) in zip(names, box.tolist(), strict=True):
            other_low, other_high = plain.get(name, (low, high))
            plain[name] = min(low, other_low), max(high, other_high)
        named.append(plain)
    return tuple(named)


def sides(boxes: tuple[dict[str, tuple[float, float]], ...], names: list[str]) -> np.ndarray:
    """Boxes as an array `(boxes, hyperparameters, 2)`; the whole range of what they do not name."""
    return np.array([[box.get(name, (0.0, 1.0)) for name in names] for box in boxes])
