"""Coarse to fine: look everywhere first, then closer around what was good.

Purpose: to see a search zoom in. Learning rate and momentum of a small network on `digits` are
searched, first over the whole space, then in boxes around the best regions found so far, smaller
with each round; a random search of as many trials is beside it. Each trial of a later round costs
as much as one of the first, and is spent where it pays.

Expected result: the boxes shrink to a tenth of the space; the median trial of the last round is
better than that of the coarse round and that of a random search, for each of 3 seeds.
Run time: about 40 s on 2 cores; with --quick about 20 s.
"""

import sys
import tempfile

import keras
import keras_tuner
import numpy as np

import kerasrecipes as kr

NAMES = ("learning_rate", "one_minus_momentum")
LOW, HIGH = np.array([1e-4, 1e-3]), np.array([10.0, 1.0])


@kr.lesson
def main(lesson):
    """Searches from coarse to fine and at random, with three seeds each."""
    # Both hyperparameters are asked for on the scale where they count: rates on a log scale, and
    # momentum by 1 - beta. The search sees each as a number from 0 to 1.
    count, epochs = lesson.pick(quick=(14, 2), full=(40, 5))
    x, y = kr.data.load("digits")
    zoomed, random = [], []
    for seed in lesson.progress(lesson.seeds, "searching"):
        split = kr.data.train_dev_test_split(x / 16, y, seed=seed)
        zoom = kr.tuning.CoarseToFineOracle("val_loss", count, seed=seed, sink=None)
        zoomed.append((search(zoom, split, epochs), zoom.rounds))
        plain = keras_tuner.oracles.RandomSearchOracle("val_loss", count, seed=seed)
        random.append(search(plain, split, epochs))

    # A box has a side for each hyperparameter, narrow where the cost changes fast along it.
    lesson.section("The zoom")
    (places, costs), rounds = zoomed[0]
    draw_zoom(lesson, places, costs, rounds)
    medians, sizes = zip(*(by_round(costs, rounds) for (_, costs), rounds in zoomed), strict=True)
    lesson.table(
        "Rounds of the search, mean over 3 seeds",
        ("round", "first trial", "share of the space in a box", "median dev cost"),
        [
            (
                r.number,
                r.first_trial,
                np.mean([s[i] for s in sizes]),
                np.mean([m[i] for m in medians]),
            )
            for i, r in enumerate(rounds)
        ],
    )
    lesson.claim(
        "the boxes shrink from round to round, for each seed",
        all((np.diff(size) < 0).all() for size in sizes),
        "to " + ", ".join(f"{size[-1]:.1%}" for size in sizes) + " of the space",
    )
    coarse, fine = ([median[i] for median in medians] for i in (0, -1))
    lesson.claim(
        "the median trial of the last round is better than of the coarse one, for each seed",
        all(last < first for first, last in zip(coarse, fine, strict=True)),
        f"dev cost {np.mean(fine):.3f} against {np.mean(coarse):.3f}",
    )

    # A random search has as many bad trials at its end as at its beginning. Which of the two finds
    # the best one is luck over three seeds: `benchmarks/search.py` measures that over many.
    lesson.section("Beside random search")
    best = {
        "coarse to fine": np.array([np.minimum.accumulate(costs) for (_, costs), _ in zoomed]),
        "random": np.array([np.minimum.accumulate(costs) for _, costs in random]),
    }
    draw_best(lesson, best)
    of_random = [np.median(costs) for _, costs in random]
    lesson.table(
        f"Dev cost of {count} trials",
        ("seed", "median, last round", "median, random", "best, coarse to fine", "best, random"),
        [
            (seed, fine[i], of_random[i], *(found[i, -1] for found in best.values()))
            for i, seed in enumerate(lesson.seeds)
        ],
    )
    lesson.claim(
        "the median trial of the last round is better than of a random search, for each seed",
        all(zoomed < plain for zoomed, plain in zip(fine, of_random, strict=True)),
        f"dev cost {np.mean(fine):.3f} against {np.mean(of_random):.3f}",
    )


def build(hp):
    """A small network whose learning rate and momentum are searched."""
    rate = hp.Float("learning_rate", LOW[0], HIGH[0], sampling="log")
    momentum = 1 - hp.Float("one_minus_momentum", LOW[1], HIGH[1], sampling="log")
    model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(rate, momentum)
    model.compile(optimizer, loss, **kr.devices.compile_options())
    return model


def search(oracle, split, epochs):
    """Where the trials were on [0, 1] x [0, 1], and their dev costs, in the order they began."""
    with tempfile.TemporaryDirectory() as folder:
        tuner = kr.tuning.VectorizedSearch(build, oracle=oracle, directory=folder)
        data = {"validation_data": split.dev, "batch_size": 64, "epochs": epochs}
        tuner.search(*split.train, verbose=0, **data)
    trials = [oracle.trials[trial_id] for trial_id in oracle.start_order]
    values = np.array([[trial.hyperparameters.get(name) for name in NAMES] for trial in trials])
    places = (np.log(values) - np.log(LOW)) / (np.log(HIGH) - np.log(LOW))
    worst = np.log(10)  # what guessing costs; a trial that diverged is no better
    return places, np.array([min(t.score, worst) if t.score is not None else worst for t in trials])


def by_round(costs, rounds):
    """For each round, the median cost of its trials, and the share of the space in its boxes."""
    starts = [found.first_trial for found in rounds]
    medians = [np.median(part) for part in np.split(costs, starts[1:])]
    sizes = [
        np.mean([np.prod([high - low for low, high in box.values()]) for box in found.boxes])
        if found.boxes
        else 1.0
        for found in rounds
    ]
    return medians, np.array(sizes)


def draw_zoom(lesson, places, costs, rounds):
    """Draws the trials of each round and the boxes that they were drawn from."""
    with lesson.sheet(
        "zoom",
        "The trials and the boxes of each round; darker is a lower dev cost.",
        "Four panels: points all over the square, then in boxes that get smaller.",
        width=9.2,
        height=2.8,
        wide=True,
    ) as sheet:
        panels = sheet.subplots(1, len(rounds), sharex=True, sharey=True)
        starts = [found.first_trial for found in rounds] + [len(costs)]
        for panel, found, start, end in zip(panels, rounds, starts[:-1], starts[1:], strict=True):
            part = slice(start, end)
            panel.scatter(
                *places[part].T, c=np.log(costs[part]), cmap="viridis", s=22,
                vmin=np.log(costs.min()), vmax=np.log(costs.max()),
            )  # fmt: skip
            for box in found.boxes:
                (left, right), (bottom, top) = (box[name] for name in NAMES)
                panel.plot(
                    [left, right, right, left, left], [bottom, bottom, top, top, bottom],
                    color="black", linewidth=1,
                )  # fmt: skip
            panel.set(title=f"round {found.number}", xlabel="rate", xlim=(-0.05, 1.05))
        panels[0].set(ylabel="1 - momentum")


def draw_best(lesson, best):
    """Draws the best cost so far over the trials."""
    with lesson.sheet(
        "best", "Best dev cost so far, mean of 3 seeds.", "Two falling lines."
    ) as sheet:
        axes = sheet.subplots()
        for name, found in best.items():
            axes.plot(range(1, found.shape[1] + 1), found.mean(axis=0), label=name)
        axes.set(xlabel="trials", ylabel="best dev cost", yscale="log")
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
