import keras
import pytest
from keras import layers

from kerasrecipes.callbacks.random_layers import random_layers


class Block(keras.layers.Layer):
    def __init__(self):
        super().__init__(name="block")
        self.inner = layers.Dropout(0.5, name="inside")

    def call(self, x, training=None):
        return self.inner(x, training=training)


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        (layers.Dropout(0.5, name="drop"), ["drop"]),
        (layers.Dropout(0.0), []),
        (layers.GaussianNoise(0.1, name="noise"), ["noise"]),
        (layers.Dense(3), []),
        (layers.BatchNormalization(), []),
        (Block(), ["inside"]),
    ],
)
def test_layers_that_draw_random_numbers_are_named(layer, names):
    assert random_layers(keras.Sequential([keras.Input((4,)), layer])) == names


@pytest.mark.parametrize(("rates", "count"), [((0.0, 0.0), 0), ((0.5, 0.0), 1), ((0.0, 0.5), 1)])
def test_recurrent_layers_count_by_their_rates(rates, count):
    layer = layers.SimpleRNN(3, dropout=rates[0], recurrent_dropout=rates[1], name="rnn")
    assert bool(random_layers(keras.Sequential([keras.Input((4, 2)), layer]))) == bool(count)
