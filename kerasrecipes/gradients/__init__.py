"""Gradients: checked against differences of the cost, for a model or for any function."""

from kerasrecipes.gradients.check_gradients import check_gradients
from kerasrecipes.gradients.gradient_check import gradient_check
from kerasrecipes.gradients.result import Element, GradientCheck, VariableCheck

__all__ = ["Element", "GradientCheck", "VariableCheck", "check_gradients", "gradient_check"]
