"""One fit that is watched and steered, between its callbacks and its page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.callbacks.babysitting.judges import Judges
from kerasrecipes.callbacks.babysitting.nudging import Nudging
from kerasrecipes.callbacks.babysitting.progress import Progress, now
from kerasrecipes.callbacks.babysitting.running_means import RunningMeans, mean_names, numbers_of
from kerasrecipes.live.board import Board
from kerasrecipes.live.memory import memory
from kerasrecipes.live.nudge import Nudge
from kerasrecipes.live.request_box import Pending, Request, RequestBox
from kerasrecipes.live.steering.number_in_force import shortest

TICK_SECONDS = 0.25  # between two points of the cost
SLOW_SECONDS = 2.0  # between two readings of what costs more
MOST_MESSAGES = 100
MOST_AT_ONCE = 10  # requests between two steps
MOST_SHOWN = 500  # nudges
MOST_LAYERS = 80  # with curves: they must leave room for those of the cost and of metrics


class WatchedFit:
    """Puts what a fit is like on a board, and does what is asked of it.

    Args:
        board: What viewers see.
        box: What they ask.
        progress: Of the fit.
        means: Of its logs; which are means is found after the first step.
        judges: Begun.
        nudging: Of this fit.
        model: Gives the model, on JAX with its variables up to date.
    """

    def __init__(
        self,
        board: Board,
        box: RequestBox,
        *,
        progress: Progress,
        means: RunningMeans,
        judges: Judges,
        nudging: Nudging,
        model: Callable[[], keras.Model],
    ) -> None:
        self.board, self.box, self.model = board, box, model
        self.progress, self.means, self.judges, self.nudging = progress, means, judges, nudging
        self.on_nudge: Callable[[], Any] = lambda: None
        self.on_tick: Callable[[], Any] = lambda: None
        self.must_run: Callable[[], bool] = lambda: False
        self.is_reached: Callable[[], bool] = lambda: True
        self.on_warning: Callable[[str], Any] = lambda text: None
        self._latest: tuple[int, Mapping[str, Any]] = (0, {})
        self._next_tick = self._next_slow = 0.0
        self._messages: list[dict[str, str]] = []
        self._metrics: dict[str, float] = {}
        self._knows_means = False
        self._nudges: list[dict[str, Any]] = []

    def begin_epoch(self, epoch: int) -> None:
        """An epoch begins."""
        self.progress.begin_epoch(epoch)
        self.means.begin_epoch()
        self._latest = (0, {})

    def before_step(self, batch: int) -> None:
        """Shows what is due, and does what is asked; returns once a step is to run.

        In a pause too, if `Resume` is to save: it does so between two steps.
        """
        self.progress.begin_batch(batch)
        clock = time.perf_counter()
        if self.nudging.is_paused:  # a step was done, to save after it
            self._next_tick = self._next_slow = 0.0
        if clock >= self._next_tick:
            self._tick(clock)
        due = self.nudging.next_replay
        if due is not None and due <= self.progress.step:
            _ = self.model()
            self._show_nudges(self.nudging.replay(self.progress.step, self._warn))
        if self.box.is_waiting:
            self._answer()
        while self.nudging.is_paused and not self.must_run():
            self.box.wait(TICK_SECONDS)
            self._answer()
            self._show_progress()
            self.on_tick()
            if not self.is_reached() and self.nudging.is_paused:
                self._warn("warning: the page is gone: nobody could end the pause, so it is over")
                self._show_nudges([self.nudging.do(Request("go_on"))])
        if self.nudging.is_stopped:
            self.model().stop_training = True

    def after_step(self, batch: int, logs: Mapping[str, Any] | None) -> None:
        """Keeps the logs; Keras may call it in another thread, and out of order."""
        if batch + 1 > self._latest[0]:
            self._latest = (batch + 1, logs or {})
        self.judges.end_batch(batch, logs)

    def end_epoch(self, epoch: int, logs: Mapping[str, Any]) -> dict[str, Any]:
        """Shows the logs of the epoch; returns its row of the history."""
        batches = self._latest[0]
        self.progress.begin_batch(batches)
        self._show_costs()
        self.judges.end_epoch(epoch, logs)
        self.progress.end_epoch(batches)
        step = self.progress.step
        self._metrics = numbers_of(logs)
        for name, value in self._metrics.items():
            if name.startswith("val_"):
                self.board.point(name, step, value, _group(name.removeprefix("val_")), "dev")
            elif name not in self.means.names and name not in _SHOWN_APART:
                self.board.point(name, step, value, _group(name), "train")
        self._show_slow()
        if self.nudging.is_ending:
            self.model().stop_training = True
        within = [each for each in self.nudging.nudges if each.epoch == epoch]
        told = "; ".join(f"step {each.step}: {each}" for each in within)
        row = {"epoch": epoch + 1, "step": step, "seconds": round(self.progress.seconds, 3)}
        return row | {"learning_rate": self._rate()} | self._metrics | {"nudges": told}

    def begin(self) -> None:
        """Shows the settings, before the first step."""
        self._put_slow()

    def end(self, status: str, said: str | None, *, is_whole: bool) -> None:
        """Shows how it ended.

        Args:
            status: `"finished"`, `"stopped"` or `"failed"`.
            said: Why.
            is_whole: Whether the model can be looked at; a fit may break off within a step.
        """
        if is_whole:
            self._show_slow()
        self.board.put(status=status, said=said, settings=[], actions={})

    def say(self, text: str) -> None:
        """Adds a line to those that the page shows."""
        self._messages = [*self._messages, {"time": now(), "text": text}][-MOST_MESSAGES:]
        self.board.put(messages=self._messages)

    def _warn(self, text: str) -> None:
        self.say(text)
        self.on_warning(text)

    def _answer(self) -> None:
        """Does what is asked, and replies; of many requests some wait for the next step."""
        _ = self.model()
        replies: list[tuple[Pending, Nudge]] = []
        for _ in range(MOST_AT_ONCE):
            if self.must_run():  # what comes after a save must not be in it
                break
            pending = self.box.take()
            if pending is None:
                break
            try:
                replies.append((pending, self.nudging.do(pending.request)))
            except ValueError as error:
                pending.refuse(str(error))
        self._show_nudges([nudge for _, nudge in replies])
        for pending, nudge in replies:
            pending.done(nudge.to_dict())

    def _show_nudges(self, done: Sequence[Nudge]) -> None:
        if done:
            self._nudges = [*self._nudges, *(nudge.to_dict() for nudge in done)][-MOST_SHOWN:]
            self._show_slow()
            self.on_nudge()

    def _tick(self, clock: float) -> None:
        self._next_tick = clock + TICK_SECONDS
        self._show_costs()
        self._show_progress()
        if clock >= self._next_slow:
            self._next_slow = clock + SLOW_SECONDS
            self._show_slow()
        self.on_tick()

    def _show_costs(self) -> None:
        batches, logs = self._latest
        if logs and not self._knows_means:  # metrics are built by the first step
            self.means.names, self._knows_means = mean_names(self.model()), True
        step = self.progress.step - self.progress.batch + batches
        for name, value in self.means.read(batches, logs).items():
            self.board.point(name, step, value, _group(name), "train")

    def _show_progress(self) -> None:
        status = "paused" if self.nudging.is_paused else "running"
        self.board.put(status=status, progress=self.progress.to_dict())

    def _show_slow(self) -> None:
        """What takes longer to find out: settings, layers, memory, findings, saved points."""
        step = self.progress.step
        self._show_progress()
        self._show_layers(self.model())
        self._show_judgement(step)
        self.board.point("learning_rate", step, self._rate(), "learning_rate", "train")
        used = memory()["bytes"]
        if used is not None:
            self.board.point("memory", step, used, "memory", "process")
        self._put_slow()

    def _put_slow(self) -> None:
        self.board.put(
            memory=memory(),
            metrics=self._metrics,
            settings=[each.to_dict() for each in self.nudging.steering.settings()],
            actions=self.nudging.actions(),
            saved_points=self._saved_points(),
            nudges=self._nudges,
        )

    def _show_layers(self, model: keras.Model) -> None:
        point = None
        for point in self.judges.new_layer_points(model):
            for layer in evenly(list(point.gradient_norms), MOST_LAYERS):
                for kind, values in (
                    ("gradient_norm", point.gradient_norms),
                    ("update_ratio", point.update_ratios),
                ):
                    if layer in values:
                        value = values[layer]
                        self.board.point(f"{kind}/{layer}", point.step, value, kind, layer)
        if point is not None:
            norms, ratios = point.gradient_norms, point.update_ratios
            layers = [
                {"name": name, "gradient_norm": norms[name], "update_ratio": ratios.get(name)}
                for name in norms
            ]
            self.board.put(layers=layers)

    def _show_judgement(self, step: int) -> None:
        reading, epoch = self.judges.bias_variance(), self.progress.epoch
        shown = self.board.part("bias_variance")
        if reading is not None and (shown is None or shown["epoch"] != reading["epoch"]):
            for name in ("bias", "variance", "train_error", "dev_error"):
                self.board.point(name, step, reading[name], "bias_variance", name)
        known = {_key(each): each["epoch"] for each in self.board.part("findings")}
        findings = [
            each | {"epoch": known.get(_key(each), epoch)} for each in self.judges.findings()
        ]
        self.board.put(bias_variance=reading, findings=findings)

    def _saved_points(self) -> list[dict[str, Any]]:
        resume = self.nudging.resume
        try:
            points = resume.saved_points() if resume is not None else ()
        except OSError:  # the disk may be away for a while, which Resume says
            return self.board.part("saved_points")
        return [point._asdict() for point in points]

    def _rate(self) -> float:
        rate = getattr(self.model().optimizer, "learning_rate", None)
        return float("nan") if rate is None else shortest(ops.convert_to_numpy(rate))

    def get_state(self) -> dict[str, Any]:
        """All that another process needs to go on."""
        shown = self.board.snapshot()
        return {
            "progress": self.progress.get_state(),
            "means": self.means.get_state(),
            "judges": self.judges.get_state(),
            "nudging": self.nudging.get_state(),
            "latest": list(self._latest[:1]),
            "messages": list(self._messages),
            "metrics": dict(self._metrics),
            "curves": {name: _as_arrays(curve) for name, curve in shown["curves"].items()},
            "parts": {name: shown[name] for name in ("layers", "bias_variance", "findings")},
        }

    def set_state(self, state: Mapping[str, Any], later: Sequence[Nudge] = ()) -> None:
        """Goes on from what `get_state` returned.

        Args:
            state: From there.
            later: Nudges of a process that was killed, done after it.
        """
        self.progress.set_state(state["progress"])
        self.means.set_state(state["means"])
        self.judges.set_state(state["judges"])
        self.nudging.set_state(state["nudging"], later)
        self._nudges = [nudge.to_dict() for nudge in self.nudging.nudges][-MOST_SHOWN:]
        self._latest = (state["latest"][0], {})
        self._messages, self._metrics = list(state["messages"]), dict(state["metrics"])
        self.board.put(messages=self._messages, **state["parts"])
        for name, curve in state["curves"].items():
            for step, value in zip(curve["steps"], curve["values"], strict=True):
                self.board.point(name, step, value, curve["group"], curve["part"])


_SHOWN_APART = ("learning_rate", "bias", "variance", "train_error", "dev_error")


def evenly(names: Sequence[str], most: int) -> Sequence[str]:
    """At most so many of the names, evenly spread, the first and the last among them.

    Example:
        >>> evenly("abcdefg", 3), evenly("ab", 3)
        (['a', 'd', 'g'], 'ab')
    """
    if len(names) <= most:
        return names
    return [names[round(place)] for place in np.linspace(0, len(names) - 1, most)]


def _group(name: str) -> str:
    return "cost" if name == "loss" else f"metric:{name}"


def _key(finding: Mapping[str, Any]) -> tuple[Any, Any]:
    return finding["code"], finding["where"]


def _as_arrays(curve: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "group": curve["group"],
        "part": curve["part"],
        "steps": np.array(curve["steps"], "float64"),
        "values": np.array(curve["values"], "float64"),
    }
