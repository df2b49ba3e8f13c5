"""A training broken off at any place ends as the one never broken off."""

import gc
import json
import os
import random
import signal

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import CostMonitor, EarlyStopping, LearningRateDecay, Resume
from kerasrecipes.checkpoints import CheckpointError
from kerasrecipes.schedules import ExponentialDecay

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 3)).astype("float32")
Y = (X[:, :1] * 2 + GENERATOR.normal(size=(60, 1))).astype("float32")
STEPS = 8  # of an epoch, in batches of 8
THREADS = "a thread of the training broken off draws on here, as none does after a kill"


class Broken(BaseException):
    """What stands for a kill here."""


class Break(keras.callbacks.Callback):
    """Breaks the training off after so many steps of this process."""

    def __init__(self, after):
        super().__init__()
        self.after, self.steps = after, 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps == self.after:
            raise Broken

    def get_state(self):
        return {}

    def set_state(self, state):
        pass


class Draws(keras.callbacks.Callback):
    """Draws random numbers between epochs, as a callback may."""

    def __init__(self):
        super().__init__()
        self.drawn = []

    def on_epoch_end(self, epoch, logs=None):
        self.drawn.append((float(np.random.rand()), random.random()))

    def get_state(self):
        return {"drawn": self.drawn}

    def set_state(self, state):
        self.drawn = [tuple(pair) for pair in state["drawn"]]


class Shuffled(keras.utils.PyDataset):
    """Draws from NumPy's global generator in every batch and after every epoch."""

    def __init__(self):
        super().__init__()
        self.order = np.arange(len(X))

    def __len__(self):
        return STEPS

    def __getitem__(self, place):
        rows = self.order[8 * place : 8 * place + 8]
        noise = np.random.normal(size=X[rows].shape)
        return X[rows] + 0.1 * noise.astype("float32"), Y[rows]

    def on_epoch_end(self):
        np.random.shuffle(self.order)


def batches():
    generator = np.random.default_rng(4)
    while True:
        rows = generator.integers(0, len(X), 8)
        yield X[rows], Y[rows]


def dataset():
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(30, seed=1)
    return data.map(lambda x, y: (x + tf.random.normal(tf.shape(x)), y)).batch(8).prefetch(2)


def network(optimizer="adam", **compiled):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, "relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer, "mse", metrics=["mae"], **compiled)
    return model


def not_built():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.9)
    model = keras.Sequential(
        [keras.layers.Dense(4), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(schedule, momentum=0.9), "mse", metrics=["mae"])
    return model


ARRAYS = {"x": X, "y": Y, "batch_size": 8}
PROGRAMS = {
    "arrays, early stopping": lambda: (
        network(),
        {**ARRAYS, "validation_data": (X[:20], Y[:20])},
        [
            EarlyStopping(patience=2, restore_best_weights=True, sink=None),
            keras.callbacks.ReduceLROnPlateau(patience=1),
            Draws(),
        ],
    ),
    "not built, schedule": lambda: (not_built(), {**ARRAYS, "validation_split": 0.2}, []),
    "steps at once, class weights": lambda: (
        network(steps_per_execution=3),
        {**ARRAYS, "y": (Y > 0).astype("int32"), "class_weight": {0: 1.0, 1: 3.0}},
        [CostMonitor(sink=None)],
    ),
    "averages, decay": lambda: (
        network(keras.optimizers.SGD(0.01, momentum=0.9, use_ema=True)),
        ARRAYS,
        [
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            LearningRateDecay(ExponentialDecay(0.01), sink=None),
        ],
    ),
    "dataset, accumulation": lambda: (
        network(keras.optimizers.Adam(0.01, gradient_accumulation_steps=3)),
        {"x": dataset(), "validation_data": dataset()},
        [],
    ),
    "py dataset": lambda: (
        network(),
        {"x": Shuffled(), "validation_data": Shuffled(), "validation_freq": 2},
        [Draws()],
    ),
    "generator": lambda: (network(), {"x": batches(), "steps_per_epoch": STEPS}, []),
}
pytestmark = pytest.mark.filterwarnings("ignore:.*shuffle=True. was passed")


def train(name, directory, after=None, epochs=4, **options):
    """All that a training leaves: weights, history, states of callbacks, and the next draws."""
    keras.utils.set_random_seed(3)
    model, given, callbacks = PROGRAMS[name]()
    options = {"sink": None, **options}
    callbacks = [Resume(directory, **options), *callbacks, Break(after)]
    history = model.fit(**given, epochs=epochs, verbose=0, callbacks=callbacks)
    variables = [*model.variables, *model.optimizer.variables]
    return {
        "weights": [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in variables],
        "history": history.history,
        "epochs": history.epoch,
        "stopped": model.stop_training,
        "states": [each.get_state() for each in callbacks if hasattr(each, "get_state")],
        "draws": (np.random.rand(), random.random()),
        "outputs": model.predict(X[:2], verbose=0),
    }


def train_in_parts(name, directory, breaks, **options):
    for after in breaks:
        with pytest.raises(Broken):
            train(name, directory, after, **options)
    return train(name, directory, **options)


def assert_same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        left, right = keras.tree.flatten(a[name]), keras.tree.flatten(b[name])
        assert len(left) == len(right), name
        for one, other in zip(left, right, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)


WAYS = {
    "arrays, early stopping": ([3, STEPS - 1, STEPS], {"every_steps": 3}),
    "not built, schedule": ([STEPS + 3], {}),
    "steps at once, class weights": ([4, 1], {"every_epochs": None, "every_steps": 5}),
    "averages, decay": ([2 * STEPS + 1], {"every_epochs": 2}),
    "dataset, accumulation": ([2, STEPS + 5], {"every_steps": 3}),
    "py dataset": ([STEPS + 3, STEPS + 1], {}),
    "generator": ([STEPS + 5, STEPS + 1], {"every_epochs": None, "every_steps": 5}),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_training_in_parts_ends_as_the_whole_one(name, tmp_path):
    if name == "py dataset" and keras.backend.backend() == "tensorflow":
        pytest.skip(THREADS)
    if name.startswith("dataset"):
        pytest.importorskip("tensorflow", exc_type=ImportError)
    breaks, options = WAYS[name]
    expected = train(name, tmp_path / "whole", every_epochs=None)
    assert_same(expected, train_in_parts(name, tmp_path / "parts", breaks, **options))


def test_it_leaves_no_trace_in_the_training(tmp_path):
    keras.utils.set_random_seed(3)
    model, given, callbacks = PROGRAMS["arrays, early stopping"]()
    history = model.fit(**given, epochs=4, verbose=0, callbacks=callbacks).history
    assert history == train("arrays, early stopping", tmp_path)["history"]
    assert "on_epoch_end" not in vars(model.history)


@pytest.mark.parametrize("name", ["arrays, early stopping", "averages, decay"])
def test_a_finished_training_ends_at_once_with_what_it_ended_with(name, tmp_path):
    said = []
    expected = train(name, tmp_path)
    assert_same(expected, train(name, tmp_path, after=1, sink=said.append))
    assert said == [
        "Resume: this fit had ended: nothing is left to train. Remove the directory to begin anew."
    ]


def test_a_training_is_prolonged_by_more_epochs(tmp_path):
    expected = train("generator", tmp_path / "whole", epochs=5)
    train("generator", tmp_path / "parts", epochs=2)
    assert_same(expected, train("generator", tmp_path / "parts", epochs=5))


def test_fewer_epochs_than_are_trained_are_refused(tmp_path):
    train("generator", tmp_path, epochs=3)
    with pytest.raises(ValueError, match="epochs=2, and the checkpoint is after 3"):
        train("generator", tmp_path, epochs=2)


def test_a_script_without_a_seed_goes_on_in_the_order_of_its_first_start(tmp_path):
    def fit(after=None):
        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")]
        )
        model.compile("sgd", "mse")
        callbacks = [Resume(tmp_path, every_steps=2, sink=None), Break(after)]
        return model.fit(Shuffled(), epochs=3, verbose=0, callbacks=callbacks)

    if keras.backend.backend() == "tensorflow":
        pytest.skip(THREADS)
    with pytest.raises(Broken):
        fit(after=STEPS + 3)
    state = np.random.get_state()
    fit()
    np.random.set_state(state)
    np.random.rand(5)  # another process draws other numbers
    assert fit().history["loss"] == fit().history["loss"]


def refused(tmp_path, **changed):
    """The error of the same program with something changed."""

    def fit(units=2, **given):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(units), keras.layers.Dense(1)]
        )
        model.compile("sgd", "mse")
        options = {"sink": None, **given.pop("options", {})}
        given = {**ARRAYS, **given}
        return model.fit(**given, epochs=2, verbose=0, callbacks=[Resume(tmp_path, **options)])

    if not any(tmp_path.iterdir()):
        fit()
    return fit(**changed)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"units": 3}, "units was 2 and is 3"),
        ({"batch_size": 4}, "batch_size was 8 and is 4"),
        ({"x": X[:40], "y": Y[:40]}, r"shape was \[60, 3\] and is \[40, 3\]"),
    ],
)
def test_another_program_is_refused_by_the_name_of_the_difference(changed, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        refused(tmp_path, **changed)


def test_another_version_of_a_library_is_refused_by_name(tmp_path, monkeypatch):
    refused(tmp_path)
    found = {"kerasrecipes": "1", "keras": "9.9", "numpy": np.__version__}
    monkeypatch.setattr("kerasrecipes.callbacks.resume.exact_versions", lambda: found)
    with pytest.raises(ValueError, match=r'versions keras was ".*" and is "9.9"'):
        refused(tmp_path)


def test_a_restart_on_request_sets_the_checkpoints_aside(tmp_path):
    said = []
    options = {"on_mismatch": "restart", "sink": said.append}
    history = refused(tmp_path, units=3, options=options)
    assert history.epoch == [0, 1]
    assert "begins anew, for " in said[0]
    assert "units was 2 and is 3" in said[0]


def test_on_request_it_goes_on_in_spite_of_a_difference(tmp_path):
    said = []
    options = {"on_mismatch": "continue", "sink": said.append}
    assert refused(tmp_path, batch_size=4, options=options).epoch == [0, 1]
    assert "goes on although " in said[0]


def test_what_a_csv_logger_wrote_is_not_lost_by_a_refusal(tmp_path):
    (tmp_path / "resume").mkdir()

    def fit(units):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])
        model.compile("sgd", "mse")
        log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
        resume = Resume(tmp_path / "resume", sink=None)
        model.fit(X, Y, verbose=0, epochs=2, callbacks=[log, resume])

    fit(1)
    before = (tmp_path / "log.csv").read_text()
    with pytest.raises(ValueError, match="units was 1 and is 2"):
        fit(2)
    assert (tmp_path / "log.csv").read_text() == before


def test_a_second_training_in_the_directory_is_refused(tmp_path):
    class Second(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            train("generator", tmp_path)

    model = network()
    with pytest.raises(CheckpointError, match=str(os.getpid())):
        model.fit(**ARRAYS, verbose=0, callbacks=[Resume(tmp_path, sink=None), Second()])
    assert train("generator", tmp_path / "other")["epochs"] == [0, 1, 2, 3]


def test_a_training_broken_off_by_an_error_frees_the_directory_though_its_traceback_is_kept(
    tmp_path,
):
    with pytest.raises(Broken) as kept:
        train("generator", tmp_path, after=STEPS + 2)
    assert kept.traceback
    assert train("generator", tmp_path)["epochs"] == [0, 1, 2, 3]


def test_callbacks_without_a_state_are_named_once(tmp_path):
    class Counter(keras.callbacks.Callback):
        pass

    said = []
    model = network()
    callbacks = [Counter(), Resume(tmp_path, sink=said.append), Counter()]
    model.fit(**ARRAYS, epochs=3, verbose=0, callbacks=callbacks)
    assert said == [
        "Resume: Counter cannot be resumed, and would begin anew: give it get_state() and "
        "set_state(state)."
    ]


def test_the_epoch_begins_for_callbacks_without_a_state_when_it_is_resumed_within(tmp_path):
    class Times(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_epoch_begin(self, epoch, logs=None):
            self.seen.append(epoch)

    def fit(after, times):
        keras.utils.set_random_seed(0)
        resume = Resume(tmp_path, every_steps=1, sink=None)
        network().fit(**ARRAYS, epochs=3, verbose=0, callbacks=[times, resume, Break(after)])

    with pytest.raises(Broken):
        fit(STEPS + 4, Times())
    times = Times()
    fit(None, times)
    assert times.seen == [1, 2]


def test_sigterm_saves_at_the_next_step_and_ends_with_status_75(tmp_path):
    class Terminate(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 4:
                signal.raise_signal(signal.SIGTERM)

    said = []
    handler = signal.getsignal(signal.SIGTERM)
    expected = train("generator", tmp_path / "whole", every_steps=100)
    keras.utils.set_random_seed(3)
    model, given, _ = PROGRAMS["generator"]()
    resume = Resume(tmp_path / "parts", every_steps=100, sink=said.append)
    with pytest.raises(SystemExit) as ended:
        model.fit(**given, epochs=4, verbose=0, callbacks=[resume, Terminate(), Break(None)])
    assert ended.value.code == 75
    assert "batch 6 of epoch 1 is saved" in said[-1]
    assert signal.getsignal(signal.SIGTERM) == handler
    model = None
    again = train("generator", tmp_path / "parts", every_steps=100, sink=said.append)
    assert "goes on from batch 6 of epoch 1 of 4" in said[-1]
    assert_same(expected, again)


def test_a_training_broken_off_leaves_the_signal_to_whoever_had_it(tmp_path):
    seen = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    try:
        with pytest.raises(Broken) as kept:
            train("generator", tmp_path, after=2)
        signal.raise_signal(signal.SIGTERM)
        assert kept.traceback
        assert seen == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_directory_that_vanishes_is_said_and_training_goes_on(tmp_path):
    class Vanish(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                (tmp_path / "gone").rename(tmp_path / "away")  # in one step: it is written to
                (tmp_path / "gone").write_text("a file in its place")

    said = []
    resume = Resume(tmp_path / "gone", sink=said.append)
    history = network().fit(**ARRAYS, epochs=3, verbose=0, callbacks=[Vanish(), resume])
    assert history.epoch == [0, 1, 2]
    assert any("warning: the checkpoint cannot be saved" in line for line in said)


def test_as_many_checkpoints_are_kept_as_asked_for(tmp_path):
    train("generator", tmp_path, keep=1, every_steps=1)
    kept = [path.name for path in tmp_path.iterdir() if path.name.startswith("checkpoint")]
    assert len(kept) == 1
    about = json.loads((tmp_path / kept[-1] / "manifest.json").read_text())["about"]
    assert about["versions"]["keras"] == keras.__version__


def test_callbacks_called_by_something_else_are_refused(tmp_path):
    callbacks = keras.callbacks.CallbackList([Resume(tmp_path)], model=network())
    with pytest.raises(ValueError, match=r"must be given to `model\.fit`"):
        callbacks.on_train_begin()


def test_keras_own_way_of_resuming_beside_it_is_refused(tmp_path):
    own = keras.callbacks.BackupAndRestore(tmp_path / "own")
    with pytest.raises(ValueError, match="BackupAndRestore"):
        network().fit(**ARRAYS, verbose=0, callbacks=[own, Resume(tmp_path / "ours")])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"directory": ""}, "directory=''"),
        ({"directory": 3}, "directory=3"),
        ({"every_steps": 0}, "every_steps=0"),
        ({"every_steps": True}, "every_steps=True"),
        ({"every_epochs": 1.5}, "every_epochs=1.5"),
        ({"keep": 0}, "keep=0"),
        ({"on_mismatch": "ignore"}, "on_mismatch='ignore'"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        Resume(**{"directory": tmp_path, **arguments})


class Best(keras.callbacks.Callback):
    """Has nothing to keep at first, then text and numbers in a list."""

    def __init__(self):
        super().__init__()
        self.best = []

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch  # read in get_state, so not before an epoch has begun

    def on_epoch_end(self, epoch, logs=None):
        self.best = ["loss", min([*self.best[1:], logs["loss"]])]

    def get_state(self):
        return [self.epoch, self.best] if self.best else None

    def set_state(self, state):
        self.epoch, self.best = state


@pytest.mark.parametrize("after", [3, STEPS + 3])
def test_a_callback_may_keep_nothing_or_a_list(after, tmp_path):
    best, stopping = Best(), EarlyStopping("loss", patience=9, sink=None)

    def fit(*callbacks):
        keras.utils.set_random_seed(0)
        resume = Resume(tmp_path, every_steps=2, sink=None)
        network().fit(**ARRAYS, epochs=2, verbose=0, callbacks=[*callbacks, resume])

    with pytest.raises(Broken):
        fit(Best(), EarlyStopping("loss", patience=9, sink=None), Break(after))
    fit(best, stopping, Break(None))
    assert best.best == ["loss", stopping.best]


def test_on_request_it_goes_on_with_other_callbacks(tmp_path):
    def fit(*callbacks, epochs):
        keras.utils.set_random_seed(0)
        resume = Resume(tmp_path, sink=None, on_mismatch="continue")
        network().fit(**ARRAYS, epochs=epochs, verbose=0, callbacks=[resume, *callbacks])

    fit(Draws(), EarlyStopping("loss", patience=9, sink=None), epochs=2)
    best, draws = Best(), Draws()
    fit(best, draws, epochs=3)
    assert len(draws.drawn) == 3
    assert best.best[0] == "loss"


def test_a_fit_broken_off_frees_the_directory_when_it_is_collected(tmp_path):
    def broken_off():
        try:
            train("generator", tmp_path, after=2)
        except Broken as error:
            kept = error  # a cycle, with the frames of `fit` in it
            assert kept.__traceback__

    broken_off()
    gc.collect()
    train("generator", tmp_path)


def test_a_model_whose_fit_was_broken_off_while_data_were_drawn_again_trains(tmp_path):
    def batches_until(last):
        for number, batch in enumerate(batches()):
            if number == last:
                raise Broken
            yield batch

    def fit(model, last, *callbacks):
        model.fit(batches_until(last), steps_per_epoch=4, verbose=0, epochs=2, callbacks=callbacks)

    if keras.backend.backend() == "tensorflow":
        pytest.skip("TensorFlow makes errors of its own of a generator's")
    with pytest.raises(Broken):
        fit(network(), 6, Resume(tmp_path, sink=None))
    model = network()
    with pytest.raises(Broken) as kept:
        fit(model, 2, Resume(tmp_path, sink=None))
    before = model.get_weights()
    assert model.evaluate(X, Y, verbose=0, return_dict=True)["mae"] > 0
    fit(model, None)
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    assert kept


def test_one_object_goes_on_after_an_error_that_is_kept(tmp_path):
    resume, model = Resume(tmp_path, sink=None), network()
    with pytest.raises(Broken) as kept:
        model.fit(**ARRAYS, epochs=3, verbose=0, callbacks=[resume, Break(STEPS + 2)])
    again = model.fit(**ARRAYS, epochs=3, verbose=0, callbacks=[resume, Break(None)])
    assert again.epoch == [0, 1, 2]
    del kept
    gc.collect()


def test_a_model_may_be_given_again_that_was_built_and_whose_rate_was_changed(tmp_path):
    model = not_built()
    model.compile("sgd", "mse")

    def fit(after, epochs):
        halved = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
        callbacks = [Resume(tmp_path, sink=None), halved, Break(after)]
        return model.fit(**ARRAYS, epochs=epochs, verbose=0, callbacks=callbacks).epoch

    with pytest.raises(Broken):
        fit(STEPS + 2, epochs=2)
    assert fit(None, epochs=2) == [0, 1]
    assert fit(None, epochs=3) == [0, 1, 2]
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01 / 8)


def test_two_in_one_fit_are_refused(tmp_path):
    callbacks = [Resume(tmp_path / name, sink=None) for name in "ab"]
    with pytest.raises(ValueError, match="Received: more than one"):
        network().fit(X, Y, verbose=0, callbacks=callbacks)


def test_a_change_of_the_working_directory_leaves_checkpoints_where_they_are(tmp_path, monkeypatch):
    class Elsewhere(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            monkeypatch.chdir(tmp_path / "elsewhere")

    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    network().fit(X, Y, verbose=0, callbacks=[Resume("here", sink=None), Elsewhere()])
    assert list((tmp_path / "here").glob("checkpoint-*"))
    assert not list((tmp_path / "elsewhere").iterdir())


@keras.saving.register_keras_serializable("resume_test")
class Extremes(keras.metrics.Metric):
    """Gives several results."""

    def __init__(self):
        super().__init__(name="extremes")
        self.most = self.add_variable((), "zeros", name="most")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.most.assign(keras.ops.maximum(self.most, keras.ops.max(y_pred)))

    def result(self):
        return {"most": self.most + 0, "twice": 2 * self.most}


def test_a_metric_may_give_several_results(tmp_path):
    def fit(after=None):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=[Extremes()])
        callbacks = [Resume(tmp_path, every_steps=2, sink=None), Break(after)]
        return model.fit(**ARRAYS, epochs=2, verbose=0, callbacks=callbacks).history

    with pytest.raises(Broken):
        fit(after=STEPS - 1)
    assert len(fit()["twice"]) == 2


def test_sigterm_while_data_are_drawn_again_ends_at_once(tmp_path):
    def slow(seen):
        for batch in batches():
            seen.append(0)
            if len(seen) == 6:  # some are looked at before the training begins
                signal.raise_signal(signal.SIGTERM)
            yield batch

    def fit(data, epochs, sink=None):
        resume = Resume(tmp_path, sink=sink)
        network().fit(data, steps_per_epoch=9, epochs=epochs, verbose=0, callbacks=[resume])

    fit(batches(), epochs=1)
    seen, said = [], []
    with pytest.raises(SystemExit, match="75"):
        fit(slow(seen), epochs=2, sink=said.append)
    assert len(said) == 1  # and none that tells of going on
    assert "the end of epoch 1 is saved" in said[0]


def test_optimizers_beside_the_models_own_come_back(tmp_path):
    class Two(keras.Model):
        """Trains its parts by optimizers of their own; not built before its first step."""

        def __init__(self):
            super().__init__()
            self.parts = [keras.layers.Dense(2), keras.layers.Dense(1)]

        def compile(self):
            super().compile()
            self.optimizers = [keras.optimizers.Adam(0.1) for _ in self.parts]

        def train_step(self, data):
            import tensorflow as tf

            x, y = data
            with tf.GradientTape(persistent=True) as tape:
                loss = keras.ops.mean((self.parts[1](self.parts[0](x)) - y) ** 2)
            for part, optimizer in zip(self.parts, self.optimizers, strict=True):
                gradients = tape.gradient(loss, part.trainable_variables)
                optimizer.apply(gradients, part.trainable_variables)
            return {"loss": loss}

    def fit(*callbacks):
        keras.utils.set_random_seed(0)
        model = Two()
        model.compile()
        model.fit(**ARRAYS, epochs=2, verbose=0, callbacks=callbacks)
        return {"weights": model.get_weights()}

    if keras.backend.backend() != "tensorflow":
        pytest.skip("a `train_step` is written for one backend")
    expected = fit()
    with pytest.raises(Broken):
        fit(Resume(tmp_path, every_steps=2, sink=None), Break(5))
    assert_same(expected, fit(Resume(tmp_path, sink=None), Break(None)))
