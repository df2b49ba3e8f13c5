"""The only package that tells TensorFlow from JAX from PyTorch.

Everything else is written with `keras.ops` and public Keras API. What Keras has no public
word for, and what each framework says differently, is said here, behind a few functions.
"""

import ml_dtypes  # noqa: F401  (so that NumPy knows bfloat16 by name)

from kerasrecipes.backend.compiling import (
    compiled,
    compiled_loop,
    compiles_random_images,
    eagerly,
    is_traced,
    kept_until,
    mapped,
    member_by_member,
    mostly,
    mostly_as_they_are,
)
from kerasrecipes.backend.datasets import (
    runs_python,
    sliced_features,
)
from kerasrecipes.backend.derivatives import (
    hessian_product,
    pruned_graph,
    value_and_gradients,
    value_and_gradients_at,
    value_gradients_and_rest,
)
from kerasrecipes.backend.dropout import (
    dropout_numbers,
    dropped,
)
from kerasrecipes.backend.placement import (
    among_workers,
    compiles_data_parallel,
    data_parallel,
    device_bytes,
    device_names,
    is_data_parallel,
    is_distributed,
    on_one_device,
    steps_see_shares,
    strategy_scope,
    summed_over_replicas,
    worker_count,
)
from kerasrecipes.backend.precision import (
    double_precision,
)
from kerasrecipes.backend.random_numbers import (
    random_seed,
    random_state,
    set_random_state,
)
from kerasrecipes.backend.steps import (
    compiled_outputs,
    training_steps,
    value_in_step,
)

__all__ = [
    "among_workers",
    "compiled",
    "compiled_loop",
    "compiled_outputs",
    "compiles_data_parallel",
    "compiles_random_images",
    "data_parallel",
    "device_bytes",
    "device_names",
    "double_precision",
    "dropout_numbers",
    "dropped",
    "eagerly",
    "hessian_product",
    "is_data_parallel",
    "is_distributed",
    "is_traced",
    "kept_until",
    "mapped",
    "member_by_member",
    "mostly",
    "mostly_as_they_are",
    "on_one_device",
    "pruned_graph",
    "random_seed",
    "random_state",
    "runs_python",
    "set_random_state",
    "sliced_features",
    "steps_see_shares",
    "strategy_scope",
    "summed_over_replicas",
    "training_steps",
    "value_and_gradients",
    "value_and_gradients_at",
    "value_gradients_and_rest",
    "value_in_step",
    "worker_count",
]
