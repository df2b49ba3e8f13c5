"""Optimizers: momentum and Adam are down an elongated bowl in 0.7 of the steps or fewer.

Purpose: to see what momentum, RMSprop and Adam do to gradient descent, as formulas and as Keras's
optimizers. The formulas of the course are written out in NumPy and Keras must agree with them; then
all four walk down a bowl 100 times as steep across as along, and train a network on digits, each
at the best of its own learning rates: nobody wins by a rate that suits only him.

Expected result: Keras takes the course's steps to 1e-4, with epsilon where Keras has it. On the
bowl momentum and Adam settle in at most 0.7 of the steps of gradient descent. Turned by 45 degrees,
the bowl costs momentum nothing, but RMSprop and Adam, which scale each coordinate by itself, more
steps: a fifth more of RMSprop's, and two to four times Adam's, from most starts. On
digits momentum and Adam end below the cost of gradient descent, on the mean of 3 seeds.
Run time: about 35 s on 2 cores; with --quick about 20 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

BETA1, BETA2, RMS_BETA, EPSILON = 0.9, 0.999, 0.9, 1e-8
NAMES = ("gradient descent", "momentum", "RMSprop", "Adam")
COLORS = dict(zip(NAMES, ("#5f6b7a", "#2457b8", "#d98a00", "#a3198f"), strict=True))


def gradient_descent(t, dw, memory, rate):
    """`w := w - rate dw`."""
    return rate * dw, memory


def momentum(t, dw, memory, rate):
    """`v = beta v + (1 - beta) dw;  w := w - rate v`."""
    v = BETA1 * memory.get("v", 0) + (1 - BETA1) * dw
    return rate * v, {"v": v}


def rmsprop(t, dw, memory, rate):
    """`s = beta s + (1 - beta) dw²;  w := w - rate dw / sqrt(s + epsilon²)`.

    So has Keras it. The course adds epsilon to the root, which differs where dw is as small.
    """
    s = RMS_BETA * memory.get("s", 0) + (1 - RMS_BETA) * dw**2
    return rate * dw / np.sqrt(s + EPSILON**2), {"s": s}


def adam(t, dw, memory, rate):
    """Momentum over RMSprop, both with bias correction: divided by `1 - beta^t`.

    Keras adds epsilon to the root before it is corrected, the course after that: in the first step
    Keras's epsilon is 32 times as large.
    """
    v = BETA1 * memory.get("v", 0) + (1 - BETA1) * dw
    s = BETA2 * memory.get("s", 0) + (1 - BETA2) * dw**2
    correction = np.sqrt(1 - BETA2**t)
    moved = v / (1 - BETA1**t) / ((np.sqrt(s) + EPSILON) / correction)
    return rate * moved, {"v": v, "s": s}


# Keras's SGD adds up `momentum * v - rate * dw` without the factor 1 - beta: the rate carries it.
FORMULAS = dict(zip(NAMES, (gradient_descent, momentum, rmsprop, adam), strict=True))
KERAS = {
    "gradient descent": lambda rate: keras.optimizers.SGD(rate),
    "momentum": lambda rate: keras.optimizers.SGD((1 - BETA1) * rate, momentum=BETA1),
    "RMSprop": lambda rate: keras.optimizers.RMSprop(rate, RMS_BETA, epsilon=EPSILON**2),
    "Adam": lambda rate: keras.optimizers.Adam(rate, BETA1, BETA2, epsilon=EPSILON),
}


@kr.lesson
def main(lesson):
    """Checks the formulas, walks down a bowl, trains on digits."""

    # The same gradients, with elements from 0.01 to 100, for the formula and for Keras. They agree
    # as far as float32 goes: it knows Adam's 1 - 0.999 to about 1e-5.
    lesson.section("Four formulas, and Keras's optimizers")
    gradients = np.random.default_rng(lesson.options.seed).normal(size=(50, 5))
    gradients *= (0.01, 0.1, 1, 10, 100)
    apart = {name: disagreement(name, gradients) for name in NAMES}
    lesson.table(
        "Keras against the formula, after 50 steps",
        ("optimizer", "largest difference, relative to the way walked"),
        [(name, f"{value:.1e}") for name, value in apart.items()],
    )

    # The bowl J = (w1² + 100 w2²) / 2. Gradient descent must keep its rate below 2 / 100, or w2
    # jumps out of the bowl; along w1, where the slope is gentle, that rate is a crawl. Each way of
    # walking gets the best of 86 rates; what counts is the step from which J stays below 1 %.
    lesson.section("An elongated bowl, and the same one turned by 45 degrees")
    starts = [start_of(seed) for seed in lesson.seeds]
    steps, rates = settled(starts, degrees=0)
    turned, turned_rates = settled(starts, degrees=45)
    lesson.table(
        "Steps until J stays below 1 % of its start, from 3 starts",
        ("optimizer", "steps", "rate of the first", "steps, turned", "rate of the first"),
        [(n, text(steps[n]), rates[n], text(turned[n]), turned_rates[n]) for n in NAMES],
    )
    draw_paths(lesson, starts[0], rates)

    # Real data: a network on digits, mini-batches of 64. The same starts, the same batches, and for
    # each optimizer the best of a few rates, a factor 3 apart.
    lesson.section("Digits, each at its own best rate")
    costs = {name: digits(lesson, name) for name in lesson.progress(NAMES, "training")}
    best = {n: min(found, key=lambda rate: found[rate].mean()) for n, found in costs.items()}
    ends = {name: costs[name][best[name]] for name in NAMES}
    lesson.table(
        "Cost J on the training set at the best rate, for each of 3 seeds, and its mean",
        ("optimizer", "best rate", "J", "mean J"),
        [(n, best[n], text(ends[n], ".3f"), ends[n].mean()) for n in NAMES],
    )
    draw_rates(lesson, costs)

    lesson.claim(
        "Keras's optimizers take the steps of the formulas, to 1e-4",
        max(apart.values()) < 1e-4,
        ", ".join(f"{name} {value:.0e}" for name, value in apart.items()),
    )
    slow = steps["gradient descent"]
    faster = {name: steps[name] / slow for name in ("momentum", "Adam")}
    lesson.claim(
        "on the bowl momentum and Adam settle in at most 0.7 of gradient descent's steps",
        max(share.max() for share in faster.values()) <= 0.7,
        ", ".join(f"{name} {text(share, '.2f')}" for name, share in faster.items()),
    )
    growth = {name: turned[name] / steps[name] for name in NAMES}
    lesson.claim(
        "turning the bowl costs gradient descent and momentum no step, RMSprop and Adam some",
        all(abs(turned[n] - steps[n]).max() <= 1 for n in ("gradient descent", "momentum"))
        and all(growth[n].min() > 1 for n in ("RMSprop", "Adam")),
        f"times as many: RMSprop {text(growth['RMSprop'], '.2f')}, "
        f"Adam {text(growth['Adam'], '.2f')}",
    )
    means = {name: ends[name].mean() for name in NAMES}
    lesson.claim(
        "on digits momentum and Adam end below gradient descent, on the mean of 3 seeds",
        max(means["momentum"], means["Adam"]) < means["gradient descent"],
        ", ".join(f"{name} {mean:.3f}" for name, mean in means.items()),
    )


def disagreement(name, gradients, rate=0.1):
    """The largest difference of w between Keras and the formula, over the longest way walked."""
    w, memory, way = np.zeros(gradients.shape[1]), {}, 0.0
    variable = keras.Variable(np.zeros(len(w)), dtype="float32")
    optimizer = KERAS[name](rate)
    for step, gradient in enumerate(gradients, start=1):
        move, memory = FORMULAS[name](step, gradient, memory, rate)
        w, way = w - move, way + np.abs(move)
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [variable])
    return float((np.abs(keras.ops.convert_to_numpy(variable) - w) / way).max())


def start_of(seed):
    """Where to start: far along the bowl, less far up its side."""
    random = np.random.default_rng(seed)
    return np.array([-random.uniform(6, 10), random.uniform(0.5, 2)])


def walk(formula, start, rates, degrees, steps):
    """Walks at many rates at once: points `(steps + 1, rates, 2)` and J `(steps + 1, rates)`."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    bowl = turn @ np.diag([1.0, 100.0]) @ turn.T
    w, memory = np.tile(turn @ start, (len(rates), 1)), {}
    path = [w]
    for step in range(1, steps + 1):
        move, memory = formula(step, w @ bowl, memory, rates[:, None])
        w = w - move
        path.append(w)
    points = np.array(path)
    return points, 0.5 * ((points @ bowl) * points).sum(axis=-1)


def settled(starts, degrees, most=600):
    """The fewest steps after which J stays below 1 % from each start, and the first's best rate."""
    rates, counts, best = np.geomspace(1e-3, 20, 86), {}, {}
    for name, formula in FORMULAS.items():
        with np.errstate(over="ignore", invalid="ignore"):  # rates that are too large diverge
            walked = [walk(formula, start, rates, degrees, most)[1] for start in starts]
        above = np.array([~(cost <= 0.01 * cost[0]) for cost in walked])
        needed = most + 1 - np.argmax(above[:, ::-1], axis=1)
        counts[name], best[name] = needed.min(axis=1), rates[needed[0].argmin()]
    return counts, best


def digits(lesson, name):
    """For each rate the costs J of the 3 seeds after training with one optimizer."""
    x, y = kr.data.load("digits")
    x, passes = x / 16, lesson.pick(quick=2, full=5)
    first = 1.0 if name in ("gradient descent", "momentum") else 0.03
    rates = [first / 3**power for power in range(lesson.pick(quick=2, full=4))]
    model, optimizer = network(), KERAS[name](first)
    model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
    optimizer.build(model.trainable_variables)
    fresh = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]
    costs = {rate: [] for rate in rates}
    for seed in lesson.seeds:
        keras.utils.set_random_seed(seed)
        start, order = network().get_weights(), np.random.default_rng(seed)
        rows = np.concatenate([order.permutation(len(y)) for _ in range(passes)])
        for rate in rates:
            model.set_weights(start)
            for variable, value in zip(optimizer.variables, fresh, strict=True):
                variable.assign(value)
            optimizer.learning_rate = rate * (1 - BETA1 if name == "momentum" else 1)
            model.fit(x[rows], y[rows], batch_size=64, shuffle=False, verbose=0)
            costs[rate].append(model.evaluate(x, y, batch_size=len(y), verbose=0))
    return {rate: np.array(found) for rate, found in costs.items()}


def network():
    """64 pixels, two hidden layers of 32 ReLUs, 10 classes."""
    hidden = [kr.layers.DenseBlock(32, "relu", normalize=False) for _ in range(2)]
    return keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10, "softmax")])


def text(values, form=""):
    """The values of the seeds in one cell."""
    return ", ".join(format(value, form) for value in values)


def draw_paths(lesson, start, rates):
    """The four paths over the bowl, in two panels."""
    across, along = np.meshgrid(np.linspace(-1.3, 1.3, 80) * start[1], np.linspace(-11, 3, 80))
    with lesson.sheet(
        "paths",
        "40 steps of each at its best rate. Gradient descent jumps across and creeps along; "
        "RMSprop goes straight, but its rate is the one at which it can also stop.",
        "Lines of equal cost, long and narrow; gradient descent zigzags, momentum and Adam swing "
        "and arrive, RMSprop goes straight along the axis.",
        width=9.2,
        height=3.2,
        wide=True,
    ) as sheet:
        for axes, names in zip(
            sheet.subplots(1, 2, sharey=True), (NAMES[:2], NAMES[2:]), strict=True
        ):
            levels, look = np.geomspace(1, 200, 7), {"colors": "#cdd3dc", "linewidths": 0.8}
            axes.contour(along, across, (along**2 + 100 * across**2) / 2, levels, **look)
            for name in names:
                points, _ = walk(FORMULAS[name], start, np.array([rates[name]]), 0, steps=40)
                line = {"color": COLORS[name], "linewidth": 1.1, "markersize": 5, "label": name}
                axes.plot(*points[:, 0].T, ".-", **line)
            axes.set(xlabel="w1, gentle slope", ylabel="w2, steep slope")
            axes.label_outer()
            axes.legend(ncols=2, loc="lower right", fontsize=9)


def draw_rates(lesson, costs):
    """The mean cost at each rate tried."""
    with lesson.sheet(
        "rates",
        "Cost on digits after training, by learning rate, mean of 3 seeds.",
        "Four curves of cost against learning rate; Adam's lowest point lies lowest.",
    ) as sheet:
        axes = sheet.subplots()
        for name, found in costs.items():
            means = [np.mean(values) for values in found.values()]
            axes.plot(list(found), means, "o-", color=COLORS[name], markersize=4, label=name)
        axes.set(xlabel="learning rate", ylabel="J", xscale="log", ylim=(0, 2.4))
        axes.legend(fontsize=8)


if __name__ == "__main__":
    sys.exit(main())
