"""Learning-rate decay as small functions of the epoch, which compose.

Each is called with the epoch (from 0, or an array of epochs), serialises as Keras objects do,
and becomes a `keras.optimizers.schedules.LearningRateSchedule` through `.per_step(...)`.
"""

from kerasrecipes.schedules.exponential_decay import ExponentialDecay
from kerasrecipes.schedules.inverse_sqrt_decay import InverseSqrtDecay
from kerasrecipes.schedules.inverse_time_decay import InverseTimeDecay
from kerasrecipes.schedules.manual_decay import ManualDecay
from kerasrecipes.schedules.per_step import PerStep
from kerasrecipes.schedules.schedule import Schedule
from kerasrecipes.schedules.step_decay import StepDecay
from kerasrecipes.schedules.warm_up import WarmUp

__all__ = [
    "ExponentialDecay",
    "InverseSqrtDecay",
    "InverseTimeDecay",
    "ManualDecay",
    "PerStep",
    "Schedule",
    "StepDecay",
    "WarmUp",
]
