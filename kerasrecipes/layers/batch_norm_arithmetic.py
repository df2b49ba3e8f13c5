"""The arithmetic of folding: a batch norm in inference is a scale and a shift per channel.

```
gamma * (z - mean) / sqrt(variance + epsilon) + beta = scale * z + shift
scale = gamma / sqrt(variance + epsilon)
shift = beta - scale * mean
```

(Where the course's notes slip: the output is `gamma Z_norm + beta`.) All of it in float64.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
LINEAR = (keras.layers.Dense, *CONVOLUTIONS, *TRANSPOSED, *DEPTHWISE, *SEPARABLE)


def scale_and_shift(norm: Any) -> tuple[np.ndarray, np.ndarray]:
    """`scale` and `shift` of a built `BatchNormalization`, each `(channels,)`, float64.

    Raises:
        ValueError: If one of them is NaN or infinite, because a weight of the norm is, or because
            its moving variance is not above `-epsilon`.
    """
    mean, variance = _float64(norm.moving_mean), _float64(norm.moving_variance)
    with np.errstate(all="ignore"):
        scale = 1.0 / np.sqrt(variance + norm.epsilon)
        if norm.gamma is not None:
            scale = scale * _float64(norm.gamma)
        shift = -scale * mean
    if norm.beta is not None:
        shift = shift + _float64(norm.beta)
    broken = np.flatnonzero(~np.isfinite(scale + shift))
    if len(broken):
        raise ValueError(
            "`model` must have batch norms of finite scale and shift, for there is nothing else to "
            f"fold. Received: {norm.name!r}, whose channel {broken[0]} has moving_mean="
            f"{mean[broken[0]]:.6g}, moving_variance={variance[broken[0]]:.6g}"
            f"{_parameters(norm, broken[0])}. Train it again, or restore weights from before they "
            "diverged."
        )
    return scale, shift


def kernels_and_bias(layer: Any) -> tuple[list[np.ndarray], np.ndarray]:
    """The kernels of a linear layer and its bias, zero where it has none, float64."""
    kernels = [_float64(weight) for weight in layer.get_weights()]
    if layer.use_bias:
        return kernels[:-1], kernels[-1]
    last = kernels[-1]
    if type(layer) in TRANSPOSED:
        return kernels, np.zeros(last.shape[-2])
    if type(layer) in DEPTHWISE:
        return kernels, np.zeros(last.shape[-2] * last.shape[-1])
    return kernels, np.zeros(last.shape[-1])


def fold_after(
    layer: Any, kernels: list[np.ndarray], bias: np.ndarray, norm: Any
) -> tuple[list[np.ndarray], np.ndarray]:
    """Kernels and bias of `norm(layer(x))`: `W * scale` for each output, `b * scale + shift`."""
    scale, shift = scale_and_shift(norm)
    last = kernels[-1]
    if type(layer) in TRANSPOSED:
        last = last * scale[:, None]
    elif type(layer) in DEPTHWISE:
        last = last * scale.reshape(last.shape[-2:])
    else:
        last = last * scale
    return [*kernels[:-1], last], bias * scale + shift


def fold_before(
    layer: Any, kernels: list[np.ndarray], bias: np.ndarray, norm: Any
) -> tuple[list[np.ndarray], np.ndarray]:
    """Kernels and bias of `layer(norm(x))`: `W * scale` for each input, `b + W(shift)`.

    Exact where `pads(layer)` is false or the shift is zero.
    """
    scale, shift = scale_and_shift(norm)
    first = kernels[0]
    if type(layer) in TRANSPOSED:  # kernels are (window, outputs, inputs)
        by_filter = scale[None, :], shift[None, :]
    elif type(layer) in CONVOLUTIONS:
        by_filter = _by_filter(first, scale), _by_filter(first, shift)
    else:
        by_filter = scale[:, None], shift[:, None]
    moved = (first * by_filter[1]).sum(axis=tuple(range(first.ndim - 2)))
    if type(layer) in DEPTHWISE:
        moved = moved.reshape(-1)
    elif type(layer) in SEPARABLE:
        moved = moved.reshape(-1) @ kernels[1].reshape(-1, kernels[1].shape[-1])
    elif type(layer) in TRANSPOSED:
        moved = moved.sum(axis=1)
    else:
        moved = moved.sum(axis=0)
    return [first * by_filter[0], *kernels[1:]], bias + moved


def channel_axis(layer: Any, rank: int) -> int:
    """The axis of the channels in an input or output of `rank` axes."""
    first = getattr(layer, "data_format", "channels_last") == "channels_first"
    return 1 if first else rank - 1


def pads(layer: Any) -> bool:
    """Whether some outputs of a layer see less of the input than others.

    A convolution that pads sees zeros beyond the border, a transposed one lays its windows over
    each other: what a shift of the input adds then differs from place to place, and no bias is it.
    """
    if type(layer) is keras.layers.Dense:
        return False
    if type(layer) in TRANSPOSED:
        return any(size > 1 for size in (*layer.kernel_size, *layer.strides))
    return layer.padding != "valid" and any(size > 1 for size in layer.kernel_size)


def _by_filter(kernel: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """Values `(inputs of a group, filters)` of the input channel that each weight reads."""
    inputs, filters = kernel.shape[-2:]
    groups = len(channels) // inputs
    return np.repeat(channels.reshape(groups, inputs), filters // groups, axis=0).T


def _parameters(norm: Any, channel: int) -> str:
    named = {"gamma": norm.gamma, "beta": norm.beta}
    return "".join(
        f", {name}={_float64(weight)[channel]:.6g}"
        for name, weight in named.items()
        if weight is not None
    )


def _float64(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value), dtype="float64")
