"""All that the rules see of a program: plain values, no Keras object among them.

What was not measured is None, and a rule that needs it stays silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class LayerFacts:
    """One layer with weights or with an activation, in the order of execution.

    Attributes:
        name: As in the model.
        kind: Class name, such as `"Dense"`.
        units: Units or filters of its output; None where it has none of its own.
        activation: Name of the activation that follows its linear map, `"linear"` for none, that of
            a separate `Activation` (or `ReLU`, `Softmax`, ...) layer behind it included.
        fan_in: Inputs of one unit; None without a kernel.
        kernel_std: Standard deviation of the kernel now; None without one.
        expected_std: That of He's or Xavier's initialisation for its activation; None likewise.
        bias_mean: Mean of the bias; None without one.
        dropout: Share dropped right behind it; 0 for none.
        penalty: L1 or L2 strength of its kernel, 0 for none.
        normalized: Whether a normalisation stands between its linear map and what follows.
        trainable: Whether its weights are trained.
        glorot_std: Deviation of the kernel as Keras initialises it by default; None likewise.
        inner_activations: Activations between its linear map and `activation`; empty as a rule.
        followed_by: Class names of the layers without weights behind it, such as `"Flatten"`.
    """

    name: str
    kind: str
    units: int | None
    activation: str
    fan_in: int | None = None
    kernel_std: float | None = None
    expected_std: float | None = None
    bias_mean: float | None = None
    dropout: float = 0.0
    penalty: float = 0.0
    normalized: bool = False
    trainable: bool = True
    glorot_std: float | None = None
    inner_activations: tuple[str, ...] = ()
    followed_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    """What the user wrote: the model, `compile` and `fit`.

    Attributes:
        layers: Those with weights, in the order of execution; the last is the output layer.
        output_activation: Name of the last activation, `"linear"` for none.
        output_units: Length of the last axis of the output.
        output_rank: Axes of the output, examples included.
        loss: Name in snake case, such as `"categorical_crossentropy"`; a custom one's own name.
        from_logits: Whether the loss applies softmax or sigmoid itself.
        optimizer: Class name in lower case.
        learning_rate: The first one.
        momentum: 0 for none.
        scheduled: Whether a schedule changes the rate.
        metrics: Names.
        batch_size, epochs: As given to `fit`, or Keras's defaults.
        shuffle: Whether `fit` shuffles.
        parameters: Trainable numbers.
        input_dropout: Share of the inputs dropped in front of the first layer with weights.
        left_out: Checks that could not be made, each with its reason.
        label_smoothing: Share of each label that the loss spreads over all classes.
    """

    layers: tuple[LayerFacts, ...]
    output_activation: str
    output_units: int
    output_rank: int
    loss: str
    from_logits: bool
    optimizer: str
    learning_rate: float
    momentum: float = 0.0
    scheduled: bool = False
    metrics: tuple[str, ...] = ()
    batch_size: int = 32
    epochs: int = 1
    shuffle: bool = True
    parameters: int = 0
    input_dropout: float = 0.0
    left_out: tuple[str, ...] = ()
    label_smoothing: float = 0.0


@dataclass(frozen=True)
class InputFacts:
    """The inputs of the training set, a sample of at most some thousand examples.

    Attributes:
        examples: In the whole set.
        shape: Of one example.
        is_image: Whether an example is height x width x channels.
        is_index: Whether they are integers that an `Embedding` looks up.
        minimum, maximum, mean, deviation: Over all numbers, as they reach the first layer with
            weights (behind `Standardize`, `Normalization`, `Rescaling` in the model).
        feature_deviations: Of each feature (channel of an image), sorted.
        feature_means: In the same order.
        constant_features: How many features do not vary.
        not_finite: How many numbers are NaN or infinite.
        repeated: Share of examples that occur more than once.
    """

    examples: int
    shape: tuple[int, ...]
    is_image: bool
    is_index: bool
    minimum: float
    maximum: float
    mean: float
    deviation: float
    feature_deviations: np.ndarray
    feature_means: np.ndarray
    constant_features: int = 0
    not_finite: int = 0
    repeated: float = 0.0


@dataclass(frozen=True)
class TargetFacts:
    """The targets of the training set.

    Attributes:
        kind: What they look like, whatever the loss expects: `"binary"` (one column of two values),
            `"classes"` (one column of small integers, more than two), `"one_hot"`,
            `"multilabel"` (several columns of 0 and 1, not one-hot), `"continuous"`.
        columns: Numbers per example.
        classes: How many; None if continuous.
        minimum, maximum, mean, deviation: Over all numbers.
        priors: Share of each class (of each label's 1 where multi-label); None if continuous.
        negative_share: Of the numbers below 0.
        sorted_by_class: Whether equal targets stand together: no shuffled set looks like that.
        not_finite: How many numbers are NaN or infinite.
        is_integer: Whether all are whole numbers.
    """

    kind: str
    columns: int
    classes: int | None
    minimum: float
    maximum: float
    mean: float
    deviation: float
    priors: np.ndarray | None = None
    negative_share: float = 0.0
    sorted_by_class: bool = False
    not_finite: int = 0
    is_integer: bool = False


@dataclass(frozen=True)
class Skill:
    """How well predictions do the job, whatever the loss: 0 is guessing, 1 is perfect.

    Classes: `(accuracy - share of the commonest) / (1 - share of the commonest)`; several labels:
    the same of single labels; regression: `1 - squared error / variance of the targets`.

    Attributes:
        train, dev: On a sample of each, by the same weights; dev is None if none is held out.
        prediction_deviation: How much the predictions differ between examples, relative to the
            targets' deviation; about 0 for a constant prediction.
        examples: Different ones, of dev if there is one, else of train; None if not counted.
    """

    train: float
    dev: float | None = None
    prediction_deviation: float | None = None
    examples: int | None = None


@dataclass(frozen=True)
class Units:
    """Activations of one layer on a probe: shares of its units."""

    dead: float
    saturated: float


@dataclass(frozen=True)
class Run:
    """What was seen of a training: a probe's, or the user's own `fit`.

    Attributes:
        costs: Of train, one per epoch so far.
        dev_costs: The same of dev, as `fit` measures them; empty without dev, and in a probe, whose
            `skill` says how dev fares.
        batch_costs: Of single batches, in order, thinned to at most some thousand.
        initial_cost: Before the first step, in inference mode; None if not measured.
        prior_cost: The cost of the best constant prediction; None if unknown for this loss.
        floor_cost: The least cost that this loss can reach on these targets; None likewise.
        epochs, planned_epochs: Done, and asked for.
        steps: Done.
        is_probe: Whether it was a short training of a copy.
        skill_before, skill: Before and after.
        gradient_norms: Norm of the gradient by variable path, `(looks,)` each, in the order of the
            model's variables.
        update_ratios: Norm of the update over norm of the variable, likewise.
        looks: The steps looked at, `(looks,)`.
        not_finite: `(step, place)` where NaN or infinity first arose; None if nowhere.
        units: By layer, at the end.
        one_batch_cost: What was reached by training on one batch alone; None if not tried.
    """

    costs: tuple[float, ...] = ()
    dev_costs: tuple[float, ...] = ()
    batch_costs: np.ndarray = field(default_factory=lambda: np.empty(0))
    initial_cost: float | None = None
    prior_cost: float | None = None
    floor_cost: float | None = None
    epochs: int = 0
    planned_epochs: int = 1
    steps: int = 0
    is_probe: bool = False
    skill_before: Skill | None = None
    skill: Skill | None = None
    gradient_norms: Mapping[str, np.ndarray] = field(default_factory=dict)
    update_ratios: Mapping[str, np.ndarray] = field(default_factory=dict)
    looks: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    not_finite: tuple[int, str] | None = None
    units: Mapping[str, Units] = field(default_factory=dict)
    one_batch_cost: float | None = None


@dataclass(frozen=True)
class Trial:
    """A retraining of a copy with one thing changed.

    Attributes:
        change: Name of the variant, such as `"learning_rate x 10"`.
        cause: What it changes; one of `CAUSES`.
        line: The change as one line of code.
        skill: What it reached in as many steps as the program itself.
        cost: Its last cost on train.
        also: Causes that the change holds besides; a fitting output changes the loss too.
        without: What the same trial reached without this change, where it was one of several; None
            where the program itself is what it compares with.
        settings: All that was changed, by name.
        is_sound: Whether the change is sound practice for any such program.
    """

    change: str
    cause: str
    line: str
    skill: Skill
    cost: float
    also: tuple[str, ...] = ()
    without: Skill | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    is_sound: bool = False


@dataclass(frozen=True)
class Trace:
    """The evidence on one program.

    Attributes:
        program, inputs, targets: What stands in the code and in the data.
        run: What happened when it was trained; None before.
        baseline: The program unchanged, as the probe trained it; None without trials.
        trials: Retrainings with one thing changed, in the order they were made.
        drift: p-value of the inputs of train and dev coming from one distribution; None if not
            tested.
        shared_examples: Share of dev's inputs that are in train too; None if not tested.
        neighbour_skill: Skill of predicting each example by its nearest others, a network apart;
            None if not tested.
    """

    program: Program
    inputs: InputFacts | None = None
    targets: TargetFacts | None = None
    run: Run | None = None
    baseline: Trial | None = None
    trials: tuple[Trial, ...] = ()
    drift: float | None = None
    shared_examples: float | None = None
    neighbour_skill: float | None = None
