"""What retrainings with one thing changed say."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import LEARNED
from kerasrecipes.diagnosis.trace import Skill, Trace, Trial

LEAST_GAIN = 0.1  # of skill
SHARE_OF_BEST = 0.5  # of what the best trial gained
SHARE_OF_MISSING = 0.5  # of what a program that learned in part lacks


def mended_by_a_change(trace: Trace) -> Iterator[Finding]:
    """Names the causes whose change alone mends the program.

    The sign: retrained from the same start for as many steps with one thing changed, the program
    learns (skill of 0.25 and more, the project's line for learning), gains at least 0.1 and at
    least half as much as the best of all trials. Of a program that learned in part, a change must
    take away half of what is lacking. What else could cause it: luck, with few examples.
    """
    if trace.baseline is None or not trace.trials:
        return
    before = reached(trace.baseline.skill)
    gains = [gain(trial, before) for trial in trace.trials]
    for trial, gained in zip(trace.trials, gains, strict=True):
        if is_mended(trial, before) and gained >= SHARE_OF_BEST * max(gains):
            for cause in (trial.cause, *trial.also):
                yield Finding(
                    "mended-by-a-change",
                    cause=cause,
                    severity="error" if before < LEARNED else "warning",
                    evidence={
                        "skill": before,
                        "skill_with_the_change": reached(trial.skill),
                        "change": trial.change,
                    },
                    advice=f"Change it: {trial.line}",
                    reference="course 2, Basic Recipe for Machine Learning",
                )


def is_mended(trial: Trial, before: float) -> bool:
    """Whether a change made the difference between not learning and learning, or most of one."""
    after, base = reached(trial.skill), _before(trial, before)
    if base < LEARNED:
        return after >= LEARNED and after - base >= LEAST_GAIN
    return after - base >= max(LEAST_GAIN, SHARE_OF_MISSING * (1 - base))


def gain(trial: Trial, before: float) -> float:
    """Skill won, from guessing on."""
    return reached(trial.skill) - max(0.0, _before(trial, before))


def reached(skill: Skill) -> float:
    """What counts: dev where there is one."""
    return skill.train if skill.dev is None else skill.dev


def _before(trial: Trial, before: float) -> float:
    return before if trial.without is None else reached(trial.without)
