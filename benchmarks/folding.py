"""What folding batch norm saves in inference, on a residual net on this machine's CPU.

`python benchmarks/folding.py [--quick]` builds a ResNet-style net with random statistics, folds it,
and times one compiled call `model(x, training=False)` of Keras's own model and of the folded one,
in turns, for one image and for 32. It prints how many norms were folded, the largest difference
of the outputs relative to the largest output, the median milliseconds, and the ratios last.
Set `KERAS_BACKEND=jax` for JAX, whose compiler fuses a norm into the convolution before it itself.
"""

import argparse
import statistics
import time

import keras
import numpy as np
from keras import layers

from kerasrecipes.backend import compiled
from kerasrecipes.layers import fold_batch_normalization

SIDE = 32


def main(quick=False):
    blocks, seconds = (1, 1.0) if quick else (3, 10.0)
    model = with_random_statistics(residual_net(blocks))
    left = []
    folded = fold_batch_normalization(model, report=left.extend)
    ours, theirs = norms(folded), norms(model)
    print(f"{keras.backend.backend()}: {theirs - ours} of {theirs} norms folded, {len(left)} left")
    ratios = []
    for batch in (1, 32):
        images = np.random.default_rng(batch).normal(size=(batch, SIDE, SIDE, 3))
        x = keras.ops.convert_to_tensor(images.astype("float32"))
        calls = {"Keras's own": inference(model, x), "folded": inference(folded, x)}
        one, two = (call() for call in calls.values())
        difference = np.abs(one - two).max() / np.abs(one).max()
        times = medians(calls, seconds)
        for name, median in times.items():
            print(f"batch {batch:2}, {name:12}{1000 * median:9.2f} ms")
        print(f"batch {batch:2}, largest relative difference {difference:.1e}")
        ratio = times["Keras's own"] / times["folded"]
        ratios.append(f"batch {batch}: Keras / folded {ratio:.2f}")
    print("; ".join(ratios))


def residual_net(blocks):
    """ResNet's stages of 32, 64 and 128 filters on images of 32 x 32."""
    inputs = keras.Input((SIDE, SIDE, 3))
    z = layers.ReLU()(normed(layers.Conv2D(32, 3, padding="same", use_bias=False), inputs))
    for stage, filters in enumerate((32, 64, 128)):
        for block in range(blocks):
            strides = 2 if stage and not block else 1
            skip = z
            if strides > 1:
                skip = normed(layers.Conv2D(filters, 1, strides, use_bias=False), z)
            z = normed(layers.Conv2D(filters, 3, strides, padding="same", use_bias=False), z)
            z = layers.ReLU()(z)
            z = normed(layers.Conv2D(filters, 3, padding="same", use_bias=False), z)
            z = layers.ReLU()(layers.Add()([z, skip]))
    return keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(z)))


def normed(linear, x):
    return layers.BatchNormalization()(linear(x))


def with_random_statistics(model):
    """The model as training might have left it: no norm is an identity."""
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            for weight in layer.weights:
                centre = 0.0 if weight.name in ("beta", "moving_mean") else 1.0
                weight.assign(centre + random.uniform(-0.5, 0.5, weight.shape))
    return model


def norms(model):
    return sum(isinstance(layer, layers.BatchNormalization) for layer in model.layers)


def inference(model, x):
    """A compiled call that returns NumPy, after a first one that compiles."""
    graph = compiled(lambda images: model(images, training=False))

    def call():
        return keras.ops.convert_to_numpy(graph(x))

    call()
    return call


def medians(calls, seconds):
    """Name -> median seconds of a call, the calls in turns for about so many seconds."""
    times = {name: [] for name in calls}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times["folded"]) < 5:
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a shallower net for one second")
    main(parser.parse_args().quick)
