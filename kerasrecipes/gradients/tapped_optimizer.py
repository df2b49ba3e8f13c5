"""Listening at an optimizer's `apply`, by any number of taps, and leaving it as it was."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import keras

from kerasrecipes import backend


class Tap(Protocol):
    """What listens; its state lives in variables that the optimizer tracks meanwhile."""

    @property
    def variables(self) -> Sequence[keras.Variable]:
        """Its state."""

    def watch(self, apply: Callable, grads: Any, trainable_variables: Any = None) -> Any:
        """Calls `apply(grads, trainable_variables)` and notes what it wants."""


def open_tap(optimizer: keras.optimizers.Optimizer, tap: Tap) -> None:
    """Sends every `apply` of the optimizer through `tap.watch`, and tracks the tap's variables.

    Compiled steps of JAX keep only state that the optimizer tracks. Files that are written or read
    meanwhile hold none of it.
    """
    (_tapped(optimizer) or _TappedApply(optimizer)).add(tap)


def close_tap(optimizer: keras.optimizers.Optimizer, tap: Tap) -> None:
    """Undoes `open_tap`; nothing if it was not open."""
    tapped = _tapped(optimizer)
    if tapped is not None:
        tapped.remove(tap)


def open_taps(optimizer: keras.optimizers.Optimizer) -> tuple[Tap, ...]:
    """The taps that are open, in the order of opening."""
    tapped = _tapped(optimizer)
    return tuple(tapped.taps) if tapped is not None else ()


def updating(optimizer: Any) -> Any:
    """The optimizer that moves the weights: the inner one of a `LossScaleOptimizer`."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _tapped(optimizer: Any) -> _TappedApply | None:
    apply = vars(updating(optimizer)).get("apply")
    return apply if isinstance(apply, _TappedApply) else None


class _TappedApply:
    """Stands in the place of `optimizer.apply` while taps are open.

    Where each device has the gradients of its own share of the batch, taps see their sum. It is
    summed once: the optimizer, which would do so after them, finds it done.
    """

    def __init__(self, optimizer: Any) -> None:
        self.optimizer: Any = updating(optimizer)
        self.taps: list[Tap] = []
        self._apply = self.optimizer.apply
        self._replaced = [(self.optimizer, "apply")]
        _set(self.optimizer, "apply", self)
        self._replica = threading.local()  # each replica runs in a thread of its own
        self._sum = getattr(self.optimizer, "_all_reduce_sum_gradients", None)
        if self._sum is not None:  # on TensorFlow; there is no public way past it
            self._replaced.append((self.optimizer, "_all_reduce_sum_gradients"))
            _set(self.optimizer, "_all_reduce_sum_gradients", self._sum_unless_summed)
        for each in {id(each): each for each in (self.optimizer, optimizer)}.values():
            for name in ("save_own_variables", "load_own_variables"):
                self._replaced.append((each, name))
                _set(each, name, functools.partial(self._without_taps, getattr(each, name)))

    def __call__(self, grads: Any, trainable_variables: Any = None) -> Any:
        shares = list(grads)
        summed = backend.summed_over_replicas(shares)
        apply = self._apply
        if summed is not None:
            apply = functools.partial(self._apply_summed, shares, summed)
        for tap in self.taps:
            apply = functools.partial(tap.watch, apply)
        return apply(shares if summed is None else summed, trainable_variables)

    def _apply_summed(
        self, shares: list, summed: list, grads: Any, trainable_variables: Any
    ) -> Any:
        """The optimizer's step by gradients that are summed already."""
        if _changes_shares(self.optimizer):  # Keras clips each share for itself
            share_of = {id(whole): share for whole, share in zip(summed, shares, strict=True)}
            return self._apply([share_of[id(grad)] for grad in grads], trainable_variables)
        self._replica.has_summed = True
        try:
            return self._apply(grads, trainable_variables)
        finally:
            self._replica.has_summed = False

    def _sum_unless_summed(self, pairs: Any) -> Any:
        if getattr(self._replica, "has_summed", False):
            return list(pairs)
        return self._sum(pairs)  # type: ignore[misc]

    def add(self, tap: Tap) -> None:
        if all(known is not tap for known in self.taps):
            self.taps.append(tap)
            self._track(tap)

    def remove(self, tap: Tap) -> None:
        if all(known is not tap for known in self.taps):
            return
        self.taps = [known for known in self.taps if known is not tap]
        self._untrack(tap)
        if not self.taps:
            for each, name in self._replaced:
                object.__delattr__(each, name)

    def _without_taps(self, function: Callable, store: Any) -> Any:
        with self._hidden():
            return function(store)

    @contextlib.contextmanager
    def _hidden(self) -> Iterator[None]:
        for tap in self.taps:
            self._untrack(tap)
        try:
            yield
        finally:
            for tap in self.taps:
                self._track(tap)

    # Keras's public `add_variable` also makes the variable, and nothing public removes one.
    def _track(self, tap: Tap) -> None:
        self.optimizer._tracker.unlock()
        for variable in tap.variables:
            self.optimizer._track_variable(variable)

    def _untrack(self, tap: Tap) -> None:
        for variable in tap.variables:
            self.optimizer._untrack_variable(variable)


def _changes_shares(optimizer: Any) -> bool:
    """Whether gradients of shares of a batch are changed before they are summed."""
    return bool(
        optimizer.clipnorm
        or optimizer.clipvalue
        or optimizer.global_clipnorm
        or optimizer.gradient_accumulation_steps
    )


def _set(optimizer: Any, name: str, value: Any) -> None:
    object.__setattr__(optimizer, name, value)  # past TensorFlow's tracking of attributes
