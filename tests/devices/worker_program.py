"""Trains as one of several workers, or alone, and writes what came of it."""

import json
import os
import sys
from pathlib import Path

import keras
import numpy as np

import kerasrecipes as kr


def main(out):
    is_worker = "TF_CONFIG" in os.environ
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(0)
    x = random.normal(size=(32, 5)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")

    with kr.devices.use("cpu", data_parallel="workers" if is_worker else False) as devices:
        model = keras.Sequential(
            [keras.Input((5,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1, "sigmoid")]
        )
        model.compile("adam", "binary_crossentropy", **kr.devices.compile_options())
        monitor = kr.callbacks.GradientMonitor(sink=None)
        resume = kr.callbacks.Resume(out / "run", sink=None)
        history = model.fit(
            x, y, batch_size=16, epochs=2, shuffle=False, verbose=0, callbacks=[resume, monitor]
        ).history

    result = {
        "workers": devices.workers,
        "loss": history["loss"],
        "weights": [weight.tolist() for weight in model.get_weights()],
        "norms": [norms.tolist() for norms in monitor.reading.gradient_norms.values()],
    }
    (out / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
