"""What is wrong with a training, from measured evidence: bias and variance are read here."""

from kerasrecipes.diagnosis.bias_variance import (
    BiasVariance,
    Gap,
    bias_variance_findings,
    read_bias_variance,
)
from kerasrecipes.diagnosis.diagnosis import Diagnosis
from kerasrecipes.diagnosis.example_errors import (
    example_errors,
    infer_metric,
    target_spread,
)
from kerasrecipes.diagnosis.finding import CAUSES, SEVERITIES, Finding
from kerasrecipes.diagnosis.intervals import (
    ErrorEstimate,
    bootstrap_interval,
    estimate_error,
    wilson_interval,
)

__all__ = [
    "CAUSES",
    "SEVERITIES",
    "BiasVariance",
    "Diagnosis",
    "ErrorEstimate",
    "Finding",
    "Gap",
    "bias_variance_findings",
    "bootstrap_interval",
    "estimate_error",
    "example_errors",
    "infer_metric",
    "read_bias_variance",
    "target_spread",
    "wilson_interval",
]
