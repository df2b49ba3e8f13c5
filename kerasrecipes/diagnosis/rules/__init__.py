"""The rules: each a pure function from a `Trace` to findings, registered in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.rules import (
    fit_arguments,
    initialization,
    inputs,
    labels,
    layers,
    loss,
    metrics,
    optimizer,
    output_layer,
    regularization,
)
from kerasrecipes.diagnosis.trace import Trace

Rule = Callable[[Trace], Iterator[Finding]]

STATIC_RULES: tuple[Rule, ...] = (
    *output_layer.RULES,
    *loss.RULES,
    *labels.RULES,
    *inputs.RULES,
    *layers.RULES,
    *initialization.RULES,
    *optimizer.RULES,
    *fit_arguments.RULES,
    *regularization.RULES,
    *metrics.RULES,
)
RULES: tuple[Rule, ...] = STATIC_RULES
