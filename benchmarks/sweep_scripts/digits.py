"""A search of Keras models on `digits`: `python digits.py DIRECTORY TRIALS EPOCHS`."""

import sys

import keras
import keras_tuner as kt
from sklearn.datasets import load_digits


def build(hp):
    """A small network, the same each time for the same settings."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(hp.Choice("units", [16, 32, 64]), "relu"),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model


def main(directory: str, trials: str, epochs: str) -> None:
    x, y = load_digits(return_X_y=True)
    x = x / 16
    tuner = kt.RandomSearch(
        build,
        kt.Objective("val_loss", "min"),
        max_trials=int(trials),
        seed=7,
        directory=directory,
        project_name="search",
    )
    tuner.search(
        x[:1200], y[:1200], validation_data=(x[1200:], y[1200:]), epochs=int(epochs), verbose=0
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
