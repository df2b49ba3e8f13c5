"""What is wrong with a training, from measured evidence: bias and variance are read here."""

from kerasrecipes.diagnosis.bias_variance import (
    TOLERANCE,
    BiasVariance,
    Gap,
    bias_variance_findings,
    read_bias_variance,
)
from kerasrecipes.diagnosis.diagnose import diagnose
from kerasrecipes.diagnosis.diagnosis import Diagnosis
from kerasrecipes.diagnosis.example_errors import (
    example_errors,
    infer_metric,
    infer_threshold,
    is_one_hot,
)
from kerasrecipes.diagnosis.finding import CAUSES, SEVERITIES, Finding
from kerasrecipes.diagnosis.intervals import (
    ErrorEstimate,
    bootstrap_interval,
    estimate_error,
    wilson_interval,
)
from kerasrecipes.diagnosis.measure_error import TargetScale, measure_error
from kerasrecipes.diagnosis.prescription import Change
from kerasrecipes.diagnosis.repair import RepairResult, repair

__all__ = [
    "CAUSES",
    "SEVERITIES",
    "TOLERANCE",
    "BiasVariance",
    "Change",
    "Diagnosis",
    "ErrorEstimate",
    "Finding",
    "Gap",
    "RepairResult",
    "TargetScale",
    "bias_variance_findings",
    "bootstrap_interval",
    "diagnose",
    "estimate_error",
    "example_errors",
    "infer_metric",
    "infer_threshold",
    "is_one_hot",
    "measure_error",
    "read_bias_variance",
    "repair",
    "wilson_interval",
]
