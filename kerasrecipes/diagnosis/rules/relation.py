"""Whether the targets have to do with the inputs at all."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import fails, is_suspect
from kerasrecipes.diagnosis.rules.trials import mending
from kerasrecipes.diagnosis.trace import Trace

UNRELATED = 0.05  # of skill


def targets_unrelated(trace: Trace) -> Iterator[Finding]:
    """Examples that lie close together have targets that agree no more than by chance.

    The sign: predicted by its five nearest others, an example's target is guessed with a skill
    below 0.05, the program fails, and no retraining with one thing changed mends it. Where nothing
    is held out, learning train by heart is no mending, and a program that learned but a part of
    train is suspect too. In the tables
    and images that come with scikit-learn, and MNIST's, the five nearest reach 0.43 to 0.96 as they
    are, and at most 0.02 with their labels shuffled or sorted. What else could cause it: a relation
    that distance does not show, such as parity or translated patterns; noise that nobody could
    predict.
    """
    skill = trace.neighbour_skill
    if skill is None or not skill < UNRELATED:
        return
    seen = trace.run.skill if trace.run else None
    if seen is not None and seen.dev is None:
        is_suspected = is_suspect(trace)
    else:
        is_suspected = fails(trace) and not mending(trace)
    if not is_suspected:
        return
    yield Finding(
        "targets-unrelated",
        cause="data",
        severity="warning",
        where="y",
        evidence={"skill_of_nearest_neighbours": skill, "limit": UNRELATED},
        advice="Shuffle x and y by one order: i = rng.permutation(len(x)); x, y = x[i], y[i].",
        reference="course 2, week 1, train/dev/test sets",
    )


RULES = (targets_unrelated,)
