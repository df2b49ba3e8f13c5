"""Where and how a program computes: CPU or GPU, precision, XLA, one device or several."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kerasrecipes import backend

__all__ = [
    "DeviceError",
    "Devices",
    "compile_options",
    "current",
    "divisible",
    "even",
    "renew",
    "use",
]

KINDS = ("auto", "cpu", "gpu")
POLICIES = {
    "float16": "mixed_float16",
    "bfloat16": "mixed_bfloat16",
    "mixed_float16": "mixed_float16",
    "mixed_bfloat16": "mixed_bfloat16",
}
BEST_POLICIES = {"gpu": "mixed_float16", "cpu": "mixed_bfloat16"}
WORKERS = "workers"


class DeviceError(ValueError):
    """What was asked for cannot be had on this machine or backend; one line says what and why."""


@dataclass(frozen=True)
class Devices:
    """What `use` has decided.

    Attributes:
        device: `"cpu"` or `"gpu"`.
        names: The visible devices that are used, such as `("gpu:0", "gpu:1")`; of this process.
        precision: The name of Keras's dtype policy, such as `"float32"` or `"mixed_float16"`.
        jit: Whether XLA compiles the training step: `True`, `False`, or `"auto"`, Keras's choice.
        data_parallel: Whether each batch is split over devices.
        workers: Processes that train together; 1 if this one is alone.
    """

    device: str
    names: tuple[str, ...]
    precision: str
    jit: bool | str = "auto"
    data_parallel: bool = False
    workers: int = 1

    def __str__(self) -> str:
        count = f"{len(self.names)} x {self.device}" if len(self.names) > 1 else self.device
        parts = [count, self.precision]
        if self.jit != "auto":
            parts.append("compiled by XLA" if self.jit else "not compiled by XLA")
        if self.data_parallel:
            parts.append("data parallel")
        if self.workers > 1:
            parts.append(f"one of {self.workers} workers")
        return ", ".join(parts)


_in_use: list[tuple[Devices, contextlib.ExitStack]] = []


@contextlib.contextmanager
def use(
    device: str = "auto",
    *,
    mixed_precision: bool | str | None = None,
    jit: bool | None = None,
    data_parallel: bool | str = False,
) -> Iterator[Devices]:
    """Decides for a block where models are built and trained; all is put back at its end.

    Build, compile and fit inside the block. Models take the device, the precision and the copies
    that are current when they are built; what is chosen by `jit` reaches them by
    `model.compile(..., **kr.devices.compile_options())`. For a whole process, call `.__enter__()`
    and never leave.

    A block inside another has what the other has decided, except for what it decides itself. What
    is built inside a data parallel block has copies on all of its devices, so every block inside it
    is data parallel too, and on the same devices.

    Data parallel training splits each batch: `batch_size` is the global one, and answers are those
    of one device up to the order of sums, as long as each batch can be divided by the number of
    devices. A last batch that cannot is computed whole by each device on JAX; TensorFlow weighs its
    examples unequally, so leave the few that are too many out by `even`.

    Args:
        device: `"gpu"`, `"cpu"`, or `"auto"`: a GPU if there is one; inside another block, its own.
        mixed_precision: `True` computes in 16 bits what can be, with weights in 32: in float16 on
            a GPU, which every GPU with tensor cores is fast at, and whose small gradients Keras
            scales up; in bfloat16 on a CPU, where few compute in float16. Or `"float16"`,
            `"bfloat16"`. By default, Keras's dtype policy as it is. Data parallel training on
            TensorFlow is in bfloat16 also on GPUs.
        jit: Whether XLA compiles the training step; Keras chooses by default.
        data_parallel: Whether batches are split over all visible devices of the kind; `"workers"`:
            over the processes that the environment variable `TF_CONFIG` names, too.

    Yields:
        The `Devices`.

    Raises:
        ValueError: If an argument is none of these.
        DeviceError: If there is no GPU where one is asked for, the backend cannot do it, or a block
            inside a data parallel one asks for other devices.

    Example:
        >>> with use("cpu", mixed_precision=True) as devices:
        ...     model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        ...     model.compile("sgd", "mse", **compile_options())
        >>> devices.precision, model.compute_dtype, keras.config.dtype_policy().name
        ('mixed_bfloat16', 'bfloat16', 'float32')
    """
    _check(device, mixed_precision, jit, data_parallel)
    outer = _in_use[-1][0] if _in_use else None
    if outer is not None:
        device = outer.device if device == "auto" else device
        jit = outer.jit if jit is None and isinstance(outer.jit, bool) else jit
    with contextlib.ExitStack() as stack:
        if outer is not None and outer.data_parallel:
            _refuse_other_devices(outer, device, data_parallel)
            devices = _devices(outer.device, mixed_precision, jit, True, outer.workers)
        else:
            workers = _join(stack) if data_parallel == WORKERS else 1
            devices = _devices(_kind(device), mixed_precision, jit, bool(data_parallel), workers)
            if workers == 1:
                _place(stack, devices)
        stack.callback(keras.config.set_dtype_policy, keras.config.dtype_policy())
        keras.config.set_dtype_policy(devices.precision)
        _in_use.append((devices, stack))
        stack.callback(_in_use.pop)
        yield devices


def current() -> Devices:
    """What `use` has decided, or what Keras does outside of it.

    Example:
        >>> with use("cpu"):
        ...     current().device
        'cpu'
    """
    return _in_use[-1][0] if _in_use else _devices(_kind("auto"), None, None, False)


def compile_options() -> dict[str, Any]:
    """Arguments for `model.compile`, so that it is compiled as `use` has decided.

    Loss scaling needs no argument: Keras wraps the optimizer of a model in float16.

    Example:
        >>> with use("cpu", jit=False):
        ...     compile_options()
        {'jit_compile': False}
    """
    return {"jit_compile": current().jit}


def sees_shares() -> bool:
    """Whether what is built now sees, in a training step, one device's share of each batch."""
    return bool(_in_use) and _in_use[-1][0].data_parallel and backend.steps_see_shares()


def renew() -> None:
    """Decides again what `keras.utils.clear_session` has forgotten: precision and copies.

    Our tuners call it before each model is built, for keras-tuner clears the session there.

    Example:
        >>> with use("cpu", mixed_precision=True):
        ...     keras.utils.clear_session()
        ...     renew()
        ...     keras.config.dtype_policy().name
        'mixed_bfloat16'
    """
    if not _in_use:
        return
    keras.config.set_dtype_policy(_in_use[-1][0].precision)
    parallel = [each for each in _in_use if each[0].data_parallel and each[0].workers == 1]
    if parallel and not backend.is_data_parallel():
        devices, stack = parallel[0]  # those inside it share its copies
        stack.enter_context(backend.data_parallel(devices.names))


def even(*arrays: Any) -> Any:
    """Training arrays without the last few rows that the devices in use could not share equally.

    With a batch size that the number of devices divides, each batch of them can be divided then.
    Nothing is left out where nothing need be: on one device, and on JAX.

    Args:
        *arrays: Arrays of one length, or dictionaries of such arrays.

    Returns:
        The array, or a list of them; at most `devices - 1` rows are missing.

    Example:
        >>> even([1, 2, 3])  # on one device
        [1, 2, 3]
    """
    count = _count() if sees_shares() else 1
    kept = [_shortened(array, count) for array in arrays]
    return kept[0] if len(kept) == 1 else kept


def divisible(batch_size: int) -> int:
    """The batch size, or the next larger one that the devices in use can share equally.

    Args:
        batch_size: Integer >= 1. Examples in a step, of all devices together.

    Raises:
        ValueError: If it is not.

    Example:
        >>> divisible(25)  # on one device
        25
    """
    if not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise ValueError(
            f"`batch_size` must be an integer >= 1. Received: batch_size={batch_size!r}."
        )
    return -(-batch_size // _count()) * _count()


def _count() -> int:
    """Devices that a batch is split over."""
    devices = _in_use[-1][0] if _in_use else None
    return len(devices.names) * devices.workers if devices and devices.data_parallel else 1


def _shortened(array: Any, count: int) -> Any:
    if isinstance(array, dict):
        return {name: _shortened(each, count) for name, each in array.items()}
    return array[: len(array) // count * count]


def _check(device: Any, mixed_precision: Any, jit: Any, data_parallel: Any) -> None:
    known = {
        "device": (device, KINDS),
        "mixed_precision": (mixed_precision, (None, True, False, *POLICIES)),
        "jit": (jit, (None, True, False)),
        "data_parallel": (data_parallel, (True, False, WORKERS)),
    }
    for name, (value, choices) in known.items():
        if not any(value is each or (isinstance(value, str) and value == each) for each in choices):
            raise ValueError(
                f"`{name}` must be one of {', '.join(map(repr, choices))}. "
                f"Received: {name}={value!r}."
            )


def _refuse_other_devices(outer: Devices, device: str, data_parallel: Any) -> None:
    if device == outer.device and (data_parallel != WORKERS or outer.workers > 1):
        return
    raise DeviceError(
        f"this block lies inside one that is data parallel ({outer}): what is built here has "
        "copies on all of those devices, so other devices can be chosen outside of it alone."
    )


def _join(stack: contextlib.ExitStack) -> int:
    """Joins the other workers, which must come before anything else is asked of TensorFlow."""
    if keras.backend.backend() != "tensorflow":
        raise DeviceError(
            "training by several workers needs TensorFlow: on JAX, see keras.distribution."
            "initialize, which joins the processes before `data_parallel=True`."
        )
    workers = backend.worker_count()
    if workers < 2:
        raise DeviceError(
            "`TF_CONFIG` names no second worker: set it to the addresses of all of them, and to "
            "the number of this one, before the program begins."
        )
    stack.enter_context(backend.among_workers())
    return workers


def _place(stack: contextlib.ExitStack, devices: Devices) -> None:
    if devices.data_parallel:
        stack.enter_context(backend.data_parallel(devices.names))
    elif devices.device == "cpu" and backend.device_names("gpu"):
        stack.enter_context(keras.device("cpu:0"))


def _kind(device: str) -> str:
    gpus = backend.device_names("gpu")
    if device == "gpu" and not gpus:
        name = keras.backend.backend()
        raise DeviceError(
            f"there is no GPU that {name} can see: install a driver and `{name}` with CUDA (for "
            "TensorFlow the extra `kerasrecipes[gpu]`), or choose the device `cpu` or `auto`."
        )
    return "gpu" if gpus and device != "cpu" else "cpu"


def _devices(
    kind: str, mixed_precision: Any, jit: Any, data_parallel: bool, workers: int = 1
) -> Devices:
    name = keras.backend.backend()
    if data_parallel and name not in ("tensorflow", "jax"):
        raise DeviceError(f"data parallel training needs TensorFlow or JAX, and this is {name}.")
    if data_parallel and jit and not backend.compiles_data_parallel():
        raise DeviceError(
            f"data parallel training on {name} cannot be compiled by XLA, which sees the variables "
            "of one device alone: leave `jit` out."
        )
    is_shared = data_parallel and backend.steps_see_shares()
    precision = _policy("cpu" if is_shared else kind, mixed_precision)
    if is_shared and precision == "mixed_float16":
        raise DeviceError(
            f"data parallel training on {name} cannot be in float16: Keras looks on one device "
            "alone for gradients beyond its range, and would let others' through: use bfloat16."
        )
    names = backend.device_names(kind)
    return Devices(
        device=kind,
        names=names if data_parallel else names[:1],
        precision=precision,
        jit="auto" if jit is None else jit,
        data_parallel=data_parallel,
        workers=workers,
    )


def _policy(kind: str, mixed_precision: bool | str | None) -> str:
    if mixed_precision is None:
        return keras.config.dtype_policy().name
    if mixed_precision is False:
        return keras.config.floatx()
    return BEST_POLICIES[kind] if mixed_precision is True else POLICIES[str(mixed_precision)]
