"""Exponentially weighted averages: beta 0.98 leaves a tenth of the noise, and reads the past.

Purpose: to see what the average behind momentum, RMSprop and Adam does to real noise. A network
learns digits in mini-batches of 16, whose costs jump about; they are averaged with beta 0.5, 0.9
and 0.98, with and without bias correction, and compared with the cost J of the whole set.

Expected result: the noise left is sqrt((1 - beta) / (1 + beta)) of what it was: 58 %, 23 % and
10 %; the price is a delay that grows with beta. Without bias correction an average with beta 0.98
begins at 2 % of the cost and climbs while the cost falls; with it, it is right from step 1.
Run time: about 20 s on 2 cores; with --quick about 12 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

BETAS = (0.5, 0.9, 0.98)
COLORS = {0.5: "#d98a00", 0.9: "#2457b8", 0.98: "#a3198f"}


@kr.lesson
def main(lesson):
    """Averages the costs of mini-batches, then measures noise, delay and the cold start."""

    # An average that forgets: v_t = beta v_(t-1) + (1 - beta) x_t, and nothing but v is kept. Fed a
    # single 1 and then zeros, it shows with what weight a value counts when it is `age` steps old.
    lesson.section("How far back an average looks")
    single = np.eye(1, 500)[0]
    weights = {b: kr.exponentially_weighted_average(single, b, False) for b in BETAS}
    spans = {beta: round(1 / (1 - beta)) for beta in BETAS}
    left = {beta: weights[beta][spans[beta]] / weights[beta][0] for beta in BETAS}
    lesson.say(
        "A value that is 1 / (1 - beta) steps old counts about 1/e = 0.368 of a new one, so the "
        "average is over about that many values."
    )
    lesson.table(
        "Weight of an old value, relative to a new one",
        ("beta", "1 / (1 - beta), steps", "weight at that age"),
        [(beta, spans[beta], left[beta]) for beta in BETAS],
    )

    # Real noise: each step sees 16 digits, and its cost says little about the cost J of all 1,797.
    lesson.section("A noisy cost, and its averages")
    x, y = kr.data.load("digits")
    steps = lesson.pick(quick=200, full=400)
    runs = [trained(lesson, x, y, seed, steps) for seed in lesson.progress(lesson.seeds, "train")]
    costs, truth, _ = runs[0]
    averages = {beta: kr.exponentially_weighted_average(costs, beta) for beta in BETAS}
    draw_averages(lesson, costs, truth, averages)

    # The price is delay: an average says what J was some steps ago. The delay is the shift at which
    # it fits J best. Beta 0.5 is quick and rough, 0.98 smooth and late, 0.9 lies between.
    delays = {beta: [delay(run, beta) for run in runs] for beta in BETAS}

    # The gain: with the weights at rest J stands still, and all that moves is noise.
    still = [at_rest(run, y, seed) for run, seed in zip(runs, lesson.seeds, strict=True)]
    noise = {beta: [noise_left(resting, beta) for resting in still] for beta in BETAS}
    theory = {beta: np.sqrt((1 - beta) / (1 + beta)) for beta in BETAS}
    lesson.table(
        "What is gained and what it costs, for each of 3 seeds",
        ("beta", "noise left, by the formula", "noise left, measured", "delay in steps"),
        [(b, theory[b], listed(noise[b], "{:.3f}"), listed(delays[b], "{}")) for b in BETAS],
    )

    # The cold start: v_0 = 0 draws the first averages towards zero. Divided by 1 - beta^t they are
    # averages in truth, whose weights sum to one.
    lesson.section("The cold start, and its correction")
    cold = {beta: kr.exponentially_weighted_average(costs, beta, False) for beta in BETAS}
    lesson.table(
        f"First averages of costs that begin at {costs[0]:.3f}",
        ("beta", "step 1, plain", "step 1, corrected", "step 50, plain", "step 50, corrected"),
        [(b, cold[b][0], averages[b][0], cold[b][49], averages[b][49]) for b in BETAS],
    )
    draw_cold_start(lesson, truth, cold[0.98], averages[0.98])

    # As a stream, one number is all that is remembered; the result is the same.
    stream = kr.ExponentiallyWeightedAverage(beta=0.98)
    streamed = [stream.update(cost) for cost in costs]

    apart = max(abs(left[beta] - np.exp(-1)) for beta in (0.9, 0.98))
    lesson.claim(
        "at 0.9 and 0.98 the weight after 1 / (1 - beta) steps is 1/e, to 0.02",
        apart < 0.02,
        f"{left[0.9]:.3f} and {left[0.98]:.3f}; a rough rule at 0.5: {left[0.5]:.3f}",
    )
    lesson.claim(
        "the noise left is sqrt((1 - beta) / (1 + beta)) within 15 %, every beta and seed",
        all(abs(part / theory[b] - 1) < 0.15 for b in BETAS for part in noise[b]),
        ", ".join(f"beta {b}: {np.mean(noise[b]):.3f} for {theory[b]:.3f}" for b in BETAS),
    )
    lesson.claim(
        "a larger beta is later, on every seed",
        all(early < middle < late for early, middle, late in zip(*delays.values(), strict=True)),
        ", ".join(f"beta {b}: {listed(delays[b], '{}')} steps" for b in BETAS),
    )
    rests = [np.abs(cold[b] - averages[b] * (1 - b ** np.arange(1, steps + 1))) for b in BETAS]
    lesson.claim(
        "the plain average is 1 - beta^t of the corrected one, which begins at the first value",
        max(np.max(rests), *(abs(averages[b][0] - costs[0]) for b in BETAS)) < 1e-12,
        f"beta 0.98 begins at {cold[0.98][0]:.3f}, corrected at {averages[0.98][0]:.3f}",
    )
    lesson.claim(
        "uncorrected, the average at 0.98 rises over 50 steps while J falls, on every seed",
        all(rises(costs, truth, steps=50) for costs, truth, _ in runs),
        f"first seed: J from {truth[0]:.2f} to {truth[50]:.2f}",
    )
    lesson.claim(
        "one remembered number gives the same as the whole series",
        np.abs(streamed - averages[0.98]).max() < 1e-12,
        f"{np.abs(streamed - averages[0.98]).max():.0e} apart",
    )


def trained(lesson, x, y, seed, steps):
    """The cost of each mini-batch, J before each step, and the last probabilities."""
    keras.utils.set_random_seed(seed)
    scale = kr.layers.Standardize()
    scale.adapt(x)
    model = keras.Sequential([keras.Input((64,)), scale, keras.layers.Dense(10, "softmax")])
    slow = keras.optimizers.SGD(0.01)
    model.compile(slow, "sparse_categorical_crossentropy", **lesson.compile_options)
    costs, truth, epoch = [], [], 0
    while len(costs) < steps:
        for batch in kr.data.mini_batches(x, y, 16, seed=1000 * seed + epoch):
            truth.append(float(model.test_on_batch(x, y)))
            costs.append(float(model.train_on_batch(*batch)))
        epoch += 1
    return np.array(costs[:steps]), np.array(truth[:steps]), model.predict(x, verbose=0)


def delay(run, beta, most=120):
    """The shift in steps at which the average of a run's costs is nearest to J."""
    costs, truth, _ = run
    average = kr.exponentially_weighted_average(costs, beta)[most:]
    shifted = [truth[most - shift : len(truth) - shift] for shift in range(most)]
    return int(np.argmin([np.mean((average - past) ** 2) for past in shifted]))


def at_rest(run, y, seed):
    """The costs of 20,000 random batches of 16 under the last weights of a run."""
    probability = np.array(run[2], "float64")[np.arange(len(y)), y]
    losses = -np.log(np.maximum(probability, 1e-7))
    drawn = np.random.default_rng(seed).integers(len(y), size=(20_000, 16))
    return losses[drawn].mean(axis=1)


def noise_left(costs, beta):
    """Standard deviation of averaged costs over that of the costs themselves."""
    return kr.exponentially_weighted_average(costs, beta).std() / costs.std()


def rises(costs, truth, steps):
    """Whether the plain average with beta 0.98 ends higher than it began, and J lower."""
    plain = kr.exponentially_weighted_average(costs, 0.98, bias_correction=False)
    return plain[steps] > plain[0] and truth[steps] < truth[0]


def listed(values, form):
    """The values of the seeds in one cell."""
    return ", ".join(form.format(value) for value in values)


def draw_averages(lesson, costs, truth, averages):
    """The costs of the batches as dots, J and the averages as lines."""
    with lesson.sheet(
        "averages",
        "Costs of mini-batches (dots), the cost J of the whole set (black), and averages of the "
        "dots: beta 0.5 still shakes, 0.9 follows J, 0.98 is smooth and late.",
        "Dots scattered around a falling line J; the average with 0.98 lies above it.",
        width=8.0,
        height=3.4,
        wide=True,
    ) as sheet:
        axes = sheet.subplots()
        axes.plot(costs, ".", color="#b9c0cc", markersize=4)
        for beta, average in averages.items():
            axes.plot(average, color=COLORS[beta], linewidth=1.6, label=f"beta {beta}")
        axes.plot(truth, color="black", linewidth=1.4, label="J, all digits")
        axes.set(xlabel="step", ylabel="cost", ylim=(0, None))
        axes.legend()


def draw_cold_start(lesson, truth, plain, corrected):
    """Both averages with beta 0.98 over the first steps."""
    with lesson.sheet(
        "cold-start",
        "Beta 0.98 with and without bias correction: the plain average climbs out of zero.",
        "J falls from its start; the corrected average begins there, the plain one near zero.",
    ) as sheet:
        axes = sheet.subplots()
        axes.plot(truth[:150], color="black", linewidth=1.4, label="J, all digits")
        axes.plot(corrected[:150], color=COLORS[0.98], label="corrected")
        axes.plot(plain[:150], color=COLORS[0.98], linestyle="--", label="plain")
        axes.set(xlabel="step", ylabel="cost", ylim=(0, None))
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
