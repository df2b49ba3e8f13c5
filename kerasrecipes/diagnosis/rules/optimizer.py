"""The optimizer and its learning rate."""

from __future__ import annotations

from collections.abc import Iterator

from kerasrecipes.diagnosis.finding import Finding
from kerasrecipes.diagnosis.learning import severity
from kerasrecipes.diagnosis.rules.reading import updates
from kerasrecipes.diagnosis.trace import Program, Trace

PLACE = "compile(optimizer=...)"
REFERENCE = "course 2, week 3, tuning process: the learning rate"
# (lowest, highest, usual) learning rates. Steps of the Adam family are about the rate itself in
# size (Kingma and Ba, 2015), 0.001 being its default; for SGD, Bengio, "Practical recommendations",
# 2012: between 1e-6 and 1, with 0.01 to begin from; Adadelta's paper has 1 (Zeiler, 2012).
RATES = {
    "sgd": (1e-4, 1.0, 0.01),
    "adam": (1e-5, 0.01, 0.001),
    "adamw": (1e-5, 0.01, 0.001),
    "nadam": (1e-5, 0.01, 0.001),
    "adamax": (1e-5, 0.02, 0.002),
    "rmsprop": (1e-5, 0.01, 0.001),
    "lion": (1e-6, 0.001, 0.0001),
    "adagrad": (1e-3, 1.0, 0.01),
    "adadelta": (0.05, 5.0, 1.0),
    "ftrl": (1e-4, 1.0, 0.01),
}
NAMES = {"sgd": "SGD", "rmsprop": "RMSprop", "adamw": "AdamW"}
BOUNDED_STEPS = ("adam", "adamw", "nadam", "adamax", "rmsprop", "lion")
REACH = 0.5  # sum of steps of a bounded optimizer; first weights are of about that size
SGD_REACH = 10.0  # sum of rates of SGD: gradients of weights are of about 0.1
SLOW_SGD = 100.0


def reach(trace: Trace) -> float | None:
    """Sum of the learning rates over all updates, momentum counted; None without data.

    The farthest a weight can move under Adam, and how far under SGD with gradients of size 1.
    """
    count = updates(trace)
    return None if count is None else count * effective_rate(trace.program)


def effective_rate(program: Program) -> float:
    """The learning rate times `1 / (1 - momentum)`, the sum of what a step leaves behind."""
    momentum = program.momentum if program.optimizer == "sgd" else 0.0
    return program.learning_rate / (1 - min(momentum, 0.999))


def reach_is_short(trace: Trace) -> bool:
    """Whether the weights cannot get far enough from where they begin."""
    way = reach(trace)
    if way is None or trace.program.scheduled:
        return False
    if trace.program.optimizer in BOUNDED_STEPS:
        return way < REACH
    return trace.program.optimizer == "sgd" and way < SGD_REACH


def learning_rate_too_high(trace: Trace) -> Iterator[Finding]:
    """A rate above what the literature uses for this optimizer, momentum counted.

    A curvature above `2 / rate` makes steps diverge. Warm-ups and schedules may pass through high
    rates; small networks bear them.
    """
    program = trace.program
    _, high, usual = RATES.get(program.optimizer, (0.0, float("inf"), 0.001))
    if effective_rate(program) > high * (1 + 1e-6) and program.learning_rate > usual:
        yield Finding(
            "learning-rate-too-high",
            cause="learning_rate",
            severity=severity(trace),
            where=PLACE,
            evidence={"learning_rate": program.learning_rate, "highest_usual": high},
            advice=f"Write {_line(program, usual)}.",
            reference=REFERENCE,
        )


def learning_rate_too_low(trace: Trace) -> Iterator[Finding]:
    """A rate below the usual ones, or one with which the weights cannot get far in these updates.

    Under Adam and its like a weight moves by at most about the rate in each step (Kingma and Ba,
    2015): if rate times updates is below 0.5, the size of first weights, little can change. For SGD
    the sum is below 10. Fine-tuning begins near its goal and has low rates on purpose.
    """
    program, way = trace.program, reach(trace)
    low, _, usual = RATES.get(program.optimizer, (0.0, float("inf"), 0.001))
    is_low = effective_rate(program) < low
    is_short = reach_is_short(trace) and program.learning_rate <= usual
    if is_low or is_short:
        evidence = {"learning_rate": program.learning_rate, "lowest_usual": low}
        if way is not None:
            evidence["rate_times_updates"] = way
        yield Finding(
            "learning-rate-too-low",
            cause="learning_rate",
            severity=severity(trace),
            where=PLACE,
            evidence=evidence,
            advice=f"Write {_line(program, max(usual, 10 * program.learning_rate))}.",
            reference=REFERENCE,
        )


def plain_gradient_descent(trace: Trace) -> Iterator[Finding]:
    """SGD without momentum and with a low sum of rates, where the program fails.

    Adam divides by the size of each gradient, and so moves also where these are small (course 2,
    week 2). A higher rate may do as well.
    """
    program, way = trace.program, reach(trace)
    if program.optimizer != "sgd" or program.momentum >= 0.5 or way is None or way >= SLOW_SGD:
        return
    yield Finding(
        "plain-gradient-descent",
        cause="optimizer",
        severity=severity(trace),
        where=PLACE,
        evidence={"momentum": program.momentum, "rate_times_updates": way},
        advice="Write optimizer=keras.optimizers.Adam(0.001).",
        reference="course 2, week 2, Adam",
    )


def _line(program: Program, rate: float) -> str:
    name = NAMES.get(program.optimizer, program.optimizer.capitalize())
    return f"optimizer=keras.optimizers.{name}({rate:g})"


RULES = (learning_rate_too_high, learning_rate_too_low, plain_gradient_descent)
