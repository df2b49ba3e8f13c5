"""The practical side of deep learning, as parts that plug into Keras 3.

import kerasrecipes as kr
model.fit(x, y, validation_data=dev, callbacks=[kr.callbacks.BiasVarianceReporter()])

What Keras must know of to load a model (layers, initializers, regularizers, schedules, ensembles)
is imported at once, the rest when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kerasrecipes import averages, backend, data, initializers, layers, regularizers, schedules
from kerasrecipes.averages import ExponentiallyWeightedAverage, exponentially_weighted_average
from kerasrecipes.ensembles import Ensemble

if TYPE_CHECKING:
    from kerasrecipes import (
        callbacks,
        devices,
        diagnosis,
        gradients,
        lessons,
        recipe,
        report,
        tuning,
    )
    from kerasrecipes.diagnosis.diagnose import diagnose
    from kerasrecipes.gradients.check_gradients import check_gradients
    from kerasrecipes.gradients.curvature import curvature
    from kerasrecipes.gradients.gradient_check import gradient_check
    from kerasrecipes.lessons.script import lesson
    from kerasrecipes.recipe.basic_recipe import BasicRecipe

__version__ = "0.1.0"
__all__ = [
    "BasicRecipe",
    "Ensemble",
    "ExponentiallyWeightedAverage",
    "averages",
    "backend",
    "callbacks",
    "check_gradients",
    "curvature",
    "data",
    "devices",
    "diagnose",
    "diagnosis",
    "exponentially_weighted_average",
    "gradient_check",
    "gradients",
    "initializers",
    "layers",
    "lesson",
    "lessons",
    "recipe",
    "regularizers",
    "report",
    "schedules",
    "tuning",
]
_LATER = (
    *("callbacks", "devices", "diagnosis", "gradients"),
    *("lessons", "recipe", "report", "tuning"),
)
_FROM = {
    "BasicRecipe": "recipe.basic_recipe",
    "check_gradients": "gradients.check_gradients",
    "curvature": "gradients.curvature",
    "diagnose": "diagnosis.diagnose",
    "gradient_check": "gradients.gradient_check",
    "lesson": "lessons.script",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return import_module(f"kerasrecipes.{name}")
    if name in _FROM:
        return getattr(import_module(f"kerasrecipes.{_FROM[name]}"), name)
    raise AttributeError(f"module 'kerasrecipes' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
