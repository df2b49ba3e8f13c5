"""What `Resume` refuses, by which name, and what may be chosen instead."""

import os

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import EarlyStopping, Resume
from kerasrecipes.checkpoints import CheckpointError
from tests.callbacks.resumed_programs import ARRAYS, Best, Draws, X, Y, network, train

pytestmark = pytest.mark.filterwarnings("ignore:.*shuffle=True. was passed")


def test_fewer_epochs_than_are_trained_are_refused(tmp_path):
    train("generator", tmp_path, epochs=3)
    with pytest.raises(ValueError, match="epochs=2, and the checkpoint is after 3"):
        train("generator", tmp_path, epochs=2)


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


def test_callbacks_called_by_something_else_are_refused(tmp_path):
    callbacks = keras.callbacks.CallbackList([Resume(tmp_path)], model=network())
    with pytest.raises(ValueError, match=r"must be given to `model\.fit`"):
        callbacks.on_train_begin()


def test_keras_own_way_of_resuming_beside_it_is_refused(tmp_path):
    own = keras.callbacks.BackupAndRestore(tmp_path / "own")
    with pytest.raises(ValueError, match="BackupAndRestore"):
        network().fit(**ARRAYS, verbose=0, callbacks=[own, Resume(tmp_path / "ours")])


def test_two_in_one_fit_are_refused(tmp_path):
    callbacks = [Resume(tmp_path / name, sink=None) for name in "ab"]
    with pytest.raises(ValueError, match="Received: more than one"):
        network().fit(X, Y, verbose=0, callbacks=callbacks)


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
