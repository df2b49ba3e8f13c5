"""Early stopping: the dev cost has a lowest point, and L2 with a tuned λ does better than it.

Purpose: to see both curves of a training, the point that early stopping chooses, and what the
course holds against it: it ends the fitting of the train cost in order to regularise, one knob for
two tasks. The alternative is L2 and training to the end, which costs a search for λ.

Expected result: on 200 digits with wrong labels among them, the dev cost falls and rises again. At
the chosen point it is lower than at the end, and the weights are of middle size, for each of 3
seeds. L2 with λ chosen on the dev set has a lower test error than early stopping on average, and
takes several times the steps.
Run time: about 60 s on 2 cores; with --quick about 20 s.
"""

import sys
from typing import NamedTuple

import keras
import numpy as np

import kerasrecipes as kr

EXAMPLES, WRONG = 200, 30
STEPS_AN_EPOCH = 40  # ten passes over the data: Keras's epochs cost time


@kr.lesson
def main(lesson):
    """Trains to the end, stops early, and tunes L2."""
    # 200 digits, 30 of them with a wrong label, which a network of 64 hidden units learns by heart
    # if it is given the time. The labels of dev and test are right.
    splits = {seed: careless_split(seed) for seed in lesson.seeds}
    epochs = lesson.pick(quick=12, full=40)

    # `EarlyStopping` watches the dev cost and stops when it has not improved for `patience` epochs.
    # Here it looks at an average of the last epochs (`smoothing`), so that noise does not decide,
    # and goes back to the weights of the best epoch. We train the same network to the end besides,
    # to see what it has missed.
    lesson.section("The point where to stop")
    stopped, ended = {}, {}
    model = network(lesson)
    stoppers = {}
    for seed, split in lesson.progress(splits.items(), "training"):
        stopper = kr.callbacks.EarlyStopping(
            patience=3, smoothing=0.5, restore_best_weights=True, sink=None
        )
        watcher = kr.callbacks.EarlyStopping(patience=epochs, sink=None)
        stopped[seed] = trained(model, split, seed, epochs, stopper)
        ended[seed] = trained(model, split, seed, epochs, watcher)
        stoppers[seed] = stopper, watcher
    lesson.say(f"Seed {lesson.seeds[0]}: {stoppers[lesson.seeds[0]][0].stop_reason}")
    draw_curves(lesson, stoppers)

    # The weights start small and grow as the network learns, at last to fit the wrong labels. To
    # stop on the way is to keep them at a middle size, which is what L2 does by its penalty.
    lesson.table(
        "What each way led to; size is the length of the vector of all weights",
        ("seed", "way", "dev cost", "dev error", "test error", "size", "steps"),
        [
            (seed, way, *outcomes[seed])
            for seed in lesson.seeds
            for way, outcomes in (("stopped early", stopped), ("to the end", ended))
        ],
    )

    # The other way: train to the end, each time with another λ, and choose by the dev error. The
    # fitting is left alone, and λ is a knob of its own for the variance; the price is a training
    # for each λ.
    lesson.section("Against L2, tuned")
    tuned = {seed: [] for seed in lesson.seeds}
    strengths = lesson.pick(quick=(1.0, 3.0), full=(0.3, 1.0, 3.0, 6.0))
    for strength in strengths:
        model = network(lesson, kr.regularizers.L2(strength, EXAMPLES))
        for seed, split in lesson.progress(splits.items(), f"λ = {strength:g}"):
            tuned[seed].append(trained(model, split, seed, epochs))
    best = {seed: min(found, key=lambda each: each.dev_error) for seed, found in tuned.items()}
    rows = [
        (seed, strengths[tuned[seed].index(best[seed])], *best[seed][1:4], stopped[seed].test_error)
        for seed in lesson.seeds
    ]
    columns = ("seed", "λ", "dev error", "test error", "size", "test error, stopped early")
    lesson.table("L2 with the λ of the lowest dev error", columns, rows)

    start = {}
    for seed in lesson.seeds:
        start_at(model, seed)
        start[seed] = size(model)
    sizes = [(stopped[seed].size, ended[seed].size) for seed in lesson.seeds]
    costs = [(stopped[seed].dev_cost, ended[seed].dev_cost) for seed in lesson.seeds]
    lesson.claim(
        "the dev cost is lower at the chosen point than at the end, for each seed",
        all(early < late for early, late in costs),
        ", ".join(f"{early:.3f} against {late:.3f}" for early, late in costs),
    )
    lesson.claim(
        "the chosen point has weights of middle size, for each seed",
        all(start[seed] < early < late for seed, (early, late) in zip(start, sizes, strict=True)),
        ", ".join(
            f"{start[seed]:.1f} < {early:.1f} < {late:.1f}"
            for seed, (early, late) in zip(start, sizes, strict=True)
        ),
    )
    early, late, l2 = (
        np.mean([each.test_error for each in found.values()]) for found in (stopped, ended, best)
    )
    lesson.claim(
        "L2 with a tuned λ has the lower test error, on average over the seeds",
        l2 < early,
        f"{l2:.1%} against {early:.1%} stopped early and {late:.1%} at the end",
    )
    steps = sum(each.steps for found in tuned.values() for each in found)
    once = sum(each.steps for each in stopped.values())
    lesson.say(f"The price of tuning λ: {steps:,} steps against {once:,} of stopping early.")


class Outcome(NamedTuple):
    """What one training led to."""

    dev_cost: float
    dev_error: float
    test_error: float
    size: float
    steps: int


def careless_split(seed):
    """A split whose training set is small and has wrong labels; dev and test have right ones."""
    x, y = kr.data.load("digits")
    split = kr.data.train_dev_test_split(x / 16, y, seed=seed)
    x, y = (part[:EXAMPLES] for part in split.train)
    return split._replace(train=(x, kr.data.with_wrong_labels(y, WRONG, seed=seed)))


def network(lesson, regularizer=None):
    """64 ReLU units and a softmax."""
    options = {"kernel_regularizer": regularizer, "dtype": "float32"}
    layers = [
        keras.layers.Dense(64, "relu", **options),
        keras.layers.Dense(10, "softmax", **options),
    ]
    model = keras.Sequential([keras.Input((64,)), *layers])
    model.compile(
        keras.optimizers.SGD(0.3),
        "sparse_categorical_crossentropy",
        steps_per_execution=10,  # of so small a network, one call of the machine is most of a step
        **lesson.compile_options,
    )
    return model


def start_at(model, seed):
    """He's weights for the hidden layer, Xavier's for the output; the biases are 0."""
    he, xavier = kr.initializers.He(seed=seed), kr.initializers.Xavier(seed=seed)
    for layer, draw in zip(model.layers, (he, xavier), strict=True):
        kernel, bias = layer.get_weights()
        layer.set_weights([keras.ops.convert_to_numpy(draw(kernel.shape)), 0 * bias])


def size(model):
    """The length of the vector of all weights."""
    return float(np.sqrt(sum(np.sum(layer.get_weights()[0] ** 2) for layer in model.layers)))


def trained(model, split, seed, epochs, stopper=None):
    """Trains from the start of a seed; with early stopping if there is a stopper."""
    keras.utils.set_random_seed(seed)
    start_at(model, seed)
    ten = np.tile(np.arange(EXAMPLES), 10)
    x, y = split.train
    watched = {"validation_data": split.dev, "callbacks": [stopper]} if stopper else {}
    history = model.fit(x[ten], y[ten], batch_size=50, epochs=epochs, verbose=0, **watched)
    (dev_cost, dev_error), (_, test_error) = (judged(model, *part) for part in split[1:])
    steps = STEPS_AN_EPOCH * len(history.epoch)
    return Outcome(dev_cost, dev_error, test_error, size(model), steps)


def judged(model, x, y):
    """The cost without a penalty, and the error rate."""
    predictions = keras.ops.convert_to_numpy(model(x))
    cost = -np.log(np.maximum(predictions[np.arange(len(y)), y], 1e-12)).mean()
    return cost, kr.diagnosis.measure_error("error_rate", y, predictions).error


def draw_curves(lesson, stoppers):
    """Train and dev cost by epoch for each seed, and the chosen point."""
    with lesson.sheet(
        "curves",
        "Cost on train and dev by epoch, a panel for each seed; the dot is the chosen point. The "
        "train cost goes on falling while the dev cost rises: the wrong labels are learned.",
        "In each panel one curve that falls to 0, and one that falls, turns and rises.",
        width=9.2,
        height=3.0,
        wide=True,
    ) as sheet:
        panels = sheet.subplots(1, len(stoppers), sharey=True)
        for axes, (seed, (stopper, watcher)) in zip(panels, stoppers.items(), strict=True):
            for side in ("train", "dev"):
                curve = watcher.curves[side]
                axes.plot(np.arange(1, len(curve) + 1), curve, label=side)
            chosen = stopper.best_epoch
            axes.plot(chosen + 1, stopper.curves["dev"][chosen], "o", color="C1", label="chosen")
            axes.set(title=f"seed {seed}", xlabel=f"epoch of {STEPS_AN_EPOCH} steps", ylim=(0, 1.5))
        panels[0].set_ylabel("cost J")
        panels[0].legend()


if __name__ == "__main__":
    sys.exit(main())
