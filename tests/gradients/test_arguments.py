"""What `gradient_check` refuses, in its own words."""

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.gradients import gradient_check

X, Y = np.ones((8, 4), "float32"), np.ones((8, 2), "float32")


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="last")], name="small")
    model.compile(loss="mse")
    return model


def test_a_layer_is_not_a_model():
    with pytest.raises(ValueError, match=r"`model` must be a keras.Model. Received: model=<Dense"):
        gradient_check(layers.Dense(2), X, Y)


def test_a_model_must_be_built():
    model = keras.Sequential([layers.Dense(2)], name="empty")
    model.compile(loss="mse")
    with pytest.raises(ValueError, match=r"`model` must be built.*model='empty', not built"):
        gradient_check(model, X, Y)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_model_must_have_a_loss(compiled):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)], name="lossless")
    if compiled:
        model.compile()
    with pytest.raises(ValueError, match=r"compiled with a loss.*model='lossless' without a loss"):
        gradient_check(model, X, Y)


def test_a_model_must_have_something_to_train():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)], name="frozen")
    model.trainable = False
    model.compile(loss="mse")
    with pytest.raises(ValueError, match=r"trainable variables to check.*model='frozen'"):
        gradient_check(model, X, Y)


@pytest.mark.parametrize(
    ("x", "y", "weight", "received"),
    [
        (X[:3], Y, None, r"arrays of \[3, 8\] examples"),
        (X[:0], Y[:0], None, r"arrays of \[0, 0\] examples"),
        (X, Y, np.ones(5), r"arrays of \[8, 8, 5\] examples"),
        (X, [1, 2], None, "x of type ndarray, y of type list"),
        (iter([X]), Y, None, "x of type list_iterator"),
    ],
    ids=["lengths", "empty", "weights", "list", "generator"],
)
def test_a_batch_must_be_arrays_of_one_length(model, x, y, weight, received):
    with pytest.raises(ValueError, match=f"`x` and `y` must .*{received}"):
        gradient_check(model, x, y, sample_weight=weight)


@pytest.mark.parametrize("stranger", ["weight", layers.Dense(1)], ids=["name", "variable"])
def test_a_variable_must_be_the_model_s_own(model, stranger):
    if not isinstance(stranger, str):
        stranger.build((None, 4))
        stranger = stranger.kernel
    received = getattr(stranger, "path", stranger)
    with pytest.raises(ValueError, match=f"Received: '{received}'.*small/last/kernel, small/last/"):
        gradient_check(model, X, Y, variables=[stranger])


def test_at_least_one_variable_must_be_chosen(model):
    with pytest.raises(ValueError, match=r"at least one variable. Received: variables=\[\]"):
        gradient_check(model, X, Y, variables=[])


@pytest.mark.parametrize(
    ("option", "received"),
    [({"epsilon": 0.0}, "epsilon=0.0"), ({"method": "all"}, "method='all'")],
)
def test_options_out_of_range_are_refused(model, option, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        gradient_check(model, X, Y, **option)


def test_a_loss_in_float32_is_refused(model):
    twin = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    twin.compile(
        loss=lambda y, p: keras.ops.cast(
            keras.ops.mean(keras.ops.cast((y - p) ** 2, "float32")), "float64"
        )
    )
    with pytest.raises(ValueError, match=r"computed in float64.*a rounding noise of \d+e-0\d"):
        gradient_check(twin, X * np.pi, Y)


def test_two_classes_of_one_name_are_refused():
    def twin(factor):
        class Same(layers.Layer):
            def call(self, inputs):
                return factor * inputs

        return Same

    model = keras.Sequential([keras.Input((4,)), twin(2.0)(), layers.Dense(2), twin(3.0)()])
    model.compile(loss="mse")
    with pytest.raises(ValueError, match="two different classes have the name 'Same'"):
        gradient_check(model, X, Y)


def test_a_layer_that_cannot_be_copied_is_named_with_the_cause():
    class Short(layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.dense = layers.Dense(units)

        def call(self, inputs):
            return self.dense(inputs)

        def get_config(self):
            return {"name": self.name}

    model = keras.Sequential([keras.Input((4,)), Short(2)], name="short")
    model.compile(loss="mse")
    with pytest.raises(ValueError, match=r"`short` must be copied.*TypeError.*argument"):
        gradient_check(model, X, Y)
