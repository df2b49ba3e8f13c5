"""Scales: draw the learning rate by its logarithm, momentum by that of 1 - beta, and at random.

Purpose: to see why the scale of a search matters, and why a grid wastes trials. Drawn evenly from
0.0001 to 1, nine learning rates in ten lie between 0.1 and 1; drawn by the logarithm, each factor
of ten gets its share. Momentum acts by 1 / (1 - beta), the steps it averages over, so 1 - beta is
drawn by its logarithm. And where one hyperparameter of two does not matter, a grid of 64 trials
tries the other one at 8 values, a random search at 64.

Expected result: for each of 3 seeds the median dev cost of trials on the log scale is less than
half of that on the linear one; `importance` gives nearly all to the learning rate and next to
nothing to Adam's epsilon; and random draws beat a grid of as many trials most of the time.
Run time: about 50 s on 2 cores; with --quick about 20 s.
"""

import sys
import tempfile

import keras
import keras_tuner
import numpy as np

import kerasrecipes as kr

RATES = (1e-4, 1.0)
EPSILONS = (1e-9, 1e-7)


class Grid(keras_tuner.Oracle):
    """A grid over two hyperparameters, even on their scales: an oracle of keras-tuner's."""

    def populate_space(self, trial_id):
        """The next cell of the grid."""
        side = round(self.max_trials**0.5)
        cells = divmod(len(self.start_order), side)
        space = zip(self.hyperparameters.space, cells, strict=True)
        values = {hp.name: hp.prob_to_value((cell + 0.5) / side) for hp, cell in space}
        return {"status": "RUNNING", "values": values}


@kr.lesson
def main(lesson):
    """Three designs of a search, and the momentum's own scale."""
    # The same search with three designs. All trials of one are trained together, in one program;
    # they differ in learning rate and epsilon, and in their initial weights.
    lesson.section("Learning rate: evenly, or by its logarithm")
    x, y = kr.data.load("digits")
    side = lesson.pick(quick=5, full=8)
    tables = {name: [] for name in ("linear", "log", "grid")}
    shares = []
    for seed in lesson.progress(lesson.seeds, "searching"):
        split = kr.data.train_dev_test_split(x / 16, y, (0.6, 0.4, 0.0), seed=seed)
        for name, table in tables.items():
            tuner = searched(lesson, name, split, side, seed)
            table.append(costs_by_rate(tuner))
            if name == "log":
                shares.append(
                    dict(
                        row[:2]
                        for row in kr.tuning.importance(tuner, interactions=0, trees=32).rows
                    )
                )

    # Evenly drawn, hardly a trial is below 0.1, and what is above learns nothing here.
    decades = np.geomspace(*RATES, 5)
    lesson.table(
        "Share of the trials in %, by learning rate",
        ("scale", *(f"{low:g} to {10 * low:g}" for low in decades[:-1])),
        [
            (name, *(100 * np.histogram(rates_of(tables[name]), decades)[0] / (3 * side**2)))
            for name in ("linear", "log")
        ],
    )
    medians = {name: [np.median(table[:, 1]) for table in tables[name]] for name in tables}
    draw_costs(lesson, tables)
    lesson.claim(
        "on the log scale the median dev cost is less than half of that on the linear one",
        all(2 * a < b for a, b in zip(medians["log"], medians["linear"], strict=True)),
        ", ".join(
            f"{a:.2f} against {b:.2f}"
            for a, b in zip(medians["log"], medians["linear"], strict=True)
        ),
    )

    # Momentum: what it does goes with the number of steps it averages over, about 1 / (1 - beta).
    # That is measured here: the steps after which an average has come to 1 - 1/e of a jump.
    lesson.section("Momentum: by the logarithm of 1 - beta")
    betas = (0.9, 0.9005, 0.999, 0.9995)
    steps = [steps_averaged(beta) for beta in betas]
    lesson.table(
        "The same step in beta, at both ends",
        ("beta", "1 / (1 - beta)", "steps averaged over, measured"),
        [(f"{beta:g}", 1 / (1 - beta), count) for beta, count in zip(betas, steps, strict=True)],
    )
    lesson.claim(
        "0.9 to 0.9005 changes nothing, 0.999 to 0.9995 doubles the steps",
        steps[1] == steps[0] and abs(steps[3] / steps[2] - 2) < 0.01,
        f"{steps[0]} to {steps[1]}, {steps[2]:,} to {steps[3]:,}",
    )
    long = {name: 1 / (1 - drawn(name, 1_000)) > 100 for name in ("linear", "log")}
    lesson.claim(
        "half of the draws of `one_minus_log` average over 100 steps or more, a tenth of even ones",
        abs(long["log"].mean() - 1 / 2) < 0.05 and abs(long["linear"].mean() - 1 / 11) < 0.03,
        f"{long['log'].mean():.1%} and {long['linear'].mean():.1%} of 1,000",
    )

    # At random, not on a grid. Epsilon does not matter, which nobody knows beforehand; the grid has
    # spent its trials on it.
    lesson.section("At random, or on a grid")
    names = ("learning_rate", "epsilon")
    lesson.table(
        "Share of the differences between trials that each makes, %",
        ("seed", *names),
        [
            (seed, *(100 * share[name] for name in names))
            for seed, share in zip(lesson.seeds, shares, strict=True)
        ],
    )
    lesson.claim(
        "the learning rate matters, epsilon does not",
        all(share["learning_rate"] > 5 * share["epsilon"] for share in shares),
        f"of the differences in cost at least {min(s['learning_rate'] for s in shares):.1%} "
        f"and at most {max(s['epsilon'] for s in shares):.1%}",
    )
    tried = {name: [len(np.unique(table[:, 0])) for table in tables[name]] for name in tables}
    lesson.say(
        f"{side**2} trials try {max(tried['grid'])} learning rates on a grid, {min(tried['log'])} "
        f"at random. Best dev cost, a seed each: {best_of(tables['grid'])} on the grid, "
        f"{best_of(tables['log'])} at random."
    )

    # A single search may be lucky. So the trials at random are taken as a measured curve of the
    # cost, and many grids (each with a shift of its own) and many random draws are read off it.
    won, grids, randoms = compared(np.concatenate(tables["log"]), side, lesson.options.seed)
    lesson.claim(
        "read off the measured costs, random draws beat a grid more often than not",
        won > 0.5,
        f"in {won:.0%} of 10,000 pairs; best cost {randoms:.3f} against {grids:.3f} on average",
    )


def searched(lesson, design, split, side, seed):
    """Trains `side` times `side` trials of a design, all in one program."""
    kind = Grid if design == "grid" else keras_tuner.oracles.RandomSearchOracle
    objective = keras_tuner.Objective("val_loss", "min")
    oracle = kind(objective=objective, max_trials=side**2, seed=seed + 1)

    def build(hp):
        scale = "linear" if design == "linear" else "log"
        rate = hp.Float("learning_rate", *RATES, sampling=scale)
        epsilon = hp.Float("epsilon", *EPSILONS, sampling=scale)
        layers = [keras.layers.Dense(16, "relu"), keras.layers.Dense(10, "softmax")]
        model = keras.Sequential([keras.Input((64,)), *layers])
        optimizer = keras.optimizers.Adam(rate, epsilon=epsilon)
        model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
        return model

    keras.utils.set_random_seed(seed)
    epochs = lesson.pick(quick=8, full=20)
    options = {"epochs": epochs, "batch_size": 64, "verbose": 0}
    with tempfile.TemporaryDirectory() as folder:
        tuner = kr.tuning.VectorizedSearch(build, oracle=oracle, directory=folder)
        tuner.search(*split.train, validation_data=split.dev, **options)
    return tuner


def costs_by_rate(tuner):
    """Learning rate and best dev cost of each trial; one that diverged has the cost of guessing."""
    guess = np.log(10)
    return np.array(
        [
            (trial.hyperparameters.get("learning_rate"), min(trial.score or guess, guess))
            for trial in tuner.oracle.trials.values()
        ]
    )


def rates_of(tables):
    """The learning rates of several searches."""
    return np.concatenate(tables)[:, 0]


def best_of(tables):
    """The lowest cost of each search, in words."""
    return ", ".join(f"{table[:, 1].min():.3f}" for table in tables)


def steps_averaged(beta):
    """Steps after which an exponentially weighted average has come to 1 - 1/e of a jump to 1."""
    jump = kr.exponentially_weighted_average(np.ones(10_000), beta, bias_correction=False)
    return int(np.argmax(jump >= 1 - 1 / np.e)) + 1


def drawn(scale, count):
    """Momentum from 0.9 to 0.999, drawn evenly or by the logarithm of 1 - beta."""
    hp = keras_tuner.HyperParameters()
    if scale == "log":
        kr.tuning.one_minus_log(hp, "beta", 0.9, 0.999)
        return 1 - np.array([hp.space[0].random_sample(seed) for seed in range(1, count + 1)])
    hp.Float("beta", 0.9, 0.999)
    return np.array([hp.space[0].random_sample(seed) for seed in range(1, count + 1)])


def compared(trials, side, seed, pairs=10_000):
    """How often random draws find a lower cost than a shifted grid, and both lowest on average."""
    trials = trials[np.argsort(trials[:, 0])]
    places = (np.log(trials[:, 0]) - np.log(RATES[0])) / np.log(RATES[1] / RATES[0])
    rng = np.random.default_rng(seed)
    grid = (np.arange(side) + rng.random((pairs, 1))) / side
    lowest = [
        np.interp(chosen, places, trials[:, 1]).min(axis=1)
        for chosen in (grid, rng.random((pairs, side**2)))
    ]
    return np.mean(lowest[1] < lowest[0]), *(part.mean() for part in lowest)


def draw_costs(lesson, tables):
    """Dev cost against learning rate for the three designs, all seeds."""
    with lesson.sheet(
        "scales",
        "Dev cost of each trial against its learning rate, all seeds. Drawn evenly, trials crowd "
        "at the right; on a grid they repeat the same few rates.",
        "Three panels: dots crowded at the right, dots along a valley, and dots in a few columns.",
        height=5.0,
    ) as sheet:
        panels = sheet.subplots(3, 1, sharex=True, sharey=True)
        for axes, (name, parts) in zip(panels, tables.items(), strict=True):
            for table in parts:
                axes.plot(*table.T, "o", markersize=3.5, alpha=0.7)
            axes.set(xscale="log", yscale="log", title=name)
        panels[1].set(ylabel="dev cost")
        panels[2].set(xlabel="learning rate")


if __name__ == "__main__":
    sys.exit(main())
