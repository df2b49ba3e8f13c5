"""Softmax: probabilities that sum to one, straight borders, and why not k logistic regressions.

Purpose: to see what a softmax layer computes, what it can draw, and when to use it. Its arithmetic
is checked on the course's example; softmax regression is trained on iris flowers and its decision
regions are drawn, beside those of a network with a hidden layer and of three logistic regressions;
then digits are told apart by one softmax and by ten logistic regressions.

Expected result: the gradient at the logits is yhat - y, and with two classes softmax is logistic
regression, to rounding. The regions of softmax regression are convex, since their borders are
straight; a hidden layer bends them. Ten logistic regressions disagree on some of the digits: none
of them says yes, or several do; softmax always gives one distribution.
Run time: about 35 s on 2 cores; with --quick about 20 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

LOGITS = np.array([[5.0, 2.0, -1.0, 3.0]], "float32")
COLORS = ("#2457b8", "#d98a00", "#a3198f")


@kr.lesson
def main(lesson):
    """Checks the arithmetic, draws regions, and counts where ten yes-or-no answers disagree."""

    # The course's example: e^z, divided by the sum. Hardmax gives 1 to the largest and 0 to the
    # rest; softmax says the same more gently, and has a gradient.
    lesson.section("Soft and hard")
    soft = keras.ops.convert_to_numpy(keras.ops.softmax(LOGITS))[0]
    hard = keras.ops.convert_to_numpy(kr.layers.Hardmax()(LOGITS))[0]
    lesson.table(
        "Softmax and hardmax of four logits",
        ("z", "e^z / sum of e^z", "hardmax"),
        [tuple(map(float, row)) for row in zip(LOGITS[0], soft, hard, strict=True)],
    )

    # What gradient descent sees: of the loss -sum(y log yhat), the derivative by z is yhat - y.
    target = np.array([[0.0, 1.0, 0.0, 0.0]], "float32")
    _, (gradient,) = kr.backend.value_and_gradients(
        lambda z: keras.ops.sum(
            keras.losses.categorical_crossentropy(target, z[0], from_logits=True)
        ),
        [LOGITS],
    )
    slip = np.abs(keras.ops.convert_to_numpy(gradient)[0] - (soft - target[0])).max()

    # Two classes: softmax is logistic regression. Both of its rows move, in opposite ways, so that
    # their difference is that of one sigmoid at twice the learning rate.
    apart = two_classes_apart(lesson)

    # Iris, by two of its measures, so that the regions can be drawn.
    lesson.section("What it can draw: decision regions")
    x, y = kr.data.load("iris")
    x = (x[:, :2] - x[:, :2].mean(axis=0)) / x[:, :2].std(axis=0)
    steps, bends = lesson.pick(quick=300, full=1_000), {}
    models = {name: Classifier(lesson, 2, 3, *how) for name, how in WAYS.items()}
    for seed in lesson.progress(lesson.seeds, "iris"):
        for model in models.values():
            model.train(x, y, seed, steps)
        for name in ("softmax regression", "a hidden layer of 32"):
            bends.setdefault(name, []).append(bent(models[name], seed))
        if seed == lesson.seeds[0]:
            draw_regions(lesson, models, x, y)
    lesson.table(
        "Pairs of points in one region whose midpoint lies in another, of 10,000, for 3 seeds",
        ("classifier", "pairs"),
        [(name, ", ".join(map(str, counts))) for name, counts in bends.items()],
    )

    # Digits: one softmax against ten logistic regressions, one for each class against the rest.
    lesson.section("One softmax, or ten logistic regressions")
    both = [Classifier(lesson, 64, 10, 0, activation) for activation in ("softmax", "sigmoid")]
    rows = [against(lesson, both, seed) for seed in lesson.progress(lesson.seeds, "digits")]
    columns = ("softmax error", "logistic error", "sums, least", "sums, most", "not one yes")
    lesson.table(
        "Dev digits, for each of 3 seeds: errors (the largest output decides), the sums of the ten "
        "logistic outputs, and the share of digits to which not exactly one of them says yes",
        ("seed", *columns),
        [(seed, *row) for seed, row in zip(lesson.seeds, rows, strict=True)],
    )
    found = dict(zip(columns, np.array(rows).T, strict=True))

    lesson.claim(
        "the course's example: 0.842, 0.042, 0.002, 0.114, and hardmax 1, 0, 0, 0",
        np.abs(soft - [0.842, 0.042, 0.002, 0.114]).max() < 5e-4 and list(hard) == [1, 0, 0, 0],
        ", ".join(f"{value:.4f}" for value in soft),
    )
    lesson.claim(
        "the gradient at the logits is yhat - y, to 1e-6", slip < 1e-6, f"{slip:.0e} apart"
    )
    lesson.claim(
        "with two classes softmax walks like logistic regression at twice the rate, to 1e-4",
        apart < 1e-4,
        f"probabilities at most {apart:.0e} apart after training",
    )
    lesson.claim(
        "regions of softmax regression are convex; with a hidden layer they are not, every seed",
        max(bends["softmax regression"]) == 0 < min(bends["a hidden layer of 32"]),
        f"at most {max(bends['softmax regression'])} pairs against "
        f"{', '.join(map(str, bends['a hidden layer of 32']))} of 10,000",
    )
    lesson.claim(
        "not exactly one logistic regression says yes to at least 1 % of dev digits, every seed",
        found["not one yes"].min() >= 0.01,
        f"{', '.join(f'{share:.1%}' for share in found['not one yes'])}; errors "
        f"{found['softmax error'].mean():.1%} of softmax, {found['logistic error'].mean():.1%}",
    )


WAYS = {
    "softmax regression": (0, "softmax"),
    "a hidden layer of 32": (32, "softmax"),
    "3 logistic regressions": (0, "sigmoid"),
}


def two_classes_apart(lesson, steps=200, rate=0.1):
    """The largest difference of probabilities, both trained from zero on tumours."""
    x, y = kr.data.load("breast_cancer")
    scale = kr.layers.Standardize()
    scale.adapt(x)
    x = np.tile(keras.ops.convert_to_numpy(scale(x)), (steps, 1))
    ends = []
    for units, activation, speed in ((2, "softmax", rate), (1, "sigmoid", 2 * rate)):
        dense = keras.layers.Dense(units, activation, kernel_initializer="zeros", dtype="float32")
        model = keras.Sequential([keras.Input(x.shape[1:]), dense])
        loss = "binary_crossentropy" if units == 1 else "sparse_categorical_crossentropy"
        model.compile(keras.optimizers.SGD(speed), loss, **lesson.compile_options)
        model.fit(x, np.tile(y, steps), batch_size=len(y), shuffle=False, verbose=0)
        ends.append(keras.ops.convert_to_numpy(model(x[: len(y)]))[:, -1])
    return float(np.abs(ends[0] - ends[1]).max())


class Classifier:
    """One model that is trained from several starts: k probabilities, or k answers of yes or no."""

    def __init__(self, lesson, features, count, hidden, activation):
        """Builds and compiles; `hidden` units of tanh, or none for 0."""
        inner = [keras.layers.Dense(hidden, "tanh")] if hidden else []
        # In float32 whatever the policy: regions meet where two outputs are equal, to the last bit.
        outer = keras.layers.Dense(count, activation, dtype="float32")
        self.model = keras.Sequential([keras.Input((features,)), *inner, outer])
        loss = "binary_crossentropy" if activation == "sigmoid" else "categorical_crossentropy"
        self.optimizer = keras.optimizers.Adam(0.05)
        self.model.compile(self.optimizer, loss, **lesson.compile_options)
        self.optimizer.build(self.model.trainable_variables)
        self.fresh = [keras.ops.convert_to_numpy(value) for value in self.optimizer.variables]

    def train(self, x, y, seed, steps):
        """Trains from the start that the seed gives, on the whole set at each step."""
        random = np.random.default_rng(seed)
        weights = self.model.get_weights()
        self.model.set_weights([random.normal(size=w.shape) / np.sqrt(len(w)) for w in weights])
        for variable, value in zip(self.optimizer.variables, self.fresh, strict=True):
            variable.assign(value)
        x, y = np.tile(x, (steps, 1)), np.tile(keras.utils.to_categorical(y), (steps, 1))
        self.model.fit(x, y, batch_size=len(y) // steps, shuffle=False, verbose=0)

    def __call__(self, x):
        """The outputs as an array."""
        return keras.ops.convert_to_numpy(self.model(x))

    def classes(self, x):
        """The class of the largest output."""
        return self(x).argmax(axis=1)


def bent(model, seed, pairs=10_000):
    """How many pairs of points of one class have a midpoint of another."""
    ends = np.random.default_rng(seed).uniform(-3, 3, size=(2, 4 * pairs, 2))
    first, second = (model.classes(end) for end in ends)
    same = np.flatnonzero(first == second)[:pairs]
    middle = model.classes(ends[:, same].mean(axis=0))
    return int((middle != first[same]).sum())


def against(lesson, both, seed):
    """Errors of both on dev, and what the sums and the yeses of the ten logistic outputs are."""
    x, y = kr.data.load("digits")
    split = kr.data.train_dev_test_split(x / 16, y, seed=seed)
    steps = lesson.pick(quick=100, full=400)
    for model in both:
        model.train(*split.train, seed, steps)
    logistic = both[1](split.dev[0])
    errors = [float((model.classes(split.dev[0]) != split.dev[1]).mean()) for model in both]
    sums, yeses = logistic.sum(axis=1), (logistic > 0.5).sum(axis=1)
    return *errors, float(sums.min()), float(sums.max()), float((yeses != 1).mean())


def draw_regions(lesson, models, x, y):
    """The plane coloured by class; grey where not exactly one logistic regression says yes."""
    axis = np.linspace(-3, 3, 200)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    with lesson.sheet(
        "regions",
        "Iris by two measures. The borders of softmax regression are straight, a hidden layer "
        "bends them; in the grey area of the logistic regressions none says yes, or several do.",
        "Three panels of coloured regions: straight borders, bent borders, and a grey gap.",
        width=9.2,
        height=3.3,
        wide=True,
    ) as sheet:
        for axes, (name, model) in zip(
            sheet.subplots(1, 3, sharey=True), models.items(), strict=True
        ):
            outputs = model(grid)
            region = outputs.argmax(axis=1)
            if name == "3 logistic regressions":
                region = np.where((outputs > 0.5).sum(axis=1) == 1, region, 3)
            shades, levels = (*COLORS, "#8b929e"), np.arange(5) - 0.5
            square = region.reshape(len(axis), -1)
            axes.contourf(axis, axis, square, levels, colors=shades, alpha=0.25)
            for label in range(3):
                axes.plot(*x[y == label].T, ".", color=COLORS[label], markersize=4)
            axes.set(title=name, xlabel="sepal length, scaled", ylabel="sepal width, scaled")
            axes.label_outer()
            axes.grid(False)


if __name__ == "__main__":
    sys.exit(main())
