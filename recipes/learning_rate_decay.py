"""Learning-rate decay: it ends at less than half the distance that constant rates leave.

Purpose: to see why the learning rate should fall, and that it matters little by which rule. A
linear model with L2 predicts the course of diabetes; its optimum is known exactly, from a system of
linear equations. Mini-batch gradient descent walks towards it, with every schedule of the library
and at constant rates, a large and a small one.

Expected result: at the large rate the weights circle around the optimum at a distance that does not
shrink; at the small one they are still on their way. Every decay takes large steps early (a warm-up
after its rise) and small ones late, and ends at less than half the distance of either, on the mean
of 3 seeds; also the inverse square root, whose rate falls least.
Run time: about 35 s on 2 cores; with --quick about 20 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

LARGE, SMALL, BATCH, STRENGTH = 0.1, 0.1 / 30, 16, 100.0


@kr.lesson
def main(lesson):
    """Compares schedules by the distance to the optimum that they leave."""
    x, y = kr.data.load("diabetes")
    scale = kr.layers.Standardize()
    scale.adapt(x)
    x, y = keras.ops.convert_to_numpy(scale(x)), (y - y.mean()) / y.std()

    # The optimum. J = mean((xw + b - y)²) + λ/(2m) Σw² is least where its derivative is zero:
    # (xᵀx + λ/2) w = xᵀy, and b = 0, since the inputs and y have mean zero.
    lesson.section("A cost whose optimum is known")
    optimum = np.linalg.solve(x.T @ x + STRENGTH / 2 * np.eye(x.shape[1]), x.T @ y)
    lesson.say(
        f"{len(y)} patients, {x.shape[1]} inputs; the weights of the optimum have norm "
        f"{np.linalg.norm(optimum):.3f}. What follows is measured as the distance to them."
    )

    # The schedules: functions of the epoch, from 0. All but the last three never rise above LARGE
    # and fall by a formula; then stairs, rates picked by hand, and a warm-up before a decay.
    epochs = lesson.pick(quick=12, full=24)
    ways = schedules(epochs)
    draw_rates(lesson, ways, epochs)

    # Train: at the start of each epoch the rate is set; everything else is the same, the order of
    # the examples too.
    lesson.section("How near each comes")
    model = linear_model(lesson, x, y, keras.optimizers.SGD(LARGE))
    distances = {name: [] for name in ways}
    for seed in lesson.progress(lesson.seeds, "training"):
        for name, (schedule, _) in ways.items():
            distances[name].append(trained(model, x, y, optimum, seed, schedule, epochs))
    courses = {name: np.array(found) for name, found in distances.items()}
    ends = {name: found[:, -1] for name, found in courses.items()}
    lesson.table(
        f"After {epochs} epochs",
        ("schedule", "rate α in epoch e", "last rate", "distance, 3 seeds", "mean"),
        [
            (name, rule, schedule(epochs - 1), text(ends[name]), ends[name].mean())
            for name, (schedule, rule) in ways.items()
        ],
    )
    draw_distances(lesson, courses)

    # In `fit` a callback does that; or the schedule becomes the optimizer's own learning rate and
    # counts steps. Both walk the same way.
    inverse, steps = kr.schedules.InverseTimeDecay(LARGE, decay_rate=1.0), -(-len(y) // BATCH)
    by_callback = linear_model(lesson, x, y, keras.optimizers.SGD(LARGE))
    by_step = linear_model(lesson, x, y, keras.optimizers.SGD(inverse.per_step(steps)))
    by_step.set_weights(by_callback.get_weights())
    decay = kr.callbacks.LearningRateDecay(inverse)
    fit = {"batch_size": BATCH, "epochs": 4, "shuffle": False, "verbose": 0}
    by_callback.fit(x, y, callbacks=[decay], **fit)
    by_step.fit(x, y, **fit)
    apart = np.abs(by_callback.get_weights()[0] - by_step.get_weights()[0]).max()

    decays = [name for name in ways if not name.startswith("constant")]
    lesson.claim(
        "every decay ends at less than half the distance of both constant rates, mean of 3 seeds",
        all(2 * ends[d].mean() < min(ends[c].mean() for c in CONSTANT) for d in decays),
        f"decays from {min(ends[d].mean() for d in decays):.3f} to "
        f"{max(ends[d].mean() for d in decays):.3f}, "
        + ", ".join(f"{name} {ends[name].mean():.3f}" for name in CONSTANT),
    )
    middle, late = np.array_split(courses["constant, large"][:, epochs // 3 :], 2, axis=1)
    lesson.claim(
        "the large constant rate stopped coming nearer: the last third is no better than the "
        "one before, to a quarter",
        late.mean() > 0.75 * middle.mean(),
        f"mean distance {middle.mean():.3f}, then {late.mean():.3f}",
    )
    nearer = courses["constant, small"]
    lesson.claim(
        "the small constant rate comes nearer all the time, on every seed, but slowly",
        (nearer[:, -1] < nearer[:, epochs // 2]).all(),
        f"{nearer[:, epochs // 2].mean():.3f} half way, {nearer[:, -1].mean():.3f} at the end",
    )
    lesson.claim(
        "the callback and the schedule as the optimizer's own rate walk the same way, to 1e-5",
        apart < 1e-5,
        f"weights at most {apart:.0e} apart",
    )


CONSTANT = ("constant, large", "constant, small")


def schedules(epochs):
    """Name -> schedule, and its rule in words."""
    base, by_hand = 30 ** (-1 / epochs), {0: LARGE, epochs // 2: LARGE / 5, 3 * epochs // 4: SMALL}
    stairs = max(1, epochs // 4)
    decay = kr.schedules.ExponentialDecay(LARGE, base)
    return {
        "constant, large": (kr.schedules.ExponentialDecay(LARGE, 1.0), "α0"),
        "constant, small": (kr.schedules.ExponentialDecay(SMALL, 1.0), "α0 / 30"),
        "inverse time": (kr.schedules.InverseTimeDecay(LARGE, decay_rate=1.0), "α0 / (1 + e)"),
        "exponential": (decay, f"{base:.2f}^e α0"),
        "inverse sqrt": (kr.schedules.InverseSqrtDecay(LARGE), "α0 / sqrt(max(e, 1))"),
        "steps": (kr.schedules.StepDecay(LARGE, 0.3, stairs), f"0.3 α0 every {stairs}"),
        "by hand": (kr.schedules.ManualDecay(by_hand), f"{len(by_hand)} rates, picked"),
        "warm-up": (kr.schedules.WarmUp(decay, max(1, epochs // 6)), "rises, then exponential"),
    }


def linear_model(lesson, x, y, optimizer):
    """`xw + b` with the penalty `λ/(2m) Σw²`."""
    penalty = kr.regularizers.L2(STRENGTH, num_examples=len(y))
    dense = keras.layers.Dense(1, kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input(x.shape[1:]), dense])
    model.compile(optimizer, "mse", **lesson.compile_options)
    return model


def trained(model, x, y, optimum, seed, schedule, epochs):
    """Trains from a random start; the distance to the optimum after each epoch."""
    start = np.random.default_rng(seed).normal(scale=0.3, size=(x.shape[1], 1))
    model.set_weights([start, np.zeros(1)])
    found = []
    for epoch in range(epochs):
        model.optimizer.learning_rate = schedule(epoch)
        for batch in kr.data.mini_batches(x, y, BATCH, seed=1000 * seed + epoch):
            model.train_on_batch(*batch)
        kernel, bias = model.get_weights()
        found.append(float(np.hypot(np.linalg.norm(kernel[:, 0] - optimum), bias[0])))
    return np.array(found)


def text(values):
    """The values of the seeds in one cell."""
    return ", ".join(f"{value:.3f}" for value in values)


def look_of(name, number):
    """Constant rates in grey and dashed, decays in colours."""
    if name in CONSTANT:
        return {"color": "#5f6b7a", "linestyle": "--" if name == CONSTANT[0] else ":"}
    return {"color": ("#2457b8", "#d98a00", "#a3198f", "#17703f", "#b3261e", "#0f8a9d")[number - 2]}


def draw_rates(lesson, ways, epochs):
    """The learning rate of each epoch."""
    with lesson.sheet(
        "rates",
        "The learning rate of each epoch, by schedule.",
        "Two level lines; five curves fall from the upper, a sixth climbs to it first; the inverse "
        "square root falls least.",
        height=3.6,
    ) as sheet:
        axes = sheet.subplots()
        for number, (name, (schedule, _)) in enumerate(ways.items()):
            rates = schedule(np.arange(epochs))
            axes.plot(range(1, epochs + 1), rates, label=name, **look_of(name, number))
        axes.set(xlabel="epoch", ylabel="α, log scale", yscale="log")
        sheet.legend(loc="outside upper left", ncols=3, fontsize=8.5)


def draw_distances(lesson, courses):
    """The mean distance after each epoch."""
    with lesson.sheet(
        "distances",
        "Distance to the optimum, mean of 3 seeds. At the large constant rate (dashed) it stops "
        "falling; at the small one (dotted) it falls slowly; the decays go on.",
        "The dashed line is level, the dotted one falls slowly, all others fall below both.",
        height=3.6,
    ) as sheet:
        axes = sheet.subplots()
        for number, (name, found) in enumerate(courses.items()):
            means, look = found.mean(axis=0), look_of(name, number)
            axes.plot(range(1, len(means) + 1), means, label=name, **look)
        axes.set(xlabel="epoch", ylabel="distance, log scale", yscale="log")
        sheet.legend(loc="outside upper left", ncols=3, fontsize=8.5)


if __name__ == "__main__":
    sys.exit(main())
