"""What fits a program instead of what it has: changes, when they apply, their code."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kerasrecipes.diagnosis.cost_course import AT_PRIORS, progress, still_falls
from kerasrecipes.diagnosis.trace import Trace
from kerasrecipes.diagnosis.trials.setup import Setup

SOME_UNITS = 64  # a hidden layer from here on is not called narrow
FEW_EXAMPLES, MANY_EXAMPLES = 8, 128  # in a batch
USUAL_RATE = {"sgd": 0.01, "adagrad": 0.01, "adadelta": 1.0}  # of others 0.001, as Keras has it
SATURATING = ("sigmoid", "tanh", "hard_sigmoid", "softmax", "softsign", "linear")


def standardized_inputs(trace: Trace) -> Setup | None:
    """Where features lie far from mean 0 and deviation 1, by a factor of 5 or more."""
    inputs = trace.inputs
    if inputs is None or inputs.is_index or inputs.not_finite:
        return None
    varied = inputs.feature_deviations > 0
    if not varied.any():
        return None
    deviations, means = inputs.feature_deviations[varied], inputs.feature_means[varied]
    is_far = inputs.deviation > 5 or inputs.deviation < 0.05 or np.abs(means).max() > 5
    is_uneven = not inputs.is_image and len(inputs.shape) == 1 and np.ptp(np.log(deviations)) > 3
    large = bool(deviations.max() > 2 and is_uneven)
    return Setup(standardized=True) if is_far or large else None


def scaled_targets(trace: Trace) -> Setup | None:
    """Where a regression's targets lie far from mean 0 and deviation 1."""
    targets, program = trace.targets, trace.program
    if targets is None or targets.kind != "continuous" or program.output_activation != "linear":
        return None
    is_far = not 0.1 < targets.deviation < 10 or abs(targets.mean) > 10 * targets.deviation
    return Setup(scaled_targets=True) if is_far and targets.deviation else None


def fitting_output(trace: Trace) -> tuple[tuple[int, str], str] | None:
    """Units, activation and loss that fit the targets; None where the kind is not known."""
    targets, program = trace.targets, trace.program
    if targets is None or program.output_rank != 2:
        return None
    if targets.kind == "one_hot":
        return (targets.columns, "softmax"), "categorical_crossentropy"
    if targets.kind == "classes":
        return (targets.classes or 1, "softmax"), "sparse_categorical_crossentropy"
    if targets.kind == "binary" and program.output_units == 1:
        return (1, "sigmoid"), "binary_crossentropy"
    if targets.kind == "binary":
        return (2, "softmax"), "sparse_categorical_crossentropy"
    if targets.kind == "multilabel":
        return (targets.columns, "sigmoid"), "binary_crossentropy"
    return (targets.columns, "linear"), "mean_squared_error"


def own_output(trace: Trace) -> tuple[int, str]:
    """Units and activation of the output; what a loss from logits applies counts."""
    program = trace.program
    if program.from_logits and program.output_activation == "linear":
        is_binary = program.loss.startswith("binary")
        return program.output_units, "sigmoid" if is_binary else "softmax"
    return program.output_units, program.output_activation


def output_and_loss(trace: Trace) -> Setup | None:
    """Where both differ from what fits the targets, or one cannot be changed alone."""
    fitting = fitting_output(trace)
    if fitting is None or not trace.program.layers:
        return None
    (units, activation), loss = fitting
    same_output = (units, activation) == own_output(trace)
    if same_output or (loss == trace.program.loss and units == trace.program.output_units):
        return None
    return Setup(output=(units, activation), loss=loss)


def output_alone(trace: Trace) -> Setup | None:
    """Where another activation fits the targets, with as many units."""
    fitting = fitting_output(trace)
    if fitting is None or not trace.program.layers or trace.program.from_logits:
        return None
    (units, activation), _ = fitting
    if units != trace.program.output_units or (units, activation) == own_output(trace):
        return None
    return Setup(output=(units, activation))


def loss_alone(trace: Trace) -> Setup | None:
    """Where another loss fits the targets and the output stays."""
    fitting = fitting_output(trace)
    if fitting is None or fitting[0] != own_output(trace) or fitting[1] == trace.program.loss:
        return None
    if trace.program.from_logits:
        return None
    if {fitting[1], trace.program.loss} == {
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
    }:
        return None
    return Setup(loss=fitting[1])


def bounded_regression(trace: Trace) -> Setup | None:
    """tanh, where a ReLU or sigmoid at the output cuts targets below 0 off."""
    targets = trace.targets
    if targets is None or targets.kind != "continuous" or not targets.negative_share:
        return None
    if trace.program.output_activation not in ("relu", "sigmoid", "softmax"):
        return None
    return Setup(output=(trace.program.output_units, "tanh"))


def usual_rate(trace: Trace) -> Setup | None:
    """The optimizer's usual rate, where the program's is 20 times off."""
    rate = trace.program.learning_rate
    factor = USUAL_RATE.get(trace.program.optimizer, 0.001) / rate if rate > 0 else 1.0
    return None if 1 / 20 < factor < 20 else Setup(rate=factor)


def usual_line(trace: Trace) -> str:
    """The usual rate as code."""
    return f"learning_rate={USUAL_RATE.get(trace.program.optimizer, 0.001):g}"


def rate_times(factor: float) -> Callable[[Trace], Setup | None]:
    """The change of the rate by a factor."""

    def setup(trace: Trace) -> Setup | None:
        return Setup(rate=factor)

    return setup


def rate_line(factor: float) -> Callable[[Trace], str]:
    """The rate times a factor as code."""

    def line(trace: Trace) -> str:
        return f"learning_rate={trace.program.learning_rate * factor:g}"

    return line


def is_broken(trace: Trace) -> bool:
    """Whether the cost rose above that of the start, or was not finite."""
    run = trace.run
    return run is not None and (
        run.not_finite is not None
        or (run.initial_cost is not None and bool(run.costs) and run.costs[-1] > run.initial_cost)
    )


def lowest_rate(trace: Trace) -> Setup | None:
    """A hundredth of the rate, where the cost rose or broke."""
    return Setup(rate=0.01) if is_broken(trace) else None


def is_stuck(trace: Trace) -> bool:
    """Whether the cost stayed below that of the start."""
    return not is_broken(trace)


def longer(trace: Trace) -> Setup | None:
    """Ten times as many epochs."""
    return Setup(passes=10.0)


def adam(trace: Trace) -> Setup | None:
    """Adam by its defaults, where it is neither that nor a kin."""
    kin = ("adam", "adamw", "nadam", "adamax")
    return None if trace.program.optimizer in kin else Setup(optimizer="adam")


def plain_descent(trace: Trace) -> Setup | None:
    """SGD by its defaults, where an adaptive optimizer is used."""
    return None if trace.program.optimizer == "sgd" else Setup(optimizer="sgd")


def fitting_weights(trace: Trace) -> Setup | None:
    """He's or Xavier's kernels, where the program's differ by a factor of 2 or more."""
    return Setup(weights="fitting") if is_off(trace) else None


def is_off(trace: Trace) -> bool:
    """Whether a kernel's deviation is off by a factor of 2 or more."""
    pairs = [(one.kernel_std, one.expected_std) for one in trace.program.layers]
    return any(
        std is not None and expected and not 0.5 < std / expected < 2 for std, expected in pairs
    )


def redrawn_weights(trace: Trace) -> Setup | None:
    """The program's own initializers, drawn again: was it bad luck?"""
    return Setup(weights="redrawn")


def hidden_relu(trace: Trace) -> Setup | None:
    """ReLU, where hidden layers saturate or are linear."""
    hidden = [one.activation for one in trace.program.layers[:-1]]
    return Setup(hidden="relu") if any(one in SATURATING for one in hidden) else None


def hidden_smooth(trace: Trace) -> Setup | None:
    """ELU, which has no dead units, where hidden layers are ReLU."""
    hidden = [one.activation for one in trace.program.layers[:-1]]
    return Setup(hidden="elu") if "relu" in hidden else None


def has_dead_units(trace: Trace) -> bool:
    """Whether most units of a layer are dead."""
    run = trace.run
    return run is not None and any(one.dead > 0.5 for one in run.units.values())


def smaller_batch(trace: Trace) -> Setup | None:
    """Batches of a quarter, at most 32, where they hold 32 examples or more."""
    size = trace.program.batch_size
    if trace.inputs is not None:
        size = min(size, trace.inputs.examples)
    return Setup(batch_size=min(32, max(1, size // 8))) if size >= 32 else None


def larger_batch(trace: Trace) -> Setup | None:
    """Batches of 32, where they hold fewer than 8 examples."""
    few = trace.program.batch_size < FEW_EXAMPLES
    enough = trace.inputs is not None and trace.inputs.examples >= 128
    return Setup(batch_size=32) if few and enough else None


def unregularized(trace: Trace) -> Setup | None:
    """Without dropout and penalties, where there are any."""
    program = trace.program
    held_back = any(one.dropout or one.penalty for one in program.layers)
    return Setup(unregularized=True) if held_back or program.input_dropout else None


def wider_layers(trace: Trace) -> Setup | None:
    """Four times the hidden units, where all hidden layers are narrow."""
    widths = [one.units or 0 for one in trace.program.layers[:-1]]
    return Setup(wider=4) if widths and max(widths) < SOME_UNITS else None


def has_settled(trace: Trace) -> bool:
    """Whether the cost settled past the priors, and does not fall any more."""
    run = trace.run
    reached = progress(run) if run else None
    return run is not None and reached is not None and reached >= AT_PRIORS and not still_falls(run)


def shuffled(trace: Trace) -> Setup | None:
    """A new order for each epoch, where the program keeps the order of the data."""
    return None if trace.program.shuffle else Setup(shuffled=True)


def epochs_line(trace: Trace) -> str:
    """Ten times the epochs as code."""
    return f"epochs={10 * trace.program.epochs}"


def output_line(trace: Trace) -> str:
    """The fitting output and loss as code."""
    (units, activation), loss = fitting_output(trace) or ((1, "linear"), "mean_squared_error")
    return f'keras.layers.Dense({units}, activation="{activation}"); loss="{loss}"'


def activation_line(trace: Trace) -> str:
    """The fitting output as code."""
    (units, activation), _ = fitting_output(trace) or ((1, "linear"), "")
    return f'keras.layers.Dense({units}, activation="{activation}")'


def loss_line(trace: Trace) -> str:
    """The fitting loss as code."""
    return f'loss="{(fitting_output(trace) or ((1, ""), "mean_squared_error"))[1]}"'


def size_line(setup: Callable[[Trace], Setup | None]) -> Callable[[Trace], str]:
    """The changed batch size as code."""
    return lambda trace: f"batch_size={(setup(trace) or Setup(batch_size=32)).batch_size}"


def constant(line: str) -> Callable[[Trace], str]:
    """The same line of code for every program."""
    return lambda trace: line


def always(trace: Trace) -> bool:
    """Suspected wherever it applies."""
    return True


def is_deep(trace: Trace) -> bool:
    """Whether there are more than three layers with weights."""
    return len(trace.program.layers) > 3


def is_sorted(trace: Trace) -> bool:
    """Whether equal targets stand together."""
    return trace.targets is not None and trace.targets.sorted_by_class


def drops_most(trace: Trace) -> bool:
    """Whether a layer drops more than half of its units."""
    return any(one.dropout > 0.5 for one in trace.program.layers)
