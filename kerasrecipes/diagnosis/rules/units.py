"""Units that do nothing: dead ones, and saturated ones."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import harm, is_suspect
from kerasrecipes.diagnosis.rules.gradients import initialization_off, update_ratio
from kerasrecipes.diagnosis.rules.scale import STANDARDISE, input_scale
from kerasrecipes.diagnosis.trace import Trace

MOST = 0.5  # of the units of a layer
LARGE_UPDATE = 0.03  # enough to push units away for good
LOW_BIAS = -1.0  # below the inputs that standardised units see


def dead_units(trace: Trace) -> Iterator[Finding]:
    """Layers where most units give 0 for every example.

    Sign: more than half of a layer's units, in a program that fails; the first such layer is named,
    those behind it follow from it. ReLU networks that learn well have dead units too (a tenth to a
    third is common), so in a program that learns it is a note at most.
    Cause: ReLU at the output; inputs above 10; an initialisation more than a factor of three off or
    a bias far below 0; updates above 0.03 of the weights; else the activation.
    What else could cause it: a penalty that drives the weights to 0.
    """
    yield from _idle(trace, "dead")


def saturated_units(trace: Trace) -> Iterator[Finding]:
    """Hidden layers where most units stand at the flat ends of a sigmoid or tanh.

    Sign: more than half of a hidden layer's units, in a program that fails; outputs are left out:
    they saturate when they are right.
    Cause: as of dead units.
    What else could cause it: a long training with a large rate, after it had learned.
    """
    yield from _idle(trace, "saturated")


def _idle(trace: Trace, sign: str) -> Iterator[Finding]:
    run = trace.run
    if run is None or not is_suspect(trace):
        return
    output = trace.program.layers[-1].name if trace.program.layers else None
    for layer, units in run.units.items():
        share = getattr(units, sign)
        if share > MOST and not (sign == "saturated" and layer == output):
            cause, number, advice, reference = _cause(trace, layer, layer == output, sign)
            yield Finding(
                f"{sign}-units",
                cause=cause,
                severity=harm(trace),
                where=layer,
                evidence={f"{sign}_share": share, "limit": MOST} | number,
                advice=advice,
                reference=reference,
            )
            return


def _cause(
    trace: Trace, layer: str, is_output: bool, sign: str
) -> tuple[str, dict[str, float], str, str]:
    scale, off = input_scale(trace), initialization_off(trace, layer)
    bias = next((each.bias_mean for each in trace.program.layers if each.name == layer), None)
    ratio = update_ratio(trace.run) if trace.run else None
    exploding = "course 2, Vanishing / exploding gradients"
    if is_output:
        advice = "Take the ReLU off the last layer: where it gives 0 nothing is learned."
        return "activation", {}, advice, "course 2, Softmax regression"
    if scale:
        return "preprocessing", {"input_scale": scale}, STANDARDISE, "course 2, Normalizing inputs"
    if off:
        advice = "Use kernel_initializer=kr.initializers.He() before ReLU, Xavier() before tanh."
        return "initialization", {"kernel_to_expected": off[1]}, advice, exploding
    if bias is not None and bias < LOW_BIAS:
        return "initialization", {"bias_mean": bias}, 'Use bias_initializer="zeros".', exploding
    if ratio is not None and ratio > LARGE_UPDATE:
        rate = trace.program.learning_rate
        advice = f"Try learning_rate={rate / 10:g}: the updates push units away for good."
        return "learning_rate", {"update_ratio": ratio}, advice, "course 2, Learning rate decay"
    kind = "leaky_relu" if sign == "dead" else "relu"
    advice = f'Use activation="{kind}": its gradient does not end.'
    return "activation", {}, advice, exploding
