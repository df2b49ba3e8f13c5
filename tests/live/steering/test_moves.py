"""After a move the training is that of a program with the new number from that step on."""

import keras
import pytest
from keras import layers, optimizers
from keras.optimizers import schedules

from kerasrecipes.live.steering import Steering
from tests.live.steering.steered import Before, Steered, Y, assert_same, fit, network


def set_in(name, value):
    """The slow way: in a program that is not compiled every step reads the attribute."""
    return lambda model: setattr(model.optimizer, name, value)


def set_rate(rate):
    return lambda model: setattr(model.get_layer("drop"), "rate", rate)


def decayed():
    return schedules.ExponentialDecay(0.05, 3, 0.5)


MOVES = {
    "rate": (lambda: optimizers.SGD(0.05), "learning_rate", 0.2, set_in("learning_rate", 0.2)),
    "rate of a schedule": (
        lambda: optimizers.AdamW(decayed(), weight_decay=0.1),
        "learning_rate",
        0.02,
        set_in("learning_rate", lambda: 0.02),
    ),
    "momentum": (lambda: optimizers.SGD(0.05, 0.9), "momentum", 0.5, set_in("momentum", 0.5)),
    "no momentum": (
        lambda: optimizers.RMSprop(0.01, momentum=0.9),
        "momentum",
        0.0,
        set_in("momentum", 0.0),
    ),
    "beta_1": (lambda: optimizers.Adam(0.01), "beta_1", 0.6, set_in("beta_1", 0.6)),
    "weight decay": (
        lambda: optimizers.SGD(0.05, weight_decay=0.0),
        "weight_decay",
        0.3,
        set_in("weight_decay", 0.3),
    ),
    "norm": (
        lambda: optimizers.SGD(0.05, global_clipnorm=2.0),
        "clip_norm",
        0.1,
        set_in("global_clipnorm", 0.1),
    ),
    "no clipping": (
        lambda: optimizers.SGD(0.05, global_clipnorm=0.1),
        "clip_norm",
        None,
        set_in("global_clipnorm", None),
    ),
    "first clipping": (
        lambda: optimizers.SGD(0.05),
        "clip_norm",
        0.1,
        set_in("global_clipnorm", 0.1),
    ),
    "keep_prob": (lambda: optimizers.SGD(0.05), "keep_prob/drop", 0.3, set_rate(0.7)),
    "no dropout": (lambda: optimizers.SGD(0.05), "keep_prob/drop", 1, set_rate(0.0)),
}


@pytest.mark.parametrize("way", MOVES)
def test_a_move_acts_from_the_next_step_on(way):
    make, name, value, act = MOVES[way]
    slow = fit(network(make(), run_eagerly=True), Before(5, act))
    moves = {5: lambda steering: steering.move(name, value, take_over=True)}
    model = fit(network(make()), Steered(moves=moves))
    for ours, theirs in zip(model.get_weights(), slow.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-5)


def test_clipping_is_switched_off_again():
    plain = fit(network(optimizers.SGD(0.05)))
    moves = {
        2: lambda steering: steering.move("clip_norm", 1e-3),
        3: lambda steering: steering.move("clip_norm", None),
    }
    model = fit(network(optimizers.SGD(0.05)), Steered(moves=moves))
    assert model.optimizer.global_clipnorm is None
    assert model.get_weights()[0] != pytest.approx(plain.get_weights()[0], abs=1e-4)


class Counted(layers.Layer):
    """Counts how often it is traced."""

    traced = 0

    def call(self, inputs):
        """An identity."""
        Counted.traced += 1
        return inputs


def test_nothing_is_traced_again_but_once_what_changes_the_last_bit():
    def moved(*names):
        def move(steering):
            for setting in steering.settings():
                if setting.name.startswith(names):
                    steering.move(setting.name, 0.4, take_over=True)

        return move

    exact = moved("learning_rate", "beta_1", "weight_decay")
    inner = network(optimizers.SGD()).layers
    model = keras.Sequential([keras.Input((6,)), *inner[:-1], Counted(), inner[-1]])
    model.compile(optimizers.AdamW(decayed(), weight_decay=0.01), "mse")
    counts = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: counts.append(Counted.traced)
    )
    steered = Steered(moves={2: exact, 3: lambda s: s.give_back("learning_rate")})
    fit(model, steered, note)
    fit(model, steered, note)
    assert len(set(counts)) == 1
    steered.moves = {1: moved("clip"), 2: moved("keep_prob"), 3: exact}
    fit(model, steered, note)
    fit(model, steered, note)
    assert len(set(counts)) == 2
    steered = Steered(Steering(is_ready=True), steered.moves)
    fit(model, steered, note)
    assert len(set(counts)) == 3


def test_rows_of_an_embedding_are_clipped_with_the_rest():
    def embedded(**options):
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [keras.Input((6,)), layers.Embedding(9, 2), layers.Flatten(), layers.Dense(1)]
        )
        model.compile(optimizers.SGD(0.1, **options), "mse")
        return model

    rows = (abs(Y) * 6 % 9 + [[0, 1, 0, 1, 0, 0]]).astype("int32") % 9
    models = embedded(global_clipnorm=0.1), embedded()
    steered = Steered(moves={0: lambda steering: steering.move("clip_norm", 0.1)})
    for model, callbacks in zip(models, ([], [steered]), strict=True):
        model.fit(rows, Y, batch_size=16, verbose=0, shuffle=False, callbacks=callbacks)
    assert_same(*models, rtol=1e-4, atol=1e-6)
