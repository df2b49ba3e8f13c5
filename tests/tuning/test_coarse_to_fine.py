import keras
import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning import CoarseToFine

X = np.linspace(-1, 1, 32, dtype="float32")[:, None]


class Bowl(CoarseToFine):
    def run_trial(self, trial, *args, **kwargs):
        return (trial.hyperparameters.Float("x", 0.0, 1.0) - 0.7) ** 2


def build(hp):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    rate = hp.Float("rate", 1e-4, 1.0, sampling="log")
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


class Untrained(keras_tuner.HyperModel):
    """Builds, and reports a cost without training."""

    def __init__(self, build=build, ask=lambda hp: None):
        super().__init__()
        self._build, self._ask = build, ask

    def build(self, hp):
        return self._build(hp)

    def fit(self, hp, model, *args, **kwargs):
        self._ask(hp)
        return {"val_loss": 0.5}


def make(directory, build=build, objective="val_loss", **options):
    options = {"max_trials": 3, "seed": 0, "sink": None, "directory": directory} | options
    return CoarseToFine(build, objective, **options)


def fit(tuner, validation_data=(X, 2 * X)):
    tuner.search(X, 2 * X, validation_data=validation_data, epochs=1, verbose=0)
    return tuner


def test_a_search_trains_and_gives_back_models_and_values(tmp_path, capsys):
    tuner = fit(make(tmp_path, max_trials=2))
    best = tuner.get_best_hyperparameters()[0]
    assert 1e-4 <= best.get("rate") <= 1
    assert tuner.get_best_models()[0].predict(X, verbose=0).shape == (32, 1)
    tuner.results_summary()
    assert "Score" in capsys.readouterr().out


def test_a_search_goes_on_from_its_directory(tmp_path):
    whole = Bowl(max_trials=12, seed=0, directory=tmp_path, project_name="whole")
    whole.search(verbose=0)
    first = Bowl(max_trials=12, seed=0, directory=tmp_path, project_name="halves")
    first.oracle.max_trials = 6
    first.search(verbose=0)
    second = Bowl(max_trials=12, seed=0, directory=tmp_path, project_name="halves")
    assert len(second.oracle.trials) == 6
    second.search(verbose=0)
    assert len(second.oracle.trials) == 12
    again = Bowl(max_trials=12, directory=tmp_path, project_name="halves", overwrite=True)
    assert len(again.oracle.trials) == 0


def test_a_build_that_raises_for_some_settings_fails_those_trials_only(tmp_path):
    def picky(hp):
        if hp.Choice("kind", ["good", "bad"]) == "bad":
            raise ValueError("no such layer")
        return build(hp)

    lines = []
    tuner = fit(make(tmp_path, Untrained(picky), max_trials=6, sink=lines.append))
    status = [trial.status for trial in tuner.oracle.trials.values()]
    assert set(status) == {"COMPLETED", "FAILED"}
    assert len(status) == 6
    assert lines[0].endswith("ValueError: no such layer")


def test_no_trial_that_succeeds_is_an_error_with_the_last_reason(tmp_path):
    class Broken(CoarseToFine):
        def run_trial(self, trial, *args, **kwargs):
            trial.hyperparameters.Float("x", 0.0, 1.0)
            return float("nan")

    tuner = Broken(max_trials=4, seed=0, directory=tmp_path, sink=None)
    with pytest.raises(RuntimeError, match=r"All 4 trials failed.*is not finite: nan"):
        tuner.search(verbose=0)


def test_an_objective_that_is_not_logged_is_named_at_the_first_trial(tmp_path):
    tuner = make(tmp_path, objective="val_loss")
    with pytest.raises(ValueError, match=r"objective=val_loss; reported: loss\. `search` needs"):
        fit(tuner, validation_data=None)
    assert len(tuner.oracle.trials) == 1


def test_an_empty_space_is_refused(tmp_path):
    def fixed(hp):
        return build(keras_tuner.HyperParameters())

    with pytest.raises(ValueError, match="The space is empty"):
        make(tmp_path, fixed)

    class Nothing(CoarseToFine):
        def run_trial(self, trial, *args, **kwargs):
            return 1.0

    with pytest.raises(ValueError, match="The space is empty"):
        Nothing(max_trials=4, directory=tmp_path, project_name="later").search(verbose=0)


def test_a_batch_size_asked_for_in_fit_is_searched(tmp_path):
    def ask(hp):
        sizes.append(hp.Int("batch_size", 4, 32, step=2, sampling="log"))

    sizes = []
    model = Untrained(lambda hp: build(keras_tuner.HyperParameters()), ask)
    fit(make(tmp_path, model, max_trials=4))
    assert len(set(sizes)) == 4


def test_the_directory_of_a_search_over_another_space_is_refused(tmp_path):
    def wider(hp):
        hp.Int("units", 1, 9)
        return build(hp)

    def other_range(hp):
        hp.Float("rate", 1e-2, 1.0)
        return build(hp)

    make(tmp_path).save()
    assert isinstance(make(tmp_path), CoarseToFine)
    for changed, name in ((wider, "units"), (other_range, "rate")):
        with pytest.raises(ValueError, match=f"another space: it has no such {name}"):
            make(tmp_path, changed)


def test_a_directory_that_cannot_be_written_is_told_in_a_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="`directory` must be one that can be written"):
        make(tmp_path / "file")
