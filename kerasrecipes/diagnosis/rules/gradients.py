"""Gradients by depth, and updates against the weights that they change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import harm, is_suspect
from kerasrecipes.diagnosis.rules.scale import STANDARDISE, input_scale
from kerasrecipes.diagnosis.trace import Run, Trace

NOT_KERNELS = {"bias", "beta", "gamma"}
DEEP = 3  # layers from which a rate can be read
APART = 1e3  # between the first and the last layer
LOW_UPDATE, HIGH_UPDATE = 1e-4, 0.1  # about 1e-3 is usual
SQUASHING = {"sigmoid", "tanh", "softmax", "hard_sigmoid", "softsign"}
OFF_INITIALIZATION = 3.0  # times the deviation that He or Xavier ask for
COURSE = "course 2, Vanishing / exploding gradients"


class Depth(NamedTuple):
    """Gradient norms by layer, first layer first, and the factor per layer towards the input."""

    norms: dict[str, float]
    rate: float


def by_kernel(series: dict[str, np.ndarray]) -> dict[str, float]:
    """The median over the looks of each kernel's numbers; biases and scales are left out."""
    medians = {}
    for path, values in series.items():
        finite = np.asarray(values, dtype="float64")
        finite = finite[np.isfinite(finite)]
        if finite.size and path.rsplit("/", 1)[-1] not in NOT_KERNELS:
            medians[path] = float(np.median(finite))
    return medians


def read_depth(run: Run) -> Depth | None:
    """How the gradient changes from the output to the input; None below three layers."""
    norms = by_kernel(dict(run.gradient_norms))
    if len(norms) < DEEP or not all(value > 0 for value in norms.values()):
        return None
    slope = np.polyfit(np.arange(len(norms)), np.log(list(norms.values())), 1)[0]
    return Depth(norms, math.exp(-slope))


def update_ratio(run: Run) -> float | None:
    """The largest update-to-weight ratio over the kernels, medians over the looks; or None."""
    return max(by_kernel(dict(run.update_ratios)).values(), default=None)


def initialization_off(trace: Trace, layer: str | None = None) -> tuple[str, float] | None:
    """The layer whose kernel is farthest from He's or Xavier's deviation, and how many times it is.

    None if every one (or the one asked for) is within a factor of three.
    """
    ratios = {
        facts.name: facts.kernel_std / facts.expected_std
        for facts in trace.program.layers
        if facts.kernel_std is not None and facts.expected_std and layer in (None, facts.name)
    }
    far = {name: abs(math.log(max(ratio, 1e-12))) for name, ratio in ratios.items()}
    worst = max(far, key=far.__getitem__, default=None)
    if worst is None or far[worst] <= math.log(OFF_INITIALIZATION):
        return None
    return worst, ratios[worst]


def gradients_by_depth(trace: Trace) -> Iterator[Finding]:
    """Gradients that vanish or explode geometrically on their way to the input.

    Sign: over at least three layers, the first layer's norm is below 1/1000, or above 1000 times,
    the last one's, and the fitted factor per layer is below 1/2, or above 2. Layers of unlike sizes
    differ by tens in healthy networks; a thousand, in one direction, is beyond what Adam evens out.
    Cause: an initialisation more than a factor of three off; else squashing activations where it
    vanishes; else the initialisation.
    What else could cause it: a rate that drove units into saturation; very deep plain stacks.
    """
    depth = read_depth(trace.run) if trace.run and is_suspect(trace) else None
    if depth is None:
        return
    norms = list(depth.norms.values())
    vanishes = norms[0] * APART < norms[-1] and depth.rate < 0.5
    if not vanishes and not (norms[0] > APART * norms[-1] and depth.rate > 2):
        return
    off = initialization_off(trace)
    squashing = [
        layer.activation for layer in trace.program.layers[:-1] if layer.activation in SQUASHING
    ]
    activation = vanishes and squashing and not off
    yield Finding(
        "vanishing-gradients" if vanishes else "exploding-gradients",
        cause="activation" if activation else "initialization",
        severity=harm(trace),
        where=next(iter(depth.norms)),
        evidence={
            "first_layer_norm": norms[0],
            "last_layer_norm": norms[-1],
            "factor_per_layer": depth.rate,
            "layers": len(norms),
        },
        advice=f'Use activation="relu" in the hidden layers, not {squashing[0]}.'
        if activation
        else "Use kernel_initializer=kr.initializers.He() before ReLU, Xavier() before tanh.",
        reference=COURSE,
    )


def no_gradient(trace: Trace) -> Iterator[Finding]:
    """A layer that no gradient reaches.

    Sign: the norm of a kernel's gradient is exactly 0 at more than half of the looks. There is no
    noise at 0.
    Cause: weights that are all alike (initialization), else units that give no gradient.
    What else could cause it: a `stop_gradient`, or a rounding to classes inside the model.
    """
    if trace.run is None or not is_suspect(trace):
        return
    norms = by_kernel(dict(trace.run.gradient_norms))
    silent = [path for path, norm in norms.items() if norm == 0]
    if silent:
        off = initialization_off(trace)
        yield Finding(
            "no-gradient",
            cause="initialization" if off else "activation",
            severity=harm(trace),
            where=silent[0],
            evidence={"layers_without_gradient": len(silent), "layers": len(norms)},
            advice="Start with random weights: kernel_initializer=kr.initializers.He()."
            if off
            else 'Use activation="leaky_relu" in the layers behind it: it never gives gradient 0.',
            reference=COURSE,
        )


def update_size(trace: Trace) -> Iterator[Finding]:
    """Updates far too small, or far too large, for the weights.

    Sign: the largest ratio of update to weight over the kernels (the median over the looks) is
    below 1e-4, or the ratio is above 0.1, in a program that fails. The rule of thumb is 1e-3 (A.
    Karpathy, CS231n, "Ratio of weights:updates"); a tenth of it, and a hundred times, are
    unmistakable. Where the gradient itself vanishes or units are dead, small updates are a
    consequence, and nothing is said.
    What else could cause it: decayed rates late in a training, which learned by then.
    """
    run = trace.run
    ratio = update_ratio(run) if run and is_suspect(trace) else None
    if ratio is None or LOW_UPDATE <= ratio <= HIGH_UPDATE:
        return
    low = ratio < LOW_UPDATE
    if low and (ratio == 0 or any(gradients_by_depth(trace)) or any(no_gradient(trace))):
        return
    rate = trace.program.learning_rate
    scale = None if low else input_scale(trace)
    suggested = rate * 10 if low else rate / 10
    yield Finding(
        "small-updates" if low else "large-updates",
        cause="preprocessing" if scale else "learning_rate",
        severity=harm(trace),
        evidence={
            "update_ratio": ratio,
            "usual": 1e-3,
            **({"input_scale": scale} if scale else {"learning_rate": rate}),
        },
        advice=STANDARDISE
        if scale
        else f"Try learning_rate={suggested:g}; kr.callbacks.LearningRateFinder() finds one.",
        reference="course 2, Using an appropriate scale to pick hyperparameters",
    )
