"""Dropout: expected activations stay as they are, J is no longer one function, variance falls.

Purpose: to see what inverted dropout does, layer by layer, and what it does to the cost. It is a
way to regularise: a unit that may be missing at any time cannot be relied on, so the weights
spread. The price is that the cost J is another function at each step.

Expected result: with keep_prob 0.5 and 0.8 the mean activation is the same as without dropout,
within 1 %; without the division it would be 0.5 and 0.8 of it. In batch mode J rises now and then
with dropout, and falls in every epoch with it switched off. At test time nothing is dropped. On 200
digits with wrong labels among them, dropout lowers the test error, on average over 3 seeds, and the
gap between train and dev, for each of them.
Run time: about 40 s on 2 cores; with --quick about 20 s.
"""

import contextlib
import sys

import keras
import numpy as np

import kerasrecipes as kr

EXAMPLES, WRONG = 200, 30
KEEP_PROBS = (0.5, 0.8)  # of the two hidden layers


@kr.lesson
def main(lesson):
    """The layer, the cost, the test time, and then the variance."""
    # 200 digits, 30 of them with a wrong label: something that had better not be learned by heart.
    splits = {seed: careless_split(seed) for seed in lesson.seeds}
    seed = lesson.options.seed
    x, y = splits[seed].train

    # Inverted dropout keeps each unit with probability keep_prob and divides those that it keeps by
    # keep_prob. The division is what makes it inverted: the expected activation stays as it is, so
    # that the next layer sees the same scale, and at test time nothing needs to be scaled.
    lesson.section("The expected activation")
    model = network(lesson, seed, KEEP_PROBS)
    activations = keras.ops.convert_to_numpy(model.layers[0](x))
    rows, ratios = [], {}
    for keep_prob in (0.5, 0.8, 1.0):
        layer = kr.layers.InvertedDropout(keep_prob, seed=seed, dtype="float32")
        masked = [keras.ops.convert_to_numpy(layer(activations, training=True)) for _ in range(50)]
        ratios[keep_prob] = np.mean(masked) / activations.mean()
        kept = np.mean(np.array(masked) != 0) / np.mean(activations != 0)
        rows.append((keep_prob, kept, ratios[keep_prob], ratios[keep_prob] * keep_prob))
    lesson.table(
        "Mean activation, as a part of that without dropout",
        ("keep_prob", "units kept", "with the division", "without it"),
        rows,
    )

    # Each layer has a keep_prob of its own: lower where there are many weights, which is where
    # overfitting is to be feared, and 1 where there is none. Here 0.5 after the first hidden layer
    # of 128 units, 0.8 after the second of 32. With dropout on, the cost of the same weights on the
    # same examples is another one each time.
    lesson.section("The cost is no longer one function")
    costs = [cost(model, x, y) for _ in range(5)]
    with kr.layers.dropout_disabled(model):
        same = [cost(model, x, y) for _ in range(5)]
    lesson.table(
        "The cost of the same weights, five times",
        ("dropout", *(f"time {time + 1}" for time in range(5))),
        [("on", *costs), ("off", *same)],
    )

    # So a rising cost proves nothing, and the plot of J by epochs is of no use for finding bugs.
    # The course's advice: switch dropout off, see that J falls in every epoch, and then switch it
    # on. `CostMonitor` says so when it sees J rise.
    start = model.get_weights()
    monitored = {}
    for name in ("on", "off"):
        model.set_weights(start)
        monitored[name] = kr.callbacks.CostMonitor(sink=None)
        held = kr.layers.dropout_disabled(model) if name == "off" else contextlib.nullcontext()
        with held:
            model.fit(x, y, batch_size=EXAMPLES, epochs=40, verbose=0, callbacks=[monitored[name]])
    curves = {name: monitor.curves["cost"] for name, monitor in monitored.items()}
    draw(lesson, curves)
    said = monitored["on"].messages
    lesson.say(f"What CostMonitor said: {said[0] if said else 'nothing'}")

    # At test time nothing is dropped: predictions are the same each time, and those of a network of
    # the same weights that has no dropout at all.
    lesson.section("At test time")
    without = network(lesson, seed, (1.0, 1.0))
    without.set_weights(model.get_weights())
    predictions = [each.predict(x, verbose=0) for each in (model, model, without)]
    off = max(np.abs(other - predictions[0]).max() for other in predictions[1:])
    lesson.say(f"Predicted twice, and by the network without dropout: at most {off:.0e} apart.")

    # Last what it is for. Without dropout the network learns the wrong labels too; with it, less.
    lesson.section("Less variance")
    errors = {keep: trained(lesson, keep, splits) for keep in ((1.0, 1.0), KEEP_PROBS)}
    plain, dropped = (np.array(found) for found in errors.values())
    lesson.table(
        "Errors of each seed",
        ("keep_prob", "seed", "train", "dev", "test"),
        [
            (" and ".join(map(str, keep)), seed, *row)
            for keep, found in errors.items()
            for seed, row in zip(lesson.seeds, found, strict=True)
        ],
    )

    wrong = max(abs(ratio - 1) for ratio in ratios.values())
    lesson.claim(
        "dropout leaves the expected activation as it is", wrong < 0.01, f"at most {wrong:.2%} off"
    )
    lesson.claim(
        "with dropout the cost of the same weights differs each time, without it does not",
        len(set(costs)) == 5 and len(set(same)) == 1,
        f"from {min(costs):.3f} to {max(costs):.3f}, without always {same[0]:.3f}",
    )
    rises = {name: int((np.diff(curve) > 0).sum()) for name, curve in curves.items()}
    lesson.claim(
        "in batch mode J rises now and then with dropout, and never with it off",
        rises["on"] > 0 and rises["off"] == 0,
        f"{rises['on']} and {rises['off']} of 39 epochs",
    )
    lesson.claim("at test time nothing is dropped", off < 1e-5, f"at most {off:.0e} apart")
    gaps = plain[:, 1] - plain[:, 0], dropped[:, 1] - dropped[:, 0]
    lesson.claim(
        "dropout narrows the gap between train and dev, for each seed",
        (gaps[1] < gaps[0]).all(),
        ", ".join(f"{a:.1%} to {b:.1%}" for a, b in zip(*gaps, strict=True)),
    )
    before, after = plain[:, 2].mean(), dropped[:, 2].mean()
    lesson.claim(
        "and lowers the test error, on average over the seeds",
        after < before,
        f"{before:.1%} to {after:.1%}; the seeds differ by up to {np.ptp(plain[:, 2]):.1%}",
    )


def careless_split(seed):
    """A split whose training set is small and has wrong labels; dev and test have right ones."""
    x, y = kr.data.load("digits")
    split = kr.data.train_dev_test_split(x / 16, y, seed=seed)
    x, y = (part[:EXAMPLES] for part in split.train)
    return split._replace(train=(x, kr.data.with_wrong_labels(y, WRONG, seed=seed)))


def network(lesson, seed, keep_probs):
    """Hidden layers of 128 and 32 ReLU units, each with its own dropout."""
    he = kr.initializers.He(seed=seed)
    layers = [keras.Input((64,))]
    for units, keep_prob in zip((128, 32), keep_probs, strict=True):
        layers.append(keras.layers.Dense(units, "relu", kernel_initializer=he, dtype="float32"))
        layers.append(kr.layers.InvertedDropout(keep_prob, seed=seed, dtype="float32"))
    layers.append(keras.layers.Dense(10, "softmax", kernel_initializer=he, dtype="float32"))
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.SGD(0.1)
    model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
    return model


def cost(model, x, y):
    """The cost as a training step has it: with dropout."""
    return float(model.compute_loss(x=x, y=keras.ops.array(y), y_pred=model(x, training=True)))


def trained(lesson, keep_probs, splits):
    """Errors on train, dev and test for each seed; one compiled model serves for all of them."""
    model = network(lesson, 0, keep_probs)
    ten = np.tile(np.arange(EXAMPLES), 10)  # ten epochs at once: Keras's epochs cost time
    found = []
    for seed, split in lesson.progress(splits.items(), "training"):
        keras.utils.set_random_seed(seed)
        model.set_weights(network(lesson, seed, keep_probs).get_weights())
        x, y = split.train
        model.fit(x[ten], y[ten], batch_size=20, epochs=lesson.pick(quick=6, full=20), verbose=0)
        predictions = [keras.ops.convert_to_numpy(model(part[0])) for part in split]
        errors = [
            kr.diagnosis.measure_error("error_rate", part[1], predicted).error
            for part, predicted in zip(split, predictions, strict=True)
        ]
        found.append(errors)
    return found


def draw(lesson, curves):
    """The cost by epoch, with dropout and without."""
    with lesson.sheet(
        "costs",
        "Cost by epoch in batch mode, from the same start. With dropout it is measured on another "
        "network each time, and jumps.",
        "A jagged curve that falls on the whole, and a smooth one below it.",
    ) as sheet:
        axes = sheet.subplots()
        for name, curve in curves.items():
            axes.plot(np.arange(1, len(curve) + 1), curve, label=f"dropout {name}")
        axes.set(xlabel="epoch", ylabel="cost J")
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
