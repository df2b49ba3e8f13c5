"""What retrainings with one thing changed say."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import LEARNED, is_decided
from kerasrecipes.diagnosis.rules import fit_arguments, generalisation, layers, optimizer
from kerasrecipes.diagnosis.trace import Skill, Trace, Trial

LEAST_GAIN = 0.1  # of skill
LEAST_GAIN_IN_PART = {True: 0.05, False: 0.25}  # by whether the cause is a flaw in the code
FLAWS = ("preprocessing", "activation", "loss", "initialization", "regularization", "data")
SHARE_OF_BEST = 0.5  # of what the best trial gained
SHARE_OF_MISSING = 0.5  # of what a program that learned in part lacks


def mended_by_a_change(trace: Trace) -> Iterator[Finding]:
    """Names the causes whose change alone mends the program.

    The sign: retrained from the same start for as many steps with one thing changed, the program
    learns (skill of 0.25 and more, the line for learning everywhere here), gains at least 0.1 and
    at least half as much as the best of all trials. Of a program that learned in part, a change
    must take away half of what is lacking, by more than two standard errors of a share among so
    many examples, and gain 0.05; where it mends no flaw in the code but turns what every program
    has (rate, epochs, batch size, units, one sound activation for another), it must gain 0.25 and
    another rule must name that cause too, for most programs do better if they are trained longer.
    Of a run that was cut short and is not hopeless,
    only flaws in the code count. What else could cause it: luck, with few examples.
    """
    named: set[str] = set()
    for trial, before, after in sorted(mending(trace), key=lambda found: found[1] - found[2]):
        for cause in (trial.cause, *trial.also):
            if cause in named:  # by a change that gained more
                continue
            named.add(cause)
            yield Finding(
                "mended-by-a-change",
                cause=cause,
                severity="error" if before < LEARNED else "warning",
                evidence={
                    "skill": before,
                    "skill_with_the_change": after,
                    "change": trial.change,
                },
                advice=f"Change it: {trial.line}",
                reference="course 2, Basic Recipe for Machine Learning",
            )


def mending(trace: Trace) -> list[tuple[Trial, float, float]]:
    """Trials that mended the program, each with the skill before and after."""
    if trace.baseline is None or not trace.trials:
        return []
    own = reached(trace.baseline.skill)
    if trace.run is not None and trace.run.skill is not None:  # it may have had longer
        own = max(own, reached(trace.run.skill))
    decided, found = trace.run is None or is_decided(trace), []
    for trial in trace.trials:
        if not decided and (own >= LEARNED or trial.cause not in FLAWS or not trial.is_sound):
            continue  # it may learn by its end
        before = own if trial.without is None else max(own, reached(trial.without))
        found.append((trial, before, reached(trial.skill)))
    best = max((_gain(before, after) for _, before, after in found), default=0.0)
    return [
        (trial, before, after)
        for trial, before, after in found
        if _mends(trial, before, after, _lacking_classes(trace))
        and _gain(before, after) >= SHARE_OF_BEST * best
        and (before < LEARNED or _is_flaw(trial) or trial.cause in _numbers_named(trace))
    ]


def reached(skill: Skill) -> float:
    """What counts: dev where there is one."""
    return skill.train if skill.dev is None else skill.dev


def _numbers_named(trace: Trace) -> set[str]:
    """Causes that the numbers of the program and its course point at, whatever the severity."""
    rules = (*optimizer.RULES, *fit_arguments.RULES, *layers.RULES, generalisation.high_bias)
    return {finding.cause for rule in rules for finding in rule(trace)}


def _is_flaw(trial: Trial) -> bool:
    """Whether the change takes a flaw out of the code."""
    return trial.is_sound and trial.cause in FLAWS


def _lacking_classes(trace: Trace) -> float:
    """The share of examples that always answering the commonest class gets wrong; 1 of amounts."""
    targets = trace.targets
    if targets is None or targets.priors is None or targets.kind == "multilabel":
        return 1.0
    return max(1 - float(np.max(targets.priors)), 1e-3)


def _mends(trial: Trial, before: float, after: float, lacking: float) -> bool:
    """Whether it made the difference between not learning and learning, or most of one.

    `lacking` is the share of errors that a skill of 0 makes: the rarer they are, the more a skill
    depends on a few examples.
    """
    if before < LEARNED:
        return after >= LEARNED and after - before >= LEAST_GAIN
    least, missing = LEAST_GAIN_IN_PART[_is_flaw(trial)], max(1 - before, 0.0)
    number = trial.skill.examples
    luck = 2 * math.sqrt(missing / (lacking * number)) if number else 0.0
    return after - before >= max(least, SHARE_OF_MISSING * missing) and after - before > luck


def _gain(before: float, after: float) -> float:
    """Skill won, from guessing on."""
    return after - max(0.0, before)
