"""Hyperparameter scales: draw learning rates on a log scale, 1 - beta too, and not on a grid.

Purpose: to see that where a search looks matters before how it looks. A rate drawn evenly from
0.0001 to 1 lies above 0.1 nine times of ten; momentum drawn evenly from 0.9 to 0.999 hardly ever
averages over more than 100 steps. And where one hyperparameter matters and another does not, 25
points of a grid try 5 values of the one that matters, 25 random points try 25.

Expected result: shares of the draws as computed, within 3 standard errors; on `digits`, with Adam's
learning rate and epsilon, trials on the log scale reach a lower dev cost in the median than trials
on the linear one, for each of 3 seeds; and on the cost as those trials show it, random search finds
a better best than a grid on average.
Run time: about 60 s on 2 cores; with --quick about 20 s.
"""

import sys
import tempfile

import keras
import keras_tuner
import numpy as np

import kerasrecipes as kr

LOWEST, HIGHEST = 1e-4, 1.0


@kr.lesson
def main(lesson):
    """Draws on each scale, then searches with each."""
    # Draws cost nothing, so draw many. Of a learning rate, see in which tenth of the range, by
    # powers of ten, they fall.
    lesson.section("Learning rates")
    rates = {scale: drawn(learning_rate, scale) for scale in ("linear", "log")}
    decades = np.arange(-4, 1)
    shares = {scale: decade_shares(values, decades) for scale, values in rates.items()}
    lesson.table(
        f"Share of {DRAWS:,} learning rates by powers of ten",
        ("scale", *(f"10^{low} to 10^{low + 1}" for low in decades[:-1])),
        [(scale, *(f"{share:.1%}" for share in row)) for scale, row in shares.items()],
    )
    even = np.abs(shares["log"] - 0.25).max()
    lesson.claim(
        "evenly drawn, nine rates of ten lie above 0.1",
        abs(shares["linear"][-1] - 0.9 / (HIGHEST - LOWEST)) < margin(0.9),
        f"{shares['linear'][-1]:.1%}",
    )
    lesson.claim(
        "on the log scale each power of ten gets a quarter",
        even < margin(0.25),
        f"at most {even:.1%} off",
    )

    # Momentum averages over about 1 / (1 - beta) steps. What counts is that number, so 1 - beta is
    # drawn on a log scale.
    lesson.section("Momentum")
    betas = {
        "linear": drawn(lambda hp, scale: hp.Float("beta", 0.9, 0.999), "linear"),
        "1 - beta on a log scale": drawn(
            lambda hp, scale: kr.tuning.one_minus_log(hp, "beta", 0.9, 0.999), "log"
        ),
    }
    long = {name: np.mean(1 / (1 - values) > 100) for name, values in betas.items()}
    lesson.table(
        "How many steps are averaged over",
        ("scale", "median", "share above 100 steps"),
        [(n, np.median(1 / (1 - values)), f"{long[n]:.1%}") for n, values in betas.items()],
    )
    draw_scales(lesson, rates, betas)
    lesson.claim(
        "evenly drawn, few betas average over more than 100 steps, on the log scale half do",
        abs(long["linear"] - 0.009 / 0.099) < margin(0.1)
        and abs(long["1 - beta on a log scale"] - 0.5) < margin(0.5),
        ", ".join(f"{name}: {share:.1%}" for name, share in long.items()),
    )

    # Now three searches of as many trials on real data. Adam's epsilon does not matter, its rate
    # does; a search does not know that. All trials of all searches are trained together.
    lesson.section("Three searches")
    side = lesson.pick(quick=4, full=5)
    count = side**2
    settings = {name: [] for name in SEARCHES}
    for seed in lesson.seeds:
        for name, settings_of in SEARCHES.items():
            settings[name].append(settings_of(side, seed))
    split = kr.data.train_dev_test_split(*kr.data.load("digits"), seed=lesson.options.seed)
    costs = trained(settings, split, lesson.pick(quick=3, full=10))
    tried = {name: [rate for rate, _ in found[0]] for name, found in settings.items()}
    best = {name: np.min(found, axis=1) for name, found in costs.items()}
    median = {name: np.median(found, axis=1) for name, found in costs.items()}
    lesson.table(
        f"{count} trials each, dev cost over 3 seeds",
        ("search", "rates tried", "best, mean", "best of each seed", "median, mean"),
        [
            (
                name,
                len(set(tried[name])),
                best[name].mean(),
                ", ".join(f"{cost:.3f}" for cost in best[name]),
                median[name].mean(),
            )
            for name in SEARCHES
        ],
    )
    draw_trials(lesson, tried, costs)
    lesson.claim(
        "the log scale wastes fewer trials: its median cost is lower, for each seed",
        (median["random, log"] < median["random, linear"]).all(),
        f"{median['random, log'].mean():.3f} against {median['random, linear'].mean():.3f}",
    )

    # Which search found the best trial is luck: a grid may happen to hold a good rate. So the cost
    # as a function of the rate is read off all trials, and both searches are repeated on it a
    # thousand times, the grid laid out anew each time.
    lesson.section("A grid or random points, a thousand times")
    pairs = np.array(list(settings.values())).reshape(-1, 2)
    curve = cost_by_rate(pairs[:, 0], np.concatenate([found.ravel() for found in costs.values()]))
    expected = expected_best(curve, side, lesson.options.seed)
    lesson.table(
        "Best cost on average, where only the rate matters",
        ("search", "rates tried", "best cost, mean", "worst tenth"),
        [(n, c, e.mean(), np.quantile(e, 0.9)) for (n, c), e in expected.items()],
    )
    of_grid, of_random = (found.mean() for found in expected.values())
    lesson.claim(
        f"{count} random trials try {count} rates, a grid {side}: their best is better on average",
        of_random < of_grid,
        f"{of_random:.3f} against {of_grid:.3f}",
    )


DRAWS = 2_000


def learning_rate(hp, scale):
    """The learning rate, on the scale that is asked for."""
    return hp.Float("learning_rate", LOWEST, HIGHEST, sampling=scale)


def drawn(ask, scale):
    """What random search draws for one hyperparameter, many times."""
    hp = keras_tuner.HyperParameters()
    ask(hp, scale)
    parameter = hp.space[0]
    values = np.array([parameter.random_sample(seed) for seed in range(DRAWS)])
    return 1 - values if parameter.name == "one_minus_beta" else values


def decade_shares(values, decades):
    """The share of the values in each power of ten."""
    return np.histogram(np.log10(values), decades)[0] / len(values)


def margin(share):
    """Three standard errors of a share of the draws."""
    return 3 * np.sqrt(share * (1 - share) / DRAWS)


def grid(side, seed):
    """All pairs of so many rates and so many epsilons; no seed changes it."""
    rates, epsilons = np.geomspace(LOWEST, HIGHEST, side), np.geomspace(1e-10, 1e-6, side)
    return [(rate, epsilon) for rate in rates for epsilon in epsilons]


def at_random(scale):
    """A search that draws pairs, the rate on a scale."""

    def pairs(side, seed):
        generator = np.random.default_rng(seed)
        if scale == "log":
            rates = 10 ** generator.uniform(np.log10(LOWEST), np.log10(HIGHEST), side**2)
        else:
            rates = generator.uniform(LOWEST, HIGHEST, side**2)
        return list(zip(rates, 10 ** generator.uniform(-10, -6, side**2), strict=True))

    return pairs


SEARCHES = {"grid": grid, "random, log": at_random("log"), "random, linear": at_random("linear")}


class Listed(keras_tuner.Oracle):
    """Tries the settings of a list, in its order: an oracle is one method."""

    def __init__(self, settings):
        super().__init__("val_loss", max_trials=len(settings))
        self.settings = settings

    def populate_space(self, trial_id):
        """The next pair."""
        rate, epsilon = self.settings[len(self.start_order)]
        values = {"learning_rate": float(rate), "epsilon": float(epsilon)}
        return {"status": keras_tuner.engine.trial.TrialStatus.RUNNING, "values": values}


def build(hp):
    """A small network whose rate and epsilon are the trial's."""
    rate = hp.Float("learning_rate", LOWEST, HIGHEST)
    epsilon = hp.Float("epsilon", 1e-10, 1e-6)
    model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(
        keras.optimizers.Adam(rate, epsilon=epsilon), loss, **kr.devices.compile_options()
    )
    return model


def trained(settings, split, epochs):
    """The dev cost of each setting: for each search an array `(seeds, trials)`."""
    listed = [pair for seeds in settings.values() for pairs in seeds for pair in pairs]
    (x, y), (x_dev, y_dev) = split.train, split.dev
    with tempfile.TemporaryDirectory() as folder:
        tuner = kr.tuning.VectorizedSearch(
            build, oracle=Listed(listed), members=len(listed), directory=folder
        )
        dev = x_dev / 16, y_dev
        tuner.search(x / 16, y, validation_data=dev, batch_size=64, epochs=epochs, verbose=0)
        trials = [tuner.oracle.trials[trial_id] for trial_id in tuner.oracle.start_order]
    scores = np.array([trial.score if trial.score is not None else np.inf for trial in trials])
    return dict(zip(settings, scores.reshape(len(settings), 3, -1), strict=True))


def cost_by_rate(rates, costs):
    """Cost as a function of log10 of the rate: the medians of 7 neighbours, in its order."""
    order = np.argsort(rates)
    logs, costs = np.log10(rates[order]), np.where(np.isfinite(costs), costs, 10.0)[order]
    windows = np.lib.stride_tricks.sliding_window_view(costs, 7)
    return logs[3:-3], np.median(windows, axis=1)


def expected_best(curve, side, seed, times=1_000):
    """The best cost of many grids, each laid out anew, and of as many random searches."""
    generator = np.random.default_rng(seed)
    places = (np.arange(side) + generator.uniform(size=(times, 1))) / side
    drawn = generator.uniform(size=(times, side**2))
    low, high = np.log10(LOWEST), np.log10(HIGHEST)
    return {
        (name, tried.shape[1]): np.interp(low + (high - low) * tried, *curve).min(axis=1)
        for name, tried in (("grid", places), ("random", drawn))
    }


def draw_scales(lesson, rates, betas):
    """Draws where the draws of both hyperparameters fall."""
    with lesson.sheet(
        "scales",
        "Learning rates and averaged steps as each scale draws them, on log axes.",
        "On the linear scale nearly all rates lie above 0.1 and most averages below 30 steps; on "
        "the log scale both are even.",
        width=9.2,
        wide=True,
    ) as sheet:
        left, right = sheet.subplots(1, 2)
        for scale, values in rates.items():
            left.hist(np.log10(values), 40, histtype="step", label=scale, linewidth=1.8)
        left.set(xlabel="log10 of the learning rate", ylabel="draws")
        for name, values in betas.items():
            right.hist(np.log10(1 / (1 - values)), 40, histtype="step", label=name, linewidth=1.8)
        right.set(xlabel="log10 of the steps averaged over")
        for axes in (left, right):
            axes.legend()


def draw_trials(lesson, tried, costs):
    """Draws the dev cost of each trial over its rate."""
    with lesson.sheet(
        "trials",
        "Dev cost of each trial over its rate, first seed: the grid tries few rates, each often.",
        "Points in a few columns for the grid, spread points for random search.",
        wide=True,
        width=9.2,
    ) as sheet:
        axes = sheet.subplots()
        for name, mark in zip(tried, "sox", strict=True):
            axes.plot(tried[name], costs[name][0], mark, label=name, markersize=5)
        axes.set(xlabel="learning rate", ylabel="dev cost", xscale="log", yscale="log")
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
