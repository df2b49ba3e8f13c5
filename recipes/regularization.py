"""Regularization: L1 brings most weights near 0, L2 shrinks them all, and too much is bias.

Purpose: to see what a penalty on the weights does to them, to the cost, and to bias and variance. A
network that learns 200 digits by heart, 30 of them with a wrong label, is trained with L2 and with
L1 of several strengths λ.

Expected result: one step with L2 shrinks the weights by 1 - αλ/m, to rounding. In batch mode the
cost J falls in every epoch when the penalty is counted, and the cost without it rises. At λ = 1 L1
leaves ten times as many weights near 0 as L2, or more. A λ chosen on the dev set lowers the test
error, and a λ of 100 gives high bias, for each of 3 seeds.
Run time: about 60 s on 2 cores; with --quick about 20 s.
"""

import sys
from typing import NamedTuple

import keras
import numpy as np

import kerasrecipes as kr

EXAMPLES, WRONG, LEARNING_RATE = 200, 30, 0.3
NEAR_ZERO = 1e-3  # the weights start with a deviation of 0.18


@kr.lesson
def main(lesson):
    """One step, then batch mode, then the strengths."""
    # Few examples and many weights, so that there is variance to take away: 200 of the digits, and
    # a hidden layer of 64 units. To make things worse, 30 of the 200 get a wrong label, as a
    # careless hand might give it; those of dev and test stay right.
    splits = {seed: careless_split(seed) for seed in lesson.seeds}
    seed = lesson.options.seed
    x_train, y_train = splits[seed].train

    # L2 adds λ/2m Σw² to the cost, whose gradient is λ/m w. So the update w := w - α dJ/dw becomes
    # w := (1 - αλ/m) w - α dJ0/dw, with J0 the cost without the penalty: weight decay. We take one
    # step with and one without L2 from the same weights, in plain gradient descent; they differ by
    # αλ/m of the weights, and by nothing else. (Adam rescales the gradient, the penalty's too:
    # there this does not hold.)
    lesson.section("One step: weight decay")
    strength = 30.0
    plain = network(lesson, seed)
    decayed = network(lesson, seed, kr.regularizers.L2(strength, EXAMPLES))
    before = kernels(plain)
    for model in (plain, decayed):
        model.train_on_batch(x_train, y_train)
    factor = kr.regularizers.decay_factor(LEARNING_RATE, strength, EXAMPLES)
    apart = [after - other for after, other in zip(kernels(decayed), kernels(plain), strict=True)]
    off = max(np.abs(gap - (factor - 1) * w).max() for gap, w in zip(apart, before, strict=True))
    measured = 1 + np.vdot(before[0], apart[0]) / np.vdot(before[0], before[0])
    lesson.say(
        f"With α = {LEARNING_RATE}, λ = {strength:g} and m = {EXAMPLES}, 1 - αλ/m is {factor:.6f}; "
        f"the weights of the hidden layer were shrunk by {measured:.6f}."
    )

    # Now many steps on the whole set, from weights that were trained without a penalty. Gradient
    # descent must lower what it descends on, which is J with the penalty. Who plots the old cost
    # without it sees it rise, and looks for a bug that is not there. `CostMonitor` tells the two
    # apart.
    lesson.section("The cost to plot is the one with the penalty")
    model = network(lesson, seed)
    train(model, x_train, y_train, lesson.pick(quick=100, full=120))
    monitored = network(lesson, seed, kr.regularizers.L2(strength, EXAMPLES))
    monitored.set_weights(model.get_weights())
    monitor = kr.callbacks.CostMonitor(sink=None)
    monitored.fit(x_train, y_train, batch_size=EXAMPLES, epochs=30, verbose=0, callbacks=[monitor])
    costs, bare = monitor.curves["cost"], monitor.curves["cost_without_penalty"]
    lesson.figure(kr.report.figures.cost_with_penalty(bare, monitor.curves["penalty"]))

    # L1 adds λ/2m Σ|w|. Its gradient has the same size however small a weight is, and so takes it
    # all the way to 0, where L2 shrinks it by a share of what is left. (Gradient descent does not
    # leave it at 0 exactly: it hops about it by the length of a step.)
    #
    # Last the strengths, each from three random starts on three splits. λ is one more number that
    # is chosen on the dev set; what it brings is read on the test set. (A network that learned the
    # right labels only would have a train error of 15 %: it would disagree with the wrong ones.)
    lesson.section("How strong?")
    rows, found = [], {}
    strengths = lesson.pick(quick=(1.0, 100.0), full=(0.3, 1.0, 3.0, 10.0, 100.0))
    kinds = [("none", None, 0.0), *(("L2", kr.regularizers.L2, s) for s in strengths)]
    kinds += [("L1", kr.regularizers.L1, s) for s in strengths[: lesson.pick(quick=1, full=3)]]
    for name, kind, s in lesson.progress(kinds, "training"):
        found[name, s] = trained(lesson, kind and kind(s, EXAMPLES), splits)
        rows.append((name, s, *np.mean(found[name, s], axis=0)))
    columns = ("penalty", "λ", "train error", "dev error", "test error", "size", "near 0")
    lesson.table(
        f"Means over three seeds, of the size of all weights and the share of |w| < {NEAR_ZERO}",
        columns,
        rows,
    )
    draw(lesson, rows)
    chosen = [min(strengths, key=lambda s: found["L2", s][n].dev_error) for n in range(3)]
    before = [each.test_error for each in found["none", 0.0]]
    after = [found["L2", s][n].test_error for n, s in enumerate(chosen)]
    lesson.say(f"Chosen by the dev error: λ = {', '.join(f'{s:g}' for s in chosen)}.")

    lesson.claim(
        "one step with L2 shrinks the weights by 1 - αλ/m", off < 1e-6, f"at most {off:.0e} off"
    )
    lesson.claim(
        "in batch mode J with the penalty falls in every epoch, and the cost without it need not",
        max(np.diff(costs)) < 0 < max(np.diff(bare)),
        f"J from {costs[0]:.3f} to {costs[-1]:.3f}, without from {bare[0]:.4f} to {bare[-1]:.4f}",
    )
    near_zero = {kind: [each.near_zero for each in found[kind, 1.0]] for kind in ("L1", "L2")}
    lesson.claim(
        "at λ = 1 L1 leaves at least 10 times as many weights near 0 as L2, for each seed",
        min(near_zero["L1"]) > 10 * max(near_zero["L2"]),
        f"at least {min(near_zero['L1']):.0%} against at most {max(near_zero['L2']):.1%}",
    )
    lesson.claim(
        "λ chosen on the dev set lowers the test error, for each seed",
        all(a < b for a, b in zip(after, before, strict=True)),
        ", ".join(f"{b:.1%} to {a:.1%}" for a, b in zip(after, before, strict=True)),
    )
    least = min(each.train_error for each in found["L2", 100.0])
    most = max(each.train_error for each in found["none", 0.0])
    lesson.claim(
        "too much is bias: at λ = 100 the train error is above 1/2; without a penalty it is below "
        f"{WRONG / EXAMPLES:.0%}, so that wrong labels were learned too",
        least > 0.5 and most < WRONG / EXAMPLES,
        f"at least {least:.0%} against at most {most:.0%}",
    )


class Outcome(NamedTuple):
    """What one training led to."""

    train_error: float
    dev_error: float
    test_error: float
    size: float
    near_zero: float


def careless_split(seed):
    """A split whose training set is small and has wrong labels."""
    x, y = kr.data.load("digits")
    split = kr.data.train_dev_test_split(x / 16, y, seed=seed)
    x, y = (part[:EXAMPLES] for part in split.train)
    return split._replace(train=(x, kr.data.with_wrong_labels(y, WRONG, seed=seed)))


def network(lesson, seed, regularizer=None):
    """64 ReLU units and a softmax; the same weights for the same seed; in 32 bits, to compare."""
    layers = [
        keras.layers.Dense(
            64,
            "relu",
            kernel_initializer=kr.initializers.He(seed=seed),
            kernel_regularizer=regularizer,
            dtype="float32",
        ),
        keras.layers.Dense(
            10,
            "softmax",
            kernel_initializer=kr.initializers.Xavier(seed=seed),
            kernel_regularizer=regularizer,
            dtype="float32",
        ),
    ]
    model = keras.Sequential([keras.Input((64,)), *layers])
    optimizer = keras.optimizers.SGD(LEARNING_RATE)
    model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
    return model


def kernels(model):
    """The weights without the biases, which have no penalty."""
    return [layer.get_weights()[0] for layer in model.layers]


def train(model, x, y, epochs):
    """Mini-batches of 50. Keras's epochs cost time, so that ten of ours make one of them."""
    ten = np.tile(np.arange(len(x)), 10)
    model.fit(x[ten], y[ten], batch_size=50, epochs=epochs // 10, verbose=0)


def trained(lesson, regularizer, splits):
    """An `Outcome` for each seed; one compiled model serves for all of them."""
    model = network(lesson, 0, regularizer)
    outcomes = []
    for seed, split in splits.items():
        keras.utils.set_random_seed(seed)
        model.set_weights(network(lesson, seed).get_weights())
        train(model, *split.train, lesson.pick(quick=100, full=120))
        errors = [error(model, *part) for part in split]
        weights = np.concatenate([kernel.ravel() for kernel in kernels(model)])
        size, near_zero = np.linalg.norm(weights), np.mean(np.abs(weights) < NEAR_ZERO)
        outcomes.append(Outcome(*errors, size, near_zero))
    return outcomes


def error(model, x, y):
    """The error rate."""
    predictions = keras.ops.convert_to_numpy(model(x))
    return kr.diagnosis.measure_error("error_rate", y, predictions).error


def draw(lesson, rows):
    """Errors and near zeros by strength."""
    with lesson.sheet(
        "strengths",
        "Left: errors by the strength of L2; from some λ on both rise, that is bias. Right: the "
        "share of weights near 0.",
        "Two panels of curves by strength.",
        width=9.2,
        height=3.2,
        wide=True,
    ) as sheet:
        left, right = sheet.subplots(1, 2)
        by_kind = {
            kind: np.array([row[1:] for row in rows if row[0] == kind]).T for kind in ("L1", "L2")
        }
        strengths, train_error, dev_error, *_ = by_kind["L2"]
        left.plot(strengths, train_error, marker="o", label="train")
        left.plot(strengths, dev_error, marker="o", label="dev")
        for kind, (strengths, *_, near_zero) in by_kind.items():
            right.plot(strengths, near_zero, marker="o", label=kind)
        left.set(xlabel="λ, log scale", ylabel="error", xscale="log", ylim=(0, 1))
        right.set(xlabel="λ, log scale", ylabel="share near 0", xscale="log", ylim=(0, 1.05))
        left.legend()
        right.legend()


if __name__ == "__main__":
    sys.exit(main())
