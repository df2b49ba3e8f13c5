"""Normalizing inputs: a round cost is walked down in 5 steps, an elongated one not in 3,000.

Purpose: to see why inputs are brought to mean 0 and deviation 1 before training. Features of very
different scales make a cost that is a long, narrow valley: the steep walls allow only short steps,
and the way along the floor is far. Normalising makes it a round bowl, which allows long steps.

Expected result: on two features of wine the cost curves 2,353 times as much in its steepest
direction as in its flattest, and 3.4 times after normalising. On all 13 features gradient descent,
each time at the rate that its steepest direction allows, comes down to a cost of 0.2 in 4 or 5
steps with normalised inputs, and not in 3,000 with raw ones, for each of 3 seeds. Dev examples are
shifted and scaled by the numbers of the training set.
Run time: about 25 s on 2 cores; with --quick about 15 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

GOAL = 0.2  # the cost to come down to
TWO = [9, 10]  # colour intensity (1 to 13) and hue (0.5 to 1.7)


@kr.lesson
def main(lesson):
    """Looks at the cost of two weights, then counts steps on the whole data set."""
    # Wine: 13 measurements of 178 wines, here to tell the first sort from the other two. The
    # largest feature has a deviation of 315, the smallest of 0.1.
    x, y = kr.data.load("wine")
    y = np.array(y == 0, "float32")
    split = kr.data.train_dev_test_split(x, y, seed=lesson.options.seed)
    (x_train, y_train), (x_dev, _) = split.train, split.dev

    # `Standardize` learns mean and deviation from the training set alone. It is a layer of the
    # model, so dev, test and new examples go through the same numbers. With their own numbers, one
    # and the same wine would be two different inputs; and a single example has no deviation at all.
    lesson.section("Subtract the mean, divide by the deviation, both of the training set")
    normalize = kr.layers.Standardize(dtype="float32")
    normalize.adapt(x_train)
    train, dev = (keras.ops.convert_to_numpy(normalize(part)) for part in (x_train, x_dev))
    off = max(np.abs(train.mean(axis=0)).max(), np.abs(train.std(axis=0) - 1).max())
    by_hand = np.abs(dev - (x_dev - x_train.mean(axis=0)) / x_train.std(axis=0)).max()
    lesson.table(
        "Scales before and after",
        ("set", "smallest deviation", "largest deviation", "after: smallest", "after: largest"),
        [
            (name, *ends(before), *ends(after))
            for name, before, after in (("train", x_train, train), ("dev", x_dev, dev))
        ],
    )
    draw_inputs(lesson, x_train[:, TWO])

    # Two features are enough to see the cost itself: logistic regression with two weights and a
    # bias. Its Hessian says how the cost curves: the steepest direction limits the learning rate
    # (above 2 / curvature the steps grow), the flattest one decides how long the way takes. Their
    # ratio is the condition of the problem: about the number of steps that descent needs.
    lesson.section("A narrow valley, and a bowl")
    pair = x_train[:, TWO]
    models = {name: network(lesson, pair, name == "normalised") for name in ("raw", "normalised")}
    found = {name: kr.curvature(model, pair, y_train) for name, model in models.items()}
    conditions = {name: each.largest[0] / each.smallest[0] for name, each in found.items()}
    lesson.table(
        "How the cost curves at the start, and the rate that this allows",
        ("inputs", "steepest", "flattest", "ratio", "learning rate"),
        [
            (name, each.largest[0], each.smallest[0], conditions[name], 1 / each.largest[0])
            for name, each in found.items()
        ],
    )
    steps = lesson.pick(quick=50, full=300)
    paths = {name: descent(model, pair, y_train, steps)[0] for name, model in models.items()}
    draw_costs(lesson, models, paths, pair, y_train)

    # Now all 13 features, and three random splits. Each run gets the rate that its own curvature
    # allows, so that neither is held back by a bad choice.
    lesson.section("Steps to a given cost")
    most = lesson.pick(quick=400, full=3_000)
    counts = {"raw": [], "normalised": []}
    curves = {}
    for seed in lesson.progress(lesson.seeds, "training"):
        x_train, y_train = kr.data.train_dev_test_split(x, y, seed=seed).train
        for name in counts:
            model = network(lesson, x_train, name == "normalised")
            curves[name] = descent(model, x_train, y_train, most, GOAL)[1]
            counts[name].append(len(curves[name]))
    lesson.table(
        f"Steps to a cost of {GOAL}; {most} is where we stopped waiting",
        ("inputs", *(f"seed {seed}" for seed in lesson.seeds), "cost at the end of the last"),
        [(name, *counts[name], curves[name][-1]) for name in counts],
    )
    draw_descents(lesson, curves)

    lesson.claim("train has mean 0 and deviation 1", off < 1e-4, f"at most {off:.1e} off")
    lesson.claim(
        "dev is normalised by the numbers of train", by_hand < 1e-4, f"at most {by_hand:.1e} off"
    )
    lesson.claim(
        "raw inputs make a narrow valley, normalised ones a bowl",
        conditions["raw"] > 100 and conditions["normalised"] < 10,
        f"ratio of curvatures {conditions['raw']:.0f} against {conditions['normalised']:.1f}",
    )
    fewer = np.array(counts["raw"]) / counts["normalised"]
    lesson.claim(
        "normalised inputs need less than a tenth of the steps, for each seed",
        (fewer > 10).all() and max(counts["normalised"]) < most,
        f"at least {fewer.min():.0f} times fewer",
    )


def ends(x):
    """The smallest and the largest deviation of the features."""
    return x.std(axis=0).min(), x.std(axis=0).max()


def network(lesson, x, normalised):
    """Logistic regression, all weights 0: there its cost is steepest, so the rate is safe."""
    layers = [keras.layers.Dense(1, "sigmoid", kernel_initializer="zeros", dtype="float32")]
    if normalised:
        layers.insert(0, kr.layers.Standardize(dtype="float32"))
        layers[0].adapt(x)
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    model.compile(keras.optimizers.SGD(), "binary_crossentropy", **lesson.compile_options)
    return model


def descent(model, x, y, most, goal=0.0):
    """Weights and cost before each step of batch gradient descent, until the cost is reached."""
    model.optimizer.learning_rate = 1 / kr.curvature(model, x, y).largest[0]
    path, costs = [], []
    while len(costs) < most and (not costs or costs[-1] > goal):
        path.append(model.layers[-1].get_weights()[0].ravel())
        costs.append(model.train_on_batch(x, y))
    return np.array(path), costs


def draw_inputs(lesson, x):
    """The two features as they are, without their mean, and normalised."""
    centred = x - x.mean(axis=0)
    stages = {"as measured": x, "minus mean": centred, "over deviation": centred / x.std(axis=0)}
    with lesson.sheet(
        "inputs",
        "Colour intensity and hue of the training set, on the same scale both ways: first moved "
        "to the middle, then stretched.",
        "Three clouds of points: one flat and off the middle, one flat, one round.",
        width=9.2,
        height=3.2,
        wide=True,
    ) as sheet:
        for axes, (title, points) in zip(sheet.subplots(1, 3), stages.items(), strict=True):
            axes.scatter(*points.T, s=8, alpha=0.6)
            axes.set(title=title, xlabel="colour intensity", ylabel="hue", aspect="equal")
            axes.set(xlim=(-6, 14), ylim=(-10, 10))


def draw_costs(lesson, models, paths, x, y):
    """The cost over the two weights, at the bias where the walk ended, and the walk."""
    with lesson.sheet(
        "costs",
        "The cost over the two weights, its bias where the descent ended. With raw inputs it "
        "creeps along a valley; with normalised ones it goes straight to the bottom.",
        "Two maps of a cost: narrow ellipses with a path that turns, and round ones.",
        width=9.2,
        height=3.8,
        wide=True,
    ) as sheet:
        for axes, (name, model) in zip(sheet.subplots(1, 2), models.items(), strict=True):
            path = paths[name]
            reach = 1.3 * np.abs(path).max()
            grid = np.linspace(-reach, reach, 61)
            weights = np.stack(np.meshgrid(grid, grid), axis=-1)
            seen = keras.ops.convert_to_numpy(model.layers[0](x)) if name != "raw" else x
            z = weights @ seen.T + model.layers[-1].get_weights()[1]
            costs = np.mean(np.logaddexp(0, z) - y * z, axis=-1)
            axes.contour(grid, grid, costs, 25, cmap="Greys_r", linewidths=0.8)
            axes.plot(*path.T, marker=".", markersize=5, color="C1", label=f"{len(path)} steps")
            axes.grid(visible=False)
            axes.set(title=name, xlabel="weight of colour intensity", ylabel="weight of hue")
            axes.legend(loc="lower left", frameon=True)


def draw_descents(lesson, curves):
    """The costs of the last seed by steps."""
    with lesson.sheet(
        "descents",
        "Cost by step on all 13 features, each at the rate that its curvature allows.",
        "A curve that falls within ten steps and one that hardly falls.",
    ) as sheet:
        axes = sheet.subplots()
        for name, costs in curves.items():
            axes.plot(np.arange(1, len(costs) + 1), costs, label=name)
        axes.axhline(GOAL, color="grey", linestyle=":", label="goal")
        axes.set(xlabel="step, log scale", ylabel="cost J", xscale="log")
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
