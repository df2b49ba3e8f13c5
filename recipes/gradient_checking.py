"""Gradient checking: a layer wrong by a factor of 0.999 trains all the same, and is found.

Purpose: to see a gradient check find a bug that training hides. Two layers compute the same
function; the backward pass of one is wrong by a factor of 0.999, and its cost falls as well as the
other's. And to see why dropout must be off during a check: with it the cost is not one function of
the weights.

Expected result: the right layer passes with a distance below 1e-7, the wrong one fails and its
kernel is named, for each of 3 random starts. With dropout on, the slope of the cost measured twice
by differences comes out differently each time; with dropout off it is the same, and the check,
which switches dropout off by itself, passes.
Run time: about 15 s on 2 cores, most of it loading Keras; the same with --quick.
"""

import sys

import keras
import numpy as np
from keras import ops

import kerasrecipes as kr

EPSILON = 1e-2  # of the slopes by hand, which are taken in 32 bits


class Scaled(keras.layers.Layer):
    """`Z = X W`, with a hand-written backward pass that may be wrong by a factor."""

    def __init__(self, units, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.factor = units, factor

    def build(self, input_shape):
        """Creates W of shape `(features, units)`."""
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, x):
        """`X W`; its gradient for W is `X^T dZ`, here times `factor`."""

        @ops.custom_gradient
        def product(x, kernel):
            def backward(*arguments, upstream=None):
                upstream = arguments[0] if upstream is None else upstream
                kernel_gradient = self.factor * ops.matmul(ops.transpose(x), upstream)
                return ops.matmul(upstream, ops.transpose(kernel)), kernel_gradient

            return ops.matmul(x, kernel), backward

        return product(x, 1.0 * self.kernel)  # a tensor: TensorFlow treats variables otherwise

    def get_config(self):
        """Both arguments, so that the check can copy the layer."""
        return {**super().get_config(), "units": self.units, "factor": self.factor}


@kr.lesson
def main(lesson):
    """Checks a right and a wrong layer, then one with dropout."""
    # 17 wines are enough, and a small network: the check costs two costs per weight.
    x, y = (part[::11] for part in kr.data.load("wine"))

    # First the bug in action. Both networks start from the same weights and take the same steps;
    # the costs of the wrong one fall so nearly alike that no curve gives it away.
    lesson.section("A bug that training hides")
    curves = {
        "right": trained(lesson, network(1.0, lesson.options.seed), x, y),
        "wrong": trained(lesson, network(0.999, lesson.options.seed), x, y),
    }
    with lesson.sheet(
        "costs",
        "Cost by epoch with the right and the wrong gradient: one curve lies on the other.",
        "Two curves that fall together and cannot be told apart.",
    ) as sheet:
        axes = sheet.subplots()
        axes.plot(curves["right"], label="right gradient", linewidth=4, alpha=0.4)
        axes.plot(curves["wrong"], label="gradient times 0.999", linestyle="--")
        axes.set(xlabel="epoch", ylabel="cost J")
        axes.legend()
    apart = abs(curves["wrong"][-1] / curves["right"][-1] - 1)

    # Then the check. It nudges each weight to either side, takes the slope of the cost from the
    # difference, and compares with the gradient that the backward pass gives:
    # |analytic - numeric| / (|analytic| + |numeric|). The course calls a distance below 1e-7 great,
    # one above 1e-3 a bug, and looks closer in between. So does the check: it knows how much of a
    # distance rounding explains, and names the variables where there is more.
    lesson.section("The check finds it")
    rows, right, wrong = [], [], []
    for seed in lesson.progress(lesson.seeds, "checking"):
        right.append(kr.gradient_check(network(1.0, seed), x, y))
        wrong.append(kr.gradient_check(network(0.999, seed), x, y))
        for name, check in (("right", right[-1]), ("wrong", wrong[-1])):
            what = "passed" if check.passed else f"failed: {', '.join(blamed(check))}"
            rows.append((name, seed, f"{check.distance:.1e}", f"{check.noise:.1e}", what))
    columns = ("layer", "seed", "distance", "explained by rounding", "outcome")
    lesson.table("Both layers, from three random starts", columns, rows)
    element = wrong[0].worst[0]
    lesson.say(
        f"The worst element of the first wrong one is {element.variable}{list(element.index)}: its "
        f"gradient is {element.analytic:.6g}, the differences say {element.numeric:.6g}, and one "
        f"is {element.analytic / element.numeric:.4f} of the other. So the check not only says "
        "that something is wrong: look at the elements, and the bug tells its name."
    )

    # With dropout each cost is that of another network, one with other units missing. A difference
    # of two such costs says nothing of the slope: measured five times in one direction, it comes
    # out five times otherwise. `dropout_disabled` switches every dropout of a model off, for a
    # block of code, and back on after it.
    lesson.section("Not with dropout")
    model = network(1.0, lesson.options.seed, keep_prob=0.8)
    with_dropout = slopes(model, x, y)
    with kr.layers.dropout_disabled(model):
        without = slopes(model, x, y)
    lesson.table(
        "The slope of the cost in one direction, by differences, measured five times",
        ("dropout", *(f"time {time + 1}" for time in range(5))),
        [("on", *with_dropout), ("off", *without)],
    )

    # `gradient_check` does this by itself, on a copy: the model keeps its dropout.
    check = kr.gradient_check(model, x, y)
    lesson.say(f"The check of the whole network: distance {check.distance:.1e}, {check.verdict}.")

    lesson.claim(
        "training does not show the bug", apart < 0.01, f"costs {apart:.1e} apart at the end"
    )
    lesson.claim(
        "the right layer passes, its distance below 1e-7, for each seed",
        all(each.passed and each.distance < 1e-7 for each in right),
        f"distances up to {max(each.distance for each in right):.1e}",
    )
    lesson.claim(
        "the wrong layer fails, and its kernel alone is blamed, for each seed",
        all(not each.passed and blamed(each) == ["hidden/kernel"] for each in wrong),
        f"distances from {min(each.distance for each in wrong):.1e}",
    )
    lesson.claim(
        "with dropout a slope by differences is a different one each time, without the same",
        len(set(with_dropout)) == 5 and np.ptp(without) <= 1e-3 * np.ptp(with_dropout),
        f"they spread over {np.ptp(with_dropout):.2g} with it, {np.ptp(without):.2g} without",
    )
    lesson.claim(
        "the check switches dropout off itself, and leaves the model its own",
        check.passed and model.get_layer("dropout").keep_prob == 0.8,
        f"distance {check.distance:.1e}, keep_prob {model.get_layer('dropout').keep_prob}",
    )


def network(factor, seed, keep_prob=1.0):
    """Three kinds of wine from 13 measurements; the hidden layer's backward pass is ours."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((13,)),
            keras.layers.BatchNormalization(),
            Scaled(8, factor, name="hidden"),
            keras.layers.Activation("tanh"),
            kr.layers.InvertedDropout(keep_prob, seed=seed, name="dropout"),
            keras.layers.Dense(3, "softmax", name="output"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy")
    return model


def trained(lesson, model, x, y):
    """The costs of 30 epochs of gradient descent."""
    model.compile(keras.optimizers.SGD(0.5), model.loss, **lesson.compile_options)
    return model.fit(x, y, batch_size=len(x), epochs=30, shuffle=False, verbose=0).history["loss"]


def blamed(check):
    """The variables that failed, without the name of the model."""
    return [path.partition("/")[2] for path, row in check.variables.items() if not row.passed]


def slopes(model, x, y):
    """`(J(w + e d) - J(w - e d)) / 2e` for one direction d of the output kernel, five times."""
    kernel = model.get_layer("output").kernel
    start = ops.convert_to_numpy(kernel)
    direction = np.ones_like(start) * [1, 0, 0]  # towards the first kind of wine
    found = []
    for _ in range(5):
        costs = []
        for sign in (1, -1):
            kernel.assign(start + sign * EPSILON * direction)
            predictions = model(x, training=True)
            costs.append(float(model.compute_loss(x=x, y=ops.array(y), y_pred=predictions)))
        found.append((costs[0] - costs[1]) / (2 * EPSILON))
    kernel.assign(start)
    return found


if __name__ == "__main__":
    sys.exit(main())
