import functools

import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.diagnosis.collect import program_facts
from kerasrecipes.diagnosis.collect.loss_facts import LossFacts, loss_facts
from kerasrecipes.layers import DenseBlock, InvertedDropout, Standardize


def sequential(*parts, shape=(4,)):
    return keras.Sequential([keras.Input(shape), *parts])


def facts(model, loss="mse", optimizer="adam", metrics=None, **fit):
    model.compile(optimizer, loss, metrics=metrics)
    return program_facts(model, **fit)


@pytest.mark.parametrize(
    ("tail", "activation", "inner"),
    [
        ([layers.Dense(3, "relu")], "relu", ()),
        ([layers.Dense(3), layers.Activation("tanh")], "tanh", ()),
        ([layers.Dense(3), layers.Dropout(0.2), layers.ReLU(), layers.Flatten()], "relu", ()),
        ([layers.Dense(3), layers.LeakyReLU()], "leaky_relu", ()),
        ([layers.Dense(3), layers.PReLU()], "prelu", ()),
        ([layers.Dense(3, "softmax"), layers.Softmax()], "softmax", ("softmax",)),
        ([layers.Dense(3, "relu"), layers.Softmax()], "softmax", ("relu",)),
        ([layers.Dense(3, keras.activations.silu)], "silu", ()),
        ([layers.Dense(3, lambda z: z**2)], "custom", ()),
        ([layers.Dense(3), layers.Lambda(lambda z: z**2)], "custom", ()),
    ],
)
def test_the_last_activation_is_found_however_it_is_given(tail, activation, inner):
    program = facts(sequential(*tail))
    assert (program.output_activation, program.layers[-1].inner_activations) == (activation, inner)
    assert len(program.layers) == 1


def test_what_follows_a_layer_belongs_to_it():
    program = facts(
        sequential(
            Standardize(mean=0.0, variance=1.0),
            layers.Dense(8, kernel_regularizer=keras.regularizers.L2(0.02)),
            layers.BatchNormalization(),
            layers.ReLU(),
            InvertedDropout(0.7),
            layers.Dense(2, trainable=False),
        )
    )
    first, last = program.layers
    assert (first.units, first.fan_in, first.normalized, first.activation) == (8, 4, True, "relu")
    assert first.dropout == pytest.approx(0.3)
    assert first.penalty == pytest.approx(0.02)
    assert first.expected_std == pytest.approx(np.sqrt(2 / 4))  # He
    assert last.expected_std == pytest.approx(np.sqrt(1 / 8))  # Xavier
    assert last.glorot_std == pytest.approx(np.sqrt(2 / 10))
    assert (first.trainable, last.trainable) == (True, False)
    assert program.parameters == 8 * 4 + 8 + 2 * 8


def test_kernels_of_convolutions_have_the_fan_in_of_their_window():
    parts = [layers.Conv2D(5, 3), layers.MaxPooling2D(), layers.DepthwiseConv2D(3)]
    program = facts(sequential(*parts, shape=(20, 20, 2)))
    assert [layer.fan_in for layer in program.layers] == [18, 9]
    assert program.layers[0].followed_by == ("MaxPooling2D",)
    assert program.output_rank == 4


def test_an_activation_of_a_branch_goes_to_the_layer_it_reads():
    inputs = keras.Input((4,))
    left, right = layers.Dense(3, name="left")(inputs), layers.Dense(3, name="right")(inputs)
    outputs = layers.Dense(1, name="last")(layers.Add()([layers.ReLU()(left), right]))
    program = facts(keras.Model(inputs, outputs))
    assert {layer.name: layer.activation for layer in program.layers} == {
        "left": "relu",
        "right": "linear",
        "last": "linear",
    }


def test_nested_models_and_blocks_are_opened():
    inner = keras.Sequential([layers.Dense(5, name="inner")])
    program = facts(sequential(inner, layers.ReLU(), DenseBlock(6, keep_prob=0.5)))
    assert [(layer.name, layer.activation) for layer in program.layers] == [
        ("inner", "relu"),
        ("linear", "relu"),
    ]
    assert program.layers[1].dropout == pytest.approx(0.5)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(7, "relu"), layers.Dense(2, "softmax")

    def call(self, x):
        return self.second(self.first(x))


def test_a_subclassed_model_is_read_as_far_as_it_tells_also_before_it_is_built():
    program = facts(Subclassed())
    assert [layer.units for layer in program.layers] == [7, 2]
    assert (program.output_activation, program.output_units) == ("softmax", 2)
    assert "subclassed" in program.left_out[0]
    assert program.layers[0].fan_in is None


def test_of_several_outputs_the_first_is_read_and_the_rest_said():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [layers.Dense(2)(inputs), layers.Dense(3)(inputs)])
    program = facts(model, loss=["mse", "mae"])
    assert (program.output_units, program.loss) == (2, "mean_squared_error")
    assert "1 outputs" in program.left_out[-1]


@pytest.mark.parametrize(
    ("optimizer", "name", "rate", "scheduled"),
    [
        ("rmsprop", "rmsprop", 0.001, False),
        (keras.optimizers.SGD(0.05, momentum=0.9), "sgd", 0.05, False),
        (
            keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.3, 10, 0.5)),
            "sgd",
            0.3,
            True,
        ),
    ],
)
def test_the_optimizer_is_read(optimizer, name, rate, scheduled):
    program = facts(sequential(layers.Dense(1)), optimizer=optimizer)
    assert (program.optimizer, program.learning_rate, program.scheduled) == (name, rate, scheduled)
    assert program.momentum == (0.9 if rate == 0.05 else 0.0)


def test_fit_arguments_and_metrics_are_kept():
    metrics = ["accuracy", keras.metrics.AUC(name="auc"), keras.metrics.mean_squared_error]
    program = facts(sequential(layers.Dense(1)), metrics=metrics, epochs=7, shuffle=False)
    assert program.metrics == ("accuracy", "auc", "mean_squared_error")
    assert (program.batch_size, program.epochs, program.shuffle) == (32, 7, False)


def my_loss(y, p):
    return keras.ops.mean(y - p)


class OwnLoss(keras.losses.Loss):
    def call(self, y, p):
        return y - p


class UntoldLoss(OwnLoss):
    def get_config(self):
        raise NotImplementedError


def test_a_loss_that_does_not_tell_its_options_is_said():
    assert loss_facts(UntoldLoss()) == LossFacts("untold_loss", is_told=False)
    left_out = facts(sequential(layers.Dense(1)), loss=UntoldLoss()).left_out
    assert "options of the loss: untold_loss has no config; taken as the defaults" in left_out
    assert facts(sequential(layers.Dense(1)), loss=OwnLoss()).left_out == ()


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("MSE", LossFacts("mean_squared_error")),
        ("bce", LossFacts("binary_crossentropy")),
        ("kld", LossFacts("kl_divergence")),
        (keras.losses.MeanSquaredError(), LossFacts("mean_squared_error")),
        (keras.losses.Huber(), LossFacts("huber")),
        (keras.losses.binary_crossentropy, LossFacts("binary_crossentropy")),
        (
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            LossFacts("sparse_categorical_crossentropy", True),
        ),
        (
            keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
            LossFacts("categorical_crossentropy", False, 0.1),
        ),
        (
            functools.partial(keras.losses.binary_crossentropy, from_logits=True),
            LossFacts("binary_crossentropy", True),
        ),
        (lambda y, p: y - p, LossFacts("custom")),
        (my_loss, LossFacts("my_loss")),
        (OwnLoss(), LossFacts("own_loss")),
        (None, LossFacts("none")),
    ],
)
def test_a_loss_has_one_name_however_it_is_given(loss, expected):
    assert loss_facts(loss) == expected


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(ValueError, match=r"`model` must be compiled.*model.compile"):
        program_facts(sequential(layers.Dense(1)))
    with pytest.raises(ValueError, match=r"`model` must be a keras.Model.*Received: model=3"):
        program_facts(3)


class NoConfig(keras.optimizers.SGD):
    def get_config(self):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("optimizer", "scheduled", "said"),
    [
        (keras.optimizers.SGD(0.1), False, 0),
        (keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 9, 0.9)), True, 0),
        (NoConfig(0.1), False, 1),
    ],
    ids=["constant", "scheduled", "no config"],
)
def test_a_schedule_that_cannot_be_seen_is_said(optimizer, scheduled, said):
    model = sequential(layers.Dense(1))
    model.compile(optimizer, "mse")
    program = program_facts(model)
    assert program.scheduled is scheduled
    assert sum("NoConfig has no config" in line for line in program.left_out) == said
