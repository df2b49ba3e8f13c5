"""The practical side of deep learning, as parts that plug into Keras 3.

import kerasrecipes as kr
model.fit(x, y, validation_data=dev, callbacks=[kr.callbacks.BiasVarianceReporter()])
"""

from kerasrecipes import (
    averages,
    backend,
    callbacks,
    data,
    diagnosis,
    gradients,
    initializers,
    layers,
    recipe,
    regularizers,
    report,
    schedules,
)
from kerasrecipes.averages import ExponentiallyWeightedAverage, exponentially_weighted_average
from kerasrecipes.diagnosis import diagnose
from kerasrecipes.ensembles import Ensemble
from kerasrecipes.gradients import check_gradients, curvature, gradient_check
from kerasrecipes.recipe import BasicRecipe

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
    "diagnose",
    "diagnosis",
    "exponentially_weighted_average",
    "gradient_check",
    "gradients",
    "initializers",
    "layers",
    "recipe",
    "regularizers",
    "report",
    "schedules",
]
