"""All faults, by name."""

from doctor_bench import (  # noqa: F401 - each registers its faults
    faults_of_data,
    faults_of_network,
    faults_of_output,
    faults_of_training,
)
from doctor_bench.fault import FAULTS, Fault

__all__ = ["FAULTS", "Fault"]
