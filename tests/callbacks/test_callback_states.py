import dataclasses
import importlib.util
from pathlib import Path

import keras
import numpy as np
import pytest

from kerasrecipes import callbacks as ours
from kerasrecipes.callbacks.callback_states import _ROWS, restore, state_of, without_state
from kerasrecipes.report.resumed import resumed_text
from kerasrecipes.schedules import ExponentialDecay
from tests.callbacks.interrupted_fit import Planned, X, interrupted, network, through_a_file

theirs = keras.callbacks
CLOCKS = {"seconds", "spent", "epoch_seconds", "resumed"}
APART = {
    "Callback", "CallbackList",  # bases
    "BackupAndRestore", "Resume", "Babysitter",  # they save, or show, the others
    "OrbaxCheckpoint",  # needs a library of its own
    "LambdaCallback", "ProgbarLogger", "RemoteMonitor", "TerminateOnNaN",  # keep nothing
}  # fmt: skip


def attributes(*names):
    return lambda callback: {name: getattr(callback, name) for name in names}


def doctor_facts(doctor):
    return attributes("messages", "left_out")(doctor) | {
        "text": str(doctor.diagnosis),
        "run": dataclasses.asdict(doctor.trace.run),
        "initial": doctor.trace.inputs.mean,
    }


def report_facts(report):
    page = report.page()
    resumed = resumed_text(report.resumed)  # which a report of a whole fit does not say
    shown = [(each.title, (each.text or "").replace(resumed, "")) for each in page.sections]
    return {"history": report.history, "answer": page.answer, "shown": shown}


def files_of(saver):
    names = sorted(path.name for path in Path(saver.filepath).parent.glob("*.keras"))
    return {"names": names, "best": saver.best}


def text_of(logger):
    return {"text": Path(logger.filename).read_bytes()}


# Of each class: how it is made, and what it tells in the end. Adding a callback is adding a row.
WATCHING = {
    "planned": (lambda folder: Planned(), lambda callback: {}),
    "LearningRateDecay": (
        lambda folder: ours.LearningRateDecay(ExponentialDecay(0.1)), attributes("rates"),
    ),
    "BiasVarianceReporter": (
        lambda folder: ours.BiasVarianceReporter(every=2, sink=None),
        attributes("reading", "readings"),
    ),
    "CostMonitor": (
        lambda folder: ours.CostMonitor(patience=1, sink=None), attributes("curves", "messages"),
    ),
    "GradientMonitor": (
        lambda folder: ours.GradientMonitor(lambda step: step % 3 == 1, log=True, sink=None),
        attributes("gradient_norms", "update_ratios", "messages", "reading"),
    ),
    "ActivationMonitor": (
        lambda folder: ours.ActivationMonitor(X, limit=0.1, sink=None),
        attributes("units", "history", "messages"),
    ),
    "Doctor": (lambda folder: ours.Doctor(sink=None), doctor_facts),
    "keras.CSVLogger": (lambda folder: theirs.CSVLogger(folder / "log.csv"), text_of),
    "keras.ModelCheckpoint": (
        lambda folder: theirs.ModelCheckpoint(
            folder / "{epoch}.keras", "planned", save_best_only=True, mode="min"
        ),
        files_of,
    ),
    "keras.History": (lambda folder: theirs.History(), attributes("epoch", "history")),
    "Report": (lambda folder: ours.Report(folder / "fit.html", sink=None), report_facts),
}  # fmt: skip
if importlib.util.find_spec("tensorboard") and keras.backend.backend() == "tensorflow":
    WATCHING["keras.TensorBoard"] = (
        lambda folder: theirs.TensorBoard(folder, write_steps_per_second=True),
        attributes("_global_train_batch", "_should_write_train_graph"),
    )
else:
    APART.add("TensorBoard")
STOPPING = {
    "planned": (lambda folder: Planned(), lambda callback: {}),
    "keras.LearningRateScheduler": (
        lambda folder: theirs.LearningRateScheduler(lambda epoch, rate: 0.9 * rate),
        lambda callback: {"rate": float(callback.model.optimizer.learning_rate)},
    ),
    "keras.ReduceLROnPlateau": (
        lambda folder: theirs.ReduceLROnPlateau("planned", mode="min", patience=2, cooldown=2),
        attributes("best", "wait", "cooldown_counter"),
    ),
    "keras.EarlyStopping": (
        lambda folder: theirs.EarlyStopping(
            "planned", mode="min", patience=3, restore_best_weights=True
        ),
        attributes("best", "best_epoch", "wait", "stopped_epoch"),
    ),
    "EarlyStopping": (
        lambda folder: ours.EarlyStopping(
            "planned", mode="min", patience=3, smoothing=0.1, restore_best_weights=True, sink=None
        ),
        attributes("best", "best_epoch", "wait", "curves", "stop_reason", "stopped_epoch"),
    ),
}
SWAPPING = {
    "keras.SwapEMAWeights": (
        lambda folder: theirs.SwapEMAWeights(swap_on_epoch=True),
        attributes("_ema_weights_in_model"),
    )
}
FINDING = {
    "LearningRateFinder": (
        lambda folder: ours.LearningRateFinder(1e-3, 1.0, steps=20, sink=None),
        attributes("rates", "costs", "smoothed", "suggestion", "reason"),
    )
}
ADAM, EMA = keras.optimizers.Adam, lambda: keras.optimizers.SGD(0.1, use_ema=True)
GROUPS = {
    "watching": (WATCHING, ADAM),
    "stopping": (STOPPING, ADAM),
    "swapping": (SWAPPING, EMA),
    "finding": (FINDING, ADAM),
}
ROWS = [(group, name) for group, (rows, _) in GROUPS.items() for name in rows]


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    """Fits with all callbacks of a group, made once."""
    done = {}

    def fits(group, place):
        if (group, place) not in done:
            rows, optimizer = GROUPS[group]
            done[group, place] = interrupted(
                lambda folder: {name: make(folder) for name, (make, _) in rows.items()},
                optimizer,
                place,
                tmp_path_factory.mktemp(f"{group}-{place}"),
            )
        return done[group, place]

    return fits


def timeless(state):
    """The state as from a file, without the time that training took."""
    state = through_a_file(state)
    return state and {name: part for name, part in state.items() if name not in CLOCKS}


each_place = pytest.mark.parametrize("place", ["epoch", "step"])
each_group = pytest.mark.parametrize("group", GROUPS)


def test_every_callback_is_in_the_table():
    exported = {f"keras.{name}" for name in dir(theirs) if name[0].isupper()} | set(ours.__all__)
    wanted = {name for name in exported if name.rpartition(".")[2] not in APART}
    assert wanted == {name for _, name in ROWS} - {"planned"}


@each_place
@pytest.mark.parametrize(("group", "name"), ROWS)
def test_a_resumed_callback_tells_what_one_never_killed_tells(ends, group, name, place):
    whole, _, resumed = ends(group, place)
    facts = GROUPS[group][0][name][1]
    found, wanted = resumed.callbacks[name], whole.callbacks[name]
    np.testing.assert_equal(facts(found), facts(wanted))
    np.testing.assert_equal(timeless(state_of(found)), timeless(state_of(wanted)))


@each_place
@each_group
def test_a_resumed_fit_ends_with_the_weights_of_one_never_killed(ends, group, place):
    whole, _, resumed = ends(group, place)
    np.testing.assert_equal(resumed.weights, whole.weights)


@each_place
@each_group
def test_a_restored_callback_has_the_state_it_was_given(ends, group, place):
    _, killed, resumed = ends(group, place)
    for given, held in zip(killed.saver.saved[1], resumed.saver.states, strict=True):
        np.testing.assert_equal(timeless(held), timeless(given))


@each_group
def test_a_state_stays_what_it_was_while_training_goes_on(ends, group):
    saver = ends(group, "step")[1].saver
    np.testing.assert_equal([through_a_file(state) for state in saver.states], saver.saved[1])


@each_group
def test_keras_still_has_all_that_the_table_names(ends, group):
    saver = ends(group, "step")[1].saver
    for callback, state in zip(saver.others, saver.states, strict=True):
        assert set(getattr(_ROWS.get(type(callback)), "names", ())) <= set(state or ())


@pytest.mark.parametrize(
    "callback",
    [
        theirs.TerminateOnNaN(),
        theirs.ProgbarLogger(),
        theirs.LambdaCallback(),
        theirs.RemoteMonitor(),
        Planned(),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_what_keeps_nothing_has_no_state(callback):
    assert state_of(callback) is None
    restore(callback, None)
    with pytest.raises(ValueError, match=r"`state` must be None.*a state of wait for"):
        restore(callback, {"wait": 1})


class Counter(theirs.Callback):
    seen = None

    def get_state(self):
        return {"seen": self.seen}

    def set_state(self, state):
        self.seen = state["seen"]


def test_a_user_s_own_state_is_taken_as_a_copy_and_given_back_as_one():
    counter, other = Counter(), Counter()
    counter.seen = [np.zeros(2), (keras.ops.ones(1), None)]
    state = state_of(counter)
    counter.seen[0] += 1
    restore(other, state)
    other.seen[0] -= 1
    np.testing.assert_equal(state, {"seen": [np.zeros(2), (np.ones(1, "float32"), None)]})


@pytest.mark.parametrize(
    ("seen", "place"),
    [
        ({1, 2}, r"\['seen'\] of type set"),
        ([{2: 1}], r"\['seen'\]\[0\] of type dict"),
        (keras.callbacks.History, r"\['seen'\] of type type"),
        (Path("a"), r"\['seen'\] of type \w*Path"),
        (np.array([None]), r"\['seen'\] of type ndarray"),
    ],
)
def test_a_state_that_no_file_can_hold_is_refused_by_its_place(seen, place):
    counter = Counter()
    counter.seen = seen
    with pytest.raises(TypeError, match=rf"Received: Counter\.get_state\(\){place}"):
        state_of(counter)


class OwnStopping(theirs.EarlyStopping):
    pass


def test_what_derives_from_keras_s_is_saved_as_far_as_keras_s_goes_and_told():
    stopping, other = OwnStopping(), OwnStopping()
    stopping.wait = 3
    restore(other, state_of(stopping))
    assert other.wait == 3
    callbacks = [Planned(), other, Planned(), Counter(), ours.CostMonitor(), theirs.History()]
    assert without_state([*callbacks, theirs.LambdaCallback()]) == ["Planned", "OwnStopping"]


@pytest.mark.parametrize(("mode", "better"), [("min", 1.0), ("max", 3.0)])
def test_a_checkpoint_in_the_middle_of_an_epoch_knows_what_is_better(tmp_path, mode, better):
    model = network(ADAM)
    savers = [
        theirs.ModelCheckpoint(
            tmp_path / "best.weights.h5", "loss", 0, True, True, mode, save_freq=2
        )
        for _ in range(2)
    ]
    for saver in savers:
        saver.set_model(model)
    savers[0].on_epoch_begin(0)
    savers[0].on_train_batch_end(1, {"loss": 2.0})
    savers[0].on_epoch_end(0, {"loss": 2.0})
    restore(savers[1], state_of(savers[0]))
    savers[1].on_train_batch_end(1, {"loss": 4.0 - better})
    assert savers[1].best == 2.0
    savers[1].on_train_batch_end(3, {"loss": better})
    assert savers[1].best == better


def test_the_time_between_two_processes_counts_for_no_epoch(monkeypatch):
    boards = [theirs.TensorBoard(write_steps_per_second=True) for _ in range(2)]
    monkeypatch.setattr("time.time", lambda: 105.0)
    boards[0]._epoch_start_time = 100.0
    state = state_of(boards[0])
    monkeypatch.setattr("time.time", lambda: 9000.0)
    restore(boards[1], state)
    assert boards[1]._epoch_start_time == 8995.0
