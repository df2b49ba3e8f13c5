"""Split: 60/20/20 of 10,000, 98/1/1 of a million, and dev and test from one distribution.

Purpose: to see how much data dev and test need, and what happens when they come from elsewhere.
Dev must be large enough to tell two models apart, which is a number of examples and no share of
them. Train may come from another source, but dev and test have to come from one, the one that
counts: here digits that users cut out, half a pixel off centre, while those of the web are centred.

Expected result: 1 % of a million is a finer dev set than 20 % of 10,000. Where dev and test come
from one source, their errors agree within their intervals, for each of 3 seeds, even if train comes
from another; where test is from another, `same_distribution` says so before any training, and the
dev error is far too good. Rows of a table in order of class are caught too.
Run time: about 25 s on 2 cores; with --quick about 15 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

WAYS = {  # where train, dev and test come from
    "one source": ("web", "web", "web"),
    "train from elsewhere": ("web", "users", "users"),
    "test from elsewhere": ("web", "web", "users"),
}


@kr.lesson
def main(lesson):
    """How large, from where, and what stays together."""
    # How large? Two models whose errors lie 1 % apart are told apart if the interval around each
    # is narrower than that. Its width goes with the number of examples, so the share that dev
    # needs shrinks as the data grow.
    lesson.section("Shares by size")
    sizes = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
    rows = [(f"{m:,}", *shares_of(m)) for m in sizes]
    lesson.table(
        "Shares, and how surely dev tells an error of 5 %",
        ("examples", "train / dev / test, %", "dev examples", "half of the 95 % interval, %"),
        rows,
    )
    fine = {m: half for m, (_, _, _, half) in zip(sizes, rows, strict=True)}
    lesson.claim(
        "a dev set of 1 % of a million tells finer than one of 20 % of 10,000",
        fine[1_000_000] < fine[10_000] < 1,
        f"± {fine[1_000_000]:.2f} % against ± {fine[10_000]:.2f} %",
    )

    # The split itself: every example goes to one part, and each class has its share of each part.
    lesson.section("A split of digits")
    x, y = kr.data.load("digits")
    rows_of = kr.data.train_dev_test_split(np.arange(len(y)), y, seed=lesson.options.seed)
    counts = np.array([np.bincount(part, minlength=10) for _, part in rows_of])
    lesson.figure(kr.report.figures.split_sizes(*counts.sum(axis=1)))
    used = np.sort(np.concatenate([rows for rows, _ in rows_of]))
    off = np.abs(counts - np.outer((0.6, 0.2, 0.2), np.bincount(y))).max()
    lesson.claim(
        "every example is in one part, and every class in each by its share to one example",
        np.array_equal(used, np.arange(len(y))) and off < 1,
        f"{len(used):,} of {len(y):,} examples, at most {off:.1f} off",
    )

    # What belongs together stays together: if the same digit was written down twice, a copy in dev
    # of what is in train is no test. `groups` keeps both on one side.
    twice = np.repeat(np.arange(len(y)), 2)
    apart = {}
    for name, groups in (("without groups", None), ("with groups", twice)):
        split = kr.data.train_dev_test_split(twice, y[twice], groups=groups)
        apart[name] = len(np.intersect1d(split.train[0], split.dev[0]))
    lesson.claim(
        "groups keep copies on one side",
        apart["with groups"] == 0 < apart["without groups"],
        ", ".join(f"{count} {name}" for name, count in apart.items()),
    )

    # One distribution: a random split has it. The test of it may say no by mistake, with a
    # probability of 1 % at most; so it is asked for many splits, and may be wrong for few.
    lesson.section("Do dev and test come from one distribution?")
    splits = lesson.pick(quick=6, full=50)
    seeds = range(lesson.options.seed, lesson.options.seed + splits)
    alarms = 0
    for seed in lesson.progress(seeds, "splitting"):
        split = kr.data.train_dev_test_split(x, y, seed=seed)
        alarms += not kr.data.same_distribution(split.dev[0], split.test[0]).same
    lesson.claim(
        "dev and test of a random split look alike",
        alarms <= 2,
        f"{alarms} false alarms in {splits} splits",
    )

    # A table that is sorted, and cut without shuffling: dev and test hold other kinds of wine.
    wine, kinds = kr.data.load("wine")
    dev, test = wine[106:142], wine[142:]
    held = [", ".join(map(str, np.unique(rows))) for rows in (kinds[106:142], kinds[142:])]
    found = kr.data.same_distribution(dev, test)
    lesson.say(
        f"`wine` is in order of its kinds. Cut without shuffling: {str(found).splitlines()[0]}"
    )
    lesson.claim(
        "a cut through sorted rows is caught",
        not found.same,
        f"p = {found.p_value:.1e}; kinds {held[0]} in dev, kind {held[1]} in test",
    )

    # What it costs. The same network is trained on digits from the web in all three ways; only dev
    # and test change. Their errors should tell the same story.
    lesson.section("Where dev and test may come from")
    told = {name: [] for name in WAYS}
    for seed in lesson.progress(lesson.seeds, "training"):
        split = kr.data.train_dev_test_split(x, y, (0.4, 0.3, 0.3), seed=seed)
        model = trained(lesson, *split.train, seed)
        for name, (_, *sources) in WAYS.items():
            parts = [taken(part, how) for part, how in zip(split[1:], sources, strict=True)]
            errors = [error(model, *part) for part in parts]
            told[name].append((*errors, kr.data.same_distribution(parts[0][0], parts[1][0])))
    lesson.table(
        "Dev and test error, one line a seed",
        ("dev and test", "sources", "dev error, %", "test error, %", "one distribution?"),
        [
            (name, " / ".join(WAYS[name]), 100 * dev.error, 100 * test.error, same.same)
            for name, runs in told.items()
            for dev, test, same in runs
        ],
    )
    draw(lesson, told)
    agree = [pair for name in ("one source", "train from elsewhere") for pair in told[name]]
    lesson.claim(
        "dev tells the test error where both have one source, wherever train is from",
        all(dev.low <= test.high and test.low <= dev.high for dev, test, _ in agree),
        "the intervals overlap: "
        + "; ".join(f"{interval(dev)} and {interval(test)}" for dev, test, _ in agree),
    )
    wrong = told["test from elsewhere"]
    lesson.claim(
        "dev is far too good where test has another source",
        all(dev.high < test.low for dev, test, _ in wrong),
        "; ".join(f"{dev.error:.1%}, yet {test.error:.1%}" for dev, test, _ in wrong),
    )
    lesson.claim(
        "and that is caught before any training",
        not any(same.same for *_, same in wrong),
        f"p = {max(same.p_value for *_, same in wrong):.1e} at most",
    )


def interval(estimate):
    """The ends of the interval of an error, in %."""
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f} %"


def shares_of(m):
    """Shares in %, dev examples, and half of the interval of an error of 5 % in %."""
    shares = kr.data.split_fractions(m)
    dev = round(m * shares[1])
    low, high = kr.diagnosis.wilson_interval(0.05 * dev, dev)
    return " / ".join(f"{100 * share:g}" for share in shares), f"{dev:,}", 50 * (high - low)


def taken(part, source):
    """The digits as they are from the web, or cut out by users: half a pixel to the right."""
    x, y = part
    moved = np.roll(x.reshape(-1, 8, 8), 1, axis=2).reshape(x.shape)
    return ((x + moved) / 2 if source == "users" else x), y


def trained(lesson, x, y, seed):
    """One hidden layer of 64 units after standardising."""
    keras.utils.set_random_seed(seed)
    standardize = kr.layers.Standardize()
    standardize.adapt(x)
    layers = [keras.layers.Dense(64, "relu"), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input(x.shape[1:]), standardize, *layers])
    model.compile("adam", "sparse_categorical_crossentropy", **lesson.compile_options)
    model.fit(x, y, batch_size=64, epochs=lesson.pick(quick=10, full=40), verbose=0)
    return model


def error(model, x, y):
    """Share of digits that are read wrong, with its 95 % interval."""
    return kr.diagnosis.measure_error("error_rate", y, model.predict(x, verbose=0))


def draw(lesson, told):
    """Dev and test error of each way, with their intervals."""
    with lesson.sheet(
        "sources",
        "Dev and test error with 95 % intervals, a pair for each seed. In the last way "
        "dev promises what test does not keep.",
        "Three groups of pairs; dev and test agree in the first two and lie far apart in the last.",
    ) as sheet:
        axes = sheet.subplots()
        for way, runs in enumerate(told.values()):
            for seed, (dev, test, _) in enumerate(runs):
                for side, (part, colour) in enumerate(((dev, "C0"), (test, "C1"))):
                    at = way + 0.22 * (seed - 1) + 0.06 * (side - 0.5)
                    label = ("dev", "test")[side] if way == seed == 0 else None
                    low, high = 100 * part.low, 100 * part.high
                    axes.plot([at, at], [low, high], color=colour, linewidth=1)
                    axes.plot(at, 100 * part.error, "o", color=colour, label=label)
        axes.set_xticks(range(len(told)), [name.replace(" ", "\n", 1) for name in told])
        axes.set(ylabel="error, %", ylim=(0, None))
        axes.legend(loc="upper left")


if __name__ == "__main__":
    sys.exit(main())
