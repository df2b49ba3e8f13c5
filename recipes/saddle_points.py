"""Saddle points: zero weights stand on one, and momentum leaves it in a fifth of the steps.

Purpose: to see that what stops training is seldom a bad local minimum. A network whose kernels are
all zero has no gradient and does not learn, yet its cost curves down in some direction: it stands
on a saddle. Pushed off by a hair, plain gradient descent lingers; momentum, RMSprop and Adam leave.

Expected result: the curvature says "saddle, at a critical point"; at one learning rate, momentum,
RMSprop and Adam need at most half the steps of gradient descent to halve the cost, for each of 3
seeds. A figure shows the cost around the saddle and the four paths.
Run time: about 25 s on 2 cores; with --quick about 15 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

LEARNING_RATE = 0.01
OPTIMIZERS = {
    "gradient descent": lambda: keras.optimizers.SGD(LEARNING_RATE),
    "momentum": lambda: keras.optimizers.SGD(LEARNING_RATE, momentum=0.9),
    "RMSprop": lambda: keras.optimizers.RMSprop(LEARNING_RATE),
    "Adam": lambda: keras.optimizers.Adam(LEARNING_RATE),
}
COLORS = dict(zip(OPTIMIZERS, ("#8fb8a0", "#2457b8", "#d98a00", "#a3198f"), strict=True))


@kr.lesson
def main(lesson):
    """Measures the curvature at a saddle, then lets four optimizers leave it."""

    # Breast cancer, standardised; the whole set is one batch, so that J is one function.
    x, y = kr.data.load("breast_cancer")
    scale = kr.layers.Standardize()
    scale.adapt(x)
    x, y = keras.ops.convert_to_numpy(scale(x)), y.astype("float32").reshape(-1, 1)

    # The saddle: kernels of zero, and an output bias that knows the share of each class. Each
    # kernel's gradient has the other kernel as a factor, so that both vanish.
    lesson.section("A point without a gradient")
    model = network(x.shape[1])
    share = y.mean()
    saddle = [0 * weight for weight in model.get_weights()]
    saddle[3] += np.log(share / (1 - share))
    model.set_weights(saddle)
    found = kr.curvature(model, x, y, k=2)
    lesson.say(f"The verdict: {found.verdict}; {found.evidence}.")

    # In how many directions would it have to curve up, to be a minimum? In all of them. With
    # eigenvalues of both signs it is a saddle: there is a way down, and a gradient cannot see it.
    lesson.table(
        "Eigenvalues of the Hessian, the curvature of J in its extreme directions",
        ("", "value"),
        [
            *(("curving down", value) for value in found.smallest),
            *(("curving up", value) for value in found.largest),
            ("norm of the gradient", found.gradient_norm),
        ],
    )

    # The same push for all four, a hair in a random direction, and then the steps until half of the
    # cost is gone.
    lesson.section("Who leaves the saddle first")
    size = lesson.pick(quick=1e-2, full=1e-3)
    starts = [pushed(saddle, size, seed) for seed in lesson.seeds]
    paths = {}
    for name in lesson.progress(OPTIMIZERS, "training"):
        paths[name] = descents(lesson, model, starts, OPTIMIZERS[name](), x, y, found.cost / 2)
    steps = {name: np.array([len(path) - 1 for path in tried]) for name, tried in paths.items()}
    slow = steps["gradient descent"]
    lesson.table(
        f"Steps from a push of {size} to half the cost, at learning rate {LEARNING_RATE}",
        ("optimizer", *(f"seed {seed}" for seed in lesson.seeds), "share of the slowest, mean"),
        [(name, *map(int, counts), (counts / slow).mean()) for name, counts in steps.items()],
    )
    first = {name: tried[0] for name, tried in paths.items()}
    draw(lesson, model, saddle, first, found, x, y, points=lesson.pick(quick=15, full=31))

    lesson.claim(
        "zero kernels stand on a saddle: no gradient, and a direction that curves down",
        found.verdict == "saddle" and found.critical,
        f"gradient {found.gradient_norm:.0e}, eigenvalues from {found.smallest[0]:.3f} "
        f"to {found.largest[0]:.3f}",
    )
    fast = {name: (counts / slow).max() for name, counts in steps.items() if counts is not slow}
    lesson.claim(
        "momentum, RMSprop and Adam need at most half the steps of gradient descent, every seed",
        max(fast.values()) <= 0.5,
        ", ".join(f"{name} {part:.2f} of them at most" for name, part in fast.items()),
    )


def network(features):
    """One hidden layer of 8 tanh units, one sigmoid."""
    layers = [keras.layers.Dense(8, "tanh"), keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((features,)), *layers])
    model.compile(loss="binary_crossentropy")
    return model


def pushed(weights, size, seed):
    """The weights after a random push, normal with this deviation."""
    push = np.random.default_rng(seed)
    return [weight + size * push.normal(size=weight.shape) for weight in weights]


def descents(lesson, model, starts, optimizer, x, y, goal, most=5_000):
    """From each start, the kernels after each step, until the cost is below the goal."""
    model.compile(optimizer, "binary_crossentropy", **lesson.compile_options)
    optimizer.build(model.trainable_variables)
    fresh = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]
    paths = []
    for start in starts:
        model.set_weights(start)
        for variable, value in zip(optimizer.variables, fresh, strict=True):
            variable.assign(value)
        paths.append([])
        for _ in range(most):
            hidden, _, output, _ = model.get_weights()
            paths[-1].append((hidden, output))
            if model.train_on_batch(x, y) < goal:
                break
    return paths


def draw(lesson, model, saddle, paths, found, x, y, points):
    """The cost over the two directions in which gradient descent moves the two kernels."""
    ways = [kernel / np.linalg.norm(kernel) for kernel in paths["gradient descent"][-1]]
    flat = {
        name: np.array([[np.vdot(k, way) for k, way in zip(p, ways, strict=True)] for p in path])
        for name, path in paths.items()
    }
    reach = 1.1 * max(np.abs(line).max() for line in flat.values())
    axis = np.linspace(-reach, reach, points)
    costs = np.empty((points, points))
    for row, b in enumerate(axis):
        for column, a in enumerate(axis):
            model.set_weights([a * ways[0], saddle[1], b * ways[1], saddle[3]])
            costs[row, column] = model.test_on_batch(x, y)
    with lesson.sheet(
        "saddle",
        "Cost J around the saddle (cross), darker where it is higher; the dotted line is the cost "
        "at the saddle itself: it falls to two sides and rises to the other two. The four paths of "
        "the first seed lead down into one valley.",
        "Shades of a saddle: dark in two corners, light in the other two; four paths run from "
        "its middle into a light corner.",
        width=5.2,
        height=4.6,
        wide=True,
    ) as sheet:
        axes = sheet.subplots()
        shades = axes.contourf(axis, axis, costs, 20, cmap="Greys")
        wide = {"gradient descent": 5.0}  # momentum walks on top of it
        axes.contour(axis, axis, costs, [found.cost], colors="black", linestyles="dotted")
        for name, line in flat.items():
            label = f"{name}, {len(line) - 1} steps"
            look = {"color": COLORS[name], "linewidth": wide.get(name, 1.2), "markersize": 3}
            axes.plot(*line.T, ".-", label=label, **look)
        axes.plot(0, 0, "x", color="black", markersize=9)
        axes.set(xlabel="hidden kernel, along the descent", ylabel="output kernel, the same")
        axes.grid(False)
        sheet.legend(loc="outside upper left", ncols=2, fontsize=9)
        sheet.colorbar(shades, label="cost J")


if __name__ == "__main__":
    sys.exit(main())
