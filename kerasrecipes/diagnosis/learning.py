"""Whether a program learns: the question that decides how much a suspicion weighs."""

from __future__ import annotations

from kerasrecipes.diagnosis.cost_course import is_hopeless, is_stuck
from kerasrecipes.diagnosis.trace import Trace

LEARNED = 0.25  # of the way from guessing to perfect
LEARNED_WELL = 0.75


def skill_of(trace: Trace) -> float | None:
    """The program's skill where it counts: on dev if there is one, else on train; or None."""
    skill = trace.run.skill if trace.run else None
    if skill is None:
        return None
    return skill.train if skill.dev is None else skill.dev


def is_finished(trace: Trace) -> bool:
    """Whether the run got as far as the user planned, or nearly."""
    run = trace.run
    return run is not None and run.epochs >= 0.9 * run.planned_epochs


def is_decided(trace: Trace) -> bool:
    """Whether what was seen is enough to judge by: the run is finished, or hopeless."""
    return is_finished(trace) or (trace.run is not None and is_hopeless(trace.run))


def fails(trace: Trace) -> bool:
    """Whether the program was trained, as far as it takes to tell, and did not learn."""
    skill = skill_of(trace)
    return skill is not None and is_decided(trace) and not skill >= LEARNED


def is_suspect(trace: Trace) -> bool:
    """Whether the run is decided and did not learn well, or is plainly stuck.

    The signs of a run that is on its way, or that ended well, are not worth a word.
    """
    if trace.run is None:
        return False
    skill = skill_of(trace)
    well = skill is not None and skill >= LEARNED_WELL
    return not well and (is_stuck(trace.run) or is_decided(trace))


def harm(trace: Trace) -> str:
    """`"warning"` where the harm is seen: the program fails, or is stuck and no skill says else."""
    skill = skill_of(trace)
    if trace.run is None or (skill is not None and skill >= LEARNED):
        return "note"
    stuck = is_stuck(trace.run) and (skill is None or not is_finished(trace))
    return "warning" if fails(trace) or stuck else "note"


def flaw_severity(trace: Trace) -> str:
    """How much a flaw weighs that no sound program has: a note only if the program learned well."""
    skill = skill_of(trace)
    learned_well = skill is None or skill >= LEARNED_WELL or not is_decided(trace)
    return "note" if learned_well else "warning"


def severity(trace: Trace, harm: str = "warning") -> str:
    """How much a suspicion weighs: `harm` if the program fails, a note if it learned.

    A suspicion in the code of a program that learns is no more than a note: the harm was not
    seen. Before any training it is a note too.
    """
    return harm if fails(trace) else "note"
