"""Collecting: from Keras objects and arrays to the plain values that rules see."""

from kerasrecipes.diagnosis.collect.arrays import numbers, rows_of, why_no_numbers
from kerasrecipes.diagnosis.collect.cost_levels import floor_cost, prior_cost
from kerasrecipes.diagnosis.collect.data_facts import input_facts, target_facts
from kerasrecipes.diagnosis.collect.neighbours import neighbour_skill
from kerasrecipes.diagnosis.collect.program_facts import program_facts, require_compiled
from kerasrecipes.diagnosis.collect.skill import skill
from kerasrecipes.diagnosis.collect.split_facts import SplitFacts, split_facts

__all__ = [
    "SplitFacts",
    "floor_cost",
    "input_facts",
    "neighbour_skill",
    "numbers",
    "prior_cost",
    "program_facts",
    "require_compiled",
    "rows_of",
    "skill",
    "split_facts",
    "target_facts",
    "why_no_numbers",
]
