"""The HTML report of a user's own fit."""

from __future__ import annotations

import dataclasses
import datetime
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasrecipes.callbacks.babysitter import Babysitter
from kerasrecipes.callbacks.bias_variance_reporter import BiasVarianceReporter
from kerasrecipes.callbacks.cost_monitor import CostMonitor
from kerasrecipes.callbacks.early_stopping import EarlyStopping
from kerasrecipes.callbacks.fit_arguments import fit_arguments
from kerasrecipes.diagnosis import bias_variance_findings
from kerasrecipes.report import (
    Fact,
    Findings,
    Page,
    Section,
    Table,
    bias_variance_facts,
    bias_variance_ladder,
    figures,
    write,
)
from kerasrecipes.report.resumed import resumed_text

MOST_ROWS = 30  # epochs listed in the table; more are thinned


class Report(keras.callbacks.Callback):
    """Writes a self-contained HTML page about this fit when it ends.

    It shows the cost on train and dev, the learning rate, and what the other callbacks of this
    library in the same list have found: bias and variance (`BiasVarianceReporter`), the cost with
    and without the penalty (`CostMonitor`), why and where training stopped (`EarlyStopping`), what
    was nudged (`Babysitter`). Put
    it last, so that it sees what they add to the logs. The page needs no network, and everything
    that comes from the data is escaped.

    Args:
        path: Where to write, ending in `.html`; the directory must exist.
        title: Heading of the page; the model's name by default.
        sink: Callable that takes one line when the page is written; `print` by default, `None` for
            silence.

    Attributes:
        history: List of the logs of each epoch, with `epoch` from 1.
        resumed: When the fit was gone on with by `Resume`, in ISO 8601; the page tells it.

    Raises:
        ValueError: If `path` does not end in `.html`, is a directory, or lies in one that is
            missing or cannot be written to.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "fit.html"
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> report = Report(path, sink=None)
        >>> _ = model.fit(np.ones((8, 2)), np.ones(8), epochs=2, verbose=0, callbacks=[report])
        >>> path.exists()
        True
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        title: str | None = None,
        sink: Callable[[str], Any] | None = print,
    ):
        super().__init__()
        _check_path(Path(path), f"Received: path={str(path)!r}.")
        self.path, self.title, self.sink = path, title, sink
        self._reset()

    def _reset(self) -> None:
        self.history: list[dict[str, float]] = []
        self.resumed: list[str] = []
        self._began = time.monotonic()
        self._others: tuple[keras.callbacks.Callback, ...] = ()

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Forgets the last fit and looks who else is listening."""
        self._reset()
        fit = fit_arguments(self.model)
        if fit is not None:
            self._others = fit.callbacks

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Keeps the logs."""
        row = {name: float(np.mean(value)) for name, value in (logs or {}).items()}
        rate = getattr(self.model.optimizer, "learning_rate", None)
        if "learning_rate" not in row and rate is not None:
            row["learning_rate"] = float(keras.ops.convert_to_numpy(rate))
        self.history.append({"epoch": epoch + 1, **row})

    def on_train_end(self, logs: dict | None = None) -> None:
        """Writes the page."""
        write(self.page(), self.path)
        if self.sink is not None:
            self.sink(f"report: {self.path}")

    def get_state(self) -> dict[str, Any]:
        """All that an exact resume needs, as plain values; the time is that spent so far."""
        return {
            "history": [dict(row) for row in self.history],
            "resumed": list(self.resumed),
            "seconds": time.monotonic() - self._began,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from what `get_state` returned; call it after `on_train_begin`."""
        self.history = [dict(row) for row in state["history"]]
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        self.resumed = [*state["resumed"], now]
        self._began = time.monotonic() - state["seconds"]

    def page(self) -> Page:
        """The content of the report, from what is known so far."""
        epochs, seconds = len(self.history), time.monotonic() - self._began
        return Page(
            title=self.title or self.model.name,
            subtitle=f"{epochs} epochs in {seconds:.1f} s, "
            f"{self.model.count_params():,} parameters.{resumed_text(self.resumed)}",
            answer=tuple(self._facts()),
            sections=tuple(self._sections()),
            footer=f"Keras {keras.__version__} on {keras.backend.backend()}",
        )

    def _facts(self) -> Iterator[Fact]:
        for name, label in (("loss", "Train cost"), ("val_loss", "Dev cost")):
            values = self._curve(name)
            if np.isfinite(values).any():
                best = int(np.nanargmin(values))
                yield Fact(
                    label, f"{values[-1]:.4g}", f"lowest {values[best]:.4g}, epoch {best + 1}"
                )
        reporter = self._other(BiasVarianceReporter)
        if reporter and reporter.reading:
            yield from bias_variance_facts(reporter.reading)

    def _sections(self) -> Iterator[Section]:
        babysitter = self._other(Babysitter)
        places = [place for place, _ in babysitter.placed_nudges()] if babysitter else []
        curves = figures.cost_curves(
            [("this fit", self._curve("loss"), self._curve("val_loss"))], nudges=places
        )
        rates = figures.learning_rate_curve(self._curve("learning_rate"), nudges=places)
        yield Section("Cost", self._stop_text(), (curves, rates))
        if places:
            yield Section("Nudges", body=(_nudge_table(babysitter),))
        if monitor := self._other(CostMonitor):
            drawn = figures.cost_with_penalty(
                monitor.curves["cost_without_penalty"], monitor.curves["penalty"]
            )
            yield Section("Cost and penalty", "\n\n".join(monitor.messages), (drawn,))
        reporter = self._other(BiasVarianceReporter)
        if reporter and reporter.reading:
            findings = Findings(tuple(bias_variance_findings(reporter.reading)))
            ladder = bias_variance_ladder(reporter.reading)
            yield Section("Bias and variance", str(reporter.reading), (ladder, findings))
        yield Section("Epochs", body=(self._table(),))

    def _stop_text(self) -> str:
        stopping = self._other(EarlyStopping)
        if stopping is None or stopping.stop_reason is None:
            return ""
        return f"Stopped early: {stopping.stop_reason}"

    def _table(self) -> Table:
        names = list(dict.fromkeys(name for row in self.history for name in row))
        shown = np.unique(np.linspace(0, len(self.history) - 1, MOST_ROWS).astype(int))
        rows = [[self.history[i].get(name) for name in names] for i in shown if self.history]
        return Table(names, rows, "The logs of the epochs.")

    def _curve(self, name: str) -> np.ndarray:
        return np.array([row.get(name, np.nan) for row in self.history], dtype="float64")

    def _other(self, kind: type) -> Any:
        return next((callback for callback in self._others if isinstance(callback, kind)), None)


def _nudge_table(babysitter: Babysitter) -> Table:
    rows: list[list[Any]] = [
        [round(place, 2), nudge.step, str(dataclasses.replace(nudge, note="")), nudge.note]
        for place, nudge in babysitter.placed_nudges()
    ]
    return Table(["epochs done", "step", "nudge", "note"], rows, "What was changed by hand.")


def _check_path(path: Path, received: str) -> None:
    """Refuses before the training what could not be written after it."""
    folder = path.absolute().parent
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"`path` must end in .html: the report is a web page. {received}")
    if path.is_dir():
        raise ValueError(
            f"`path` must be a file, and is a directory. {received} Name a file in it."
        )
    if not folder.is_dir():
        raise ValueError(
            "`path` must lie in an existing directory, or the report would be lost after the "
            f"training. {received} Create {folder} first."
        )
    if not os.access(folder, os.W_OK):
        raise ValueError(
            "`path` must lie in a directory that can be written to, or the report would be lost "
            f"after the training. {received} Choose another directory."
        )
