"""Standardize: zero mean and unit deviation for each feature, exact for any mean."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.layers.feature_batches import feature_batches
from kerasrecipes.layers.moments import Moments, gathered

PIECE_ELEMENTS = 1 << 22


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Standardize(keras.layers.Layer):
    """Subtracts the mean of each feature and divides by its standard deviation.

    `(x - mean) / std`, with the population deviation. (The course's notes divide by the
    variance; it is the deviation that brings the variance to 1.) A constant feature is left
    unscaled: its mean is subtracted and it is divided by 1.

    Adapt it on the training set alone, before or after building, and put it first in the
    model, so that dev, test and new data are transformed with the numbers of train.

    The statistics are gathered in one pass in float64 and stored as a mean in two parts, of
    which the layer subtracts first the large one: Unix times in float32 keep their digits.
    64-bit inputs are centred in 64 bits before the result is cast to the layer's dtype.

    Args:
        axis: Integer, tuple of integers, or None. The axes that keep a mean and deviation for
            each index; the others, the batch axis always, are averaged over. None: one mean
            and deviation for all elements. Defaults to -1, the features.
        mean: Known mean instead of `adapt`: number or array that broadcasts to the kept axes.
            Defaults to None.
        variance: Known population variance, >= 0, given together with `mean`. Zero marks a
            constant feature. Defaults to None.

    Input shape: `(batch, ...)`. Output shape: the same, in the layer's dtype.

    Raises:
        ValueError: If `axis` is not made of different integers, or only one of `mean` and
            `variance` is given, or the variance is negative. On a call, if the layer knows no
            statistics yet; inside a compiled function, where it cannot look, it gives NaN.

    Example:
    >>> import numpy as np
    >>> layer = Standardize()
    >>> layer.adapt(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> np.array(layer(np.array([[1.0, 5.0], [4.0, 6.0]]))).tolist()
    [[-1.0, 0.0], [2.0, 1.0]]

    Source: Deep Learning Specialization, course 2, "Normalizing inputs".
    """

    def __init__(self, axis=-1, mean=None, variance=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.axis = axis
        self.input_mean, self.input_variance = mean, variance
        self._axes = _checked_axes(axis)
        _check_statistics(mean, variance)
        self.supports_masking = True
        self._adapted = False
        self._spec: Any = None  # what data fit, known before the layer is built from them

    def build(self, input_shape):
        """Creates the statistics: NaN until they are known, so that nothing passes unscaled."""
        self._fit_to(input_shape)
        self.input_spec = self._spec
        shape = tuple(input_shape[axis] for axis in self._kept)
        for name, value in self._first_values(shape).items():
            weight = self.add_weight(
                name=name,
                shape=shape,
                dtype=keras.backend.result_type(self.variable_dtype, "float32"),
                initializer=keras.initializers.Constant(value),
                trainable=False,
                autocast=False,
            )
            setattr(self, f"_{name}", weight)

    def adapt(self, data):
        """Learns mean and deviation from `data` in one pass, forgetting what it knew before.

        Args:
            data: Array, tensor, pandas DataFrame, `tf.data.Dataset`, `keras.utils.PyDataset`,
                or an iterable of batches; a batch is `x` of shape `(batch, ...)` or a tuple
                `(x, y)`, whose `x` is read. Finite floats, integers or booleans.

        Raises:
            TypeError: If `data` does not hold numbers.
            ValueError: If `data` is empty, holds NaN or infinity (the columns are named), or
                has another shape than the layer was built for. The layer is then as before.
        """
        if not self.built:
            self._spec = None
        moments = Moments(self._column_name)
        for rows in gathered(self._rows(data, moments)):
            moments.update(rows)
        if not moments.count:
            raise ValueError(
                "`data` must hold at least one example, to have a mean. Received: "
                f"data of type {type(data).__name__} without examples. A generator can be read "
                "only once: make a new one."
            )
        self._store(moments.mean, np.sqrt(moments.variance), moments.constant)

    @property
    def mean(self):
        """Mean of each feature, float64 array of the shape of the kept axes."""
        self._check_adapted()
        return _float64(self._mean) + _float64(self._mean_rest)

    @property
    def variance(self):
        """Population variance of each feature, float64 array of the shape of the kept axes."""
        self._check_adapted()
        return _float64(self._deviation) ** 2

    def call(self, inputs):
        """Returns `(inputs - mean) / std` in the layer's dtype."""
        self._check_adapted(inputs)
        high, low = self._parts(inputs)
        mean, rest, divisor = (
            ops.cast(ops.reshape(weight, self._broadcast_shape), high.dtype)
            for weight in (self._mean, self._mean_rest, self._divisor)
        )
        return ops.cast((high - mean + low - rest) / divisor, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        """The shape of the input."""
        return input_shape

    def get_config(self):
        """`axis`, and `mean` and `variance` where they were given; the rest is in the weights."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "mean": _listed(self.input_mean),
            "variance": _listed(self.input_variance),
        }

    def _parts(self, inputs):
        """Two floating-point tensors whose sum is the input, with as few digits lost as can be."""
        received = keras.backend.standardize_dtype(inputs.dtype)
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        if received in ("float64", "int64", "uint64"):  # where these exist, so does float64
            return ops.cast(inputs, "float64"), 0.0
        if received in ("int32", "uint32") and dtype != "float64":
            low = ops.bitwise_and(inputs, ops.cast(4095, received))
            return ops.cast(inputs - low, dtype), ops.cast(low, dtype)
        return ops.cast(inputs, dtype), 0.0

    def _first_values(self, shape):
        if self.input_mean is None:
            return {"mean": np.nan, "mean_rest": 0.0, "deviation": 1.0, "divisor": 1.0}
        mean = np.broadcast_to(_float64(self.input_mean), shape)
        deviation = np.sqrt(np.broadcast_to(_float64(self.input_variance), shape))
        return self._stored(mean, deviation, deviation == 0)

    def _fit_to(self, input_shape):
        self._kept = _kept_axes(self._axes, input_shape, self.axis)
        self._broadcast_shape = [
            size if axis in self._kept else 1 for axis, size in enumerate(input_shape)
        ]
        self._spec = keras.layers.InputSpec(
            ndim=len(input_shape), axes={axis: input_shape[axis] for axis in self._kept}
        )

    def _store(self, mean, deviation, constant):
        values = self._stored(mean, deviation, constant)
        if not self.built:
            sizes = (self._spec.axes.get(axis) for axis in range(1, self._spec.ndim))
            self.build((None, *sizes))
        shape = self._mean.shape
        for name, value in values.items():
            getattr(self, f"_{name}").assign(np.reshape(value, shape))

    def _stored(self, mean, deviation, constant):
        """The four weights in the dtype they are kept in, checked to fit it."""
        dtype = keras.backend.result_type(self.variable_dtype, "float32")
        with np.errstate(over="ignore"):
            divisor = np.where(constant, 1.0, deviation).astype(dtype)
            wide = mean.astype(dtype)
        limits = np.finfo(dtype)
        if not (np.isfinite(wide) & np.isfinite(divisor) & (divisor >= limits.tiny)).all():
            raise ValueError(
                f"`data` must have means and deviations within the range of {dtype}, "
                f"{limits.tiny:.0e} to {limits.max:.0e}. Received: mean={mean}, "
                f"std={deviation}. Divide the features by a constant first."
            )
        rest = (mean - wide.astype("float64")).astype(dtype)
        deviation = np.asarray(deviation).astype(dtype)
        return {"mean": wide, "mean_rest": rest, "deviation": deviation, "divisor": divisor}

    def _fit_to_batch(self, batch):
        if batch.ndim == 0:
            raise ValueError(
                "`data` must come in batches, with the batch axis first. Received: a batch of "
                "shape (). Batch it first, as in `data.batch(1024)`."
            )
        self._fit_to((None, *batch.shape[1:]))

    def _check_batch(self, batch):
        expected = self._spec.axes
        if batch.ndim != self._spec.ndim or any(
            batch.shape[axis] != size for axis, size in expected.items()
        ):
            raise ValueError(
                f"`data` must have the shape the layer was built for: {self._spec.ndim} axes, "
                f"of which {_sizes(expected)}. Received: a batch of shape {batch.shape}. "
                "Use a new Standardize for other features."
            )

    def _rows(self, data, moments):
        """Yields the batches as `(rows, kept elements)`, in pieces where they must be copied."""
        for batch, names in feature_batches(data):
            if self._spec is None:
                self._fit_to_batch(batch)
            self._check_batch(batch)
            if names and self._kept:
                moments.name = names.__getitem__
            kept = [axis for axis in range(batch.ndim) if axis in self._kept]
            averaged = [axis for axis in range(batch.ndim) if axis not in self._kept]
            examples = max(1, PIECE_ELEMENTS * len(batch) // max(1, batch.size))
            columns = int(np.prod([batch.shape[axis] for axis in kept]))
            for start in range(0, len(batch) if columns else 0, examples):
                piece = batch[start : start + examples]
                yield piece.transpose(averaged + kept).reshape(-1, columns)

    def _column_name(self, column):
        shape = [self._spec.axes[axis] for axis in self._kept]
        return ", ".join(str(index) for index in np.unravel_index(column, shape)) or "0"

    def _check_adapted(self, inputs=None):
        if self._adapted:
            return
        mean = _concrete(self._mean) if self.built else np.nan
        if mean is None or (inputs is not None and _concrete(inputs[:0]) is None):
            return  # inside a compiled function: the NaN of the mean speaks for itself
        if np.isnan(mean).any():
            raise ValueError(
                f"`{self.name}` must know the mean and deviation of the training set before it "
                "is used. Received: a layer that was never adapted. Call "
                f"`{self.name}.adapt(x_train)`, or load weights, first."
            )
        self._adapted = True


def _checked_axes(axis):
    axes = () if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    integers = [a for a in axes if isinstance(a, (int, np.integer)) and not isinstance(a, bool)]
    if len(set(integers)) != len(axes):
        raise ValueError(
            "`axis` must be an integer, a tuple of different integers, or None: it names the axes "
            f"that keep a mean for each index. Received: axis={axis}. Use -1 for the features."
        )
    return tuple(int(a) for a in integers)


def _check_statistics(mean, variance):
    if (mean is None) != (variance is None):
        raise ValueError(
            "`mean` and `variance` must be given together: one alone does not standardize. "
            f"Received: mean={mean}, variance={variance}. Give both, or neither and call `adapt`."
        )
    if mean is None:
        return
    if not (np.isfinite(_float64(mean)).all() and (_float64(variance) >= 0).all()):
        raise ValueError(
            "`mean` must be finite and `variance` at least 0. "
            f"Received: mean={mean}, variance={variance}. Check where they were computed."
        )


def _kept_axes(axes, input_shape, axis):
    rank = len(input_shape)
    if any(not -rank <= a < rank for a in axes):
        raise ValueError(
            f"`axis` must lie in [-{rank}, {rank}) for inputs with {rank} axes. "
            f"Received: axis={axis} for inputs of shape {tuple(input_shape)}. "
            "Use -1 for the features, None for all elements together."
        )
    kept = tuple(sorted({a % rank for a in axes}))
    if 0 in kept:
        raise ValueError(
            "`axis` must not keep the batch axis 0: a mean is taken over examples. "
            f"Received: axis={axis} for inputs of shape {tuple(input_shape)}. Use axis=None, "
            "reshape one feature to (examples, 1), or batch the dataset first."
        )
    if any(input_shape[a] is None for a in kept):
        raise ValueError(
            "`axis` must name axes of known size: each index has its own mean. "
            f"Received: axis={axis} for inputs of shape {tuple(input_shape)}. "
            "Give the input a fixed size there."
        )
    return kept


def _sizes(axes):
    return ", ".join(f"axis {axis} has size {size}" for axis, size in axes.items()) or "none kept"


def _concrete(tensor):
    """The value as NumPy, or None inside a function being traced, where there is none yet."""
    try:
        return ops.convert_to_numpy(tensor).astype("float64")
    except (TypeError, ValueError, NotImplementedError):
        return None


def _float64(value):
    return np.asarray(ops.convert_to_numpy(value), dtype="float64")


def _listed(value):
    return None if value is None else np.asarray(value).tolist()
