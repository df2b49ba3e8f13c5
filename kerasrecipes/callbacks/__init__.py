"""Callbacks for a user's own `model.fit`, each usable alone and a thin face of a part below."""

from kerasrecipes.callbacks.activation_monitor import ActivationMonitor
from kerasrecipes.callbacks.babysitter import Babysitter
from kerasrecipes.callbacks.bias_variance_reporter import BiasVarianceReporter
from kerasrecipes.callbacks.cost_monitor import CostMonitor
from kerasrecipes.callbacks.doctor import Doctor
from kerasrecipes.callbacks.early_stopping import EarlyStopping
from kerasrecipes.callbacks.gradient_monitor import GradientMonitor
from kerasrecipes.callbacks.learning_rate_decay import LearningRateDecay
from kerasrecipes.callbacks.learning_rate_finder import LearningRateFinder
from kerasrecipes.callbacks.report import Report
from kerasrecipes.callbacks.resume import Resume

__all__ = [
    "ActivationMonitor",
    "Babysitter",
    "BiasVarianceReporter",
    "CostMonitor",
    "Doctor",
    "EarlyStopping",
    "GradientMonitor",
    "LearningRateDecay",
    "LearningRateFinder",
    "Report",
    "Resume",
]
