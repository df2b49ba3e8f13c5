"""Trials that a killed process was in the middle of."""

import keras
import numpy as np
import pytest

from kerasrecipes.checkpoints import DirectoryLock
from kerasrecipes.tuning import CoarseToFine
from kerasrecipes.tuning.trial_resume import TrialResume

X = np.linspace(-1, 1, 16, dtype="float32")[:, None]
Y = (3 * X).astype("float32")
EPOCHS = 3


class Killed(BaseException):
    """Nothing that keras-tuner handles."""


def build(hp):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    rate = hp.Float("rate", 1e-2, 1e-1, sampling="log")
    model.compile(keras.optimizers.SGD(rate), "mse", run_eagerly=True)
    return model


def search(directory, kill_at=None, said=None, **options):
    """A trial of two executions; the epochs trained, by kill after so many of them."""
    epochs = []

    def note(epoch, logs):
        epochs.append(epoch)
        if len(epochs) == kill_at:
            raise Killed

    asked = {"max_trials": 1, "executions_per_trial": 2, "seed": 0, "resume_trials": True} | options
    sink = None if said is None else said.append
    tuner = CoarseToFine(build, "loss", directory=directory, sink=sink, **asked)
    watch = keras.callbacks.LambdaCallback(on_epoch_begin=note)
    try:
        tuner.search(X, Y, epochs=EPOCHS, batch_size=16, verbose=0, callbacks=[watch])
    except Killed:
        return epochs, None
    return epochs, {key: trial.score for key, trial in tuner.oracle.trials.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    epochs, scores = search(tmp_path_factory.mktemp("whole"))
    assert epochs == [*range(EPOCHS)] * 2
    return scores


def left_over(directory):
    return list(directory.rglob("resume"))


@pytest.mark.parametrize(
    ("kill_at", "trials", "epochs"),
    [(3, 1, [2, *range(EPOCHS)]), (5, 2, [1, 2, *[*range(EPOCHS)] * 2])],
    ids=["first execution", "second execution"],
)
def test_a_trial_goes_on_from_its_last_epoch(kill_at, trials, epochs, whole, tmp_path):
    assert search(tmp_path, kill_at, max_trials=trials)[1] is None
    assert left_over(tmp_path)
    trained, scores = search(tmp_path, max_trials=trials)
    assert trained == epochs
    assert len(scores) == trials
    assert scores.items() >= whole.items()
    assert not left_over(tmp_path)


def test_without_it_a_trial_begins_from_zero_and_nothing_is_kept(whole, tmp_path):
    search(tmp_path, 3, resume_trials=False)
    assert not left_over(tmp_path)
    trained, scores = search(tmp_path, resume_trials=False)
    assert trained == [*range(EPOCHS)] * 2
    assert scores == pytest.approx(whole)


def test_a_trial_that_another_process_is_still_at_begins_from_zero(whole, tmp_path):
    said = []
    folder = tmp_path / "untitled_project" / "trial_0" / "resume" / "execution-1"
    with DirectoryLock(folder):
        trained, scores = search(tmp_path, said=said)
    assert trained == [*range(EPOCHS)] * 2
    assert scores == whole
    assert any("the trial begins from zero: " in line for line in said)


def test_what_is_not_there_is_not_removed(tmp_path):
    TrialResume(tmp_path / "trial", None).remove()
    assert not (tmp_path / "trial").exists()


def test_a_directory_is_no_choice(tmp_path):
    with pytest.raises(ValueError, match="`resume_trials` must be True or False"):
        CoarseToFine(build, "loss", directory=tmp_path, resume_trials="runs")
