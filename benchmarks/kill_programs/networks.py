"""Small networks, by what they make hard to resume."""

from __future__ import annotations

import keras
from keras import layers

import kerasrecipes as kr

SHAPE = (6, 6, 1)


def plain() -> keras.Model:
    """Nothing random after its weights."""
    return _model(layers.Flatten(), layers.Dense(6, "relu"))


def random() -> keras.Model:
    """Dropout, and batch norm with its moving averages."""
    return _model(
        layers.Flatten(),
        layers.Dense(8),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Dropout(0.3),
    )


def images() -> keras.Model:
    """Augmentation, a convolution, dropout."""
    return _model(
        kr.layers.image_augmentation(),
        layers.Conv2D(3, 3, activation="relu"),
        layers.SpatialDropout2D(0.2),
        layers.GlobalAveragePooling2D(),
        layers.GaussianNoise(0.1),
    )


def unbuilt() -> keras.Model:
    """Has no variables before the first batch."""
    return keras.Sequential([layers.Flatten(), layers.Dropout(0.2), layers.Dense(1, "sigmoid")])


def recurrent() -> keras.Model:
    """Dropout inside a loop."""
    return _model(layers.Reshape((6, 6)), layers.GRU(4, recurrent_dropout=0.2))


def _model(*hidden: layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input(SHAPE), *hidden, layers.Dense(1, "sigmoid")])
