"""Settings of a running, compiled training that are moved at its next step, without retracing."""

from kerasrecipes.live.steering.steering import Steering

__all__ = ["Steering"]
