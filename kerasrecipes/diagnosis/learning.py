"""Whether a program learns: the question that decides how much a suspicion weighs."""

from __future__ import annotations

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


def fails(trace: Trace) -> bool:
    """Whether the program was trained to its end and did not learn."""
    skill = skill_of(trace)
    return skill is not None and is_finished(trace) and not skill >= LEARNED


def flaw_severity(trace: Trace) -> str:
    """How much a flaw weighs that no sound program has: a note only if the program learned well."""
    skill = skill_of(trace)
    learned_well = skill is None or skill >= LEARNED_WELL or not is_finished(trace)
    return "note" if learned_well else "warning"


def severity(trace: Trace, harm: str = "warning") -> str:
    """How much a suspicion weighs: `harm` if the program fails, a note if it learned.

    A suspicion in the code of a program that learns is no more than a note: the harm was not
    seen. Before any training it is a note too.
    """
    return harm if fails(trace) else "note"
