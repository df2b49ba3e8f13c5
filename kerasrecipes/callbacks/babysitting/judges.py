"""Who says what is wrong with a watched fit: callbacks of its list, or quiet ones beside them."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import tree

from kerasrecipes.callbacks.attempts import Attempts
from kerasrecipes.callbacks.bias_variance_reporter import BiasVarianceReporter
from kerasrecipes.callbacks.data_reading import reads_arrays
from kerasrecipes.callbacks.doctor import Doctor
from kerasrecipes.callbacks.gradient_monitor import GradientMonitor, by_layer
from kerasrecipes.callbacks.running_fit import RunningFit
from kerasrecipes.gradients.gradient_tap import TapReading
from kerasrecipes.gradients.looks import ten_per_decade

SHARE = 0.01  # of the time of the training so far, to spend on bias and variance
EVERY = 200  # steps between two looks at the gradients, once looks thin out
LATEST = 64  # points of a curve that a reading may bring


class LayerPoint(NamedTuple):
    """What a look at the gradients gave: by layer the norm, or the update ratio."""

    step: int
    gradient_norms: dict[str, float]
    update_ratios: dict[str, float]


def often(step: int) -> bool:
    """Whether to look at the gradients: ten looks a decade, and each 200th step."""
    return step % EVERY == 0 or ten_per_decade(step)


class Judges:
    """The doctor, the reading of bias and variance, and the tap on the gradients of a fit.

    Those in the list of the fit are read. Where there is none, quiet ones of its own judge, if the
    data are arrays: others would be read once more for it, and a shuffled dataset or a generator
    would then give other batches. Their own predictions take at most 1 % of the time.

    Args:
        say: Called with what could not be measured.
    """

    def __init__(self, say: Callable[[str], Any]) -> None:
        self._say = say
        # Made once, so that a second `fit` takes the step again that was compiled for their taps.
        self._quiet_doctor = Doctor(when=often, sink=None)
        self._quiet_monitor = GradientMonitor(when=often, sink=None)
        self._quiet_reporter = BiasVarianceReporter(sink=None)
        self._reset()

    def _reset(self) -> None:
        self._attempts = Attempts(self._say)
        self._own: list[keras.callbacks.Callback] = []
        self._reporter: BiasVarianceReporter | None = None
        self._doctor: Doctor | None = None
        self._tapped: Any = None
        self._began, self._spent = time.perf_counter(), 0.0
        self._seen = 0  # looks that were shown

    def begin(
        self, model: keras.Model, params: dict, running: RunningFit | None, *, quiet: bool
    ) -> None:
        """Finds them, or begins its own; in `on_train_begin`.

        Args:
            model: In `fit`.
            params: Of the callback.
            running: The fit; None outside of one.
            quiet: Whether its own may judge.
        """
        self._reset()
        callbacks = running.callbacks if running else ()
        is_array = running is not None and reads_arrays(running)
        self._doctor = _first(callbacks, Doctor)
        self._reporter = _first(callbacks, BiasVarianceReporter)
        self._tapped = _first(callbacks, GradientMonitor) or self._doctor
        if not quiet:
            return
        if self._doctor is None and is_array:
            self._doctor = self._add(self._quiet_doctor, model, params, "doctor")
            self._tapped = self._tapped or self._doctor
        if self._tapped is None:
            self._tapped = self._add(self._quiet_monitor, model, params, "gradients")
        if self._reporter is None and running is not None and is_array and _has_dev(running):
            self._reporter = self._add(self._quiet_reporter, model, params, "bias and variance")

    def _add(self, callback: Any, model: keras.Model, params: dict, name: str) -> Any:
        callback.set_params(params)
        callback.set_model(model)
        with self._attempts(name):
            callback.on_train_begin()
            self._own.append(callback)
        return callback if callback in self._own else None

    def end_batch(self, batch: int, logs: Mapping[str, Any] | None) -> None:
        """Lets those of its own note the step."""
        for callback in self._own:
            callback.on_train_batch_end(batch, dict(logs or {}))

    def end_epoch(self, epoch: int, logs: Mapping[str, Any] | None) -> None:
        """Lets those of its own judge."""
        for callback in self._own:
            if callback is self._reporter:
                self._read_errors(epoch)
            else:
                with self._attempts(type(callback).__name__):
                    callback.on_epoch_end(epoch, dict(logs or {}))

    def _read_errors(self, epoch: int) -> None:
        """Predicts, unless that has taken its share of the time already.

        The first time does not count: it compiles.
        """
        start = time.perf_counter()
        if self._reporter is None or self._spent > SHARE * (start - self._began):
            return
        is_first = not self._reporter.readings
        with self._attempts("bias and variance"), states_kept(self._reporter.model):
            self._reporter.on_epoch_end(epoch)
        if not is_first:
            self._spent += time.perf_counter() - start

    def end(self) -> None:
        """Lets those of its own say their last; in `on_train_end`."""
        for callback in self._own:
            with self._attempts(type(callback).__name__), states_kept(callback.model):
                callback.on_train_end()

    def findings(self) -> list[dict[str, Any]]:
        """What the doctor has found so far."""
        diagnosis = self._doctor.diagnosis if self._doctor else None
        return [finding.to_dict() for finding in diagnosis.findings] if diagnosis else []

    def bias_variance(self) -> dict[str, Any] | None:
        """The last reading."""
        readings = self._reporter.readings if self._reporter else []
        if not readings:
            return None
        epoch, reading = readings[-1]
        return {
            "human_error": reading.human_error,
            "train_error": reading.train_error.error,
            "dev_error": reading.dev_error.error,
            "bias": reading.bias.value,
            "variance": reading.variance.value,
            "verdict": reading.verdict,
            "text": str(reading),
            "epoch": epoch,
        }

    def new_layer_points(self, model: keras.Model) -> Iterator[LayerPoint]:
        """What the looks since the last call gave, oldest first; the latest 64 of them.

        Args:
            model: Asked for through `Callback.model`, so that on JAX its variables are there.
        """
        tap = self._tapped.tap if self._tapped is not None else None
        if tap is None:
            return
        reading, inside = tap.read(), f"{model.name}/"
        first = max(self._seen, len(reading.looks) - LATEST)
        self._seen = len(reading.looks)
        for place in range(first, len(reading.looks)):
            yield _layer_point(reading, place, inside)

    def get_state(self) -> dict[str, Any]:
        """Those of its own, by class, and how much was shown."""
        return {
            "own": {type(each).__name__: each.get_state() for each in self._own},
            "seen": self._seen,
            "spent": self._spent,
            "seconds": time.perf_counter() - self._began,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `get_state` returned; after `begin`."""
        for each in self._own:
            own = state["own"].get(type(each).__name__)
            if own is not None:
                each.set_state(own)
        self._seen, self._spent = state["seen"], state["spent"]
        self._began = time.perf_counter() - state["seconds"]


@contextlib.contextmanager
def states_kept(model: keras.Model) -> Iterator[None]:
    """Puts back what a prediction may change: seeds of layers that draw, states of recurrent ones.

    Args:
        model: Asked for through `Callback.model`, so that on JAX its variables are there.
    """
    layers = model._flatten_layers()  # also of those that are frozen, which may be large
    learned = {id(each) for layer in layers for each in layer._trainable_variables}
    states = [each for each in model.variables if id(each) not in learned]
    before = [np.array(keras.ops.convert_to_numpy(each)) for each in states]
    try:
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            if not np.array_equal(keras.ops.convert_to_numpy(state), value):
                state.assign(value)


def _layer_point(reading: TapReading, place: int, inside: str) -> LayerPoint:
    norms = {path: [row[place]] for path, row in reading.gradient_norms.items()}
    ratios = {path: [row[place]] for path, row in reading.update_ratios.items()}
    return LayerPoint(
        int(reading.looks[place]),
        by_layer(norms, math.hypot, inside),
        by_layer(ratios, lambda kernel, *rest: kernel, inside),
    )


def _first(callbacks: Any, kind: type) -> Any:
    return next((each for each in callbacks if isinstance(each, kind)), None)


def _has_dev(running: RunningFit) -> bool:
    """Whether dev examples were given as arrays."""
    dev = running.given.get("validation_data")
    if not isinstance(dev, (tuple, list)) or len(dev) < 2:
        return False
    return all(isinstance(part, np.ndarray) for part in tree.flatten(dev[:2]))
