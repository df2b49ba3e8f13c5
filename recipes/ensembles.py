"""Ensembles: eight networks that disagree are better than each, by just as much as they disagree.

Purpose: to see the last remedy against variance at work. Networks that differ in their seed alone
make different mistakes; the average of their outputs makes fewer. `kr.Ensemble` trains them in one
program and is one model in the end. How much it helps can be read off before looking at a label:
the squared error of the average is the mean squared error of the members less their spread.

Expected result: with 359 digits to learn from, 8 networks together make fewer errors on the dev set
than one does, for each of 3 seeds (here by 10 to 25 %), and most of it comes with the first four.
The cost never rises, and the squared error falls by the spread, to rounding.
Run time: about 25 s on 2 cores; with --quick about 12 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr


@kr.lesson
def main(lesson):
    """Trains members, and averages ever more of them."""
    # Few examples and a network that learns them by heart: this is where variance is high. The
    # rest of the data is the dev set, so that its error is known well.
    lesson.section("Ever more members")
    members = lesson.pick(quick=8, full=16)
    sizes = [2**power for power in range(members.bit_length())]
    x, y = kr.data.load("digits")
    errors, costs, ensembles = [], [], []
    for seed in lesson.progress(lesson.seeds, "training"):
        train, dev, _ = kr.data.train_dev_test_split(x, y, (0.2, 0.8, 0.0), seed=seed)
        ensemble = trained(lesson, train, members, seed)
        outputs = outputs_of(ensemble, dev[0])
        told = [judged(outputs, dev[1], size) for size in sizes]
        errors.append([error for error, _ in told])
        costs.append([cost for _, cost in told])
        ensembles.append((ensemble, outputs, dev))
    errors, costs = 100 * np.array(errors), np.array(costs)

    # One row an ensemble size; each number is the mean over all ensembles of that size that the
    # members can be divided into without using one twice.
    lesson.table(
        "Dev error in %, and cost, by the number of networks averaged",
        ("networks", *(f"error, seed {seed}" for seed in lesson.seeds), "mean error", "mean cost"),
        [
            (size, *errors[:, i], errors[:, i].mean(), costs[:, i].mean())
            for i, size in enumerate(sizes)
        ],
    )
    draw(lesson, sizes, errors, costs)
    eight = sizes.index(8)
    lower = 1 - errors[:, eight] / errors[:, 0]
    lesson.claim(
        "the error of 8 networks together is lower than that of one, for each seed",
        (lower > 0).all(),
        f"lower by {', '.join(f'{share:.0%}' for share in lower)}",
    )
    share = (errors[:, 0] - errors[:, 2]).sum() / (errors[:, 0] - errors[:, -1]).sum()
    lesson.claim(
        f"the first four bring more than half of what {members} bring",
        share > 0.5,
        f"{share:.0%} of it, all seeds together",
    )

    # Why it helps. Both laws hold for any members and any data, since logarithm and square are
    # curved: the average can only gain, and only by what the members disagree.
    lesson.section("Why: what they disagree in is what is gained")
    lesson.claim(
        "the cross-entropy never rises with more members",
        (np.diff(costs, axis=1) <= 1e-6).all(),
        f"{costs[:, 0].mean():.3f} alone, {costs[:, -1].mean():.3f} with {members}",
    )
    rows = [decomposed(outputs, dev[1]) for _, outputs, dev in ensembles]
    lesson.table(
        "Squared error of the probabilities, a row for each seed",
        ("mean of the members", "their spread", "of the ensemble"),
        rows,
    )
    apart = max(abs(alone - spread - together) for alone, spread, together in rows)
    lesson.claim(
        "squared error of the ensemble = mean of the members - their spread",
        apart < 1e-6,
        f"to {apart:.0e}",
    )

    # The ensemble is one Keras model: it predicts the average, and can be saved as any other.
    lesson.section("One model")
    ensemble, outputs, dev = ensembles[-1]
    together = ensemble.predict(dev[0], batch_size=2048, verbose=0)
    apart = np.abs(together - outputs.mean(axis=0)).max()
    limit = 1e-5 if together.dtype == "float32" else 1e-2  # what rounding leaves
    lesson.claim("its output is the average", apart < limit, f"at most {apart:.1g} apart")
    path = lesson.options.out / "ensemble.keras"
    path.parent.mkdir(parents=True, exist_ok=True)
    ensemble.save(path)
    again = keras.saving.load_model(path).predict(dev[0], batch_size=2048, verbose=0)
    apart = np.abs(again - together).max()
    lesson.claim("a saved one predicts the same", apart < limit, f"at most {apart:.1g} apart")


def trained(lesson, train, members, seed):
    """So many networks of 32 hidden units, each from a seed of its own."""
    standardize = kr.layers.Standardize()
    standardize.adapt(train[0])

    def build():
        layers = [keras.layers.Dense(32, "relu"), keras.layers.Dense(10, "softmax")]
        model = keras.Sequential([keras.Input(train[0].shape[1:]), standardize, *layers])
        optimizer = keras.optimizers.Adam(0.01)
        model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
        return model

    first = seed + 100 * (seed - lesson.options.seed)  # so that no two ensembles share a member
    epochs = lesson.pick(quick=10, full=20)
    return kr.Ensemble.train(build, *train, members, seed=first, epochs=epochs, batch_size=64)


def outputs_of(ensemble, x):
    """Probabilities of every member, `(members, examples, classes)`."""
    every = keras.Model(
        ensemble.inputs, [member(ensemble.inputs[0]) for member in ensemble.members]
    )
    return np.array(every.predict(x, batch_size=2048, verbose=0), "float64")


def judged(outputs, y, size):
    """Error and cost of averages of so many members, the mean over disjoint groups of them."""
    averages = outputs.reshape(-1, size, *outputs.shape[1:]).mean(axis=1)
    right = averages[:, np.arange(len(y)), y]
    return np.mean(averages.argmax(axis=2) != y), -np.log(np.maximum(right, 1e-7)).mean()


def decomposed(outputs, y):
    """Mean squared error of the members, their spread, and the squared error of their average."""
    together, targets = outputs.mean(axis=0), np.eye(outputs.shape[2])[y]
    return (
        np.square(outputs - targets).sum(axis=2).mean(),
        np.square(outputs - together).sum(axis=2).mean(),
        np.square(together - targets).sum(axis=1).mean(),
    )


def draw(lesson, sizes, errors, costs):
    """Error and cost by the number of members, a line for each seed."""
    with lesson.sheet(
        "members",
        "Dev error and dev cost by the number of networks averaged, a line for each seed.",
        "Falling lines: steep up to four networks, flat beyond.",
        height=4.2,
    ) as sheet:
        upper, lower = sheet.subplots(2, 1, sharex=True)
        for axes, lines, label in ((upper, errors, "dev error, %"), (lower, costs, "dev cost")):
            axes.plot(sizes, lines.T, "o-", markersize=4)
            axes.set(ylabel=label, xscale="log")
            axes.set_xticks(sizes, sizes)
            axes.minorticks_off()
        lower.set(xlabel="networks averaged")


if __name__ == "__main__":
    sys.exit(main())
