"""Every callback, and what it tells of a fit."""

import re

import keras

import kerasrecipes as kr
from kerasrecipes.live.nudge import Nudge
from tests.devices.two_devices.same import X

C = kr.callbacks


def reading(tap):
    read = tap.last_reading()
    inside = {path.partition("/")[2]: path for path in read.gradient_norms}
    return {
        "looks": read.looks.tolist(),
        "norms": {name: read.gradient_norms[path] for name, path in inside.items()},
        "ratios": {name: read.update_ratios[path] for name, path in inside.items()},
        "steps": read.steps,
        "not finite": read.not_finite,
    }


def words(text):
    """A text without its numbers."""
    return re.sub(r"-?\d[\d.e+-]*", "#", str(text))


def finding_rows(diagnosis):
    return [
        (f.code, f.severity, f.where and f.where.rpartition("/")[2]) for f in diagnosis.findings
    ]


# A callback, and what it tells.
CALLBACKS = {
    "EarlyStopping": (
        lambda tmp: C.EarlyStopping(patience=1, restore_best_weights=True, sink=None),
        lambda c: (c.best, c.best_epoch, c.curves),
    ),
    "LearningRateDecay": (
        lambda tmp: C.LearningRateDecay(kr.schedules.ExponentialDecay(0.02, 0.5)),
        lambda c: float(keras.ops.convert_to_numpy(c.model.optimizer.learning_rate)),
    ),
    "LearningRateFinder": (
        lambda tmp: C.LearningRateFinder(steps=10, sink=None),
        lambda c: (c.rates, c.costs, c.smoothed, c.suggestion),
    ),
    "BiasVarianceReporter": (
        lambda tmp: C.BiasVarianceReporter(sink=None),
        lambda c: (c.reading.verdict, c.reading.bias, c.reading.variance),
    ),
    "CostMonitor": (
        lambda tmp: C.CostMonitor(sink=None),
        lambda c: (c.curves, list(map(words, c.messages))),
    ),
    "GradientMonitor": (lambda tmp: C.GradientMonitor(sink=None), lambda c: reading(c.tap)),
    "ActivationMonitor": (
        lambda tmp: C.ActivationMonitor(X[:24], sink=None),
        lambda c: [{k.rpartition("/")[2]: v for k, v in each.items()} for each in c.history],
    ),
    "Doctor": (
        lambda tmp: C.Doctor(sink=None),
        lambda c: (
            c.trace.run.initial_cost,
            finding_rows(c.diagnosis),
            list(map(words, c.messages)),
        ),
    ),
    "Resume": (lambda tmp: C.Resume(tmp / "resume", sink=None), lambda c: None),
    "Babysitter": (
        lambda tmp: C.Babysitter(
            directory=tmp / "watched",
            replay=[
                Nudge(3, 0, "", "learning_rate", 0.01, 0.003),
                Nudge(6, 1, "", "clip_norm", None, 0.05),
            ],
            sink=None,
        ),
        lambda c: [(nudge.name, nudge.new, nudge.step) for nudge in c.nudges],
    ),
    "Report": (
        lambda tmp: C.Report(tmp / "report.html"),
        lambda c: c.path.read_text().count("<svg"),
    ),
}
