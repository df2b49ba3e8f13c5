"""Which trials are made, in what order, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kerasrecipes.diagnosis.learning import LEARNED, is_decided
from kerasrecipes.diagnosis.own_time import own_time
from kerasrecipes.diagnosis.rules.trials import mending, reached
from kerasrecipes.diagnosis.trace import Run, Skill, Trace, Trial
from kerasrecipes.diagnosis.trials.benches import Benches
from kerasrecipes.diagnosis.trials.setup import Setup
from kerasrecipes.diagnosis.trials.variants import VARIANTS, Variant

NEARLY_PERFECT = 0.95  # from here on nothing is left to mend
SHARE = 0.12  # of the time that one trial may take
LEAST_STEPS = 100  # of a trial; fewer of them where steps are slow
LONG_PASSES = 4.0  # the share of a trial of more epochs, in shares


def run_trials(trace: Trace, benches: Benches, seconds: float) -> Trace:
    """Retrains with one thing changed at a time, the likeliest first, while there is time.

    Where none of the likeliest mends the program, all that is sound practice is changed together;
    if that does, it is retrained without each of them in turn.

    Args:
        trace: With the run of a probe.
        benches: Where they are trained.
        seconds: For all of them.

    Returns:
        The trace with `baseline`, which is what the probe reached, and `trials`. Each trial makes
        as many steps as the program itself, or as many as the time allows; what it reaches in fewer
        steps than the probe had counts all the same.
    """
    run = trace.run
    if run is None or run.skill is None or reached(run.skill) >= NEARLY_PERFECT:
        return trace
    decided = is_decided(trace)
    if not decided and reached(run.skill) >= LEARNED:  # well on its way
        return trace
    trying = _Trying(trace, run, run.skill, benches, seconds)
    ordered = _in_order(trace, benches)
    if not decided:
        ordered = [one for one in ordered if one[0].is_sound]
    likely = [one for one in ordered if one[0].is_suspected(trace)]
    for variant, setup in likely:
        if not variant.is_more:
            trying.single(variant, setup)
    if not mending(trying.trace):
        trying.together(with_more=False)
    for variant, setup in likely:
        if variant.is_more:
            trying.single(variant, setup)
    if not mending(trying.trace):
        trying.together(with_more=True)
    for variant, setup in ordered:
        if (variant, setup) not in likely:
            trying.single(variant, setup)
    return trying.trace


class _Trying:
    """Trials made so far, and the time that is left."""

    def __init__(
        self, trace: Trace, run: Run, skill: Skill, benches: Benches, seconds: float
    ) -> None:
        self._benches, self._ends = benches, own_time() + seconds
        self._each = max(SHARE * seconds, 1.2 * LEAST_STEPS * benches.step_seconds)
        self._steps = _steps(trace, run, self._each, benches.step_seconds)
        self.trace = replace(trace, baseline=Trial("nothing", "data", "", skill, run.costs[-1]))

    def single(self, variant: Variant, setup: Setup) -> None:
        """Tries one change, if there is time."""
        tried = self._run(setup)
        if tried is not None:
            self._add(variant, setup, *tried)

    def together(self, with_more: bool) -> None:
        """Tries all sound changes at once, with more training too; then without each."""
        parts = [(v, s) for v in VARIANTS if v.is_sound and (s := v.setup(self.trace))]
        if any(setup.optimizer for _, setup in parts):  # it brings a rate of its own
            parts = [(variant, setup) for variant, setup in parts if setup.rate == 1]
        if with_more:
            parts += [(v, s) for v in VARIANTS if v.is_more and (s := v.setup(self.trace))]
        if len(parts) > 1:
            self._without_each(parts)

    def _without_each(self, parts: list[tuple[Variant, Setup]]) -> None:
        everything = _joined(setup for _, setup in parts)
        tried = self._run(everything)
        if tried is None or reached(tried[0]) < LEARNED:
            return
        for variant, setup in parts:
            rest = _joined(other for _, other in parts if other is not setup)
            without = self._run(rest)
            if without is not None:
                self._add(variant, everything, *tried, without=without[0])

    def _run(self, setup: Setup) -> tuple[Skill, float] | None:
        left = self._ends - own_time()
        share = self._each * (LONG_PASSES if setup.passes > 1 else 1)
        needed = min(share, 1.5 * self._steps * setup.passes * self._benches.step_seconds)
        if left < needed + self._benches.compile_seconds(setup):
            return None
        return self._benches.run(setup, self._steps, share)

    def _add(
        self,
        variant: Variant,
        setup: Setup,
        skill: Skill,
        cost: float,
        without: Skill | None = None,
    ) -> None:
        name = variant.name if without is None else f"{variant.name}, among others"
        line, changed = variant.line(self.trace), setup.changed()
        trial = Trial(
            name,
            variant.cause,
            line,
            skill,
            cost,
            variant.also,
            without=without,
            settings=changed,
            is_sound=variant.is_sound,
        )
        self.trace = replace(self.trace, trials=(*self.trace.trials, trial))


def _joined(setups: Iterable[Setup]) -> Setup:
    found = Setup()
    for setup in setups:
        found = found.joined(setup)
    return found


def _steps(trace: Trace, run: Run, seconds: float, step_seconds: float) -> int:
    """As many as the program makes; fewer where its trials would not fit into the time."""
    program, planned = trace.program, run.steps
    if run.not_finite and trace.inputs is not None:  # it ended early
        planned = program.epochs * -(-trace.inputs.examples // program.batch_size)
    return max(1, min(planned, int(seconds / max(step_seconds, 1e-6))))


def _in_order(trace: Trace, benches: Benches) -> list[tuple[Variant, Setup]]:
    """Those first that need no compiling."""
    fitting = [(variant, variant.setup(trace)) for variant in VARIANTS]
    chosen = [(variant, setup) for variant, setup in fitting if setup is not None]
    return sorted(chosen, key=lambda one: not benches.is_ready(one[1]))
