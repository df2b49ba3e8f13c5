"""Which trials are made, in what order, and for how long."""

from __future__ import annotations

import time
from dataclasses import replace

from kerasrecipes.diagnosis.trace import Skill, Trace, Trial
from kerasrecipes.diagnosis.trials.benches import Benches
from kerasrecipes.diagnosis.trials.setup import Setup
from kerasrecipes.diagnosis.trials.variants import VARIANTS, Variant

NEARLY_PERFECT = 0.95  # from here on nothing is left to mend
SHARE = 0.2  # of the time left that one trial may take


def run_trials(trace: Trace, benches: Benches, seconds: float, step_seconds: float) -> Trace:
    """Retrains with one thing changed at a time, the likeliest first, while there is time.

    Args:
        trace: With the run of a probe.
        benches: Where they are trained.
        seconds: For all of them.
        step_seconds: What one step of the probe took.

    Returns:
        The trace with `baseline` and `trials`. Each trial makes as many steps as the program
        itself; where the time does not allow for that, all of them and the baseline are cut alike.
    """
    run = trace.run
    if run is None or run.skill is None or reached(run.skill) >= NEARLY_PERFECT:
        return trace
    ends = time.perf_counter() + seconds
    steps = min(run.steps, max(1, int(SHARE * seconds / max(step_seconds, 1e-6))))
    skill, cost = run.skill, run.costs[-1]
    if run.not_finite or steps < run.steps:
        steps = run.steps if run.not_finite else steps
        steps = max(steps, 100)
    if steps < run.steps:
        skill, cost = benches.run(Setup(), steps, seconds)
    trials: list[Trial] = []
    for variant, setup in _in_order(trace, benches):
        left = ends - time.perf_counter()
        if left < 0.3 + _compiling(benches, setup):
            continue
        found, last = benches.run(setup, steps, max(0.5, SHARE * left))
        line = variant.line(trace)
        trials.append(Trial(variant.name, variant.cause, line, found, last, variant.also))
    baseline = Trial("nothing", "data", "", skill, cost)
    return replace(trace, baseline=baseline, trials=tuple(trials))


def reached(skill: Skill) -> float:
    """What counts: dev where there is one."""
    return skill.train if skill.dev is None else skill.dev


def _in_order(trace: Trace, benches: Benches) -> list[tuple[Variant, Setup]]:
    """Suspected ones first, then those that need no compiling."""
    fitting = [(variant, variant.setup(trace)) for variant in VARIANTS]
    chosen = [(variant, setup) for variant, setup in fitting if setup is not None]
    return sorted(
        chosen, key=lambda one: (not one[0].is_suspected(trace), not benches.is_ready(one[1]))
    )


def _compiling(benches: Benches, setup: Setup) -> float:
    """Seconds, roughly."""
    return 0.0 if benches.is_ready(setup) else 1.0
