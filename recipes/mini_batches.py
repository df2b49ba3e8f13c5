"""Mini-batches: 64 examples a step reach the goal in under one pass, the whole set in over ten.

Purpose: to see what the size of a batch trades. One network learns from digits, each also shifted
by a quarter of a pixel, in three ways: the whole set a step (batch gradient descent), one example a
step (stochastic), and 64 (mini-batch), each at a learning rate that suits it. Counted are passes
over the data, processor time and noise; then batches are timed by their size.

Expected result: the whole set falls on every step, and needs more than ten passes to the goal
J = 0.3; the mini-batches jump about, and need less than one. Single examples need the fewest
passes and the most time, on a CPU about 15 times that of mini-batches; the whole set needs about
ten times theirs. The noise of a batch falls as 1 / sqrt(size). That a batch size is a power of two
saves at most a tenth of the time of an example.
Run time: about 40 s on 2 cores; with --quick about 20 s.
"""

import sys
import time

import keras
import numpy as np

import kerasrecipes as kr

GOAL = 0.3
NAMES = ("whole set", "mini-batch of 64", "one example")
COLORS = dict(zip(NAMES, ("#2457b8", "#d98a00", "#a3198f"), strict=True))
SHIFTS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))


@kr.lesson
def main(lesson):
    """Trains in three ways to one goal, then measures noise and time by batch size."""
    x, y = shifted_digits(lesson.pick(quick=5, full=9))
    lesson.section("Three ways through the data")
    advice = kr.data.suggest_batch_size(len(y))
    lesson.say(
        f"The library suggests batches of {advice} for these {len(y):,} examples; below 2,000 it "
        "suggests the whole set, as the course does."
    )

    # A step on a single example must be smaller than one on 64, whose noise averages out. One on
    # the whole set may be no larger either, or J would not fall on every step. Measuring J, the
    # cost of all examples, is not counted in the time.
    ways = dict(zip(NAMES, ((len(y), 0.3), (64, 0.3), (1, 0.02)), strict=True))
    runs = {name: [] for name in NAMES}
    for seed in lesson.progress(lesson.seeds, "training"):
        for name, (size, rate) in ways.items():
            runs[name].append(trained(lesson, x, y, size, rate, seed))
    passes = {name: [run["passes"][-1] for run in runs[name]] for name in NAMES}
    seconds = {name: [run["seconds"][-1] for run in runs[name]] for name in NAMES}
    rises = {name: [int((np.diff(run["costs"]) > 0).sum()) for run in runs[name]] for name in NAMES}
    steps = {name: [len(run["costs"]) for run in runs[name]] for name in NAMES}
    counts = ((steps, ""), (rises, ""), (passes, ".2f"), (seconds, ".2f"))
    lesson.table(
        f"Until J of all {len(y):,} examples is below {GOAL}, for each of 3 seeds",
        ("a step sees", "steps", "steps with a rise", "passes", "processor seconds"),
        [(name, *(text(found[name], form) for found, form in counts)) for name in NAMES],
    )
    lesson.say(
        "On a CPU mini-batches take the least time as well: single examples leave the processor "
        "idle between steps, the whole set has it compute much for each. A GPU that takes the "
        "whole set in one go may judge otherwise; for a small set, so does the course."
    )
    draw_runs(lesson, {name: runs[name][0] for name in NAMES})

    # Noise: at the weights of the first run of mini-batches, how much the cost of a batch differs
    # from batch to batch. Four times the examples, half the noise: ever less for the work.
    lesson.section("Noise by batch size")
    losses = runs["mini-batch of 64"][0]["losses"]
    noise = {size: noise_of(losses, size) for size in (1, 4, 16, 64, 256)}
    lesson.table(
        "Standard deviation of the cost of a batch",
        ("batch size", "noise", "noise of one example / sqrt(size)"),
        [(size, found, losses.std() / np.sqrt(size)) for size, found in noise.items()],
    )

    # Time: a step has a price of its own, whatever it sees, and vectorised arithmetic shares it.
    # Whether powers of two run faster, as is often said, is for this machine to tell.
    lesson.section("Time by batch size, and powers of two")
    sizes = (1, 32, 64, 65, 128, 129, 256, 257)
    times = timed(lesson, x, y, sizes, steps=lesson.pick(quick=8, full=40))
    lesson.table(
        "Processor time of a training step",
        ("batch size", "milliseconds a step", "microseconds an example"),
        [(size, 1e3 * found, 1e6 * found / size) for size, found in times.items()],
    )
    draw_times(lesson, times)

    lesson.claim(
        "the whole set: J falls on every step, on every seed",
        sum(rises["whole set"]) == 0,
        f"{text(rises['whole set'])} rises in {text(steps['whole set'])} steps",
    )
    lesson.claim(
        "mini-batches: the cost rises on some steps, and J still falls to the goal",
        min(rises["mini-batch of 64"]) > 0 and all(r["J"][-1] < GOAL for r in runs[NAMES[1]]),
        f"{text(rises['mini-batch of 64'])} rises in {text(steps['mini-batch of 64'])} steps",
    )
    lesson.claim(
        "to the goal in less than one pass with mini-batches, in more than ten with the whole set",
        max(passes["mini-batch of 64"]) < 1 and min(passes["whole set"]) > 10,
        f"{text(passes['mini-batch of 64'], '.2f')} against {text(passes['whole set'], '.0f')}",
    )
    lesson.claim(
        "single examples need more than twice the time of mini-batches, on every seed",
        (np.array(seconds["one example"]) > 2 * np.array(seconds["mini-batch of 64"])).all(),
        ", ".join(f"{name}: {np.mean(seconds[name]):.2f} s" for name in NAMES),
    )
    parts = [found * np.sqrt(size) / losses.std() for size, found in noise.items()]
    lesson.claim(
        "the noise falls as 1 / sqrt(size), within 15 %",
        all(abs(part - 1) < 0.15 for part in parts),
        f"{text(parts, '.2f')} times as much as that",
    )
    powers = (64, 128, 256)
    neighbours = [times[s + 1] / (s + 1) / (times[s] / s) for s in powers]
    lesson.say(
        f"Batches of 64, 128 and 256 are {text(neighbours, '.2f')} times as fast an example as "
        f"those of one more; 64 are {2 * times[32] / times[64]:.2f} times as fast as 32. (Times "
        "are noisy, so that nothing is claimed.)"
    )


def shifted_digits(count):
    """Digits from 0 to 1, each as it is and shifted a quarter of a pixel, and their classes."""
    x, y = kr.data.load("digits")
    images = np.pad(x.reshape(-1, 8, 8) / 16, ((0, 0), (1, 1), (1, 1)))
    moved = []
    for down, right in SHIFTS[:count]:
        whole = images[:, 1 + down : 9 + down, 1 + right : 9 + right]
        moved.append(0.75 * images[:, 1:9, 1:9] + 0.25 * whole)
    return np.concatenate(moved).reshape(-1, 64).astype("float32"), np.tile(y, count)


def network(lesson, rate):
    """64 pixels, 256 ReLUs, 10 classes."""
    hidden = kr.layers.DenseBlock(256, "relu", normalize=False)
    model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, "softmax")])
    optimizer = keras.optimizers.SGD(rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
    return model


def trained(lesson, x, y, size, rate, seed, most_passes=100):
    """Trains to the goal: the cost of each step, and J by passes and by processor seconds."""
    keras.utils.set_random_seed(seed)
    model = network(lesson, rate)
    start = model.get_weights()
    for warm in (size, len(y) % size or size):  # compiles, which is not to be counted
        model.train_on_batch(x[:warm], y[:warm])
    model.set_weights(start)
    run = {"costs": [], "J": [float(model.test_on_batch(x, y))], "passes": [0.0], "seconds": [0.0]}
    look, spent, seen = max(1, 256 // size), 0.0, 0
    batches = (
        b for epoch in range(most_passes) for b in kr.data.mini_batches(x, y, size, seed=epoch)
    )
    for step, (inputs, targets) in enumerate(batches, start=1):
        begun = time.process_time()
        run["costs"].append(float(model.train_on_batch(inputs, targets)))
        spent, seen = spent + time.process_time() - begun, seen + len(targets)
        if step % look == 0:
            run["J"].append(float(model.test_on_batch(x, y)))
            run["passes"].append(seen / len(y))
            run["seconds"].append(spent)
            if run["J"][-1] < GOAL:
                break
    chosen = keras.ops.convert_to_numpy(model(x))[np.arange(len(y)), y]
    return run | {"losses": -np.log(np.maximum(chosen.astype("float64"), 1e-7))}


def noise_of(losses, size, passes=10):
    """Standard deviation of the mean loss of full batches of this size."""
    means = []
    for seed in range(passes):
        order = np.random.default_rng(seed).permutation(losses)
        means.append(order[: len(order) // size * size].reshape(-1, size).mean(axis=1))
    return float(np.std(means))


def timed(lesson, x, y, sizes, steps):
    """Processor seconds of a training step by batch size: the least of 5 means."""
    model, times = network(lesson, 0.1), dict.fromkeys(sizes, np.inf)
    for size in sizes:
        model.train_on_batch(x[:size], y[:size])
    for _ in range(5):  # in turns, so that a busy moment does not fall on one size alone
        for size in sizes:
            begun = time.process_time()
            for _ in range(steps):
                model.train_on_batch(x[:size], y[:size])
            times[size] = min(times[size], (time.process_time() - begun) / steps)
    return times


def text(values, form=""):
    """The values of the seeds in one cell."""
    return ", ".join(format(value, form) for value in values)


def draw_runs(lesson, runs):
    """J by passes and by seconds."""
    for quantity, words in (("passes", "passes over the data"), ("seconds", "processor seconds")):
        with lesson.sheet(
            quantity,
            f"J of the whole set by {words}, first seed; the dotted line is the goal.",
            f"Three falling curves of J by {words}.",
        ) as sheet:
            axes = sheet.subplots()
            for name, run in runs.items():
                axes.plot(run[quantity][1:], run["J"][1:], color=COLORS[name], label=name)
            axes.axhline(GOAL, color="#1b2330", linewidth=0.8, linestyle=":")
            axes.set(xlabel=f"{words}, log scale", ylabel="J", xscale="log")
            sheet.legend(loc="outside upper left", ncols=3, fontsize=9)


def draw_times(lesson, times):
    """Time of an example by batch size."""
    with lesson.sheet(
        "times",
        "Processor time of one example by the size of its batch: the price of a step is shared.",
        "A line that falls with the batch size, without dips at powers of two.",
    ) as sheet:
        axes = sheet.subplots()
        axes.plot(list(times), [1e6 * found / size for size, found in times.items()], "o-")
        axes.set(xlabel="batch size, log scale", ylabel="microseconds", xscale="log", yscale="log")
        axes.set_xticks((1, 32, 64, 128, 256), ("1", "32", "64", "128", "256"))
        axes.minorticks_off()


if __name__ == "__main__":
    sys.exit(main())
