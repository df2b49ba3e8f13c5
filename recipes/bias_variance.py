"""Bias and variance: high bias, high variance, both, and neither, all four on digits.

Purpose: to see what two errors say about a network. The train error above the human error is the
bias, the dev error above the train error is the variance; which of them is high says what to try
next. The baseline matters: a train error near 15 % is bad where people make 1 % mistakes, and
all one can ask for where pictures are so blurred that people make 15 %.

Expected result: for most of 3 seeds (a split of 1,797 digits is luck too), softmax regression that
is trained for one epoch has high bias, a network with 100 examples high variance, 3 hidden units
with 150 examples both, and a convolutional network with all examples neither. Against a human error
of 15 % the bias of the first is low, for each seed, and its verdict is another.
Run time: about 45 s on 2 cores; with --quick about 20 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

HUMAN_ERROR = 0.01  # stated: what a careful person gets wrong
TOLERANCE = 0.05  # the largest gap that is called low here
BATCH = 48


def too_short():
    """Softmax regression; it will get a single epoch."""
    return []


def too_few_examples():
    """128 hidden units, which learn 100 examples by heart."""
    return [keras.layers.Dense(128, "relu")]


def too_small_and_too_few():
    """3 hidden units, which cannot even learn 150 examples by heart."""
    return [keras.layers.Dense(3, "tanh")]


def convolutional():
    """Two convolutions and dropout: what fits the problem."""
    return [
        keras.layers.Reshape((8, 8, 1)),
        kr.layers.ConvBlock(16, 3, padding="same"),
        kr.layers.ConvBlock(16, 3, padding="same"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        kr.layers.InvertedDropout(0.5),
    ]


@kr.lesson
def main(lesson):
    """Four trainings, their verdicts, and another baseline."""
    # Each case is a network, a number of train examples, the epochs, and the verdict expected.
    # Dev is large, 719 digits, so that the intervals around the errors are narrow.
    epochs = lesson.pick(quick=8, full=20)
    cases = {
        "trained too short": (too_short, 1078, 1, "high bias"),
        "too few examples": (too_few_examples, 100, 20, "high variance"),
        "too small, too few": (too_small_and_too_few, 150, 40, "both"),
        "convolutional": (convolutional, 1078, epochs, "balanced"),
    }
    x, y = kr.data.load("digits")
    readings = {name: [] for name in cases}
    for seed in lesson.progress(lesson.seeds, "training"):
        split = kr.data.train_dev_test_split(x, y, (0.6, 0.4, 0.0), seed=seed)
        for name, (hidden, examples, epochs, _) in cases.items():
            train = tuple(part[:examples] for part in split.train)
            readings[name].append(reading_of(lesson, hidden(), train, split.dev, epochs, seed))

    # The table of the course, measured. Keras's own `accuracy` is no train error for it: that is
    # a mean over an epoch while the weights move, and with dropout on.
    lesson.section(f"Four verdicts, against a human error of {100 * HUMAN_ERROR:g} %")
    lesson.table(
        "Errors in %, one line a seed",
        ("case", "human", "train", "dev", "bias", "variance", "verdict"),
        [
            (name, *(f"{100 * value:.1f}" for value in ladder_of(reading)), reading.verdict)
            for name, runs in readings.items()
            for reading in runs
        ],
    )
    draw(lesson, {name: runs[0] for name, runs in readings.items()})
    for name, (*_, expected) in cases.items():
        verdicts = [reading.verdict for reading in readings[name]]
        most = verdicts.count(expected) >= 2
        lesson.claim(f"{name}: {expected}, for most seeds", most, ", ".join(verdicts))

    # What to do about it: the Basic Recipe has other advice for bias than for variance.
    lesson.section("What to try next")
    lesson.table(
        "The advice of the Basic Recipe",
        ("verdict", "try"),
        [(runs[0].verdict, " ".join(runs[0].advice)) for runs in readings.values()],
    )

    # The same errors against another baseline. Nothing is trained anew: if people get 15 % of the
    # pictures wrong, the first case is as good as they are, and a bigger network is no use.
    lesson.section("The same errors against a human error of 15 %")
    short = readings["trained too short"]
    again = [
        kr.diagnosis.read_bias_variance(
            reading.train_error, reading.dev_error, human_error=0.15, tolerance=TOLERANCE
        )
        for reading in short
    ]
    lesson.figure(kr.report.bias_variance_ladder(again[0]))
    for reading in again:
        lesson.say(str(reading))
    sizes = [
        (first.bias.size, reading.bias.size) for first, reading in zip(short, again, strict=True)
    ]
    lesson.claim(
        "the bias is high against a human error of 1 %, and low against 15 %, for each seed",
        set(sizes) == {("high", "low")},
        "; ".join(f"{a.verdict}, then {b.verdict}" for a, b in zip(short, again, strict=True)),
    )


def reading_of(lesson, hidden, train, dev, epochs, seed):
    """Trains, and reads bias and variance at the end.

    All epochs are laid into one, each in an order of its own: the same steps as by `epochs=`, and
    none of the time that Keras takes from epoch to epoch.
    """
    keras.utils.set_random_seed(seed)
    x, y = train
    standardize = kr.layers.Standardize()
    standardize.adapt(x)
    output = keras.layers.Dense(10, "softmax")
    model = keras.Sequential([keras.Input(x.shape[1:]), standardize, *hidden, output])
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
    reporter = kr.callbacks.BiasVarianceReporter(
        HUMAN_ERROR, tolerance=TOLERANCE, train_data=train, validation_data=dev, sink=None
    )
    orders = np.random.default_rng(seed)
    rows = np.concatenate([orders.permutation(len(x)) for _ in range(epochs)])
    options = {"batch_size": BATCH, "shuffle": False, "verbose": 0}
    model.fit(x[rows], y[rows], callbacks=[reporter], **options)
    return reporter.reading


def ladder_of(reading):
    """Human, train and dev error, and the two gaps between them."""
    errors = reading.human_error, reading.train_error.error, reading.dev_error.error
    return *errors, reading.bias.value, reading.variance.value


def draw(lesson, readings):
    """The ladders of the four cases side by side."""
    with lesson.sheet(
        "verdicts",
        "The ladder from human to train to dev error of each case, first seed: blue is the "
        "bias, orange the variance. Whiskers are 95 % intervals of train and dev error.",
        "; ".join(f"{name}: {reading}" for name, reading in readings.items()),
        height=4.6,
    ) as sheet:
        panels = sheet.subplots(2, 2, sharex=True, sharey=True)
        for axes, (name, reading) in zip(panels.flat, readings.items(), strict=True):
            human, train, dev, bias, variance = (100 * value for value in ladder_of(reading))
            axes.bar(0, human, color="#586273")
            axes.bar(1, bias, bottom=human, color="#2457b8")
            axes.bar(2, variance, bottom=train, color="#b54a04")
            for at, error in ((1, reading.train_error), (2, reading.dev_error)):
                axes.plot([at, at], [100 * error.low, 100 * error.high], "k", linewidth=1)
            axes.plot([0.4, 1.4], [train, train], [1.6, 2.4], [dev, dev], color="k", linewidth=1)
            axes.set_xticks(range(3), ["human", "bias", "variance"])
            axes.set_title(f"{name}:\n{reading.verdict}")
        sheet.supylabel("error, %", fontsize=10)


if __name__ == "__main__":
    sys.exit(main())
