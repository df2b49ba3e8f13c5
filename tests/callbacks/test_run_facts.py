"""What must be the same for a fit to go on, and what is said of what is not."""

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.run_facts import _data_facts, _plain, differences, run_facts
from kerasrecipes.callbacks.running_fit import running_fit

X = np.arange(24, dtype="float32").reshape(8, 3)
Y = X[:, :1]


def dense(units=4, rate=0.1, loss="mse", activation="relu"):
    hidden = keras.layers.Dense(units, activation)
    model = keras.Sequential([keras.Input((3,)), hidden, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), loss)
    return model


def facts_of(model=None, x=X, y=Y, callbacks=(), **given):
    found = []

    class Look(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            found.append(run_facts(self.model, running_fit(self.model)))

    model = model or dense()
    model.fit(x, y, verbose=0, callbacks=[Look(), *callbacks], **given)
    return found[0]


def test_a_program_run_again_has_the_same_facts_whatever_number_its_layers_get():
    assert differences(facts_of(batch_size=4), facts_of(batch_size=4)) == []


def test_more_epochs_are_the_same_run():
    assert differences(facts_of(), facts_of(epochs=2)) == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"model": lambda: dense(units=5)}, "units was 4 and is 5"),
        ({"model": lambda: dense(activation="tanh")}, 'activation was "relu" and is "tanh"'),
        ({"model": lambda: dense(rate=0.5)}, "optimizer learning_rate was 0.1"),
        ({"model": lambda: dense(loss="mae")}, 'loss was "mse" and is "mae"'),
        ({"batch_size": 2}, "fit batch_size was 4 and is 2"),
        ({"class_weight": {0: 2.0}}, "fit class_weight was null"),
        ({"shuffle": False}, "fit shuffle was true and is false"),
        ({"x": X[:6], "y": Y[:6]}, "data x 0 shape was [8, 3] and is [6, 3]"),
        ({"x": X + 1}, "data x 0 checksum of some rows was"),
        ({"validation_data": (X, Y)}, "data validation was null"),
        ({"callbacks": [keras.callbacks.EarlyStopping("loss")]}, "callbacks was"),
    ],
)
def test_what_differs_is_named(now, said):
    made = {name: value() if name == "model" else value for name, value in now.items()}
    text = "; ".join(differences(facts_of(batch_size=4), facts_of(**{"batch_size": 4, **made})))
    assert said in text


def test_another_seed_is_named():
    keras.utils.set_random_seed(1)
    before = facts_of()
    keras.utils.set_random_seed(2)
    assert "seed was 1 and is 2" in differences(before, facts_of())


def test_five_differences_are_named_and_the_others_counted():
    before = {str(number): number for number in range(8)}
    now = {str(number): number + 1 for number in range(8)}
    found = differences(before, now)
    assert found[0] == "0 was 0 and is 1"
    assert found[5:] == ["and 3 more"]


def test_a_network_wired_in_another_way_differs():
    def wired(order):
        inputs = keras.Input((4,))
        first, second = keras.layers.Dense(4, name="a"), keras.layers.Dense(4, name="b")
        parts = {"a": first(inputs)}
        parts["b"] = second(parts["a"])
        model = keras.Model(inputs, keras.layers.Subtract()([parts[name] for name in order]))
        model.compile("sgd", "mse")
        return model

    x = np.ones((4, 4))
    assert differences(facts_of(wired("ab"), x, x), facts_of(wired("ba"), x, x))


def test_a_model_that_does_not_tell_its_configuration_is_told_by_its_parts():
    class Own(keras.Model):
        def __init__(self, units):
            super().__init__()
            self.dense = keras.layers.Dense(units)

        def get_config(self):
            raise NotImplementedError

        def call(self, x):
            return self.dense(x)

    def made(units):
        model = Own(units)
        model.compile("sgd", "mse")
        model(X)
        return model

    assert differences(facts_of(made(1)), facts_of(made(1))) == []
    assert "variables" in differences(facts_of(made(1)), facts_of(made(2), y=X[:, :2]))[0]


def test_text_and_ragged_data_are_told_without_the_addresses_of_their_parts():
    tf = pytest.importorskip("tensorflow", exc_type=ImportError)

    def told():
        words = [["a longer word, that lies elsewhere"], ["another"]]
        return _data_facts([tf.constant(words), np.array(words, object)])

    assert told() == told()
    assert _data_facts(tf.ragged.constant([[1, 2], [3]]))[0]["shape"] == [2, None]
    assert "checksum of some rows" in _data_facts(keras.ops.ones((1, 1)))[0]


def test_a_set_is_told_in_one_order():
    assert _plain({"b", "a", "c"}, {}) == ["a", "b", "c"]
