"""From the courses of many searches to ranks and to the trials that a target takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy.stats import rankdata

Courses = Mapping[str, Mapping[str, Mapping[int, Mapping[int, np.ndarray]]]]
"""Of a method, a task, a seed and a budget: the cost of the best setting after each trial."""


def shared_seeds(courses: Courses, methods: Iterable[str], tasks: Iterable[str]) -> list[int]:
    """The seeds that all these methods have searched all these tasks with."""
    sets = [set(courses[m].get(t, {})) for m in methods for t in tasks]
    return sorted(set.intersection(*sets)) if sets else []


def mean_ranks(
    courses: Courses, methods: list[str], tasks: list[str], seeds: list[int], budget: int
) -> np.ndarray:
    """The mean rank of each method among them over tasks and seeds; 1 is best, ties share."""
    ranks = []
    for task in tasks:
        for seed in seeds:
            costs = [final(courses, method, task, seed, budget) for method in methods]
            ranks.append(rankdata(np.round(costs, 9)))
    return np.mean(ranks, axis=0)


def final(courses: Courses, method: str, task: str, seed: int, budget: int) -> float:
    """The cost after a budget, of a search that knew it, or of a longer one on the way."""
    found = courses[method][task][seed]
    return float(found.get(budget, found[max(found)])[budget - 1])


def trials_to_target(
    courses: Courses, method: str, task: str, seeds: Iterable[int], target: float
) -> float:
    """The median over seeds of the trials until the cost is at most the target; or infinity."""
    needed = []
    for seed in seeds:
        found = courses[method][task][seed]
        reached = np.flatnonzero(found[max(found)] <= target + 1e-12)
        needed.append(reached[0] + 1 if len(reached) else np.inf)
    return float(np.median(needed))


def targets(courses: Courses, tasks: Iterable[str], seeds: list[int], budget: int) -> dict:
    """What random search has reached after the budget, by task: the median over seeds."""
    return {
        task: float(
            np.median([final(courses, "RandomSearch", task, seed, budget) for seed in seeds])
        )
        for task in tasks
    }
