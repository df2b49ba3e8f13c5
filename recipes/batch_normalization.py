"""Batch normalization: a deep network learns sooner, its biases do nothing, and batches add noise.

Purpose: to see what batch norm does in a network, and what it needs at test time. Six hidden layers
learn digits without it, with it before the activation as the course does (on Z), and after it; then
its parts are measured: the bias that it makes redundant, the noise that a batch brings, and the
running averages that stand in for the batch when there is but one example.

Expected result: with batch norm, in either place, the cost is lower than without on every seed,
each at its best learning rate. A bias before it has no effect and no gradient. The noise of a
batch falls as 1 / sqrt(size). One example alone gets the same answer as among others, by the
running averages; by its own statistics every example would get one and the same.
Run time: about 45 s on 2 cores; with --quick about 18 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

WAYS = ("without", "before the activation", "after the activation")
SIZES = (8, 32, 128, 512)
MOMENTUM = 0.9


@kr.lesson
def main(lesson):
    """Trains with and without batch norm, then measures its parts."""
    x, y = kr.data.load("digits")
    split = kr.data.train_dev_test_split(x / 16, y, seed=lesson.options.seed)

    # Six hidden layers, in three ways, at the same learning rates. J is measured as at test time.
    lesson.section("Where it stands, and what it does for learning")
    models, costs = {}, {}
    for name in lesson.progress(WAYS, "training"):
        models[name], costs[name] = trained(lesson, name, *split.train)
    best = {name: min(found, key=lambda r: found[r].mean()) for name, found in costs.items()}
    ends = {name: costs[name][best[name]] for name in WAYS}
    lesson.table(
        "Cost J on the training set by learning rate, mean of 3 seeds, and the best rate's seeds",
        ("batch norm", *(f"rate {rate}" for rate in costs[WAYS[0]]), "3 seeds at the best"),
        [
            (name, *(found.mean() for found in costs[name].values()), text(ends[name], ".3f"))
            for name in WAYS
        ],
    )
    lesson.say(
        "Where to put it is debated. The course puts it before the activation, on Z, which is "
        "normal practice; the table says which of the two learnt sooner here."
    )
    draw_costs(lesson, costs)

    # A bias before batch norm is added to every Z of a unit, so to their mean too, which is then
    # subtracted. Whatever its value, the output stays; and J does not ask to change it. The
    # library's blocks have no bias there: beta stands in for it.
    lesson.section("The bias in front of it")
    moved, slope = bias_effect(split.train[0], split.train[1])
    lesson.say(
        f"Biases moved by random numbers of deviation 1 move the outputs by {moved:.0e} at most; "
        f"the gradient of J for the biases is {slope:.0e} of that for the weights."
    )

    # The mean and variance of a batch are estimates, so what an example becomes depends on who is
    # with it: a little noise, like dropout's, and the less the larger the batch.
    lesson.section("Noise by batch size")
    z = first_z(models["before the activation"], split.train[0])
    noise = {size: [noise_of(z, size, seed) for seed in lesson.seeds] for size in SIZES}
    lesson.table(
        "Deviation of the normalised Z of one example among random others, for 3 seeds",
        ("batch size", "noise", "noise * sqrt(size)"),
        [(s, text(found, ".3f"), np.mean(found) * np.sqrt(s)) for s, found in noise.items()],
    )
    draw_noise(lesson, noise)
    slopes = [
        np.polyfit(np.log(SIZES), np.log(found), 1)[0]
        for found in zip(*noise.values(), strict=True)
    ]

    # Test time: the layer has kept exponentially weighted averages of the means and variances it
    # saw. Those of Keras begin at mean 0 and variance 1 and are not bias-corrected.
    lesson.section("One example at test time")
    model, dev = models["before the activation"], split.dev[0]
    together = outputs(model, dev)
    one_by_one = np.concatenate([outputs(model, dev[row : row + 1]) for row in range(20)])
    own = np.concatenate([outputs(model, dev[row : row + 1], training=True) for row in range(20)])
    apart = np.abs(one_by_one - together[:20]).max()
    means, kept = running_means(z)
    averaged = kr.exponentially_weighted_average(means, MOMENTUM, bias_correction=False)[-1]
    lesson.table(
        "Digits alone in their batch, first 20 of dev",
        ("statistics", "largest deviation of an output between digits", "classes named"),
        [
            (name, found.std(axis=0).max(), len(np.unique(found.argmax(axis=1))))
            for name, found in (("running averages", one_by_one), ("its own", own))
        ],
    )

    lesson.claim(
        "batch norm, before or after the activation, ends at a lower cost, on every seed",
        all((ends[name] < ends["without"]).all() for name in WAYS[1:]),
        ", ".join(f"{name} {ends[name].mean():.3f}" for name in WAYS),
    )
    lesson.claim(
        "a bias before it changes no output, to 1e-3, and has no gradient, to 1e-4 of the weights'",
        moved < 1e-3 and slope < 1e-4,
        f"outputs {moved:.0e}, gradient {slope:.0e}",
    )
    lesson.claim(
        "the noise of a batch falls as size to the power -1/2, within 0.1, on every seed",
        all(abs(slope + 0.5) < 0.1 for slope in slopes),
        f"powers {text(slopes, '.2f')}",
    )
    lesson.claim(
        "by the running averages one example alone gets the answer it gets among others, to 1e-3",
        apart < 1e-3 and len(np.unique(one_by_one.argmax(axis=1))) > 1,
        f"{apart:.0e} apart",
    )
    lesson.claim(
        "by the statistics of itself alone every example gets one and the same answer, to 1e-3",
        np.ptp(own, axis=0).max() < 1e-3,
        f"{np.ptp(own, axis=0).max():.0e} apart",
    )
    lesson.claim(
        "the running mean is the exponentially weighted average of the batches' means, to 1e-4",
        np.abs(kept - averaged).max() < 1e-4,
        f"{np.abs(kept - averaged).max():.0e} apart after {len(means)} batches",
    )


def network(way):
    """64 pixels, six hidden layers of 32 ReLUs, 10 classes."""
    hidden = []
    for _ in range(6):
        before = way == "before the activation"
        hidden.append(kr.layers.DenseBlock(32, "relu", normalize=before, momentum=MOMENTUM))
        if way == "after the activation":
            hidden.append(keras.layers.BatchNormalization(momentum=MOMENTUM))
    return keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10, "softmax")])


def trained(lesson, way, x, y):
    """The model after its last run, and for each rate the costs J of the 3 seeds."""
    model, optimizer = network(way), keras.optimizers.SGD(0.1)
    model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
    passes, costs = lesson.pick(quick=2, full=6), {}
    for rate in lesson.pick(quick=(0.03, 0.1), full=(0.01, 0.03, 0.3, 0.1)):
        optimizer.learning_rate, found = rate, []
        for seed in lesson.seeds:
            keras.utils.set_random_seed(seed)
            model.set_weights(network(way).get_weights())
            order = np.random.default_rng(seed)
            rows = np.concatenate([order.permutation(len(y)) for _ in range(passes)])
            rows = rows[
                : len(rows) // 64 * 64
            ]  # a last batch of a few has poor means and variances
            model.fit(x[rows], y[rows], batch_size=64, shuffle=False, verbose=0)
            found.append(model.evaluate(x, y, batch_size=len(y), verbose=0))
        costs[rate] = np.array(found)
    return model, dict(sorted(costs.items()))


def outputs(model, x, training=False):
    """The outputs as an array."""
    return keras.ops.convert_to_numpy(model(x, training=training)).astype("float32")


def first_z(model, x):
    """Z of the first hidden layer, not yet normalised."""
    return keras.ops.convert_to_numpy(model.layers[0].linear(x)).astype("float32")


def bias_effect(x, y):
    """How far random biases move the outputs, and their share of the gradient's size."""
    dense, norm = keras.layers.Dense(32), keras.layers.BatchNormalization()
    head = [keras.layers.ReLU(), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input((64,)), dense, norm, *head])
    before = outputs(model, x, training=True)
    kernel, bias = dense.get_weights()

    # Inside a gradient a layer may not change its running averages: `stateless_call` returns them.
    state = [variable.value for variable in norm.trainable_variables]
    averages = [variable.value for variable in norm.non_trainable_variables]

    def cost(tensors):
        z = keras.ops.matmul(keras.ops.convert_to_tensor(x, "float32"), tensors[0]) + tensors[1]
        normalized, _ = norm.stateless_call(state, averages, z, training=True)
        predicted = head[1](head[0](normalized))
        return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y, predicted))

    _, gradients = kr.backend.value_and_gradients(cost, [kernel, bias])
    sizes = [np.linalg.norm(keras.ops.convert_to_numpy(gradient)) for gradient in gradients]
    dense.set_weights([kernel, np.random.default_rng(0).normal(size=bias.shape)])
    return float(np.abs(outputs(model, x, training=True) - before).max()), sizes[1] / sizes[0]


def noise_of(z, size, seed, draws=40):
    """Deviation of the first example's normalised Z over random companions, mean over units."""
    random, norm, seen = np.random.default_rng(seed), keras.layers.BatchNormalization(), []
    for _ in range(draws):
        others = z[random.integers(1, len(z), size - 1)]
        batch = np.concatenate([z[:1], others])
        seen.append(keras.ops.convert_to_numpy(norm(batch, training=True))[0])
    return float(np.std(np.array(seen, "float64"), axis=0).mean())


def running_means(z, size=64, batches=20):
    """The means of batches that a layer saw in training, and the running mean that it kept."""
    norm, means = keras.layers.BatchNormalization(momentum=MOMENTUM, dtype="float32"), []
    for start in range(0, batches * size // 2, size // 2):
        norm(z[start : start + size], training=True)
        means.append(z[start : start + size].mean(axis=0))
    return np.array(means), keras.ops.convert_to_numpy(norm.moving_mean)


def text(values, form):
    """The values of the seeds in one cell."""
    return ", ".join(format(value, form) for value in values)


def draw_costs(lesson, costs):
    """The cost at each learning rate."""
    with lesson.sheet(
        "costs",
        "Cost on the training set by learning rate, mean of 3 seeds.",
        "Three curves; both with batch norm lie below the one without.",
    ) as sheet:
        axes = sheet.subplots()
        for (name, found), color in zip(
            costs.items(), ("#5f6b7a", "#2457b8", "#d98a00"), strict=True
        ):
            means = [values.mean() for values in found.values()]
            axes.plot(list(found), means, "o-", color=color, markersize=4, label=name)
        axes.set(xlabel="learning rate, log scale", ylabel="J", xscale="log", ylim=(0, 2.4))
        axes.set_xticks(list(costs[WAYS[0]]), map(str, costs[WAYS[0]]))
        axes.minorticks_off()
        axes.legend(fontsize=9)


def draw_noise(lesson, noise):
    """The noise by batch size, and a line of slope -1/2."""
    with lesson.sheet(
        "noise",
        "How much the normalised Z of one example shakes, by the size of its batch.",
        "Points that fall along a dotted line of slope one half.",
    ) as sheet:
        axes, means = sheet.subplots(), np.array([np.mean(found) for found in noise.values()])
        axes.plot(SIZES, means, "o", color="#2457b8", label="measured")
        line = means[-1] * np.sqrt(SIZES[-1] / np.array(SIZES))
        axes.plot(SIZES, line, ":", color="#1b2330", label="1 / sqrt(size)")
        axes.set(xlabel="batch size, log scale", ylabel="noise", xscale="log", yscale="log")
        axes.set_xticks(SIZES, map(str, SIZES))
        axes.set_yticks((0.05, 0.1, 0.2, 0.4), ("0.05", "0.1", "0.2", "0.4"))
        axes.minorticks_off()
        axes.legend(fontsize=9)


if __name__ == "__main__":
    sys.exit(main())
