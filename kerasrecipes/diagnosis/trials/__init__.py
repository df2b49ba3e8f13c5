"""Counterfactuals: the program retrained with one thing changed."""

from kerasrecipes.diagnosis.trials.benches import Benches, CannotTrainError
from kerasrecipes.diagnosis.trials.run_trials import run_trials
from kerasrecipes.diagnosis.trials.setup import Setup
from kerasrecipes.diagnosis.trials.variants import VARIANTS, Variant

__all__ = ["VARIANTS", "Benches", "CannotTrainError", "Setup", "Variant", "run_trials"]
