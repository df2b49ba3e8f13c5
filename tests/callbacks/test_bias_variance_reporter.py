import math

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.callbacks.bias_variance_reporter import BiasVarianceReporter
from kerasrecipes.diagnosis import wilson_interval

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 4)).astype("float32")
Y = (X[:, 0] + 0.5 * RANDOM.normal(size=120) > 0).astype("int32")
DEV = X[80:], Y[80:]
LOGS = {"bias", "variance", "train_error", "dev_error"}


def classifier(*parts, loss="binary_crossentropy", last=None, **options):
    last = last or layers.Dense(1, "sigmoid")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(6, "relu"), *parts, last])
    model.compile(keras.optimizers.SGD(0.1), loss, **options)
    return model


@pytest.fixture(scope="module")
def binary():
    return classifier()


def fitted(model, reporter, x=X[:80], y=Y[:80], validation_data=DEV, **options):
    options = {"epochs": 1, "verbose": 0, **options}
    return model.fit(x, y, validation_data=validation_data, callbacks=[reporter], **options)


def test_the_errors_are_those_of_the_weights_at_the_end_of_the_epoch():
    """With dropout, the accuracy that Keras logs is of other units and of moving weights."""
    model = classifier(layers.Dropout(0.8), metrics=["accuracy"])
    reporter = BiasVarianceReporter(sink=None)
    history = fitted(model, reporter, x=X[:40], y=Y[:40], epochs=6).history
    train, dev = (
        np.mean((model.predict(x, verbose=0)[:, 0] > 0.5) != y) for x, y in ((X[:40], Y[:40]), DEV)
    )
    assert reporter.reading.train_error[:4] == (train, *wilson_interval(round(train * 40), 40), 40)
    assert reporter.reading.dev_error.error == dev == pytest.approx(1 - history["val_accuracy"][-1])
    assert abs(1 - history["accuracy"][-1] - train) > 0.02
    assert history["train_error"][-1] == history["bias"][-1] == train
    assert history["variance"][-1] == dev - train


@pytest.mark.parametrize(("most", "train", "dev"), [(10_000, 40, 40), (25, 25, 25)])
def test_as_many_training_examples_as_dev_examples_are_read(binary, most, train, dev):
    reporter = BiasVarianceReporter(sink=None, max_examples=most)
    fitted(binary, reporter)
    assert reporter.reading.train_error.examples == train
    assert reporter.reading.dev_error.examples == dev


def test_the_training_sample_is_of_the_training_data(binary):
    seen = []

    def metric(y, predictions):
        seen.append(np.asarray(y))
        return np.zeros(len(y))

    rows = np.arange(80) + 1000
    fitted(binary, BiasVarianceReporter(metric=metric, sink=None), y=rows, epochs=2)
    samples = [y for y in seen if y.min() >= 1000]
    assert [len(y) for y in seen] == [40, 40] * 2
    np.testing.assert_array_equal(samples[0], samples[1])
    assert len(set(samples[0])) == 40


class Batches(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return -(-len(self.x) // 16)

    def __getitem__(self, index):
        rows = slice(16 * index, 16 * index + 16)
        return self.x[rows], self.y[rows]


def pipeline(x, y):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(16)


SOURCES = {
    "split": lambda: {"x": X, "y": Y, "validation_split": 1 / 3},
    "pair": lambda: {"x": X[:80], "y": Y[:80], "validation_data": DEV},
    "weights": lambda: {"x": X[:80], "y": Y[:80], "validation_data": (*DEV, np.ones(40))},
    "dataset": lambda: {"x": Batches(X[:80], Y[:80]), "validation_data": Batches(*DEV)},
    "tf.data": lambda: {"x": pipeline(X[:80], Y[:80]), "validation_data": pipeline(*DEV)},
    "tensors": lambda: {
        "x": ops.convert_to_tensor(X[:80]),
        "y": ops.convert_to_tensor(Y[:80]),
        "validation_data": DEV,
    },
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_of_data_gives_the_dev_error(binary, source):
    reporter = BiasVarianceReporter(sink=None)
    binary.fit(**SOURCES[source](), verbose=0, callbacks=[reporter])
    wrong = (binary.predict(DEV[0], verbose=0)[:, 0] > 0.5) != DEV[1]
    assert reporter.reading.dev_error.error == pytest.approx(wrong.mean())
    assert reporter.reading.train_error.examples == 40


def test_data_of_the_reporter_s_own_come_first(binary):
    reporter = BiasVarianceReporter(
        sink=None, train_data=Batches(X[:20], Y[:20]), validation_data=(X[80:95], Y[80:95])
    )
    generator = ((X[:16], Y[:16]) for _ in range(3))
    binary.fit(generator, steps_per_epoch=3, verbose=0, callbacks=[reporter])
    assert reporter.reading.train_error.examples == 15
    assert reporter.reading.dev_error.examples == 15


def test_dictionaries_of_inputs():
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    outputs = layers.Dense(1, "sigmoid")(layers.Concatenate()([a, b]))
    model = keras.Model({"a": a, "b": b}, outputs)
    model.compile(loss="binary_crossentropy")
    x = {"a": X[:, :2], "b": X[:, 2:]}
    reporter = BiasVarianceReporter(sink=None)
    model.fit(x, Y, validation_split=0.25, verbose=0, callbacks=[reporter])
    assert reporter.reading.dev_error.examples == 30


@pytest.mark.parametrize("named", ["train_data", "validation_data"])
def test_a_generator_is_refused_by_the_name_of_the_argument(binary, named):
    generator = ((X[:8], Y[:8]) for _ in range(10))
    options = (
        {"x": generator, "steps_per_epoch": 2, "validation_data": DEV}
        if named == "train_data"
        else {"x": X, "y": Y, "validation_data": generator, "validation_steps": 2}
    )
    with pytest.raises(ValueError, match=f"`{named}` must be readable more than once.*generator"):
        binary.fit(**options, verbose=0, callbacks=[BiasVarianceReporter(sink=None)])


def test_no_dev_examples_are_refused(binary):
    with pytest.raises(ValueError, match=r"needs dev examples.* validation_data=None"):
        fitted(binary, BiasVarianceReporter(), validation_data=None)


def test_without_a_running_fit_the_training_data_must_be_given(binary):
    reporter = BiasVarianceReporter(validation_data=DEV)
    reporter.set_model(binary)
    with pytest.raises(ValueError, match=r"no running fit.*`train_data=\(x, y\)`"):
        reporter.on_train_begin()


@pytest.mark.parametrize(
    ("every", "epochs", "read"), [(1, 3, [0, 1, 2]), (2, 5, [1, 3, 4]), (9, 3, [2])]
)
def test_every_so_many_epochs_and_the_last(binary, every, epochs, read):
    reporter = BiasVarianceReporter(every=every, sink=None)
    history = fitted(binary, reporter, epochs=epochs).history
    assert [epoch for epoch, _ in reporter.readings] == read
    assert reporter.reading is reporter.readings[-1][1]
    known = [not math.isnan(value) for value in history["bias"]]
    assert known == [epoch >= read[0] for epoch in range(epochs)]


def test_a_fit_that_stops_early_is_read_at_its_end(binary):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    reporter = BiasVarianceReporter(every=9, sink=None)
    binary.fit(
        X[:80], Y[:80], validation_data=DEV, epochs=5, verbose=0, callbacks=[reporter, Stop()]
    )
    assert [epoch for epoch, _ in reporter.readings] == [1]


def test_the_logs_reach_the_callbacks_after_it(binary, tmp_path):
    path = tmp_path / "log.csv"
    stopping = keras.callbacks.EarlyStopping("dev_error", mode="min", patience=0)
    history = binary.fit(
        X[:80],
        Y[:80],
        validation_data=DEV,
        epochs=2,
        verbose=0,
        callbacks=[BiasVarianceReporter(sink=None), stopping, keras.callbacks.CSVLogger(path)],
    ).history
    assert set(history) >= LOGS
    header, first = path.read_text().splitlines()[:2]
    logged = dict(zip(header.split(","), first.split(","), strict=True))
    assert float(logged["dev_error"]) == history["dev_error"][0]
    assert stopping.best == min(history["dev_error"])


def test_one_reporter_serves_two_fits(binary):
    reporter = BiasVarianceReporter(sink=None)
    fitted(binary, reporter, epochs=2)
    fitted(binary, reporter, epochs=1, validation_data=(X[100:], Y[100:]))
    assert [epoch for epoch, _ in reporter.readings] == [0]
    assert reporter.reading.dev_error.examples == 20


def test_the_last_reading_is_said_at_the_end(binary):
    said = []
    reporter = BiasVarianceReporter(sink=said.append, human_error=0.01)
    fitted(binary, reporter, epochs=2)
    assert said == [f"bias and variance, {reporter.reading}"]
    assert "human error 1.00%" in said[0]


def test_it_prints_by_default(binary, capsys):
    reporter = BiasVarianceReporter()
    fitted(binary, reporter)
    assert capsys.readouterr().out == f"bias and variance, {reporter.reading}\n"


KINDS = {
    "logits": (
        keras.losses.BinaryCrossentropy(from_logits=True),
        layers.Dense(1),
        Y,
        lambda p: (p[:, 0] > 0) != Y,
    ),
    "hinge": ("hinge", layers.Dense(1), 2 * Y - 1, lambda p: (p[:, 0] > 0) != Y),
    "several labels": (
        "binary_crossentropy",
        layers.Dense(2, "sigmoid"),
        np.stack([Y, 1 - Y * (X[:, 1] > 0)], axis=1),
        lambda p: np.mean((p > 0.5) != np.stack([Y, 1 - Y * (X[:, 1] > 0)], axis=1), axis=1),
    ),
    "one-hot": (
        "categorical_crossentropy",
        layers.Dense(3, "softmax"),
        np.eye(3)[Y],
        lambda p: p.argmax(axis=1) != Y,
    ),
    "class numbers": (
        "sparse_categorical_crossentropy",
        layers.Dense(3, "softmax"),
        Y,
        lambda p: p.argmax(axis=1) != Y,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_classifier(kind):
    loss, last, y, wrong = KINDS[kind]
    model = classifier(loss=loss, last=type(last).from_config(last.get_config()))
    reporter = BiasVarianceReporter(sink=None)
    fitted(model, reporter, y=y[:80], validation_data=(X[80:], y[80:]))
    expected = wrong(model.predict(X, verbose=0))[80:].mean()
    assert reporter.reading.dev_error.error == pytest.approx(expected)
    assert reporter.reading.tolerance == 0.02


def test_regression_is_relative_to_predicting_the_mean():
    y = np.stack([X[:, 0] * 3 + 1, X[:, 1] - 2], axis=1)
    model = classifier(loss="mse", last=layers.Dense(2))
    reporter = BiasVarianceReporter(sink=None, train_data=(X[:80], y[:80]))
    fitted(model, reporter, y=y[:80], validation_data=(X[80:], y[80:]), epochs=2)
    train = y[:80][np.sort(np.random.default_rng(0).permutation(80)[:40])]
    errors = (model.predict(X[80:], verbose=0) - y[80:]) ** 2 / train.var(axis=0)
    baseline = (y[80:] - train.mean(axis=0)) ** 2 / train.var(axis=0)
    found = reporter.reading.dev_error
    assert found.error == pytest.approx(errors.sum() / baseline.sum(), rel=1e-4)
    assert found.low < found.error < found.high
    assert reporter.reading.tolerance == 0.05


def test_sequences_are_read_by_position():
    model = keras.Sequential([keras.Input((None, 1)), layers.Dense(3, "softmax")])
    model.compile(loss="sparse_categorical_crossentropy")
    x, y = X[:, :, None], (X > 0).astype(int)
    reporter = BiasVarianceReporter(sink=None)
    longer = np.repeat(x[80:], 2, axis=1), np.repeat(y[80:], 2, axis=1)
    fitted(model, reporter, x=x[:80], y=y[:80], validation_data=longer)
    wrong = model.predict(longer[0], verbose=0).argmax(axis=-1) != longer[1]
    assert reporter.reading.dev_error.error == pytest.approx(wrong.mean())
    assert reporter.reading.dev_error.examples == 40


def test_several_outputs_are_read_by_a_callable():
    inputs = keras.Input((4,))
    outputs = {"a": layers.Dense(1)(inputs), "b": layers.Dense(1)(inputs)}
    model = keras.Model(inputs, outputs)
    model.compile(loss={"a": "mse", "b": "mse"})
    y = {"a": X[:, :1], "b": X[:, 1:2]}
    part = {name: rows[80:] for name, rows in y.items()}

    def metric(y, predictions):
        return np.abs(y["a"] - predictions["a"])[:, 0]

    reporter = BiasVarianceReporter(metric=metric, sink=None, human_error=1.5)
    fitted(model, reporter, x=X, y=y, validation_data=(X[80:], part))
    expected = np.abs(part["a"] - model.predict(X[80:], verbose=0)["a"]).mean()
    assert reporter.reading.dev_error.error == pytest.approx(expected, rel=1e-5)
    assert reporter.reading.bias.value == reporter.reading.train_error.error - 1.5
    with pytest.raises(ValueError, match="a model with 2 losses"):
        fitted(model, BiasVarianceReporter(sink=None), x=X, y=y, validation_data=(X[80:], part))


def test_a_model_that_predicts_nan_is_said_and_does_not_end_the_fit():
    said = []
    model = classifier()
    model.optimizer.learning_rate = math.nan
    reporter = BiasVarianceReporter(sink=said.append)
    history = fitted(model, reporter, epochs=2).history
    assert len(history["loss"]) == 2
    assert np.isnan(history["bias"]).all()
    assert reporter.reading is None
    assert said == [
        "bias and variance, none: the model predicts NaN or infinity. Lower the learning rate."
    ]


def test_a_restored_reading_is_none_where_the_model_predicted_nan_last(binary):
    reporter = BiasVarianceReporter(sink=None)
    fitted(binary, reporter)
    state, reading = reporter.get_state(), reporter.reading
    for measured, expected in ((state["measured_epoch"], reading), (1, None)):
        reporter.set_state({**state, "measured_epoch": measured})
        assert reporter.reading == expected
        assert reporter.readings == [(0, reading)]


def test_an_interrupted_fit_can_be_followed_by_another(binary):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    reporter = BiasVarianceReporter(sink=None)
    with pytest.raises(KeyboardInterrupt):
        binary.fit(
            X[:80],
            Y[:80],
            validation_data=DEV,
            epochs=3,
            verbose=0,
            callbacks=[reporter, Interrupt()],
        )
    assert [epoch for epoch, _ in reporter.readings] == [0]
    fitted(binary, reporter, epochs=2)
    assert [epoch for epoch, _ in reporter.readings] == [0, 1]


@pytest.mark.parametrize(
    "options", [{"jit_compile": True}, {"steps_per_execution": 4}], ids=["jit", "steps"]
)
def test_compiled_steps(options):
    model = classifier(**options)
    reporter = BiasVarianceReporter(sink=None)
    fitted(model, reporter, batch_size=8)
    wrong = (model.predict(DEV[0], verbose=0)[:, 0] > 0.5) != DEV[1]
    assert reporter.reading.dev_error.error == pytest.approx(wrong.mean())


def test_the_weights_are_the_same_to_the_bit_as_without_it():
    weights = []
    for reporters in ([], [BiasVarianceReporter(sink=None)]):
        keras.utils.set_random_seed(7)
        model = classifier(layers.Dropout(0.3), layers.BatchNormalization())
        model.fit(
            X[:80],
            Y[:80],
            validation_data=DEV,
            epochs=3,
            batch_size=16,
            verbose=0,
            callbacks=reporters,
        )
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"human_error": -0.1}, "`human_error` must .* human_error=-0.1"),
        ({"human_error": 5}, "`human_error` must .* human_error=5. Write 0.05 for 5 %"),
        ({"human_error": "low"}, "`human_error` must .* human_error='low'"),
        ({"metric": "accuracy"}, "`metric` must be 'auto', .* metric='accuracy'"),
        ({"every": 0}, "`every` must be an integer >= 1. Received: every=0"),
        ({"every": 1.5}, "`every` must be an integer >= 1. Received: every=1.5"),
        ({"max_examples": 0}, "`max_examples` must .* max_examples=0"),
        ({"tolerance": 0}, "`tolerance` must be > 0.* tolerance=0"),
        ({"tolerance": "2 %"}, "`tolerance` must be > 0.* tolerance='2 %'"),
    ],
)
def test_arguments_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        BiasVarianceReporter(**options)


def test_the_baseline_of_a_regression_is_the_mean_of_all_training_targets():
    generator = np.random.default_rng(0)
    y, y_dev = generator.exponential(10, 300), generator.exponential(10, 20)
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    reporter = BiasVarianceReporter(sink=None)
    data = {"validation_data": (np.ones((20, 1)), y_dev), "callbacks": [reporter]}
    model.fit(np.ones((300, 1)), y, verbose=0, **data)
    expected = np.sum(y_dev**2) / np.sum((y_dev - y.mean()) ** 2)
    assert reporter.reading.dev_error.error == pytest.approx(expected, rel=1e-5)
