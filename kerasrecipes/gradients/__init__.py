"""Gradients: checked against differences, watched in training; curvature of the cost."""

from kerasrecipes.gradients.check_gradients import check_gradients
from kerasrecipes.gradients.curvature import curvature
from kerasrecipes.gradients.curvature_result import Curvature
from kerasrecipes.gradients.gradient_check import gradient_check
from kerasrecipes.gradients.gradient_tap import GradientTap, TapReading
from kerasrecipes.gradients.result import Element, GradientCheck, VariableCheck
from kerasrecipes.gradients.tapped_fit import TappedFit

__all__ = [
    "Curvature",
    "Element",
    "GradientCheck",
    "GradientTap",
    "TapReading",
    "TappedFit",
    "VariableCheck",
    "check_gradients",
    "curvature",
    "gradient_check",
]
