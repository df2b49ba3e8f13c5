"""The training doctor inside the user's own `fit`."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras

from kerasrecipes.callbacks.attempts import Attempts
from kerasrecipes.callbacks.batch_costs import BatchCosts
from kerasrecipes.callbacks.fit_evidence import (
    FitEvidence,
    collect_evidence,
    measure_drift,
    measure_relation,
    measure_skill,
    measure_units,
)
from kerasrecipes.callbacks.running_fit import running_fit
from kerasrecipes.diagnosis.diagnosis import Diagnosis
from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.judge import judge
from kerasrecipes.diagnosis.learning import fails
from kerasrecipes.diagnosis.rules.generalisation import GAP
from kerasrecipes.diagnosis.run_state import run_of_state, state_of_run
from kerasrecipes.diagnosis.trace import Run, Trace
from kerasrecipes.gradients.gradient_tap import GradientTap
from kerasrecipes.gradients.looks import ten_per_decade
from kerasrecipes.gradients.tapped_fit import TappedFit

STOP_ON = (None, "error", "warning")
SHARE = 0.01  # of the time of the training so far, to spend on judging it between epochs


class Doctor(keras.callbacks.Callback):
    """Says what is wrong with the running training, where, and what to do, as soon as it is sure.

    The rules of `diagnose` on the evidence of the real run: what stands in `compile` and `fit`, the
    data, the costs of epochs and batches, gradients and updates from the training step itself, and,
    when training ends, dead and saturated units and how well the model does on a sample of train
    and dev. Each error and warning is said once, at the end of the epoch that made it sure; notes
    stand in `diagnosis` alone. Where epochs take but milliseconds it judges after epochs 1 to 11
    and then ten between an epoch and ten times it, when a cost is not finite, and at the end: it
    takes no more than 1 % of the time beyond that.

    The weights are those of a fit without it, but where a dataset gives other batches each time it
    is begun, as a shuffled `tf.data.Dataset` does: it is begun once more, to sample it. What cannot
    be measured (a generator is read only by `fit`; a model may be no graph of layers) is said once,
    and the rest goes on: it never stops a `fit` unless asked to.

    Args:
        stop_on: `"error"` stops the training at the first error that is sure, `"warning"` at the
            first of either; `None` never. Defaults to `None`.
        examples: Integer >= 1, largest number of examples of train and of dev to look at. Defaults
            to `1000`.
        when: Takes the number of a step from 0, says whether to look at the gradients. By default
            steps 0 to 10, then ten between a step and ten times it.
        sink: Called with each message; `None` for silence. Defaults to `print`.

    Attributes:
        diagnosis: The `Diagnosis` of this fit so far; None before training.
        trace: The `Trace`, all evidence behind it; None likewise.
        left_out: Dict from what could not be measured to the reason.
        messages: What has been said in this fit.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.1), "mse")
        >>> doctor = Doctor(sink=None)
        >>> x = np.linspace(-1, 1, 64)[:, None]
        >>> history = model.fit(x, 2 * x, epochs=30, verbose=0, callbacks=[doctor])
        >>> doctor.diagnosis.healthy
        True

    Source: Deep Learning Specialization, course 2.
    """

    def __init__(
        self,
        stop_on: str | None = None,
        *,
        examples: int = 1000,
        when: Callable[[int], bool] | None = None,
        sink: Callable[[str], Any] | None = print,
    ) -> None:
        super().__init__()
        self.async_safe = True  # batches are noted in any order
        if stop_on not in STOP_ON:
            raise ValueError(
                "`stop_on` must be None, 'error' or 'warning': the least finding that stops. "
                f"Received: stop_on={stop_on!r}. The default is None."
            )
        if isinstance(examples, bool) or not examples >= 1 or examples % 1:
            raise ValueError(
                "`examples` must be a whole number >= 1. "
                f"Received: examples={examples}. The default is 1000."
            )
        self.stop_on, self.examples, self.when, self.sink = stop_on, examples, when, sink
        self._tapped = TappedFit(GradientTap(when) if when else GradientTap())
        self._reset()

    def _reset(self) -> None:
        self.diagnosis: Diagnosis | None = None
        self.trace: Trace | None = None
        self.messages: list[str] = []
        self._attempts = Attempts(self._say)
        self.left_out = self._attempts.failed
        self._said: set[tuple] = set()
        self._evidence = FitEvidence()
        self._related: float | None = None
        self._drift: float | None = None
        self._run, self._has_stopped = Run(), False
        self._batch_costs = BatchCosts(None)
        self._began, self._spent = time.perf_counter(), 0.0

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Reads the program and the data, and opens the tap on the training step."""
        self._reset()
        params = self.params or {}
        self._batch_costs = BatchCosts(params.get("steps"))
        self._evidence = collect_evidence(self.model, self._attempts, self.examples)
        self._run = Run(
            planned_epochs=params.get("epochs") or 1,
            prior_cost=self._evidence.prior_cost,
            floor_cost=self._evidence.floor_cost,
            initial_cost=self._evidence.initial_cost,
        )
        with self._attempts("gradients"):
            running = running_fit(self.model)
            self._tapped.begin(self.model, running.token if running else None)
        self._judge()  # what is certain before the first step, which may raise

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Notes the cost."""
        if logs and "loss" in logs:
            self._batch_costs.note(batch, logs["loss"])

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Judges the run so far, and says what is new and sure."""
        logs = logs or {}
        run = self._run
        if not run.epochs:  # of a fit that begins at a later epoch, what remains is planned
            run = dataclasses.replace(run, planned_epochs=max(1, run.planned_epochs - epoch))
        self._batch_costs.end_epoch()
        costs = (*run.costs, float(logs["loss"])) if "loss" in logs else run.costs
        dev = (*run.dev_costs, float(logs["val_loss"])) if "val_loss" in logs else run.dev_costs
        self._run = dataclasses.replace(
            run,
            costs=costs,
            dev_costs=dev,
            batch_costs=self._batch_costs.values,
            epochs=run.epochs + 1,
        )
        if self._is_due(run.epochs, costs[-1] if costs else 0.0):
            start = time.perf_counter()
            self._read_tap()
            self._judge()
            self._spent += time.perf_counter() - start

    def _is_due(self, epoch: int, cost: float) -> bool:
        """Whether to judge after this epoch, counted from 0."""
        is_cheap = self._spent <= SHARE * (time.perf_counter() - self._began)
        return is_cheap or ten_per_decade(epoch) or not math.isfinite(cost)

    def on_train_end(self, logs: dict | None = None) -> None:
        """Closes the tap, measures units and skill, and gives the diagnosis."""
        with self._attempts("gradients"):
            self._tapped.end()
        self._read_tap()
        if not self._has_stopped:  # early stopping is an end as good as the last epoch
            self._run = dataclasses.replace(self._run, planned_epochs=max(1, self._run.epochs))
        with self._attempts("units"):
            units = measure_units(self.model, self._evidence, min(self.examples, 256))
            self._run = dataclasses.replace(self._run, units=units)
        with self._attempts("skill"):
            skill = measure_skill(self.model, self._evidence)
            self._run = dataclasses.replace(self._run, skill=skill)
        with self._attempts("relation of targets to inputs"):
            trace = self._trace_now()
            if trace is not None and fails(trace):  # or no rule asks for it
                self._related = measure_relation(self._evidence)
        with self._attempts("drift between train and dev"):
            seen = self._run.skill
            if seen is not None and seen.dev is not None and seen.train - seen.dev > GAP:
                self._drift = measure_drift(self._evidence)
        self._judge()
        self._evidence = self._evidence._replace(train=None, dev=None)

    @property
    def tap(self) -> GradientTap:
        """What listens at the training step."""
        return self._tapped.tap

    def get_state(self) -> dict[str, Any]:
        """All that an exact resume needs; the program and the data are read again."""
        _ = self.model  # on JAX this brings the tap's variables up to date
        judged = self.trace.run if self.trace else None
        return {
            "messages": list(self.messages),
            "said": sorted(map(list, self._said), key=str),
            "left_out": dict(self.left_out),
            "run": state_of_run(self._run),
            "judged": None if judged is None else state_of_run(judged),
            "has_stopped": self._has_stopped,
            "related": self._related,
            "drift": self._drift,
            "batch_costs": self._batch_costs.get_state(),
            "tap": self._tapped.tap.get_state(),
            "seconds": time.perf_counter() - self._began,
            "spent": self._spent,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `get_state` returned; call it after `on_train_begin`."""
        self.messages = list(state["messages"])
        self._said = {tuple(pair) for pair in state["said"]}
        self.left_out.clear()
        self.left_out.update(state["left_out"])
        self._has_stopped = state["has_stopped"]
        self._related, self._drift = state["related"], state["drift"]
        self._batch_costs.set_state(state["batch_costs"])
        self._tapped.tap.set_state(state["tap"])
        if state["judged"] is not None:
            self._run = run_of_state(state["judged"])
            self._judge()  # says nothing: all of it has been said
        self._run = run_of_state(state["run"])
        self._began, self._spent = time.perf_counter() - state["seconds"], state["spent"]

    def _read_tap(self) -> None:
        with self._attempts("gradients"):
            reading = self._tapped.tap.read()
            self._run = dataclasses.replace(
                self._run,
                steps=reading.steps,
                looks=reading.looks,
                gradient_norms=reading.gradient_norms,
                update_ratios=reading.update_ratios,
                not_finite=reading.not_finite,
            )

    def _judge(self) -> None:
        self.trace = self._trace_now()
        if self.trace is None:
            self.diagnosis = Diagnosis()
            return
        with self._attempts("diagnosis"):
            self.diagnosis = judge(self.trace)
            for finding in self.diagnosis.findings:
                self._tell(finding)

    def _trace_now(self) -> Trace | None:
        evidence, program = self._evidence, self._evidence.program
        if program is None:
            return None
        left_out = tuple(f"{name}: {reason}" for name, reason in self.left_out.items())
        program = dataclasses.replace(program, left_out=(*program.left_out, *left_out))
        return Trace(
            program,
            evidence.inputs,
            evidence.targets,
            self._run,
            drift=self._drift,
            neighbour_skill=self._related,
        )

    def _tell(self, finding: Finding) -> None:
        key = (finding.code, finding.where)
        if finding.severity == "note" or key in self._said:
            return
        self._said.add(key)
        self._say(str(finding))
        if self.stop_on in (finding.severity, "warning"):
            self.model.stop_training = self._has_stopped = True

    def _say(self, message: str) -> None:
        self.messages.append(message)
        if self.sink is not None:
            self.sink(message)
