"""Data-dependent initialisation: each linear layer's output gets variance 1 on given data."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.initializers.layer_calls import (
    ATTENTION,
    inner_layers,
    intercepted_calls,
    layer_name,
    replaced_attributes,
)
from kerasrecipes.initializers.model_inputs import checked_inputs

_SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
_LINEAR = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    *_SEPARABLE,
)


def unit_variance(
    model: keras.Model, x: Any, *, sink: Callable[[str], Any] | None = None
) -> keras.Model:
    """Scales the kernels so that each linear layer's output `Z` has variance 1 on `x`.

    ```
    W := s W,    with s > 0 such that  var(s W a + b) = 1  over all examples and units
    ```

    `a` is what reaches the layer when those before it are scaled already, so one forward pass
    does it all, layer after layer in the order of execution: a pass sees each Dense and
    convolution (in nested models, blocks and skip connections too) at the moment it is called.
    `Z` is the output before the layer's own activation. Biases and everything else stay as they
    are. A layer called several times is scaled at its first call; of a separable convolution the
    pointwise kernel is. Recurrent layers are left alone. The model runs in inference mode: no
    dropout, batch norm with its moving statistics.

    Use it where formulas such as `He` do not hold: unusual activations, skip connections, odd
    inputs. A few hundred standardised training examples are enough. The paper also starts from
    orthogonal kernels; here the present ones are kept (choose `keras.initializers.Orthogonal`
    for the layers to follow it to the letter) and one exact scaling replaces its iteration.

    Args:
        model: A built Keras model; changed in place.
        x: Inputs of the model: an array or a nested structure of arrays, `(examples, ...)`.
        sink: Receives one line for each layer, its deviation before and its factor. Defaults
            to `None`, silent.

    Returns:
        The model.

    Raises:
        ValueError: If the model is not built, `x` is empty, not finite or does not fit, a kernel is
            quantized, a layer's output has variance 0 or not finite, or its bias alone varies by 1
            or more; the layer is named and all kernels are as before.

    Example:
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        >>> x = np.random.default_rng(0).normal(size=(50, 8))
        >>> model = unit_variance(model, x)
        >>> round(float(keras.ops.var(model(x))), 3)
        1.0

    Source: Mishkin and Matas, "All you need is a good init" (LSUV), 2015.
    """
    x = checked_inputs(model, x)
    holders = [layer for layer in _holders(model) if layer.built]
    for holder in holders:
        _require_float(layer_name(model, holder), _linear(holder))
    kernels = [_kernel(_linear(holder)) for holder in holders]
    before = [np.array(ops.convert_to_numpy(kernel)) for kernel in kernels]
    scaled: set[int] = set()

    def scale_and_call(layer, call, *args, **kwargs):
        if id(layer) not in scaled:
            scaled.add(id(layer))
            _scale(layer, layer_name(model, layer), lambda: call(*args, **kwargs), sink)
        return call(*args, **kwargs)

    try:
        with intercepted_calls(model, holders, scale_and_call):
            model(x, training=False)
    except BaseException:
        for kernel, value in zip(kernels, before, strict=True):
            kernel.assign(value)
        raise
    _warn_of_unreached([layer for layer in _holders(model) if id(layer) not in scaled])
    return model


def _holders(model: keras.Model) -> Iterator[keras.Layer]:
    """Linear layers, and the wrappers that run one at each time step."""
    for layer in inner_layers(model, enter=ATTENTION):
        if isinstance(_linear(layer), _LINEAR):
            yield layer


def _linear(holder: keras.Layer) -> Any:
    return holder.layer if isinstance(holder, keras.layers.TimeDistributed) else holder


def _kernel(linear: Any) -> keras.Variable:
    return linear.pointwise_kernel if isinstance(linear, _SEPARABLE) else linear.kernel


def _require_float(name: str, linear: Any) -> None:
    if linear.dtype_policy.quantization_mode is not None:
        raise ValueError(
            "`model` must have floating-point kernels, or they cannot be scaled. Received: layer "
            f"`{name}` quantized to {linear.dtype_policy.quantization_mode}. Scale first, then "
            "quantize."
        )


def _scale(
    holder: keras.Layer, name: str, call: Callable, sink: Callable[[str], Any] | None
) -> None:
    linear = _linear(holder)
    kernel = _kernel(linear)
    value = np.array(ops.convert_to_numpy(kernel))
    with replaced_attributes([(linear, "activation", None)]):
        z = _array(call())
        offset = np.zeros(())
        if linear.bias is not None and np.any(_array(linear.bias)):
            kernel.assign(np.zeros_like(value))
            offset = _array(call())
    factor = _factor(name, z, offset)
    kernel.assign(value * factor)
    if sink is not None:
        sink(f"{name}: standard deviation {z.std():.4g}, kernel scaled by {factor:.4g}")


def _factor(name: str, z: np.ndarray, offset: np.ndarray) -> float:
    """The `s` for which `var(s (z - offset) + offset)` is 1."""
    product = z - offset
    variance = float(product.var())
    if not (math.isfinite(variance) and variance > 0):
        raise ValueError(
            f"The output of layer `{name}` must vary on `x`, for no factor brings it to variance "
            f"1 otherwise. Received: variance={variance}. Look for a kernel of zeros, NaN in `x` "
            "or in the weights, or an activation before it that is dead."
        )
    shift = float(offset.var())
    if shift >= 1:
        raise ValueError(
            f"The bias of layer `{name}` must have a variance below 1, for the kernel can only "
            f"add to it. Received: variance={shift:.4g}. Start from zero biases."
        )
    covariance = float(np.mean((product - product.mean()) * (offset - offset.mean())))
    return (math.sqrt(covariance**2 + variance * (1 - shift)) - covariance) / variance


def _array(tensor: Any) -> np.ndarray:
    return ops.convert_to_numpy(ops.cast(tensor, "float32")).astype("float64")


def _warn_of_unreached(holders: list) -> None:
    if holders:
        warnings.warn(
            "unit_variance left the kernels of these layers alone, for the forward pass of the "
            f"model did not reach them: {', '.join(holder.name for holder in holders)}.",
            stacklevel=3,
        )
