"""Saddle points: zero weights stand on one, and some optimizers leave it sooner.

Purpose: to see that what stops training is seldom a bad local minimum. A network whose kernels are
all zero has no gradient and does not learn, yet its cost curves down in some direction: it stands
on a saddle. Pushed off by a hair, plain gradient descent lingers; momentum, RMSprop and Adam leave.

Expected result: the curvature says "saddle, at a critical point"; at one learning rate, momentum,
RMSprop and Adam need at most half the steps of gradient descent to halve the cost, for each of 3
seeds. The figure `saddle.svg` shows the cost around the saddle and the four paths.
Run time: about 20 s on 2 cores; with --quick about 12 s.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
from matplotlib.figure import Figure

import kerasrecipes as kr

LEARNING_RATE = 0.01
OPTIMIZERS = {
    "gradient descent": lambda: keras.optimizers.SGD(LEARNING_RATE),
    "momentum": lambda: keras.optimizers.SGD(LEARNING_RATE, momentum=0.9),
    "RMSprop": lambda: keras.optimizers.RMSprop(LEARNING_RATE),
    "Adam": lambda: keras.optimizers.Adam(LEARNING_RATE),
}


def main(arguments=None):
    """Runs the recipe; exit status 1 if the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a larger push, a coarser figure")
    parser.add_argument("--seed", type=int, default=0, help="the first of 3")
    parser.add_argument("--out", type=Path, help="folder of the figure; a temporary one if not set")
    options = parser.parse_args(arguments)

    # Breast cancer, standardised; the whole set is one batch, so that J is one function.
    x, y = kr.data.load("breast_cancer")
    x = np.array((x - x.mean(axis=0)) / x.std(axis=0), "float32")
    y = np.array(y, "float32").reshape(-1, 1)

    # The saddle: kernels of zero, and an output bias that knows the share of each class. Each
    # kernel's gradient has the other kernel as a factor, so that both vanish.
    model = network(x.shape[1])
    share = y.mean()
    saddle = [0 * weight for weight in model.get_weights()]
    saddle[3] += np.log(share / (1 - share))
    model.set_weights(saddle)
    found = kr.curvature(model, x, y, k=2)
    print(found)

    # The same push for all four, and then the steps until half of the cost is gone.
    size = 1e-2 if options.quick else 1e-3
    starts = []
    for seed in range(options.seed, options.seed + 3):
        push = np.random.default_rng(seed)
        starts.append([weight + size * push.normal(size=weight.shape) for weight in saddle])
    steps, paths = {}, {}
    for name, optimizer in OPTIMIZERS.items():
        tried = list(descents(model, starts, optimizer(), x, y, goal=found.cost / 2))
        paths[name] = tried[0]  # the first seed's is drawn
        steps[name] = [len(path) - 1 for path in tried]
        print(f"{name:<16}  steps to half the cost: {steps[name]}")

    folder = options.out or Path(tempfile.mkdtemp(prefix="saddle_points_"))
    folder.mkdir(parents=True, exist_ok=True)
    draw(model, saddle, paths, found, x, y, 15 if options.quick else 41, folder / "saddle.svg")
    print("figure:", folder / "saddle.svg")

    slow = np.array(steps["gradient descent"])
    fast = [np.array(steps[name]) for name in OPTIMIZERS if name != "gradient descent"]
    holds = found.verdict == "saddle" and found.critical
    holds = holds and all((2 * counts <= slow).all() for counts in fast)
    print("the claim holds" if holds else "the claim does NOT hold")
    return 0 if holds else 1


def network(features):
    """One hidden layer of 8 tanh units, one sigmoid."""
    layers = [keras.layers.Dense(8, "tanh"), keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((features,)), *layers])
    model.compile(loss="binary_crossentropy")
    return model


def descents(model, starts, optimizer, x, y, goal, most=5_000):
    """From each start, the kernels after each step, until the cost is below the goal."""
    model.compile(optimizer, "binary_crossentropy")
    optimizer.build(model.trainable_variables)
    fresh = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]
    for start in starts:
        model.set_weights(start)
        for variable, value in zip(optimizer.variables, fresh, strict=True):
            variable.assign(value)
        path = []
        for _ in range(most):
            hidden, _, output, _ = model.get_weights()
            path.append((hidden, output))
            if model.train_on_batch(x, y) < goal:
                break
        yield path


def draw(model, saddle, paths, found, x, y, points, file):
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

    figure = Figure(figsize=(7, 5.5), layout="constrained")
    axes = figure.subplots()
    shades = axes.contourf(axis, axis, costs, 30, cmap="Greys")
    axes.contour(axis, axis, costs, [found.cost], colors="black", linestyles="dotted")
    for name, line in flat.items():
        axes.plot(*line.T, marker=".", markersize=3, label=f"{name}, {len(line) - 1} steps")
    axes.plot(0, 0, "kx", markersize=9, label="the saddle")
    axes.set(xlabel="hidden kernel, along the descent", ylabel="output kernel, along the descent")
    axes.set_title(f"eigenvalues from {found.smallest[0]:.2g} to {found.largest[0]:.2g}")
    axes.legend(loc="upper left", fontsize="small")
    figure.colorbar(shades, label="cost J")
    figure.savefig(file)


if __name__ == "__main__":
    sys.exit(main())
