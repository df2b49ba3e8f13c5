"""Which devices there are, and what runs on them."""

from __future__ import annotations

import contextlib
from typing import Any

import keras


def device_bytes() -> int | None:
    """Bytes in use on the first accelerator; None without one, or where it does not tell."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        devices = tf.config.list_logical_devices("GPU")
        return int(tf.config.experimental.get_memory_info("GPU:0")["current"]) if devices else None
    if keras.backend.backend() == "jax":
        import jax

        device = jax.local_devices()[0]
        told = device.memory_stats() if device.platform != "cpu" else None
        return int(told["bytes_in_use"]) if told and "bytes_in_use" in told else None
    return None


def strategy_scope(optimizer: Any) -> contextlib.AbstractContextManager:
    """Where variables beside the optimizer's must be made: its `tf.distribute` strategy's scope."""
    strategy = getattr(optimizer, "_distribution_strategy", None)
    return strategy.scope() if strategy is not None else contextlib.nullcontext()
