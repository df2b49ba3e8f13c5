"""Coarse to fine: random at first, then ever smaller boxes around what was best; drawn.

Purpose: to see a search zoom in. The first round looks over the whole space at random, each later
one inside of boxes around the best regions so far, half as wide or less along what matters. Here
the space has a learning rate and a momentum, both on the logarithmic scales that suit them, and the
trials of a round are trained together in one program.

Expected result: for each of 3 seeds the boxes shrink from round to round, and the median trial of
the fine rounds has less than half the dev cost of the median one of the coarse round; the best
trial is found after the coarse round, and more trials are good than in a random search. The lowest
cost of both is about the same here: the valley is wide, and random trials find it too.
Run time: about 45 s on 2 cores; with --quick about 18 s.
"""

import itertools
import sys
import tempfile

import keras
import keras_tuner
import numpy as np

import kerasrecipes as kr

RATES = (1e-4, 1.0)
BETAS = (0.5, 0.999)
NAMES = ("learning_rate", "one_minus_beta_1")


@kr.lesson
def main(lesson):
    """A search from coarse to fine for each seed, and random search beside it."""
    # The same network, once searched from coarse to fine, once at random with as many trials.
    trials = lesson.pick(quick=24, full=60)
    x, y = kr.data.load("digits")
    fine, at_random = [], []
    for seed in lesson.progress(lesson.seeds, "searching"):
        split = kr.data.train_dev_test_split(x / 16, y, (0.6, 0.4, 0.0), seed=seed)
        oracle = kr.tuning.CoarseToFineOracle(
            keras_tuner.Objective("val_loss", "min"),
            max_trials=trials,
            rounds=4,
            coarse_trials=trials // 3,
            seed=seed,
            sink=None,
        )
        fine.append(searched(lesson, oracle, split, seed))
        oracle = keras_tuner.oracles.RandomSearchOracle(
            objective=keras_tuner.Objective("val_loss", "min"), max_trials=trials, seed=seed + 1
        )
        at_random.append(searched(lesson, oracle, split, seed))

    # Where each round looked. The size of a round is the share of the whole space in its boxes.
    lesson.section("The zoom")
    tables = [trials_of(oracle) for oracle in fine]
    sizes = [[size_of(each) for each in oracle.rounds] for oracle in fine]
    rows = [
        (seed, number, sizes[i][number], *told(tables[i][tables[i][:, 3] == number]))
        for i, seed in enumerate(lesson.seeds)
        for number in range(len(sizes[i]))
    ]
    lesson.table(
        "The rounds of each search",
        ("seed", "round", "share of the space", "trials", "median dev cost", "best dev cost"),
        rows,
    )
    draw_zoom(lesson, fine[0], tables[0])
    lesson.claim(
        "the boxes shrink from round to round",
        all((np.diff(each) < 0).all() for each in sizes),
        "; ".join(", ".join(f"{size:.2g}" for size in each) for each in sizes),
    )
    medians = [[np.median(t[(t[:, 3] > 0) == late, 2]) for late in (0, 1)] for t in tables]
    lesson.claim(
        "the median dev cost of the fine rounds is less than half of the coarse one's",
        all(2 * late < early for early, late in medians),
        ", ".join(f"{late:.3f} against {early:.3f}" for early, late in medians),
    )
    rounds = [int(table[table[:, 2].argmin(), 3]) for table in tables]
    lesson.claim(
        "the best trial is found after the coarse round",
        all(rounds),
        f"in round {', '.join(map(str, rounds))}",
    )

    # What it is worth: the lowest dev cost after as many trials. Best costs differ by little where
    # the valley is flat, and by the luck of a seed; so the mean over the seeds is told.
    lesson.section("Against random search")
    others = [trials_of(oracle) for oracle in at_random]
    lowest = [[table[:, 2].min() for table in group] for group in (tables, others)]
    lesson.table(
        "Lowest dev cost",
        ("search", *(f"seed {seed}" for seed in lesson.seeds), "mean"),
        [
            (name, *costs, np.mean(costs))
            for name, costs in zip(("coarse to fine", "at random"), lowest, strict=True)
        ],
    )
    means = dict(zip(("coarse to fine", "at random"), np.mean(lowest, axis=1), strict=True))
    lesson.say(
        f"The lower mean is that of the search {min(means, key=means.get)}, by "
        f"{abs(np.subtract(*means.values())):.4f}; the seeds differ by up to "
        f"{np.ptp(lowest, axis=1).max():.4f}."
    )
    draw_progress(lesson, tables, others)
    limits = 2 * np.min(lowest, axis=0)
    good, beside = (
        [np.mean(table[:, 2] < limit) for table, limit in zip(group, limits, strict=True)]
        for group in (tables, others)
    )
    lesson.claim(
        "more of its trials are good (at most twice the lowest cost) than at random",
        all(a > b for a, b in zip(good, beside, strict=True)),
        ", ".join(f"{a:.0%} against {b:.0%}" for a, b in zip(good, beside, strict=True)),
    )


def searched(lesson, oracle, split, seed):
    """The oracle after its search; trials that it gives at once are trained together."""

    def build(hp):
        rate = hp.Float("learning_rate", *RATES, sampling="log")
        beta = kr.tuning.one_minus_log(hp, "beta_1", *BETAS)
        layers = [keras.layers.Dense(16, "relu"), keras.layers.Dense(10, "softmax")]
        model = keras.Sequential([keras.Input((64,)), *layers])
        optimizer = keras.optimizers.Adam(rate, beta_1=beta)
        model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
        return model

    keras.utils.set_random_seed(seed)
    epochs = lesson.pick(quick=6, full=15)
    options = {"epochs": epochs, "batch_size": 64, "verbose": 0}
    with tempfile.TemporaryDirectory() as folder:
        tuner = kr.tuning.VectorizedSearch(build, oracle=oracle, directory=folder)
        tuner.search(*split.train, validation_data=split.dev, **options)
    return oracle


def trials_of(oracle):
    """Rows of learning rate, 1 - beta, dev cost (of guessing, if it diverged), number of round."""
    starts = [each.first_trial for each in getattr(oracle, "rounds", ())] or [0]
    rows = []
    for number, trial_id in enumerate(oracle.start_order):
        trial = oracle.trials[trial_id]
        values = [trial.hyperparameters.get(name) for name in NAMES]
        cost = min(trial.score or np.log(10), np.log(10))
        rows.append((*values, cost, np.searchsorted(starts, number, side="right") - 1))
    return np.array(rows)


def size_of(search_round):
    """The share of the space in the union of a round's boxes; 1 for the coarse one, without any."""
    if not search_round.boxes:
        return 1.0
    boxes = np.array([[box[name] for name in NAMES] for box in search_round.boxes])
    cuts = [np.unique(boxes[:, axis]) for axis in range(len(NAMES))]
    share = 0.0
    for corner in itertools.product(*(range(len(cut) - 1) for cut in cuts)):  # no box ends inside
        low, high = (
            [cut[at + step] for cut, at in zip(cuts, corner, strict=True)] for step in (0, 1)
        )
        if ((boxes[:, :, 0] <= low) & (boxes[:, :, 1] >= high)).all(axis=1).any():
            share += np.prod(np.subtract(high, low))
    return float(share)


def told(rows):
    """How many trials, their median cost, the lowest."""
    return len(rows), np.median(rows[:, 2]), rows[:, 2].min()


def draw_zoom(lesson, oracle, table):
    """The trials of the first search in their space, and the boxes of each round."""
    scales = [hp for name in NAMES for hp in oracle.hyperparameters.space if hp.name == name]
    with lesson.sheet(
        "zoom",
        "The trials of the first search, darker where the dev cost is lower, and the boxes that "
        "each round looked in. One trial in five still looks everywhere.",
        "Dots over the whole plane, and boxes around the dark dots, smaller in each round.",
        height=4.2,
    ) as sheet:
        axes = sheet.subplots()
        dots = axes.scatter(*table[:, :2].T, c=np.log10(table[:, 2]), cmap="Blues_r", s=26,
                            edgecolors="#586273", linewidths=0.5, zorder=3)  # fmt: skip
        for each in oracle.rounds[1:]:
            for box in each.boxes:
                ends = [
                    [hp.prob_to_value(place) for place in box[name]]
                    for name, hp in zip(NAMES, scales, strict=True)
                ]
                (left, right), (low, high) = ends
                axes.plot([left, right, right, left, left], [low, low, high, high, low],
                          color=f"C{each.number}", linewidth=1.4)  # fmt: skip
            axes.plot([], [], color=f"C{each.number}", label=f"round {each.number}")
        axes.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="1 - beta")
        sheet.legend(loc="outside upper center", ncols=3)
        sheet.colorbar(dots, label="log10 of the dev cost")


def draw_progress(lesson, tables, others):
    """The lowest cost so far by the number of trials, the mean over the seeds."""
    curves = {
        name: np.mean([np.minimum.accumulate(table[:, 2]) for table in group], axis=0)
        for name, group in (("coarse to fine", tables), ("at random", others))
    }
    with lesson.sheet(
        "progress",
        "The lowest dev cost so far, mean over the seeds, by the number of trials.",
        "; ".join(f"{name}: falls to {costs[-1]:.4f}" for name, costs in curves.items()),
    ) as sheet:
        axes = sheet.subplots()
        for name, costs in curves.items():
            axes.step(range(1, len(costs) + 1), costs, where="post", label=name)
        axes.set(xlabel="trials", ylabel="lowest dev cost so far", yscale="log")
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
