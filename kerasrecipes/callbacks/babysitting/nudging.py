"""What is asked of a running fit, done between two of its steps and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras

from kerasrecipes.callbacks.babysitting.progress import Progress, now
from kerasrecipes.callbacks.learning_rate_decay import LearningRateDecay
from kerasrecipes.callbacks.resume import Resume
from kerasrecipes.checkpoints import CheckpointError
from kerasrecipes.live.nudge import ACTIONS, MOST_NOTE, Nudge
from kerasrecipes.live.request_box import Request
from kerasrecipes.live.setting import Setting, Value
from kerasrecipes.live.steering import Steering

NO_RESUME = "add kr.callbacks.Resume(directory) to the callbacks of fit, which keeps saved points"
MOST_NUDGES = 100_000
NOT_REPLAYED = ("pause", "go_on")  # the weights do not depend on them
_RATE_SETTERS = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
    LearningRateDecay,
)


class Nudging:
    """Takes requests and replays, and keeps what was done.

    Args:
        steering: Begun.
        progress: Of the fit.
        resume: Of the fit; None without.
        replay: Nudges to do again, each before the step of its own.

    Attributes:
        nudges: Done so far, in order.
        is_paused: Whether no step is to run.
        is_ending: Whether the fit ends with this epoch.
        is_stopped: Whether it ends with the next step.
    """

    def __init__(
        self,
        steering: Steering,
        progress: Progress,
        resume: Resume | None,
        replay: Iterable[Nudge] = (),
    ) -> None:
        self.steering, self.progress, self.resume = steering, progress, resume
        self.nudges: list[Nudge] = []
        self.is_paused = self.is_ending = self.is_stopped = False
        self._replay = [nudge for nudge in replay if nudge.name not in NOT_REPLAYED]
        self._later: list[Nudge] = []  # of the former, those that a killed process has done
        self._actions: dict[str, Callable[[Value], None]] = {
            "pause": self._pause,
            "go_on": self._go_on,
            "save": self._save,
            "go_back": self._go_back,
            "stop_after_epoch": self._stop_after_epoch,
            "stop": self._stop,
        }

    @property
    def next_replay(self) -> int | None:
        """The step before which something is to be done again; None if nothing is."""
        return self._replay[0].step if self._replay else None

    def check_replay(self) -> None:
        """Looks whether this fit has what the nudges to replay name.

        Raises:
            ValueError: If it has not, with the first that cannot be done.
        """
        settings = {setting.name: setting for setting in self.steering.settings()}
        for nudge in self._replay:
            try:
                self._check(Request(nudge.name, nudge.new, nudge.note), settings)
            except ValueError as error:
                raise ValueError(
                    f"`replay` must hold nudges that this training can take. Received: {nudge}, at "
                    f"step {nudge.step}: {error}"
                ) from error

    def replay(self, step: int, say: Callable[[str], Any] = lambda text: None) -> list[Nudge]:
        """Does what is due before this step again.

        Args:
            step: The next one.
            say: Called with what cannot be done any more, such as going back to a point that was
                removed meanwhile: a training of hours is not thrown away for it.
        """
        done = []
        while self._replay and self._replay[0].step <= step:
            nudge = self._replay.pop(0)
            request = Request(nudge.name, nudge.new, nudge.note, take_over=True)
            try:
                done.append(self.do(request))
            except ValueError as error:
                say(
                    f"warning: `{nudge}` of step {nudge.step} cannot be done again, so the weights "
                    f"will be others: {error}"
                )
            self._later = [each for each in self._later if each is not nudge]
        return done

    @property
    def kept(self) -> list[Nudge]:
        """Those to be kept: done so far, and those of a killed process that are still to come."""
        return [*self.nudges, *self._later]

    def do(self, request: Request) -> Nudge:
        """Does what is asked, and keeps it.

        Raises:
            ValueError: If it cannot be done, with the reason.
        """
        if len(self.nudges) >= MOST_NUDGES:
            raise ValueError(f"{MOST_NUDGES:,} nudges are the most of one fit.")
        self._check(request, {each.name: each for each in self.steering.settings()})
        old: Value = None
        new: Value = request.value
        if request.name in ACTIONS:
            old = float(self.progress.step) if request.name == "go_back" else None
            self._actions[request.name](request.value)
            new = request.value if request.name == "go_back" else None
        else:
            old, new = self.steering.move(request.name, request.value, request.take_over)
        nudge = Nudge(
            self.progress.step, self.progress.epoch, now(), request.name, old, new, request.note
        )
        self.nudges.append(nudge)
        return nudge

    def _check(self, request: Request, settings: Mapping[str, Setting]) -> None:
        if not isinstance(request.note, str) or len(request.note) > MOST_NOTE:
            raise ValueError(f"`note` must be a text of at most {MOST_NOTE} characters.")
        if request.name in ACTIONS:
            reason = self.actions()[request.name]
            if reason is not None:
                raise ValueError(f"`{request.name}` cannot be done: {reason}.")
        elif request.name in settings:
            settings[request.name].checked(request.value)
        else:
            known = ", ".join([*settings, *ACTIONS])
            raise ValueError(f"`name` must be one of {known}. Received: {request.name!r}.")

    def actions(self) -> dict[str, str | None]:
        """By action None, or why it cannot be done now."""
        no_points = NO_RESUME if self.resume is None else None
        return {
            "pause": "it is paused" if self.is_paused else None,
            "go_on": None if self.is_paused else "it is not paused",
            "save": no_points,
            "go_back": no_points,
            "stop_after_epoch": "it ends with this epoch already" if self.is_ending else None,
            "stop": None,
        }

    def _pause(self, value: Value) -> None:
        self.is_paused = True
        self.progress.pause()

    def _go_on(self, value: Value) -> None:
        self.is_paused = False
        self.progress.go_on()

    def _save(self, value: Value) -> None:
        if self.resume is not None:
            self.resume.save()

    def _go_back(self, number: Value) -> None:
        if isinstance(number, bool) or not isinstance(number, (int, float)) or number % 1:
            raise ValueError(f"`value` must be the number of a saved point. Received: {number!r}.")
        if self.resume is None:
            return
        try:
            checkpoint = self.resume.go_back(int(number))
        except (CheckpointError, OSError) as error:
            raise ValueError(str(error)) from error
        for each in checkpoint.state["callbacks"]:
            if each["class"] == "Babysitter" and each["state"] is not None:
                self.steering.set_state(each["state"]["steering"])

    def _stop_after_epoch(self, value: Value) -> None:
        self.is_ending = True

    def _stop(self, value: Value) -> None:
        self._go_on(value)
        self.is_stopped = True

    def get_state(self) -> dict[str, Any]:
        """What was done, and what is to be done again."""
        return {
            "nudges": [nudge.to_dict() for nudge in self.nudges],
            "replay": [nudge.to_dict() for nudge in self._replay],
            "steering": self.steering.get_state(),
            "is_ending": self.is_ending,
        }

    def set_state(self, state: Mapping[str, Any], later: Sequence[Nudge] = ()) -> None:
        """Goes on from what `get_state` returned.

        Args:
            state: From there.
            later: Nudges that were done after it, by a process that was killed; they are done
                again, each before its step.
        """
        self.nudges = [Nudge.of_dict(each) for each in state["nudges"]]
        waiting = [Nudge.of_dict(each) for each in state["replay"]]
        again = [nudge for nudge in later if nudge.name not in NOT_REPLAYED]
        done = {(nudge.step, nudge.name) for nudge in again}
        waiting = [nudge for nudge in waiting if (nudge.step, nudge.name) not in done]
        self._replay = sorted([*again, *waiting], key=lambda nudge: nudge.step)
        self._later = again
        if self.steering.settings():
            self.steering.set_state(state["steering"])
        self.is_ending = state["is_ending"]


def rate_setters(callbacks: Iterable[keras.callbacks.Callback]) -> list[str]:
    """Names of the callbacks that set the learning rate."""
    return [type(each).__name__ for each in callbacks if isinstance(each, _RATE_SETTERS)]
