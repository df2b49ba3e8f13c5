"""Gradients, checked against differences of the cost, and its curvature."""

from kerasrecipes.gradients.check_gradients import check_gradients
from kerasrecipes.gradients.curvature import curvature
from kerasrecipes.gradients.curvature_result import Curvature
from kerasrecipes.gradients.gradient_check import gradient_check
from kerasrecipes.gradients.result import Element, GradientCheck, VariableCheck

__all__ = [
    "Curvature",
    "Element",
    "GradientCheck",
    "VariableCheck",
    "check_gradients",
    "curvature",
    "gradient_check",
]
