"""Vanishing and exploding: over 50 layers a factor of 1.5 a layer becomes 600 million.

Purpose: to see why the scale of the starting weights decides whether a deep network can learn. Each
layer multiplies the signal by about the same factor, forward and backward, so that after 50 layers
a factor a little off 1 is a number too large or too small to be of use. He's variance for ReLU and
Xavier's for tanh keep the factor near 1.

Expected result: with W = 1.5 I a linear network of depth 50 multiplies its input by 1.5^50, with
W = 0.5 I by 0.5^50. He under ReLU and Xavier under tanh are stable; Xavier under ReLU loses a
factor of sqrt(2) a layer, for each of 3 seeds. On digits, 30 layers of ReLU that start from He's
weights learn; from Xavier's they stay at ln 10, the cost of guessing.
Run time: about 30 s on 2 cores; with --quick about 20 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

DEPTH, WIDTH = 50, 128
TRAINED_DEPTH, TRAINED_WIDTH = 30, 64  # deep enough to fail, and quicker
STARTS = {
    "linear, W = 1.5 I": ("linear", lambda seed: keras.initializers.Identity(1.5)),
    "linear, W = 0.5 I": ("linear", lambda seed: keras.initializers.Identity(0.5)),
    "ReLU, Xavier": ("relu", lambda seed: kr.initializers.Xavier(seed=seed)),
    "tanh, Xavier": ("tanh", lambda seed: kr.initializers.Xavier(seed=seed)),
    "ReLU, He": ("relu", lambda seed: kr.initializers.He(seed=seed)),
}


@kr.lesson
def main(lesson):
    """Follows the signal through 50 layers, then trains from two of the starts."""
    # Digits, 64 pixels, with standardised inputs: what comes in has a scale of 1.
    x, y = kr.data.load("digits")
    x_train, y_train = kr.data.train_dev_test_split(x, y, seed=lesson.options.seed).train
    normalize = kr.layers.Standardize(dtype="float32")
    normalize.adapt(x_train)
    x_train = keras.ops.convert_to_numpy(normalize(x_train))

    # `signal_propagation` sends examples through a network once forward and once backward, and
    # notes the deviation of the activations and of the gradients at each layer. Its rate is the
    # factor a layer: 1 is what we want.
    lesson.section(f"The signal through {DEPTH} layers")
    signals = {
        name: kr.initializers.signal_propagation(network(name, lesson.options.seed), x_train[:100])
        for name in lesson.progress(STARTS, "propagating")
    }
    shown = (0, 9, 24, 49)
    for what in ("activation", "gradient"):
        lesson.table(
            f"Deviation of the {what}s by layer",
            ("network", *(f"layer {layer + 1}" for layer in shown), "rate per layer", "verdict"),
            [
                (
                    name,
                    *(f"{getattr(found.rows[layer], f'{what}_std'):.2g}" for layer in shown),
                    getattr(found.rate, what),
                    found.verdict,
                )
                for name, found in signals.items()
            ],
        )
    draw_signals(lesson, signals)

    # The course's example: without activation functions, and with the same W in each layer, the
    # output is the input times W^50. 1.5^50 is 637,621,500; 0.5^50 is about 10^-15.
    errors = {}
    for factor in (1.5, 0.5):
        rows = signals[f"linear, W = {factor} I"].rows
        grown = rows[-1].activation_std / rows[0].activation_std
        errors[factor] = abs(grown / factor ** (DEPTH - 1) - 1)
    lesson.claim(
        "W = 1.5 I multiplies by 1.5 a layer, W = 0.5 I by 0.5",
        max(errors.values()) < 1e-4,
        f"relative errors {errors[1.5]:.0e} and {errors[0.5]:.0e} after {DEPTH} layers",
    )

    # Xavier's variance 1 / n keeps the scale where the activation function is about the identity,
    # as tanh is near 0. ReLU sets half of the signal to 0, which halves its power: a factor of
    # 1 / sqrt(2) = 0.707 a layer. He's variance 2 / n makes up for it.
    lesson.section("He for ReLU, Xavier for tanh")
    rates, verdicts = {}, {}
    for name in ("ReLU, Xavier", "tanh, Xavier", "ReLU, He"):
        others = [network(name, seed) for seed in lesson.progress(lesson.seeds[1:], name)]
        found = [kr.initializers.signal_propagation(model, x_train[:100]) for model in others]
        found.insert(0, signals[name])
        rates[name] = [each.rate.activation for each in found]
        verdicts[name] = {each.verdict for each in found}
    lesson.table(
        "Factor of the activations per layer",
        ("network", *(f"seed {seed}" for seed in lesson.seeds), "verdict"),
        [(name, *rates[name], ", ".join(sorted(verdicts[name]))) for name in rates],
    )
    lost = np.array(rates["ReLU, Xavier"])
    lesson.claim(
        "He under ReLU and Xavier under tanh keep the scale, for each seed",
        verdicts["ReLU, He"] == verdicts["tanh, Xavier"] == {"stable"},
        "rates " + ", ".join(f"{r:.3f}" for r in rates["ReLU, He"] + rates["tanh, Xavier"]),
    )
    lesson.claim(
        "Xavier under ReLU loses a factor of sqrt(2) a layer, for each seed",
        (np.abs(lost * np.sqrt(2) - 1) < 0.05).all(),
        f"rates {', '.join(f'{rate:.3f}' for rate in lost)}, 1 / sqrt(2) is 0.707",
    )

    # What it means for learning, with 30 layers. From Xavier's weights the gradient that reaches
    # the first layers is thousands of times too small, and all outputs are alike: the cost stays at
    # ln 10, that of guessing one of ten digits. From He's weights the network learns. It learns
    # slowly even so, for what batch norm and skip connections were invented.
    lesson.section("And who learns")
    curves = trained(lesson, ("ReLU, Xavier", "ReLU, He"), x_train, y_train)
    ends = {name: [curve[-1] for curve in found] for name, found in curves.items()}
    lesson.table(
        f"Cost of the last epoch; that of guessing is {np.log(10):.4f}",
        ("network", *(f"seed {seed}" for seed in lesson.seeds)),
        [(name, *values) for name, values in ends.items()],
    )
    draw_costs(lesson, curves)
    stuck = np.abs(np.array(ends["ReLU, Xavier"]) / np.log(10) - 1)
    lesson.claim(
        "from He's weights the network learns, from Xavier's it does not, for each seed",
        max(ends["ReLU, He"]) < 0.95 * np.log(10) and (stuck < 0.01).all(),
        f"costs of at most {max(ends['ReLU, He']):.3f} against {min(ends['ReLU, Xavier']):.3f}",
    )


def network(name, seed, depth=DEPTH, width=WIDTH):
    """Layers of one width, in 32 bits: in 16 bits 0.5^50 is 0."""
    activation, initializer = STARTS[name]
    seeds = range(DEPTH * seed, DEPTH * seed + depth)
    return keras.Sequential(
        [
            keras.Input((64,)),
            *(
                keras.layers.Dense(
                    width, activation, kernel_initializer=initializer(each), dtype="float32"
                )
                for each in seeds
            ),
        ]
    )


def classifier(name, seed):
    """A network with an output for each of the ten digits."""
    model = network(name, seed, TRAINED_DEPTH, TRAINED_WIDTH)
    xavier = kr.initializers.Xavier(seed=seed)
    model.add(keras.layers.Dense(10, "softmax", kernel_initializer=xavier, dtype="float32"))
    return model


def trained(lesson, names, x, y):
    """The costs by epoch from each start and seed; one compiled model serves for all of them."""
    model = classifier(names[0], 0)
    optimizer = keras.optimizers.SGD(0.003, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
    optimizer.build(model.trainable_variables)
    fresh = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]
    curves = {name: [] for name in names}
    for name, seed in lesson.progress([(n, s) for n in names for s in lesson.seeds], "training"):
        keras.utils.set_random_seed(seed)
        model.set_weights(classifier(name, seed).get_weights())
        for variable, value in zip(optimizer.variables, fresh, strict=True):
            variable.assign(value)
        epochs = lesson.pick(quick=6, full=20)
        history = model.fit(x, y, batch_size=64, epochs=epochs, verbose=0).history
        curves[name].append(history["loss"])
    return curves


def draw_signals(lesson, signals):
    """Deviations of activations and gradients by layer."""
    with lesson.sheet(
        "signals",
        "Deviation of the activations (on the way forward) and of the gradients (on the way back, "
        "from right to left) by layer. A straight line on this scale is a constant factor a layer.",
        "Straight lines that rise or fall over many powers of ten, and two that stay level.",
        width=9.2,
        height=3.8,
        wide=True,
    ) as sheet:
        panels = sheet.subplots(1, 2)
        for axes, what in zip(panels, ("activation", "gradient"), strict=True):
            for name, found in signals.items():
                values = [getattr(row, f"{what}_std") for row in found.rows]
                axes.plot(np.arange(1, DEPTH + 1), values, label=name)
            axes.set(title=f"{what}s", xlabel="layer", ylabel="deviation, log scale", yscale="log")
        sheet.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)


def draw_costs(lesson, curves):
    """Costs by epoch, a line for each seed."""
    with lesson.sheet(
        "costs",
        "Cost by epoch from three random starts each; dotted: guessing.",
        "Three curves that fall, three that stay level at 2.3.",
    ) as sheet:
        axes = sheet.subplots()
        for color, (name, found) in zip(("C2", "C4"), curves.items(), strict=True):
            for curve in found:
                (line,) = axes.plot(np.arange(1, len(curve) + 1), curve, color=color)
            line.set_label(name)
        axes.axhline(np.log(10), color="grey", linestyle=":")
        axes.set(xlabel="epoch", ylabel="cost J")
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
