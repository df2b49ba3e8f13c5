"""Many models of one structure, trained as one program."""

from kerasrecipes.stacked.fit_together import fit_together, why
from kerasrecipes.stacked.not_stackable import NotStackable
from kerasrecipes.stacked.program import StackedProgram
from kerasrecipes.stacked.structure import structure_of
from kerasrecipes.stacked.train_together import Member, Together, example_of
from kerasrecipes.stacked.training_data import TrainingData, training_data

__all__ = [
    "Member",
    "NotStackable",
    "StackedProgram",
    "Together",
    "TrainingData",
    "example_of",
    "fit_together",
    "structure_of",
    "training_data",
    "why",
]
