"""Augmentation: turned and shifted digits lower the dev error, and new ones lower it more.

Purpose: to see what it is worth to make more images out of the ones at hand, and to look at them
before trusting them. A small convolutional network learns from 100 digits; from the same 100, each
time turned, shifted and distorted a little; and from 400 real ones. What is done to an image must
not change its label: no flips for digits.

Expected result: four times the real data has a lower dev error than augmentation, for each of 3
seeds. Augmentation lowers the dev error too, on the mean of the seeds, if the training is long
enough: its images are blurred and never the same, so that they take longer to learn. (With --quick
it is too short, and only shown.) In inference the images pass through as they are.
Run time: about 60 s on 2 cores; with --quick about 20 s.
"""

import sys

import keras
import numpy as np

import kerasrecipes as kr

EXAMPLES, BATCH_SIZE = 100, 50


@kr.lesson
def main(lesson):
    """Looks at augmented digits, then compares three ways to train."""
    # Digits as images of 8 x 8 pixels, from 0 to 1. Of each split only 100 examples are used, so
    # that there is variance; 400 others of the same split stand for the data one might collect.
    x, y = kr.data.load("digits")
    images = (x / 16).reshape(-1, 8, 8, 1)
    splits = {seed: kr.data.train_dev_test_split(images, y, seed=seed) for seed in lesson.seeds}

    # The augmentation is a layer. It draws anew for each image of each batch, in training only:
    # turns to either side by up to 0.04 of a full turn (14 degrees), shifts by up to 0.1 of the
    # width (about a pixel), shears and zooms by up to 0.1. A mirrored 7 is no 7, and a 6 on its
    # head is a 9: flips are off, and turns are small.
    lesson.section("More digits out of the same")
    augment = augmentation(lesson.options.seed)
    few = splits[lesson.options.seed].train[0][:6]
    versions = [keras.ops.convert_to_numpy(augment(few, training=True)) for _ in range(3)]
    passed = keras.ops.convert_to_numpy(augment(few, training=False))
    draw_images(lesson, few, versions)

    # The same network, the same number of steps, three seeds. All start from the same weights and
    # see as many images; only where these come from differs.
    lesson.section("Against no augmentation, and against more data")
    ways = {
        "100 digits": (EXAMPLES, False),
        "100 digits, augmented": (EXAMPLES, True),
        "400 digits": (4 * EXAMPLES, False),
    }
    errors = {}
    for name, (examples, augmented) in lesson.progress(ways.items(), "training"):
        errors[name] = trained(lesson, splits, examples, augmented)
    lesson.table(
        "Errors by seed",
        ("learned from", "seed", "train error", "dev error"),
        [
            (name, seed, *row)
            for name, found in errors.items()
            for seed, row in zip(lesson.seeds, found, strict=True)
        ],
    )
    draw_errors(lesson, errors)

    # Augmented images are not independent of the ones they were made from: they bring what we know
    # of digits, that they may lean or stand a little aside, and nothing about how others write. So
    # they are worth less than new ones. And they must look like what the dev set holds: look at
    # them. A turn mixes neighbouring pixels, and of 8 x 8 there are few: what comes out is grey
    # where the real digits are black or white. Large images hardly suffer from it.
    plain, augmented, more = (np.array(found)[:, 1] for found in errors.values())
    contrast = few.std(), np.mean([version.std() for version in versions])
    lesson.say(
        f"Mean dev error: {plain.mean():.1%} without augmentation, {augmented.mean():.1%} with it, "
        f"{more.mean():.1%} with four times the data. The deviation of the pixels fell from "
        f"{contrast[0]:.3f} to {contrast[1]:.3f} by the augmentation."
    )
    lesson.claim(
        "in inference the images pass as they are", (passed == few).all(), "to the last bit"
    )
    lesson.claim(
        "turning and shifting blurs images of 8 x 8 pixels",
        contrast[1] < 0.9 * contrast[0],
        f"the pixels' deviation falls from {contrast[0]:.3f} to {contrast[1]:.3f}",
    )
    if not lesson.options.quick:
        lesson.claim(
            "after a long training augmentation has lowered the dev error, on the mean of 3 seeds",
            augmented.mean() < plain.mean(),
            f"{plain.mean():.1%} to {augmented.mean():.1%}",
        )
    lesson.claim(
        "four times the real data has a lower dev error than augmentation, for each seed",
        (more < augmented).all(),
        ", ".join(f"{m:.1%} against {a:.1%}" for m, a in zip(more, augmented, strict=True)),
    )


def augmentation(seed):
    """What may happen to a digit and leave it the same digit."""
    return kr.layers.image_augmentation(
        flip=False, rotation=0.04, distortion=0.1, translation=0.1, fill_mode="constant", seed=seed
    )


def network(lesson, augmented):
    """Two convolutions and a softmax, the augmentation first."""
    layers = [
        keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(10, "softmax"),
    ]
    first = [augmentation(0)] if augmented else []
    model = keras.Sequential([keras.Input((8, 8, 1)), *first, *layers])
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", **lesson.compile_options)
    return model


def trained(lesson, splits, examples, augmented):
    """Train and dev error for each seed, after the same number of steps."""
    steps = lesson.pick(quick=160, full=480)
    found = []
    for seed, split in splits.items():
        keras.utils.set_random_seed(seed)
        model = network(lesson, augmented)
        x, y = (part[:examples] for part in split.train)
        rows = np.tile(np.arange(examples), steps * BATCH_SIZE // examples // 4)
        model.fit(x[rows], y[rows], batch_size=BATCH_SIZE, epochs=4, verbose=0)
        predictions = [keras.ops.convert_to_numpy(model(part)) for part in (x, split.dev[0])]
        errors = [
            kr.diagnosis.measure_error("error_rate", labels, predicted).error
            for labels, predicted in zip((y, split.dev[1]), predictions, strict=True)
        ]
        found.append(errors)
    return found


def draw_images(lesson, few, versions):
    """Some digits in the first row, what became of them below."""
    with lesson.sheet(
        "images",
        "Six digits as they are (first row), and three augmented versions of each.",
        "Four rows of six small images of digits, from the second row on turned and shifted.",
    ) as sheet:
        for row, images in zip(sheet.subplots(4, 6), (few, *versions), strict=True):
            for axes, image in zip(row, images, strict=True):
                axes.imshow(image[..., 0], cmap="Greys", vmin=0, vmax=1)
                axes.set_axis_off()


def draw_errors(lesson, errors):
    """The dev error of each seed and the mean."""
    with lesson.sheet(
        "errors",
        "Dev error by what was learned from: each seed a dot, the mean a bar.",
        "Three bars, the one of 400 digits the lowest.",
    ) as sheet:
        axes = sheet.subplots()
        names = [name.replace(", ", ",\n") for name in errors]
        dev = np.array([[row[1] for row in found] for found in errors.values()])
        axes.bar(names, dev.mean(axis=1), color="C0", alpha=0.35, width=0.6)
        for column in dev.T:
            axes.plot(names, column, "o", color="C0", markersize=5)
        axes.set(ylabel="dev error", ylim=(0, None))


if __name__ == "__main__":
    sys.exit(main())
