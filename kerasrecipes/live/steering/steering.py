"""Settings of a running training, read and moved between two steps."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from kerasrecipes.checkpoints.model_state import sync
from kerasrecipes.gradients.tapped_fit import TappedFit, check_is_tappable
from kerasrecipes.gradients.tapped_optimizer import updating
from kerasrecipes.live.setting import Setting, Value
from kerasrecipes.live.steering.knob import Knob
from kerasrecipes.live.steering.knobs import Found, found_in
from kerasrecipes.live.steering.learning_rate import SWITCH, LearningRate
from kerasrecipes.live.steering.steered_step import SteeredStep


class Steering:
    """Moves settings of a compiled training; the next step has them, and nothing is retraced.

    The learning rate and the schedule of whoever sets it, momentum or `beta_1`, weight decay, the
    norm to which gradients are clipped, and `keep_prob` of each `InvertedDropout`. A `fit` in which
    nothing is moved ends with the very weights of one that is not steered. After it the program is
    as it was; a learning rate that nobody else sets stays as moved.

    Each is in force in the next step that runs; of several steps in one execution, in the next
    execution. `keep_prob`, and a `clip_norm` where the program clips nothing, cannot be read by a
    step without a change of the last bit of its weights; so one of these that is moved for the
    first time compiles the step once more, with all that can be moved. `is_ready=True` has it so
    from the beginning: then nothing is ever compiled again, and the last bit may differ.

    On JAX these methods bring the state of the `fit` to the model's variables.

    Args:
        is_ready: Whether every setting is compiled in from the beginning. Defaults to `False`.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
        >>> steering = Steering()
        >>> halve = keras.callbacks.LambdaCallback(
        ...     on_train_begin=lambda logs: steering.begin(model),
        ...     on_epoch_end=lambda epoch, logs: print(steering.move("momentum", 0.45)),
        ... )
        >>> x = keras.ops.ones((6, 2))
        >>> try:
        ...     history = model.fit(x, x[:, :1], 2, epochs=2, verbose=0, callbacks=[halve])
        ... finally:
        ...     steering.end()
        (0.9, 0.45)
        (0.45, 0.45)
    """

    def __init__(self, is_ready: bool = False) -> None:
        self.is_ready = is_ready
        self._gone: Any = None
        self._model: Any = None
        self._is_running = False
        self._made_for: list[Any] = []
        self._found: list[Found] = []
        self._step: Any = None
        self._fit: Any = None

    def begin(self, model: keras.Model, running: Any = None, owners: Sequence[str] = ()) -> None:
        """Call it before the first step, in `on_train_begin`; everything is as compiled then.

        Args:
            model: Compiled and built.
            running: An object that lives as long as the `fit`: `end` is called when it is gone.
            owners: Names of the callbacks of this `fit` that set the learning rate.

        Raises:
            ValueError: If the model has no optimizer, as one with a `train_step` of its own may.
        """
        self.end()
        check_is_tappable(model)
        self._prepare(model, owners)
        self._fit.begin(model)
        self._is_running = True
        if running is not None:
            self._gone = weakref.finalize(running, self.end)
            self._gone.atexit = False

    def _prepare(self, model: keras.Model, owners: Sequence[str]) -> None:
        """Makes the step's knobs, or takes those of the last `fit` again, for the step it kept."""
        found = found_in(model, owners)
        for knob in _knobs(self._found):
            knob.reset()
        made_for = [model, *_identities(model)]
        is_same = len(made_for) == len(self._made_for) and all(
            one is other for one, other in zip(made_for, self._made_for, strict=True)
        )
        if is_same and _as_compiled(found) == _as_compiled(self._found):
            return
        self._model, self._made_for, self._found = model, made_for, found
        self._step = SteeredStep(model, _knobs(found), self.is_ready)
        self._fit = TappedFit(self._step)

    def end(self) -> None:
        """Call it after the last step, in `on_train_end`; nothing if it has ended."""
        self._is_running = False
        if self._gone is not None:
            self._gone.detach()
        if self._fit is not None:
            self._fit.end()

    def settings(self) -> tuple[Setting, ...]:
        """The settings as they are now; none outside of a `fit`."""
        if not self._is_running:
            return ()
        sync(self._model)
        return tuple(_settings(self._found))

    def move(self, name: str, value: Value, take_over: bool = False) -> tuple[Value, Value]:
        """Moves a setting between two steps.

        Args:
            name: Of one of the `settings`.
            value: In its range. Of `decay_schedule`: False leaves the rate where it is now, True
                gives it back to its owner.
            take_over: Whether to take the learning rate over from what sets it.

        Returns:
            What it was, and what it is now.

        Raises:
            ValueError: If there is no such setting, it cannot be moved, the value is not in its
                range, or something else sets it; with the reason.
        """
        setting = self._setting(name)
        new = setting.checked(value)
        if name != SWITCH and setting.owner and not setting.taken and not take_over:
            raise ValueError(f"`{name}` is set by {setting.owner}: take it over to move it.")
        if name == SWITCH:
            rate = self._rate()
            rate.reset() if new else rate.move(rate.value())
        else:
            next(knob for knob in _knobs(self._found) if knob.name == name).move(new)
        self._write()
        return setting.value, new

    def give_back(self, name: str) -> None:
        """Gives a setting that was taken over back to its owner.

        Raises:
            ValueError: If there is no such setting, or nothing else that would set it.
        """
        setting = self._setting(name)
        if setting.owner is None:
            raise ValueError(f"`{name}` has no owner: move it to the value that it should have.")
        self._rate().reset()
        self._write()

    def get_state(self) -> dict[str, Any]:
        """What was moved, as plain values; a learning rate of the optimizer's own is with it."""
        knobs = [knob for knob in _knobs(self._found) if not isinstance(knob, LearningRate)]
        rates = [knob for knob in _knobs(self._found) if isinstance(knob, LearningRate)]
        return {
            "values": {knob.name: knob.setting().value for knob in knobs},
            "manual_rate": next((rate.manual for rate in rates if rate.taken), None),
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `get_state` returned; call it after `begin`.

        Raises:
            ValueError: If the program has not the settings of the state; nothing was changed then.
        """
        knobs = {knob.name: knob for knob in _knobs(self._found)}
        missing = sorted(set(state["values"]) - set(knobs))
        manual = state["manual_rate"]
        if missing or (manual is not None and not self._is_owned()):
            raise ValueError(
                "`state` must be of a program with the same settings. Received: a state with "
                f"{', '.join(missing) or 'a learning rate taken over'}, which this one lacks. "
                "Build and compile the model as it was when the state was saved."
            )
        for knob in knobs.values():
            knob.reset()
        for name, value in state["values"].items():
            knobs[name].move(value)
        if manual is not None:
            self._rate().move(manual)
        self._write()

    def _write(self) -> None:
        """Lets the next step have what was moved."""
        sync(self._model)
        self._step.write()
        if self._is_running and self._step.is_outgrown():
            self._step.grow()
            self._fit.use("all")

    def _setting(self, name: str) -> Setting:
        settings = {setting.name: setting for setting in self.settings()}
        if name not in settings:
            known = ", ".join(settings) or "none, for no fit is running"
            raise ValueError(f"`name` must be one of the settings: {known}. Received: {name!r}.")
        return settings[name]

    def _is_owned(self) -> bool:
        return any(isinstance(knob, LearningRate) and knob.owner for knob in _knobs(self._found))

    def _rate(self) -> LearningRate:
        return next(knob for knob in _knobs(self._found) if isinstance(knob, LearningRate))


def _settings(found: Sequence[Found]) -> Iterator[Setting]:
    for each in found:
        yield each if isinstance(each, Setting) else each.setting()
        switch = each.switch() if isinstance(each, LearningRate) else None
        if switch is not None:
            yield switch


def _knobs(found: Sequence[Found]) -> list[Knob]:
    return [each for each in found if not isinstance(each, Setting)]


def _as_compiled(found: Sequence[Found]) -> list[Setting]:
    """What a compiled step knows of them: all but the rate, which is a variable."""
    return [
        dataclasses.replace(setting, value=None) if setting.name == "learning_rate" else setting
        for setting in _settings(found)
    ]


def _identities(model: Any) -> list[Any]:
    """What a step was made of, besides the settings' values."""
    optimizer = updating(model.optimizer)
    return [optimizer, getattr(optimizer, "_learning_rate", None), vars(model).get("train_step")]
