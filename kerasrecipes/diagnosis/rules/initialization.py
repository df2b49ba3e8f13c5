"""The first weights."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import severity
from kerasrecipes.diagnosis.rules.reading import hidden_layers
from kerasrecipes.diagnosis.trace import LayerFacts, Trace

REFERENCE = "course 2, week 1, weight initialization for deep networks"
SMALL = 0.2  # of He's, Xavier's and Glorot's deviation, whichever is least
LARGE = 5.0  # of whichever is greatest
LOW_BIAS = -1.0


def hidden_weights_constant(trace: Trace) -> Iterator[Finding]:
    """A hidden layer whose weights are all equal: its units stay equal. Certain.

    They get the same gradients, so that the layer is one unit wide; with zeros it gives nothing at
    all (course 1, week 3, "Random initialization").
    """
    for layer in hidden_layers(trace):
        if _is_plain(layer) and layer.kernel_std == 0 and (layer.units or 0) > 1:
            yield Finding(
                "hidden-weights-constant",
                cause="initialization",
                severity="error" if layer.trainable else "note",
                where=layer.name,
                evidence={"kernel_deviation": 0.0, "units": layer.units},
                advice=f"Write {_line(layer)}.",
                reference="course 1, week 3, random initialization",
            )


def weights_too_small_or_large(trace: Trace) -> Iterator[Finding]:
    """Kernels far from what keeps the signal: below a fifth, above five times.

    He et al. (2015) for ReLU, Xavier's `1 / n_in` and Glorot and Bengio's (2010) for others: each
    layer scales the signal by the ratio, so that two layers of a fifth leave 4 %. Weights after
    training, and output layers, may be of any size; normalised layers do not care.
    """
    for layer in hidden_layers(trace):
        if not (_is_plain(layer) and layer.trainable and layer.kernel_std):
            continue
        usual = [std for std in (layer.expected_std, layer.glorot_std) if std]
        if layer.normalized or not usual or (layer.fan_in or 0) * (layer.units or 0) < 8:
            continue
        is_small = layer.kernel_std < SMALL * min(usual)
        if is_small or layer.kernel_std > LARGE * max(usual):
            yield Finding(
                "weights-too-small" if is_small else "weights-too-large",
                cause="initialization",
                severity=severity(trace),
                where=layer.name,
                evidence={"kernel_deviation": layer.kernel_std, "usual_deviation": usual[0]},
                advice=f"Write {_line(layer)}.",
                reference=REFERENCE,
            )


def biases_too_low(trace: Trace) -> Iterator[Finding]:
    """Biases below -1 in front of a ReLU: most of its units begin dead."""
    for layer in hidden_layers(trace):
        if layer.activation == "relu" and (layer.bias_mean or 0) < LOW_BIAS:
            yield Finding(
                "biases-too-low",
                cause="initialization",
                severity=severity(trace),
                where=layer.name,
                evidence={"bias_mean": layer.bias_mean, "limit": LOW_BIAS},
                advice='Write bias_initializer="zeros".',
                reference=REFERENCE,
            )


def _is_plain(layer: LayerFacts) -> bool:
    return layer.kernel_std is not None and layer.glorot_std is not None


def _line(layer: LayerFacts) -> str:
    name = "he_normal" if "lu" in layer.activation else "glorot_uniform"
    return f'kernel_initializer="{name}"'


RULES = (hidden_weights_constant, weights_too_small_or_large, biases_too_low)
