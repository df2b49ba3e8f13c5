"""Members trained together end as each would by its own `fit`."""

import keras
import numpy as np
import pytest
from keras import layers, optimizers

from kerasrecipes.layers import ConvBlock, DenseBlock, InvertedDropout
from kerasrecipes.regularizers import L2
from kerasrecipes.stacked import (
    StackedProgram,
    Together,
    example_of,
    structure_of,
    training_data,
)

ROWS, DEV = 64, 16  # whole batches of 16: each shape more is a program more to compile
SHORTER_LAST = 24  # batches of 24, 24 and 16
MEMBERS = 3


def table():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS + DEV, 6)).astype("float32")
    return x, (x[:, 0] + x[:, 1] ** 2 > 1).astype("int32")


def dense(member):
    return [layers.Dense(8, "tanh", kernel_regularizer=keras.regularizers.L2(0.01 * member))]


def course_penalties(member):
    penalty = L2(0.5 + member, num_examples=ROWS)
    both = keras.regularizers.L1L2(1e-3 * member, 1e-3)
    return [layers.Dense(8, "relu", kernel_regularizer=penalty, activity_regularizer=both)]


def normalized(member):
    return [
        layers.Dense(8, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
    ]


def convolutional(member):
    return [
        layers.Reshape((3, 2, 1)),
        ConvBlock(4, 2, "relu", keep_prob=1.0),
        layers.MaxPooling2D((1, 2), padding="same"),
        layers.Flatten(),
    ]


def constrained(member):
    return [layers.Dense(8, "relu", kernel_constraint=keras.constraints.MaxNorm(0.5))]


OPTIMIZERS = {
    "sgd": lambda k: optimizers.SGD(0.05 * (k + 1)),
    "momentum": lambda k: optimizers.SGD(0.05, momentum=0.5 + 0.1 * k, nesterov=True),
    "rmsprop": lambda k: optimizers.RMSprop(0.01 * (k + 1), rho=0.8 + 0.05 * k, momentum=0.1),
    "adam": lambda k: optimizers.Adam(0.01, beta_1=0.8 + 0.05 * k, beta_2=0.99, clipvalue=0.5),
    "adamw": lambda k: optimizers.AdamW(0.01 * (k + 1), weight_decay=0.1 * k),
    "clipped": lambda k: optimizers.SGD(0.1, clipnorm=0.2 + k),
    "clipped_globally": lambda k: optimizers.SGD(0.1, global_clipnorm=0.2 + k),
    "schedule": lambda k: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1 + k, 5, 0.5)),
    "adagrad": lambda k: optimizers.Adagrad(0.1 * (k + 1)),
    "nadam": lambda k: optimizers.Nadam(0.01 * (k + 1)),
    "lion": lambda k: optimizers.Lion(0.001 * (k + 1)),
}


def models_of(body, optimizer):
    models = []
    for member in range(MEMBERS):
        model = keras.Sequential(
            [keras.Input((6,)), *body(member), layers.Dense(2, activation="softmax")]
        )
        rule = OPTIMIZERS[optimizer](member)
        model.compile(rule, "sparse_categorical_crossentropy", metrics=["accuracy"])
        models.append(model)
    return models


def arguments(**more):
    x, y = table()
    return {
        "x": x[:ROWS],
        "y": y[:ROWS],
        "epochs": 3,
        "batch_size": 16,
        "shuffle": False,
        "validation_data": (x[ROWS:], y[ROWS:]),
    } | more


def trained_together(models, given, **options):
    data = training_data(given)
    run = Together(
        StackedProgram(models[0], len(models), example_of(data)), models, data, **options
    )
    list(run.epochs())
    return run.members


def check_same_as_fit(models, given, compared=(0, -1), tolerance=2e-5):
    assert len({structure_of(model) for model in models}) == 1
    members = trained_together(models, given)
    for model, member in [(models[place], members[place]) for place in compared]:
        history = model.fit(**given, verbose=0).history
        assert history.keys() == member.history.keys()
        for name, values in history.items():
            np.testing.assert_allclose(member.history[name], values, rtol=1e-4, atol=1e-5)
        for ours, its in zip(member.weights, model.get_weights(), strict=True):
            np.testing.assert_allclose(ours, its, rtol=tolerance, atol=tolerance)


ON_JAX = ("momentum", "adamw", "clipped_globally")  # XLA compiles seconds for each model
TRIED = OPTIMIZERS if keras.config.backend() == "tensorflow" else ON_JAX


@pytest.mark.parametrize("optimizer", TRIED)
def test_each_member_ends_as_by_its_own_fit_with_every_optimizer(optimizer):
    # The program is built from the first: whose numbers it takes shows in the last.
    check_same_as_fit(models_of(dense, optimizer), arguments(), compared=[-1])


@pytest.mark.parametrize("body", [course_penalties, convolutional, constrained])
def test_each_member_ends_as_by_its_own_fit_with_every_kind_of_layer(body):
    check_same_as_fit(models_of(body, "sgd"), arguments())


def test_a_last_batch_that_is_shorter_counts_as_in_fit():
    given = arguments(batch_size=SHORTER_LAST)
    check_same_as_fit(models_of(normalized, "sgd"), given)


def test_members_differ_where_their_numbers_do():
    members = trained_together(models_of(dense, "sgd"), arguments())
    assert len({member.history["loss"][-1] for member in members}) == MEMBERS


def test_class_weights_and_a_split_are_those_of_fit():
    given = arguments(class_weight={0: 1.0, 1: 5.0}, validation_split=0.2)
    del given["validation_data"]
    check_same_as_fit(models_of(dense, "sgd"), given)


def test_sample_weights_are_those_of_fit():
    weight = np.linspace(0.0, 2.0, ROWS).astype("float32")
    check_same_as_fit(models_of(dense, "sgd"), arguments(sample_weight=weight))


def two_inputs(member):
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    hidden = layers.Concatenate()([layers.Dense(4, "relu")(a), layers.Dense(4, "tanh")(b)])
    outputs = {"class": layers.Dense(2, activation="softmax", name="class")(hidden)}
    outputs["sum"] = layers.Dense(1, name="sum")(hidden)
    model = keras.Model({"a": a, "b": b}, outputs)
    model.compile(
        optimizers.SGD(0.01 * (member + 1)),
        {"class": "sparse_categorical_crossentropy", "sum": "mse"},
        metrics={"class": ["accuracy"]},
    )
    return model


def test_models_of_several_inputs_and_outputs_are_trained_as_by_fit():
    x, y = table()
    given = arguments(
        x={"a": x[:ROWS, :3], "b": x[:ROWS, 3:]},
        y={"class": y[:ROWS], "sum": x[:ROWS].sum(axis=1, keepdims=True)},
        validation_data=None,
    )
    check_same_as_fit([two_inputs(member) for member in range(MEMBERS)], given)


def dropping(keep_prob):
    model = keras.Sequential([keras.Input((200,)), InvertedDropout(keep_prob, seed=7)])
    model.add(layers.Dense(1, kernel_initializer="ones", trainable=True))
    model.compile(optimizers.SGD(0.0), "mse")
    return model


def test_each_member_drops_by_its_own_keep_probability():
    keep = [0.9, 0.5, 0.2]
    models = [dropping(each) for each in keep]
    assert len({structure_of(model) for model in models}) == 1
    x, y = np.ones((400, 200), "float32"), np.full((400, 1), 200.0, "float32")
    members = trained_together(models, {"x": x, "y": y, "batch_size": 100})
    variances = [member.history["loss"][0] for member in members]
    expected = [200 * (1 - each) / each for each in keep]  # of a sum of 200 kept units
    np.testing.assert_allclose(variances, expected, rtol=0.25)


def test_members_of_one_seed_and_others_draw_their_own_masks():
    models = [dropping(0.5) for _ in range(2)] + [dropping(0.5)]
    models[2].layers[0].seed_generator.state.assign(
        np.array([99, 0], str(models[2].layers[0].seed_generator.state.dtype))
    )
    x, y = np.ones((100, 200), "float32"), np.full((100, 1), 200.0, "float32")
    first, same, other = trained_together(models, {"x": x, "y": y, "batch_size": 50})
    assert first.history == same.history
    assert first.history != other.history


def test_a_member_that_diverges_is_left_behind_and_harms_no_other():
    models = models_of(dense, "sgd")
    models[1].optimizer.learning_rate.assign(1e30)
    alone = models_of(dense, "sgd")[2]
    alone.set_weights(models[2].get_weights())
    members = trained_together(models, arguments())
    assert members[1].died_in_epoch is not None
    assert len(members[1].history["loss"]) <= 2
    assert [m.died_in_epoch for m in (members[0], members[2])] == [None, None]
    alone.fit(**arguments(), verbose=0)
    for ours, its in zip(members[2].weights, alone.get_weights(), strict=True):
        np.testing.assert_allclose(ours, its, rtol=2e-5, atol=2e-5)


def test_the_weights_of_the_best_epoch_are_kept():
    models = models_of(dense, "sgd")
    given = arguments(epochs=5)
    members = trained_together(
        models,
        given,
        objective=lambda logs: -logs["val_loss"],  # so that an early epoch may be the best
        is_better=lambda value, best: value < best,
    )
    x, y = given["validation_data"]
    for model, member in zip(models, members, strict=True):
        worst = max(member.history["val_loss"])
        assert member.history["val_loss"][member.best_epoch] == worst
        model.set_weights(member.weights)
        assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(worst, rel=1e-4)


def test_those_that_go_on_after_others_were_dropped_end_as_by_fit():
    models = models_of(normalized, "adam")
    data = training_data(arguments())
    run = Together(StackedProgram(models[0], MEMBERS, example_of(data)), models, data)
    for epoch in run.epochs():
        if epoch == 0:
            run.drop([0, 2], epoch)
            run.shrink()
    assert run.program.members == 1
    assert [len(member.history["loss"]) for member in run.members] == [1, 3, 1]
    assert run.members[0].dropped_after_epoch == 0
    for number, epochs in ((0, 1), (1, 3)):
        models[number].fit(**arguments(epochs=epochs), verbose=0)
        for ours, its in zip(
            run.members[number].weights, models[number].get_weights(), strict=True
        ):
            np.testing.assert_allclose(ours, its, rtol=2e-4, atol=2e-5)


def test_a_shuffled_epoch_has_an_order_of_its_own_by_the_seed():
    models, data = models_of(dense, "sgd"), training_data(arguments(shuffle=True))
    program = StackedProgram(models[0], MEMBERS, example_of(data))

    def losses(seed):
        run = Together(program, models, data, seed=seed)
        list(run.epochs())
        return run.members[0].history["loss"]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def test_the_models_stay_as_they_are():
    models = models_of(normalized, "adam")
    before = [model.get_weights() for model in models]
    rates = [float(model.optimizer.learning_rate) for model in models]
    trained_together(models, arguments())
    for model, weights in zip(models, before, strict=True):
        for now, then in zip(model.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(now, then)
    assert [float(model.optimizer.learning_rate) for model in models] == rates
    assert [int(model.optimizer.iterations) for model in models] == [0] * MEMBERS


@pytest.mark.parametrize("block", [DenseBlock(8, "relu", keep_prob=0.7)])
def test_a_block_with_dropout_inside_is_trained(block):
    models = models_of(lambda _: [DenseBlock(8, "relu", keep_prob=0.7)], "sgd")
    members = trained_together(models, arguments())
    assert all(np.isfinite(member.history["loss"]).all() for member in members)
