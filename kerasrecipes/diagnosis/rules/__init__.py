"""The rules: each a pure function from a `Trace` to findings, registered in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.rules import (
    cost,
    fit_arguments,
    generalisation,
    gradients,
    initialization,
    inputs,
    labels,
    layers,
    loss,
    metrics,
    not_finite,
    optimizer,
    output_layer,
    predictions,
    regularization,
    relation,
    scale,
    trials,
    units,
)
from kerasrecipes.diagnosis.trace import Trace

Rule = Callable[[Trace], Iterator[Finding]]

RUN_RULES: tuple[Rule, ...] = (
    trials.mended_by_a_change,
    not_finite.not_finite,
    cost.diverged,
    cost.at_the_priors,
    cost.not_falling,
    cost.one_batch,
    scale.target_scale,
    scale.cost_at_the_start,
    units.dead_units,
    units.saturated_units,
    gradients.gradients_by_depth,
    gradients.no_gradient,
    gradients.update_size,
    cost.oscillating,
    cost.too_slow,
    predictions.constant_predictions,
    generalisation.high_bias,
    generalisation.high_variance,
    generalisation.drifted,
    generalisation.shared_examples,
)
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
    *relation.RULES,
)
RULES: tuple[Rule, ...] = (*RUN_RULES, *STATIC_RULES)
