"""Fits that are left by an error or a signal free what they held, and can be gone on with."""

import gc
import signal

import keras
import pytest

from kerasrecipes.callbacks import Resume
from tests.callbacks.resumed_programs import (
    ARRAYS,
    PROGRAMS,
    STEPS,
    Break,
    Broken,
    X,
    Y,
    assert_same,
    batches,
    network,
    not_built,
    train,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*shuffle=True. was passed")


def test_a_training_broken_off_by_an_error_frees_the_directory_though_its_traceback_is_kept(
    tmp_path,
):
    with pytest.raises(Broken) as kept:
        train("generator", tmp_path, after=STEPS + 2)
    assert kept.traceback
    assert train("generator", tmp_path)["epochs"] == [0, 1, 2, 3]


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


def test_a_change_of_the_working_directory_leaves_checkpoints_where_they_are(tmp_path, monkeypatch):
    class Elsewhere(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            monkeypatch.chdir(tmp_path / "elsewhere")

    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    network().fit(X, Y, verbose=0, callbacks=[Resume("here", sink=None), Elsewhere()])
    assert list((tmp_path / "here").glob("checkpoint-*"))
    assert not list((tmp_path / "elsewhere").iterdir())
