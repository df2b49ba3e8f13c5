import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.callbacks import Doctor, doctor
from kerasrecipes.callbacks.attempts import Attempts
from kerasrecipes.callbacks.batch_costs import BatchCosts
from kerasrecipes.diagnosis import Diagnosis, Finding

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(240, 4)).astype("float32")
Y = (X[:, 0] + X[:, 1] > 0).astype("float32")


def network(loss="binary_crossentropy", rate=0.05):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(8, "relu", name="h"), layers.Dense(1, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(rate), loss)
    return model


def fit(model, callback, x=X, y=Y, epochs=3, **options):
    return model.fit(x, y, epochs=epochs, verbose=0, callbacks=[callback], **options)


def finding(severity, code="sign", where=None):
    return Finding(code, "data", severity, {"number": 1.0}, "Do this.", where)


def judging(monkeypatch, *epochs):
    """Lets the rules find, after each epoch and at the end, what is given for it."""
    found = iter(epochs)
    monkeypatch.setattr(doctor, "judge", lambda trace: Diagnosis(next(found)))


def test_a_healthy_fit_is_told_so_and_all_its_evidence_is_kept():
    lines = []
    watch = Doctor(sink=lines.append)
    history = fit(network(), watch, epochs=20, validation_split=0.25).history
    run = watch.trace.run
    assert watch.diagnosis.healthy
    assert lines == []
    assert watch.left_out == {}
    assert run.costs == pytest.approx(history["loss"])
    assert run.dev_costs == pytest.approx(history["val_loss"])
    assert (run.epochs, run.planned_epochs, run.steps) == (20, 20, 120)
    assert len(run.batch_costs) == 120
    assert run.batch_costs[:6].mean() == pytest.approx(history["loss"][0], rel=0.05)
    assert len(run.gradient_norms) == len(run.update_ratios) == 4
    assert list(run.units) == ["h"]
    assert run.skill.train > 0.5
    assert run.prior_cost == pytest.approx(0.69, abs=0.02)
    assert run.initial_cost > 0.3
    assert watch.trace.inputs.examples == 180


def test_the_weights_are_those_of_a_fit_without_it():
    plain, watched = network(), network()
    for model, callbacks in ((plain, []), (watched, [Doctor(sink=None)])):
        keras.utils.set_random_seed(1)
        model.fit(X, Y, epochs=2, verbose=0, validation_split=0.25, callbacks=callbacks)
    for ours, theirs in zip(watched.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(watched.optimizer.variables) == len(plain.optimizer.variables)


def test_each_error_and_warning_is_said_once_and_notes_stand_in_the_diagnosis(monkeypatch):
    error, warning, note = finding("error"), finding("warning", where="h"), finding("note", "n")
    judging(monkeypatch, [], [error], [error, warning, note], [error], [error, note])
    watch = Doctor(sink=None)
    fit(network(), watch)
    assert watch.messages == [str(error), str(warning)]
    assert watch.diagnosis.findings == (error, note)


def test_short_epochs_are_judged_ten_times_per_decade_and_when_a_cost_is_not_finite(monkeypatch):
    monkeypatch.setattr(doctor, "SHARE", -1.0)
    watch = Doctor(sink=None)
    due = [epoch for epoch in range(100) if watch._is_due(epoch, 1.0)]
    assert due == [*range(11), 13, 16, 20, 25, 32, 40, 50, 63, 80]
    assert watch._is_due(14, np.nan)
    monkeypatch.setattr(doctor, "SHARE", 0.01)
    assert watch._is_due(14, 1.0)


@pytest.mark.parametrize(("y", "asked"), [(Y, False), (RANDOM.permutation(Y), True)])
def test_whether_targets_belong_to_inputs_is_asked_where_nothing_is_learned(monkeypatch, y, asked):
    calls = []
    monkeypatch.setattr(doctor, "measure_relation", lambda evidence: calls.append(1))
    fit(network(rate=0.05 if not asked else 1e-6), Doctor(sink=None), y=y, epochs=20)
    assert bool(calls) == asked


@pytest.mark.parametrize(
    ("stop_on", "found", "epochs"),
    [(None, "error", 3), ("error", "warning", 3), ("error", "error", 1), ("warning", "error", 1)],
)
def test_it_stops_the_fit_only_if_asked_to(monkeypatch, stop_on, found, epochs):
    judging(monkeypatch, *[[finding(found)]] * 5)
    watch = Doctor(stop_on, sink=None)
    assert len(fit(network(), watch).epoch) == epochs
    assert watch.trace.run.planned_epochs == 3


@pytest.mark.parametrize(("shift", "causes"), [(0.0, set()), (9.0, {"preprocessing", "data"})])
def test_a_dev_set_that_was_not_scaled_as_train_is_told(shift, causes):
    watch = Doctor(sink=None)
    fit(network(), watch, epochs=20, validation_data=(X[:90] + shift, Y[:90]))
    assert (watch.trace.drift is not None) == bool(causes)
    told = {found.cause for found in watch.diagnosis.findings if found.code == "train-dev-drift"}
    assert told == causes
    assert watch.diagnosis.healthy == (not causes)


def test_a_fit_that_stops_early_is_at_its_end():
    watch = Doctor(sink=None)
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(watch.model, "stop_training", True)
    )
    network().fit(X, Y, epochs=9, verbose=0, callbacks=[watch, stop])
    assert (watch.trace.run.epochs, watch.trace.run.planned_epochs) == (1, 1)


def test_the_first_step_that_is_not_finite_is_in_the_evidence():
    y = Y.copy()
    y[70] = np.nan
    watch = Doctor(sink=None)
    fit(network(), watch, y=y, shuffle=False, epochs=1, batch_size=32)
    assert watch.trace.run.not_finite[0] == 2
    assert not watch.diagnosis.healthy


def test_of_a_generator_it_says_once_what_could_not_be_measured():
    def batches():
        while True:
            yield X[:16], Y[:16]

    lines = []
    watch = Doctor(sink=lines.append)
    fit(network(), watch, batches(), None, steps_per_epoch=4)
    assert [line for line in lines if line.startswith("not measured")] == [
        "not measured: training data (a generator can be read only once, by fit)"
    ]
    assert len(watch.trace.run.gradient_norms) == 4
    assert len(watch.trace.run.batch_costs) == 12


@pytest.mark.parametrize("broken", ["collect_evidence", "measure_units", "measure_skill", "judge"])
def test_what_fails_in_it_never_stops_the_fit(monkeypatch, broken):
    def fails(*arguments):
        raise RuntimeError("no such thing")

    if broken == "collect_evidence":
        monkeypatch.setattr("kerasrecipes.callbacks.fit_evidence.program_facts",
                            lambda *a, **k: fails())  # fmt: skip
    else:
        monkeypatch.setattr(doctor, broken, fails)
    watch = Doctor(sink=None)
    assert len(fit(network(), watch).epoch) == 3
    assert list(watch.left_out.values()) == ["RuntimeError: no such thing"]
    assert len(watch.messages) == 1


def test_a_subclassed_model_is_watched_as_far_as_it_tells():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.one = layers.Dense(1, "sigmoid")

        def call(self, x):
            return self.one(x)

    model = Own()
    model.compile("sgd", "binary_crossentropy")
    watch = Doctor(sink=None)
    fit(model, watch)
    assert len(watch.trace.run.gradient_norms) == 2
    assert watch.diagnosis is not None


def test_interrupts_go_on():
    with pytest.raises(KeyboardInterrupt), Attempts(print)("units"):
        raise KeyboardInterrupt


def test_costs_of_batches_come_from_running_means_in_any_order():
    costs = BatchCosts(steps=3)
    for epoch in ([4.0, 2.0, 3.0], [1.0, 1.0, 4.0]):
        means = np.cumsum(epoch) / [1, 2, 3]
        for batch in (1, 0, 2):
            costs.note(batch, means[batch])
        costs.end_epoch()
    np.testing.assert_allclose(costs.values, [4, 2, 3, 1, 1, 4])


def test_costs_of_a_long_training_are_thinned():
    costs = BatchCosts(steps=1000)
    for _ in range(30):
        for batch in range(1000):
            costs.note(batch, 2.0)
        costs.end_epoch()
    assert 1000 <= len(costs.values) <= 2000
    np.testing.assert_allclose(costs.values, 2.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stop_on": "eror"}, "`stop_on` must be None, 'error' or 'warning'.*stop_on='eror'"),
        ({"examples": 0}, "`examples` must be a whole number >= 1.*examples=0"),
        ({"examples": 2.5}, "`examples` must be a whole number >= 1.*examples=2.5"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        Doctor(**arguments)


def test_a_fit_of_no_epochs_is_no_failure():
    watch = Doctor(sink=None)
    fit(network(), watch, epochs=0)
    assert watch.left_out == {}
    assert watch.diagnosis is not None
