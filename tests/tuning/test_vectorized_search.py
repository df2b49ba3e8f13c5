"""Trials of one structure are trained together, others alone, and every one is told."""

import keras
import keras_tuner
import numpy as np
import pytest
from keras import layers

from kerasrecipes.tuning import VectorizedSearch
from kerasrecipes.tuning.candidates import chunks_of
from kerasrecipes.tuning.train_chunk import rungs_of

X = np.random.default_rng(0).normal(size=(48, 3)).astype("float32")
Y = (X @ np.array([1.0, -2.0, 0.5]))[:, None].astype("float32")
DATA = {"x": X[:32], "y": Y[:32], "validation_data": (X[32:], Y[32:]), "batch_size": 16}


def build(hp):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(hp.Choice("units", [2, 4]), "tanh")])
    model.add(layers.Dense(1))
    model.compile(keras.optimizers.SGD(hp.Float("rate", 1e-3, 0.1, sampling="log")), "mse")
    return model


def one_structure(hp):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(hp.Float("rate", 1e-3, 0.1, sampling="log")), "mse")
    return model


@pytest.fixture
def search(tmp_path):
    """A search that keeps its lines: `search(build, ...)` -> tuner with `.lines`."""

    def make(hypermodel=one_structure, objective="val_loss", max_trials=6, **options):
        lines = []
        options.setdefault("project_name", "search")
        tuner = VectorizedSearch(
            hypermodel,
            objective,
            max_trials,
            seed=3,
            directory=str(tmp_path),
            sink=lines.append,
            **options,
        )
        tuner.lines = lines
        return tuner

    return make


def statuses(tuner):
    return [tuner.oracle.trials[key].status for key in sorted(tuner.oracle.trials)]


def test_trials_are_grouped_by_structure_and_the_best_is_kept(search):
    tuner = search(build, max_trials=8)
    tuner.search(**DATA, epochs=3)
    assert statuses(tuner) == ["COMPLETED"] * 8
    assert len(tuner.lines) == 2
    assert all("trained together" in line for line in tuner.lines)
    best = tuner.oracle.get_best_trials(1)[0]
    model = tuner.get_best_models(1)[0]
    assert model.evaluate(X[32:], Y[32:], verbose=0) == pytest.approx(best.score, rel=1e-4)


def test_a_finished_search_is_reloaded_with_its_weights(search):
    first = search()
    first.search(**DATA, epochs=2)
    again = search()
    trained, loaded = (tuner.get_best_models(1)[0] for tuner in (first, again))
    for ours, its in zip(loaded.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, its)
    again.search(**DATA, epochs=2)  # nothing is left to do
    assert len(again.oracle.trials) == 6
    assert again.lines == []


def test_each_trial_ends_as_its_own_fit_would(search):
    built = []

    def recorded(hp):
        model = one_structure(hp)
        built.append((hp.get("rate"), model.get_weights()))
        return model

    tuner = search(recorded, "loss")
    del built[:]
    tuner.search(**DATA, epochs=3, shuffle=False)
    starts = dict(built)
    for trial in tuner.oracle.trials.values():
        alone = one_structure(trial.hyperparameters)
        alone.set_weights(starts[trial.hyperparameters.get("rate")])
        history = alone.fit(**DATA, epochs=3, shuffle=False, verbose=0).history
        assert trial.score == pytest.approx(min(history["loss"]), rel=1e-4)
        for ours, its in zip(tuner.store.load(trial.trial_id), alone.get_weights(), strict=True):
            np.testing.assert_allclose(ours, its, rtol=1e-4, atol=1e-5)


class ChoosesItsBatches(keras_tuner.HyperModel):
    def build(self, hp):
        hp.Choice("batch_size", [8, 16])
        return one_structure(hp)

    def fit(self, hp, model, *args, **kwargs):
        kwargs["batch_size"] = hp.get("batch_size")
        return model.fit(*args, **kwargs)


def test_a_hypermodel_may_choose_the_batch_size(search):
    tuner = search(ChoosesItsBatches(), max_trials=8)
    tuner.search(**DATA, epochs=2)
    assert statuses(tuner) == ["COMPLETED"] * 8
    assert len(tuner.lines) == 2  # a group for each size


class TrainsInItsOwnWay(ChoosesItsBatches):
    def fit(self, hp, model, *args, **kwargs):
        return {"val_loss": hp.get("rate")}


def test_a_hypermodel_may_train_in_its_own_way(search):
    tuner = search(TrainsInItsOwnWay(), max_trials=2)
    tuner.search(**DATA)
    best = tuner.oracle.get_best_trials(1)[0]
    assert best.score == best.hyperparameters.get("rate")
    assert all("own `fit`" in line for line in tuner.lines)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"callbacks": [keras.callbacks.LambdaCallback()]}, "callback `LambdaCallback`"),
        ({"steps_per_epoch": 1}, "`steps_per_epoch` is given"),
        ({"class_weight": {0: 1.0}, "sample_weight": np.ones(32)}, "both `class_weight`"),
    ],
)
def test_what_needs_a_fit_of_its_own_is_trained_alone_and_told_why(search, more, why):
    tuner = search(max_trials=1)
    if "class_weight" in more:  # Keras's `fit` refuses it too
        tuner.search(**DATA, **more, epochs=1)
        assert statuses(tuner) == ["FAILED"]
    else:
        tuner.search(**DATA, **more, epochs=1)
        assert statuses(tuner) == ["COMPLETED"]
        assert tuner.get_best_models(1)
    assert why in tuner.lines[0]


@keras.saving.register_keras_serializable(package="tests")
class Unmappable(layers.Layer):
    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)

    def call(self, inputs):
        from keras.src.backend.common.stateless_scope import in_stateless_scope

        if in_stateless_scope():
            raise ValueError("cannot be traced for many")
        return inputs


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="JAX's `fit` is stateless too")
def test_a_layer_that_cannot_be_stacked_sends_its_trials_to_fit(search):
    def with_it(hp):
        model = keras.Sequential([keras.Input((3,)), Unmappable(), layers.Dense(1)])
        model.compile(keras.optimizers.SGD(hp.Float("rate", 1e-3, 0.1)), "mse")
        return model

    tuner = search(with_it, max_trials=2)
    tuner.search(**DATA, epochs=1)
    assert statuses(tuner) == ["COMPLETED"] * 2
    assert "trained alone: the program of all failed" in tuner.lines[0]
    assert "cannot be traced for many" in tuner.lines[0]


def test_trials_that_diverge_fail_with_a_message_and_the_others_go_on(search):
    def wild(hp):
        model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
        model.compile(keras.optimizers.SGD(hp.Choice("rate", [0.01, 1e30])), "mse")
        return model

    tuner = search(wild, max_trials=2)
    tuner.search(**DATA, epochs=4)
    by_rate = {t.hyperparameters.get("rate"): t for t in tuner.oracle.trials.values()}
    assert by_rate[0.01].status == "COMPLETED"
    assert np.isfinite(by_rate[0.01].score)
    lost = by_rate[1e30]
    assert lost.status == "FAILED" or np.isfinite(lost.score)
    assert f"no finite cost any more: {lost.trial_id} (epoch" in tuner.lines[0]


def test_a_build_that_raises_fails_its_trial_alone(search):
    def picky(hp):
        if hp.Boolean("broken", default=False):
            raise ValueError("no such network")
        return one_structure(hp)

    tuner = search(picky, max_trials=8)
    tuner.search(**DATA, epochs=1)
    found = statuses(tuner)
    assert set(found) == {"COMPLETED", "FAILED"}
    failed = [t for t in tuner.oracle.trials.values() if t.status == "FAILED"]
    assert all("no such network" in trial.message for trial in failed)
    assert sum("no such network" in line for line in tuner.lines) == len(failed)


def test_an_objective_that_is_not_logged_is_named_with_those_that_are(search):
    tuner = search(objective=keras_tuner.Objective("val_auc", "max"))
    with pytest.raises(ValueError, match="'val_auc'; logged: loss, val_loss"):
        tuner.search(**DATA)


def test_early_stopping_ends_members_as_it_ends_their_fit(search):
    tuner = search()
    stop = keras.callbacks.EarlyStopping("val_loss", min_delta=1e9, patience=2)
    tuner.search(**DATA, epochs=50, callbacks=[stop])
    assert statuses(tuner) == ["COMPLETED"] * 6
    assert "6 ended early" in tuner.lines[0]


def test_halving_drops_the_worst_on_the_way(search):
    tuner = search(max_trials=8, halving=2)
    tuner.search(**DATA, epochs=8)
    assert statuses(tuner) == ["COMPLETED"] * 8
    assert "7 ended early" in tuner.lines[0]  # after 1, 2 and 4 epochs
    best = tuner.oracle.get_best_trials(1)[0]
    assert tuner.get_best_models(1)[0].evaluate(X[32:], Y[32:], verbose=0) == pytest.approx(
        best.score, rel=1e-4
    )


@pytest.mark.parametrize(
    ("epochs", "halving", "rungs"), [(8, 2, [1, 2, 4]), (1, 2, []), (9, 3, [1, 3])]
)
def test_rungs(epochs, halving, rungs):
    assert rungs_of(epochs, halving) == rungs


def test_hyperband_drives_it_and_goes_on_with_earlier_weights(search):
    oracle = keras_tuner.oracles.HyperbandOracle("val_loss", max_epochs=4, factor=2, seed=1)
    tuner = search(objective=None, oracle=oracle)
    tuner.search(**DATA)
    assert set(statuses(tuner)) == {"COMPLETED"}
    continued = [
        trial
        for trial in oracle.trials.values()
        if "tuner/trial_id" in trial.hyperparameters.values
    ]
    assert continued
    for trial in continued:
        earlier = oracle.trials[trial.hyperparameters.values["tuner/trial_id"]]
        assert trial.score <= earlier.score * 1.2


def test_a_trial_of_several_executions_has_their_mean(search):
    tuner = search(max_trials=2, executions_per_trial=3)
    tuner.search(**DATA, epochs=2)
    assert statuses(tuner) == ["COMPLETED"] * 2
    assert "6 models of 2 trials (0 … 1) trained together" in tuner.lines[0]
    assert tuner.get_best_models(1)


def test_a_group_is_trained_in_parts_that_fit_the_memory(search):
    tuner = search(max_trials=4, memory_bytes=1)
    tuner.search(**DATA, epochs=1)
    assert statuses(tuner) == ["COMPLETED"] * 4
    assert [line.split(":")[0] for line in tuner.lines] == [f"Trial {n} trained" for n in range(4)]


def test_a_program_is_used_again_for_somewhat_fewer_members(search):
    tuner = search(max_trials=7, members=4)
    tuner.search(**DATA, epochs=2)
    assert statuses(tuner) == ["COMPLETED"] * 7
    assert [members for _, members in tuner._programs] == [4]
    for trial in tuner.oracle.get_best_trials(7):
        loss = tuner.load_model(trial).evaluate(X[32:], Y[32:], verbose=0)
        assert loss == pytest.approx(trial.score, rel=1e-4)


class Sized:
    bytes = 10


@pytest.mark.parametrize(
    ("group", "most", "memory", "sizes"),
    [(10, 64, 1000, [10]), (10, 4, 1000, [4, 4, 2]), (10, 64, 59, [5, 5]), (3, 64, 1, [1, 1, 1])],
)
def test_chunks_are_even_and_fit(group, most, memory, sizes):
    chunks = chunks_of([Sized()] * group, most, memory)
    assert [len(chunk) for chunk in chunks] == sizes


def test_nothing_is_said_when_silent(search, capsys):
    tuner = search()
    tuner.search(**DATA, epochs=1, verbose=0)
    assert tuner.lines == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"members": 0}, "`members` must be a whole number >= 1.*members=0"),
        ({"halving": 1}, "`halving` must be a whole number >= 2.*halving=1"),
        ({"memory_bytes": 0.5}, "`memory_bytes` must be .*memory_bytes=0.5"),
        (
            {"oracle": keras_tuner.oracles.RandomSearchOracle("accuracy", max_trials=1)},
            "objective='val_loss', oracle.objective='accuracy'",
        ),
    ],
)
def test_arguments_out_of_range_are_refused(search, arguments, message):
    with pytest.raises(ValueError, match=message):
        search(**arguments)


class Shared(layers.Layer):
    scale = 1.0

    def call(self, inputs):
        return inputs * type(self).scale


def test_what_a_build_sets_outside_its_model_is_not_that_of_the_last_trial(search):
    def build_shared(hp):
        Shared.scale = hp.Choice("scale", [0.5, 2.0])
        model = keras.Sequential([keras.Input((3,)), Shared(), layers.Dense(1, use_bias=False)])
        model.layers[-1].kernel.assign(np.ones((3, 1), "float32"))
        model.compile(keras.optimizers.SGD(1e-9), "mse")
        return model

    tuner = search(build_shared, max_trials=2)
    tuner.search(**DATA, epochs=1)
    assert statuses(tuner) == ["COMPLETED"] * 2
    assert any("has changed since" in line for line in tuner.lines)
    for trial in tuner.oracle.trials.values():
        outputs = trial.hyperparameters.get("scale") * X[32:].sum(axis=1, keepdims=True)
        np.testing.assert_allclose(trial.score, np.mean((outputs - Y[32:]) ** 2), rtol=1e-4)


def test_weights_that_cannot_be_read_are_set_aside(search, tmp_path):
    search(max_trials=2).search(**DATA, epochs=1, verbose=0)
    (path,) = (tmp_path / "search").glob("members_*.npz")
    path.write_bytes(b"rubbish")
    tuner = search(max_trials=2)
    with (
        pytest.warns(UserWarning, match="set aside as `members_0_2.npz.corrupted`"),
        pytest.raises(FileNotFoundError, match="train its hyperparameters again"),
    ):
        tuner.get_best_models(1)
    assert path.with_name(f"{path.name}.corrupted").exists()
    assert len(tuner.get_best_hyperparameters(2)) == 2
