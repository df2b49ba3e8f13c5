"""The one table of what a trial may change: its cause, one line of code, and when it applies."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kerasrecipes.diagnosis.trace import Trace
from kerasrecipes.diagnosis.trials.changes import (
    activation_line,
    adam,
    always,
    bounded_regression,
    constant,
    drops_most,
    epochs_line,
    fitting_weights,
    has_dead_units,
    has_settled,
    hidden_relu,
    hidden_smooth,
    is_broken,
    is_deep,
    is_sorted,
    is_stuck,
    larger_batch,
    longer,
    loss_alone,
    loss_line,
    lowest_rate,
    output_alone,
    output_and_loss,
    output_line,
    plain_descent,
    rate_line,
    rate_times,
    redrawn_weights,
    scaled_targets,
    shuffled,
    size_line,
    smaller_batch,
    standardized_inputs,
    unregularized,
    usual_line,
    usual_rate,
    wider_layers,
)
from kerasrecipes.diagnosis.trials.setup import Setup


class Variant(NamedTuple):
    """One change.

    Attributes:
        name: As `Trial.change`.
        cause: As `Finding.cause`.
        also: Causes that it holds besides.
        setup: The change that fits this program; None where the variant does not apply.
        line: The change as one line of code.
        is_suspected: Whether what is known already speaks for it: these come first.
        is_sound: Whether it is sound practice for any program that it applies to.
        is_more: Whether it trains more, which two such changes may do where one does not.
    """

    name: str
    cause: str
    setup: Callable[[Trace], Setup | None]
    line: Callable[[Trace], str]
    is_suspected: Callable[[Trace], bool] = lambda trace: False
    also: tuple[str, ...] = ()
    is_sound: bool = False
    is_more: bool = False


VARIANTS: tuple[Variant, ...] = (
    Variant(
        "inputs standardised",
        "preprocessing",
        standardized_inputs,
        constant("x = (x - x.mean(axis=0)) / x.std(axis=0)"),
        always,
        is_sound=True,
    ),
    Variant(
        "targets standardised",
        "preprocessing",
        scaled_targets,
        constant("y = (y - y.mean()) / y.std()"),
        always,
        is_sound=True,
    ),
    Variant("shuffled", "data", shuffled, constant("shuffle=True"), is_sorted, is_sound=True),
    Variant("usual learning rate", "learning_rate", usual_rate, usual_line, always, is_sound=True),
    Variant(
        "learning rate x 10",
        "learning_rate",
        rate_times(10.0),
        rate_line(10.0),
        is_stuck,
        is_more=True,
    ),
    Variant(
        "initialisation of He or Xavier",
        "initialization",
        fitting_weights,
        constant('kernel_initializer="he_normal"'),
        always,
        is_sound=True,
    ),
    Variant(
        "fitting output activation",
        "activation",
        output_alone,
        activation_line,
        always,
        is_sound=True,
    ),
    Variant("fitting loss", "loss", loss_alone, loss_line, always, is_sound=True),
    Variant(
        "fitting output and loss",
        "activation",
        output_and_loss,
        output_line,
        always,
        also=("loss",),
        is_sound=True,
    ),
    Variant("learning rate / 10", "learning_rate", rate_times(0.1), rate_line(0.1), is_broken),
    Variant("learning rate / 100", "learning_rate", lowest_rate, rate_line(0.01), is_broken),
    Variant("learning rate x 100", "learning_rate", rate_times(100.0), rate_line(100.0)),
    Variant("epochs x 10", "epochs", longer, epochs_line, is_more=True),
    Variant(
        "Adam",
        "optimizer",
        adam,
        constant("optimizer=keras.optimizers.Adam(0.001)"),
        is_sound=True,
    ),
    Variant(
        "hidden activations ReLU",
        "activation",
        hidden_relu,
        constant('activation="relu"'),
        is_deep,
        is_sound=True,
    ),
    Variant(
        "hidden activations ELU",
        "activation",
        hidden_smooth,
        constant('activation="elu"'),
        has_dead_units,
    ),
    Variant(
        "without dropout and penalties",
        "regularization",
        unregularized,
        constant("keras.layers.Dropout(0.0)"),
        drops_most,
    ),
    Variant(
        "output tanh",
        "activation",
        bounded_regression,
        constant('keras.layers.Dense(1, activation="tanh")'),
    ),
    Variant("smaller batches", "batch_size", smaller_batch, size_line(smaller_batch)),
    Variant("larger batches", "batch_size", larger_batch, size_line(larger_batch)),
    Variant("hidden layers x 4", "layers", wider_layers, constant("units=4 * units"), has_settled),
    Variant(
        "initialisation drawn again",
        "initialization",
        redrawn_weights,
        constant("keras.utils.set_random_seed(1)"),
    ),
    Variant("SGD", "optimizer", plain_descent, constant("optimizer=keras.optimizers.SGD(0.01)")),
)
