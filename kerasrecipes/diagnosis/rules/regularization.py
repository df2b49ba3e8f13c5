"""Dropout and penalties."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import flaw_severity, severity
from kerasrecipes.diagnosis.rules.reading import PLAIN_KINDS, hidden_layers, output_name
from kerasrecipes.diagnosis.trace import Trace

REFERENCE = "course 2, week 1, dropout regularization"
STRONG_DROPOUT = 0.6  # the course keeps 0.5 or more in hidden layers
FEW_KEPT = 4.0  # units left on average
STRONG_PENALTY = 0.1  # Keras's own default is 0.01


def dropout_too_strong(trace: Trace) -> Iterator[Finding]:
    """More than 60 % dropped, or fewer than 4 units left on average.

    Srivastava et al. (2014) keep 50 % of hidden units, 80 % of inputs.
    """
    dropped = trace.program.input_dropout
    if dropped > STRONG_DROPOUT:
        yield Finding(
            "dropout-too-strong",
            cause="regularization",
            severity=severity(trace),
            where="x",
            evidence={"dropped_share_of_inputs": dropped},
            advice="Write Dropout(0.2) in front of the first layer, or leave it out.",
            reference=REFERENCE,
        )
    for layer in hidden_layers(trace):
        kept = (layer.units or 0) * (1 - layer.dropout)
        is_tiny = layer.dropout > 0 and 0 < kept < FEW_KEPT and layer.kind in PLAIN_KINDS
        if layer.dropout > STRONG_DROPOUT or is_tiny:
            yield Finding(
                "dropout-too-strong",
                cause="regularization",
                severity=severity(trace),
                where=layer.name,
                evidence={"dropped_share": layer.dropout, "units_kept": kept},
                advice="Leave out the Dropout behind it." if is_tiny else "Write Dropout(0.3).",
                reference=REFERENCE,
            )


def dropout_at_the_output(trace: Trace) -> Iterator[Finding]:
    """Dropout behind the output layer: predictions are set to 0 at random, whatever is learned.

    Nothing speaks for it, so that it weighs unless the program learned well.
    """
    layers = trace.program.layers
    if layers and layers[-1].dropout > 0:
        yield Finding(
            "dropout-at-the-output",
            cause="regularization",
            severity=flaw_severity(trace),
            where=output_name(trace),
            evidence={"dropped_share": layers[-1].dropout},
            advice="Leave out the Dropout behind the output layer.",
            reference=REFERENCE,
        )


def penalty_too_strong(trace: Trace) -> Iterator[Finding]:
    """An L1 or L2 factor of 0.1 or more: the penalty outweighs a cost of about 1.

    Weights then shrink towards 0 whatever the data say; ten times Keras's own default.
    """
    for layer in trace.program.layers:
        if layer.penalty >= STRONG_PENALTY:
            yield Finding(
                "penalty-too-strong",
                cause="regularization",
                severity=severity(trace),
                where=layer.name,
                evidence={"penalty": layer.penalty, "limit": STRONG_PENALTY},
                advice="Write kernel_regularizer=keras.regularizers.L2(1e-4).",
                reference="course 2, week 1, regularization",
            )


RULES = (dropout_too_strong, dropout_at_the_output, penalty_too_strong)
