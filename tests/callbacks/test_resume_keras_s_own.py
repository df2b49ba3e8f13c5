"""Keras's tests of `BackupAndRestore`, with `Resume` in its place."""

from pathlib import Path

import pytest

from kerasrecipes.callbacks import Resume
from tests.callbacks.keras_own_tests import cases, failures, keras_own_tests

keras_test = keras_own_tests("backup_and_restore_test")
OTHERWISE = {  # and what they say of `Resume`
    # Keras begins an epoch anew from weights of its middle; here no step is taken twice.
    "test_best_case_step": "15 != 17",
    # A script killed after the training is to find it done.
    "test_model_deleted_case_epoch": "True is not false",
}


class Adapter(Resume):
    """`Resume` by the names of `BackupAndRestore`, those that its tests look at included."""

    def __init__(self, backup_dir, save_freq="epoch", double_checkpoint=False):
        steps = None if save_freq == "epoch" else save_freq
        if double_checkpoint:  # Keras saves before the callbacks that end the second epoch
            steps = 1
        try:
            super().__init__(backup_dir, every_steps=steps, keep=2, sink=None)
        except ValueError as error:
            words = "Invalid value" if backup_dir else "Empty `backup_dir` argument passed"
            raise ValueError(words) from error

    def on_epoch_end(self, epoch, logs=None):
        self._current_epoch = epoch + 1
        self._saver.finish()  # the tests look at files at once

    def on_epoch_begin(self, epoch, logs=None):
        self._current_epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self._last_batch_seen = batch

    def _file(self, index, name):
        return str(sorted(Path(self.directory).glob("checkpoint-*"))[index] / name)

    _weights_path = property(lambda self: self._file(-1, "arrays.npz"))
    _training_metadata_path = property(lambda self: self._file(-1, "state.json"))
    _prev_weights_path = property(lambda self: self._file(-2, "arrays.npz"))
    _prev_training_metadata_path = property(lambda self: self._file(-2, "state.json"))


@pytest.fixture(autouse=True)
def in_its_place(monkeypatch):
    monkeypatch.setattr(keras_test.callbacks, "BackupAndRestore", Adapter)


@pytest.mark.parametrize(
    "case",
    [case for case in cases(keras_test.BackupAndRestoreCallbackTest) if case not in OTHERWISE],
)
def test_keras_s_own_tests_pass_with_this_class(case):
    assert failures(keras_test.BackupAndRestoreCallbackTest, case) == []


@pytest.mark.parametrize("case", OTHERWISE)
def test_what_is_meant_to_be_otherwise_is_so(case):
    (text,) = failures(keras_test.BackupAndRestoreCallbackTest, case)
    assert f"AssertionError: {OTHERWISE[case]}" in text
