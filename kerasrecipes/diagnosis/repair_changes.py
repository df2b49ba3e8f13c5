"""What a repair tries, in what order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kerasrecipes.diagnosis.diagnosis import Diagnosis
from kerasrecipes.diagnosis.learning import LEARNED
from kerasrecipes.diagnosis.prescription import Change
from kerasrecipes.diagnosis.trace import Trace
from kerasrecipes.diagnosis.trials import VARIANTS, Setup, Variant
from kerasrecipes.diagnosis.trials.changes import fitting_output, output_line
from kerasrecipes.diagnosis.trials.run_trials import NEARLY_PERFECT

GOOD_ENOUGH = 0.99
LEAST_UNITS, MANY_UNITS = 16, 64  # of a hidden layer; or as many as the output has, up to 64


def changes_to_try(found: Diagnosis) -> tuple[tuple[Change, float], ...]:
    """The changes, the best evidence first, each with the skill from which on it is not tried.

    First what mended the program when it was retrained, then what mends a flaw of the code or the
    data, then sound practice, then what only turns a number, and other first weights last: from a
    skill of 0.95 on, the search for numbers is no repair, and neither is luck from 0.25 on. The
    `skill` of a change that was not measured is NaN.
    """
    trace = found.trace
    if trace is None or found.healthy:
        return ()
    changes = [(one, GOOD_ENOUGH) for one in (*found.prescription(), *_mending_flaws(trace))]
    fitting = [(one, setup) for one in VARIANTS if (setup := one.setup(trace)) is not None]
    limited = [(_limit(one, setup), one, setup) for one, setup in fitting]
    for limit, variant, setup in sorted(limited, key=lambda each: -each[0]):
        changes.append((_change(variant.cause, variant.line(trace), setup), limit))
    return tuple(
        (change, limit)
        for place, (change, limit) in enumerate(changes)
        if all(change.settings != other.settings for other, _ in changes[:place])
    )


def _limit(variant: Variant, setup: Setup) -> float:
    if setup.weights == "redrawn":
        return LEARNED
    return GOOD_ENOUGH if variant.is_sound else NEARLY_PERFECT


def with_change(setup: Setup, change: Change) -> Setup:
    """The change on top of what is kept; another optimizer brings a rate of its own."""
    other = Setup(**change.settings)
    kept = replace(setup, rate=1.0) if other.optimizer else setup
    return kept.joined(other)


def _mending_flaws(trace: Trace) -> Iterator[Change]:
    """Of flaws that the code or the data show."""
    targets, program = trace.targets, trace.program
    if targets is not None and targets.classes and targets.columns == 1:
        beyond = (targets.minimum, targets.maximum) != (0, targets.classes - 1)
        if beyond and targets.kind in ("binary", "classes"):
            line = "y = np.unique(y, return_inverse=True)[1]"
            yield _change("preprocessing", line, Setup(counted=True))
    if any(not layer.trainable for layer in program.layers):
        yield _change("layers", "model.trainable = True", Setup(unfrozen=True))
    fitting = fitting_output(trace)
    own = (program.output_units, program.output_activation), program.loss
    if fitting is not None and program.layers and (program.from_logits or fitting != own):
        yield _change("loss", output_line(trace), Setup(output=fitting[0], loss=fitting[1]))
    line = 'kernel_initializer="he_normal", bias_initializer="zeros"'
    yield _change("initialization", line, Setup(weights="fitting"))
    least = min(MANY_UNITS, max(LEAST_UNITS, program.output_units))
    if any(layer.units and layer.units < least for layer in program.layers[:-1]):
        yield _change("layers", f"units={least}", Setup(least_units=least))


def _change(cause: str, line: str, setup: Setup) -> Change:
    return Change(cause, line, setup.changed(), float("nan"), float("nan"))
