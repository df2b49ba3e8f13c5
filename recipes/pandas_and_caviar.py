"""Pandas and caviar: nurse one training by hand, or train many at once and keep the best.

Purpose: to see both ways of the course, and which one to choose. The panda: one training, watched
by `Babysitter` and nudged while it runs; here a script looks at the dev cost after each epoch, and
asks over the page's own address for a third of the learning rate when the cost no longer falls. The
caviar: many trainings with learning rates at random, all in one program by `VectorizedSearch`.

Expected result: the nudged trainings end with a lower dev cost than those that are left alone, on
the mean of 3 seeds, and the best of many does for each; the nudges, replayed, give the same
training to the bit (on the CPU). What one more training in the program costs is shown, not claimed:
a small share of a `fit` where the model is small, and much of it or more where it is large.
Run time: about 80 s on 2 cores; with --quick about 20 s.
"""

import json
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import keras
import numpy as np

import kerasrecipes as kr

FIRST_RATE = 0.1  # too high, as a first guess may be
LOWEST_RATE = 1e-4  # below it a training stands still, and nobody would go there
PATIENCE = 2  # epochs without a lower dev cost, until the panda is nudged


@kr.lesson
def main(lesson):
    """One training watched, many at once, and what each costs."""
    x, y = kr.data.load("digits")
    epochs = lesson.pick(quick=11, full=40)
    alone, panda, caviar, rates = [], [], [], []
    lesson.section("One nursed, many let loose")
    for seed in lesson.progress(lesson.seeds, "training"):
        split = kr.data.train_dev_test_split(x / 16, y, (0.6, 0.4, 0.0), seed=seed)

        # Left alone: the rate of the first guess, to the end.
        model = network(lesson, FIRST_RATE, seed)
        alone.append(model.fit(*split.train, **settings(split, epochs)).history["val_loss"])

        # The panda: the same start, watched. The nudges are kept in the run directory.
        folder = lesson.options.out / f"panda-{seed}"
        costs, model, nudges = watched(lesson, split, epochs, seed, directory=folder)
        panda.append(costs)
        for nudge in nudges:
            lesson.say(f"Seed {seed}, epoch {nudge.epoch + 1}: {nudge}")

        # The caviar: so many learning rates at random, and no hand on them.
        tuner = searched(lesson, split, epochs, lesson.pick(quick=12, full=64), seed)
        best = tuner.oracle.get_best_trials(1)[0]
        caviar.append(best.score)
        rates.append(best.hyperparameters.get("learning_rate"))

    # The page's nudges are a record that can be done again.
    again = None
    if nudges:
        again, _, _ = watched(lesson, split, epochs, seed, replay=folder / "nudges.json")
    lesson.claim(
        "the nudges, replayed, give the same training to the bit",
        again == costs,
        f"{len(nudges)} nudges, {len(costs)} dev costs",
    )

    # What came of it. A training that is left alone jumps about, so its end is the mean of the
    # last epochs.
    lesson.section("What came of it")
    ends = {
        "left alone": [np.mean(costs[-PATIENCE:]) for costs in alone],
        "panda": [np.mean(costs[-PATIENCE:]) for costs in panda],
        "caviar, the best": caviar,
    }
    lesson.table(
        "Dev cost in the end",
        ("way", *(f"seed {seed}" for seed in lesson.seeds)),
        [(name, *costs) for name, costs in ends.items()],
    )
    lesson.say(
        f"The best of the many had the learning rates {', '.join(f'{r:.2g}' for r in rates)}."
    )
    draw(lesson, alone[-1], panda[-1], nudges)
    left, nursed, best = (np.array(costs) for costs in ends.values())
    lesson.claim(
        "nudging lowers the end: on the mean, and no seed ends higher (without a nudge the same)",
        (nursed <= left).all() and nursed.mean() < left.mean(),
        ", ".join(f"{a:.3f} against {b:.3f}" for a, b in zip(nursed, left, strict=True)),
    )
    lesson.claim(
        "the best of many ends lower than the one left alone, for each seed",
        (best < left).all(),
        ", ".join(f"{a:.3f} against {b:.3f}" for a, b in zip(best, left, strict=True)),
    )

    # Which one? That depends on what one training more costs: caviar for small models, pandas for
    # large ones. (Processor time is noisy, so that it is shown and nothing is claimed.)
    if not lesson.options.quick:
        show_costs(lesson, split)


def show_costs(lesson, split):
    """Compares a search with a few more members with a `fit`, for a small and a large network."""
    lesson.section("What one training more costs")
    rows = []
    for units, more in ((16, 47), (1024, 3)):
        single = seconds_of_fit(lesson, split, units)
        few, many = (seconds_of_search(lesson, split, units, n) for n in (1, 1 + more))
        rows.append((units, single, (many - few) / more, (many - few) / more / single))
    lesson.table(
        "Processor time in s, 2 epochs",
        ("hidden units", "a `fit`", "one member more", "share"),
        rows,
    )


def network(lesson, rate, seed=None, units=32):
    """Two hidden layers, trained by Adam."""
    if seed is not None:
        keras.utils.set_random_seed(seed)
    hidden = [keras.layers.Dense(units, "relu") for _ in range(2)]
    model = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10, "softmax")])
    optimizer = keras.optimizers.Adam(rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
    return model


def settings(split, epochs):
    """The arguments of `fit` that all trainings share."""
    return {"validation_data": split.dev, "epochs": epochs, "batch_size": 64, "verbose": 0}


class Watcher(keras.callbacks.Callback):
    """Looks at the dev cost as a person would on the page, and asks for a lower learning rate.

    What it asks goes where the page's slider and `kerasrecipes nudge` send theirs. The answer comes
    with the next step, so that it is waited for beside the training.
    """

    def __init__(self, babysitter):
        super().__init__()
        self.babysitter, self.best, self.since, self.rate = babysitter, np.inf, 0, FIRST_RATE

    def on_epoch_end(self, epoch, logs=None):
        """Counts the epochs without a lower cost."""
        self.since = 0 if logs["val_loss"] < self.best else self.since + 1
        self.best = min(self.best, logs["val_loss"])
        lower = self.rate / 3
        if self.since >= PATIENCE and lower > LOWEST_RATE and epoch + 1 < self.params["epochs"]:
            self.since, self.rate = 0, lower
            wish = {"name": "learning_rate", "value": self.rate, "note": "the dev cost is stuck"}
            threading.Thread(target=ask, args=(self.babysitter.address, wish)).start()


def ask(address, wish):
    """Sends a nudge to the page of a running fit."""
    page = urllib.parse.urlsplit(address)
    (token,) = urllib.parse.parse_qs(page.query)["token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"{page.scheme}://{page.netloc}/api/nudge"
    request = urllib.request.Request(url, json.dumps(wish).encode(), headers)
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    straight.open(request, timeout=30).close()


def watched(lesson, split, epochs, seed, directory=None, replay=None):
    """A training with a babysitter: dev costs, model, nudges."""
    model = network(lesson, FIRST_RATE, seed)
    babysitter = kr.callbacks.Babysitter(directory=directory, replay=replay, judge=False, sink=None)
    callbacks = [babysitter] if replay else [Watcher(babysitter), babysitter]
    told = model.fit(*split.train, callbacks=callbacks, **settings(split, epochs))
    return told.history["val_loss"], model, babysitter.nudges


def searched(lesson, split, epochs, trials, seed, units=32):
    """So many learning rates at random, from 0.0001 to 1, trained together."""

    def build(hp):
        rate = hp.Float("learning_rate", 1e-4, 1.0, sampling="log")
        return network(lesson, rate, units=units)

    keras.utils.set_random_seed(seed)
    options = {"max_trials": trials, "members": trials, "seed": seed + 1}
    with tempfile.TemporaryDirectory() as folder:
        tuner = kr.tuning.VectorizedSearch(build, "val_loss", directory=folder, **options)
        tuner.search(*split.train, **settings(split, epochs))
    return tuner


def seconds_of_fit(lesson, split, units):
    """Processor time of a `fit` that is compiled already."""
    model = network(lesson, 0.01, seed=0, units=units)
    model.fit(*split.train, **settings(split, 1))
    begun = time.process_time()
    model.fit(*split.train, **settings(split, 2))
    return time.process_time() - begun


def seconds_of_search(lesson, split, units, members):
    """Processor time of a search, compiling included."""
    begun = time.process_time()
    searched(lesson, split, 2, members, seed=0, units=units)
    return time.process_time() - begun


def draw(lesson, alone, panda, nudges):
    """The dev costs of the last seed, with the nudges."""
    with lesson.sheet(
        "nudged",
        "Dev cost by epoch, last seed. Upright lines: the rate was divided by three.",
        "Two curves that are one at first; the nudged one falls and calms after each nudge.",
    ) as sheet:
        axes = sheet.subplots()
        for name, costs in (("left alone", alone), ("panda", panda)):
            axes.plot(range(1, len(costs) + 1), costs, label=name)
        for nudge in nudges:
            axes.axvline(nudge.epoch + 0.5, color="#586273", linewidth=0.8, linestyle="--")
        axes.set(xlabel="epoch", ylabel="dev cost", yscale="log")
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
