"""Computation in float64."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

import keras


@contextlib.contextmanager
def double_precision() -> Iterator[None]:
    """Makes Keras compute in float64 by default inside the block, and as before after it.

    `keras.config.floatx`, the dtype policy and, away from TensorFlow, the rule that narrows 64-bit
    results are set and restored; on JAX also its fused attention, whose softmax is in float32.
    """
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    with contextlib.ExitStack() as stack:
        if keras.backend.backend() == "jax":
            import jax

            stack.enter_context(_jax_x64(jax))
            stack.enter_context(_jax_attention_in_float64(jax))
        if keras.backend.backend() != "tensorflow":
            stack.enter_context(_float64_kept_in_promotion())
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        try:
            yield
        finally:
            keras.config.set_floatx(floatx)
            keras.config.set_dtype_policy(policy)


def _jax_x64(jax: Any) -> Any:
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return importlib.import_module("jax.experimental").enable_x64()  # JAX before 0.8


@contextlib.contextmanager
def _jax_attention_in_float64(jax: Any) -> Iterator[None]:
    fused = jax.nn.dot_product_attention

    def attention(query, key, value, bias=None, mask=None, **options):
        unknown = set(options) - {"scale", "is_causal", "implementation"}
        if query.dtype != "float64" or any(options[name] is not None for name in unknown):
            return fused(query, key, value, bias, mask, **options)
        scale, is_causal = options.get("scale"), options.get("is_causal", False)
        return _attention(query, key, value, bias, mask, scale, is_causal)

    jax.nn.dot_product_attention = attention
    try:
        yield
    finally:
        jax.nn.dot_product_attention = fused


def _attention(
    query: Any, key: Any, value: Any, bias: Any, mask: Any, scale: Any, is_causal: bool
) -> Any:
    """Attention of `(batch, steps, heads, size)` in the inputs' precision; keys may have fewer
    heads, each for a group of the queries' heads."""
    ops = keras.ops
    group = query.shape[2] // key.shape[2]
    key, value = (ops.repeat(tensor, group, axis=2) for tensor in (key, value))
    logits = ops.einsum("btnh,bsnh->bnts", query, key)
    logits = logits * (query.shape[-1] ** -0.5 if scale is None else scale)
    if bias is not None:
        logits = logits + bias
    if is_causal:
        causal = ops.tril(ops.ones(logits.shape[-2:], dtype="bool"))
        mask = causal if mask is None else ops.logical_and(mask, causal)
    if mask is not None:
        logits = ops.where(mask, logits, -1e30)
    return ops.einsum("bnts,bsnh->btnh", ops.softmax(logits, axis=-1), value)


@contextlib.contextmanager
def _float64_kept_in_promotion() -> Iterator[None]:
    # keras.src: Keras's type promotion turns float64 into float32 on every backend but TensorFlow,
    # and has no public switch for it.
    from keras.src.backend.common import dtypes

    narrowed = dtypes.BIT64_TO_BIT32_DTYPE["float64"]
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    try:
        yield
    finally:
        dtypes.BIT64_TO_BIT32_DTYPE["float64"] = narrowed
