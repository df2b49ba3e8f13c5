"""A fit that is watched: the same weights, nudges at the next step, kept, replayed, resumed."""

import json
import threading
import time
import urllib.error
import urllib.request

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import Babysitter, Doctor, LearningRateDecay, Report, Resume
from kerasrecipes.layers import InvertedDropout
from kerasrecipes.live.nudge import Nudge, read_nudges
from kerasrecipes.live.request_box import Request
from kerasrecipes.schedules import StepDecay
from tests.patience import HANG

RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 4)).astype("float32")
Y = (X @ np.float32([1, -1, 2, 0]) > 0).astype("float32")
STEPS = 6  # an epoch


def build(rate=0.05, **options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, "relu", name="hidden"),
            InvertedDropout(0.8, name="drop"),
            keras.layers.Dense(1, "sigmoid", name="out"),
        ]
    )
    options = {"metrics": ["accuracy"], **options}
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", **options)
    return model


class Asked(keras.callbacks.Callback):
    """Asks for something before some steps, as a viewer would, and keeps the replies."""

    def __init__(self, babysitter, at):
        super().__init__()
        self.babysitter, self.at, self.step, self.replies = babysitter, dict(at), 0, []

    def on_train_batch_begin(self, batch, logs=None):
        for request in self.at.get(self.step, ()):
            self.replies.append(self.babysitter._fit.box.put(request))
        self.step += 1


def fit(babysitter=None, at=(), *, epochs=3, before=(), model=None):
    model = model or build()
    callbacks = [*before, *([Asked(babysitter, at), babysitter] if babysitter else [])]
    history = model.fit(X, Y, 16, epochs, 0, validation_data=(X[:32], Y[:32]), callbacks=callbacks)
    return model, history, callbacks


def assert_same_weights(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def quiet(**options):
    return Babysitter(sink=None, **options)


@pytest.fixture(scope="module")
def alone():
    """Model and history of a fit that nobody watches."""
    return fit()[:2]


def test_a_fit_that_is_not_nudged_ends_as_one_without(alone, tmp_path):
    model, history = alone
    watched, other, _ = fit(quiet(directory=tmp_path / "run"))
    assert_same_weights(model, watched)
    assert history.history == other.history


def test_a_nudge_is_in_the_optimizer_at_the_next_step_and_kept(tmp_path):
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(
            float(keras.ops.convert_to_numpy(watch.model.optimizer.learning_rate))
        )
    )
    babysitter = quiet(directory=tmp_path)
    asked = {8: [Request("learning_rate", 0.5, "jump"), Request("keep_prob/drop", 0.5)]}
    _, _, callbacks = fit(babysitter, asked, before=[watch])
    assert seen == pytest.approx([0.05] * 8 + [0.5] * 10)
    assert callbacks[1].replies[0].reply.result["new"] == 0.5
    kept = read_nudges(tmp_path / "nudges.json")
    assert kept == babysitter.nudges
    assert [(n.step, n.epoch, n.name, n.old, n.new, n.note) for n in kept] == [
        (8, 1, "learning_rate", 0.05, 0.5, "jump"),
        (8, 1, "keep_prob/drop", 0.8, 0.5, ""),
    ]
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert "step 8: learning rate 0.05 -> 0.5 (jump)" in rows[2]
    assert "learning rate" not in rows[1] + rows[3]
    state = json.loads((tmp_path / "state.json").read_text())
    assert (state["status"], state["progress"]["step"]) == ("finished", 18)
    assert [each["name"] for each in state["nudges"]] == ["learning_rate", "keep_prob/drop"]


@pytest.mark.parametrize("saves", [False, True], ids=["settings", "saved points too"])
def test_a_replay_ends_with_the_same_weights(saves, alone, tmp_path):
    at = {
        3: [Request("learning_rate", 0.2), Request("pause"), Request("go_on")],
        7: [Request("clip_norm", 0.01), Request("beta_1", 0.5)],
        14: [Request("stop_after_epoch")],
    }
    if saves:
        at |= {4: [Request("save")], 10: [Request("go_back", 1)]}

    def before(name):
        return [Resume(tmp_path / name, sink=None)] if saves else []

    first = quiet(directory=tmp_path / "run")
    nudged, _, _ = fit(first, at, epochs=5, before=before("a"))
    replayed, history, _ = fit(
        quiet(replay=tmp_path / "run" / "nudges.json"), epochs=5, before=before("b")
    )
    assert_same_weights(nudged, replayed)
    assert history.epoch == [0, 1, 2]
    assert not np.array_equal(alone[0].get_weights()[0], nudged.get_weights()[0])


def test_going_back_brings_weights_and_settings_of_then(tmp_path):
    babysitter = quiet()
    resume = Resume(tmp_path, sink=None)
    at = {
        2: [Request("clip_norm", 3.0)],
        4: [Request("save")],
        9: [Request("clip_norm", 0.001), Request("learning_rate", 9.0)],
        12: [Request("go_back", 1)],
    }
    seen = {}

    def note(batch, logs):
        step = int(keras.ops.convert_to_numpy(watch.model.optimizer.iterations))
        settings = {each.name: each.value for each in babysitter._steering.settings()}
        seen[len(seen)] = (step, settings["clip_norm"], settings["learning_rate"])

    watch = keras.callbacks.LambdaCallback(on_train_batch_end=note)
    fit(babysitter, at, before=[resume, watch])
    assert seen[11] == (12, 0.001, 9.0)
    assert seen[12] == (6, 3.0, 0.05)


REFUSED = [
    (Request("learning_rate", -1.0), "must be a number from"),
    (Request("learning_rate", float("nan")), "Received: nan"),
    (Request("momentum", 0.5), "`name` must be one of learning_rate"),
    (Request("save"), "add kr.callbacks.Resume"),
    (Request("go_on"), "it is not paused"),
    (Request("learning_rate", 0.1, "x" * 501), "at most 500"),
]


def test_what_cannot_be_done_is_refused_with_the_reason_and_changes_nothing(alone):
    babysitter = quiet()
    watched, _, callbacks = fit(babysitter, {2: [request for request, _ in REFUSED]})
    for pending, (_, reason) in zip(callbacks[0].replies, REFUSED, strict=True):
        assert reason in pending.reply.refused
    assert babysitter.nudges == ()
    assert_same_weights(alone[0], watched)


def test_a_rate_that_a_callback_sets_is_its_own_until_taken_over():
    decay = LearningRateDecay(StepDecay(0.1, factor=0.5, every=1))
    babysitter = quiet()
    at = {
        1: [Request("learning_rate", 0.7)],
        2: [Request("learning_rate", 0.7, take_over=True)],
        13: [Request("decay_schedule", True)],
    }
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(
            float(keras.ops.convert_to_numpy(watch.model.optimizer.learning_rate))
        )
    )
    _, _, callbacks = fit(babysitter, at, before=[decay, watch])
    assert "is set by LearningRateDecay: take it over" in callbacks[2].replies[0].reply.refused
    assert seen == pytest.approx([0.1] * 2 + [0.7] * 11 + [0.025] * 5)


@pytest.mark.parametrize(("name", "epochs", "steps"), [("stop_after_epoch", 2, 12), ("stop", 2, 9)])
def test_it_stops_when_asked(name, epochs, steps):
    babysitter = quiet()
    model, history, _ = fit(babysitter, {8: [Request(name)]})
    assert len(history.epoch) == epochs
    assert int(keras.ops.convert_to_numpy(model.optimizer.iterations)) == steps
    assert "stopped from the page" in babysitter.stop_reason


def ask(address, path, content=None, **headers):
    base, token = address.split("/?token=")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    data = None if content is None else json.dumps(content).encode()
    with urllib.request.urlopen(
        urllib.request.Request(base + path, data, headers), timeout=HANG
    ) as answer:
        return json.load(answer)


def test_a_save_in_a_pause_is_made_with_the_step_that_it_takes(tmp_path):
    resume, babysitter = Resume(tmp_path, sink=None, every_epochs=None), quiet()
    log = []

    def steer():
        for _ in range(2000):
            if points := babysitter._fit.board.part("saved_points"):
                log.append((points[0]["step"], babysitter._fit.progress.step))
                break
            time.sleep(0.01)
        babysitter._fit.box.put(Request("go_on"))

    class Start(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if babysitter._fit.progress.step == 3:
                threading.Thread(target=steer).start()

    asked = {4: [Request("pause"), Request("save")]}
    fit(babysitter, asked, before=[resume, Start()])
    assert log == [(5, 5)]


def test_it_is_paused_and_goes_on_over_the_wire():
    babysitter = quiet()
    log = []

    def steer():
        while babysitter.address is None or babysitter._fit.progress.step < 2:
            time.sleep(0.01)
        address = babysitter.address
        log.append(ask(address, "/api/nudge", {"name": "pause"})["nudge"]["name"])
        before = ask(address, "/api/state")
        time.sleep(0.4)
        after = ask(address, "/api/state")
        log.append((after["status"], after["progress"]["step"] - before["progress"]["step"]))
        ask(address, "/api/nudge", {"name": "stop"})

    slow = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.01))
    thread = threading.Thread(target=steer)
    thread.start()
    _, history, _ = fit(babysitter, epochs=1000, before=[slow])
    thread.join(HANG)
    assert log == ["pause", ("paused", 0)]
    assert len(history.epoch) < 1000


def test_it_shows_cost_layers_and_judgement():
    doctor = Doctor(sink=None)
    babysitter = quiet(title="<b>run</b>")
    states = []
    keep = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: states.append(babysitter._fit.board.snapshot())
    )
    fit(babysitter, before=[doctor, keep], epochs=4)
    state = babysitter._fit.board.snapshot()
    assert state["status"] == "finished"
    assert state["run"]["title"] == "<b>run</b>"
    assert state["curves"]["val_loss"]["steps"] == [6, 12, 18, 24]
    assert state["curves"]["loss"]["group"] == state["curves"]["val_loss"]["group"] == "cost"
    assert state["curves"]["accuracy"]["group"] == "metric:accuracy"
    assert [each["name"] for each in state["layers"]] == ["hidden", "out"]
    assert state["bias_variance"]["verdict"] in ("inconclusive", "high bias", "both", "balanced")
    assert [each["code"] for each in state["findings"]] == [
        finding.code for finding in doctor.diagnosis.findings
    ]
    assert states[1]["bias_variance"]["epoch"] == 0


def test_the_page_ends_with_the_fit_also_when_it_breaks_off(alone, tmp_path):
    babysitter = quiet(directory=tmp_path)
    addresses = []

    def boom(batch, logs):
        addresses.append(babysitter.address)
        if len(addresses) == 8:
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        fit(babysitter, before=[keras.callbacks.LambdaCallback(on_train_batch_begin=boom)])
    ends = time.monotonic() + HANG
    while (tmp_path / "live.json").exists() and time.monotonic() < ends:
        time.sleep(0.05)
    assert babysitter.address is None
    assert json.loads((tmp_path / "state.json").read_text())["status"] == "failed"
    assert not (tmp_path / "live.json").exists()
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        ask(addresses[0], "/api/state")
    assert_same_weights(alone[0], fit(babysitter)[0])  # and it can be used again


def test_a_killed_fit_goes_on_with_its_nudges(tmp_path):
    at = {
        2: [Request("learning_rate", 0.2), Request("beta_1", 0.5)],
        8: [Request("clip_norm", 0.05)],
        10: [Request("keep_prob/drop", 0.6)],
    }

    def resumed(name, at, boom=None):
        class Boom(keras.callbacks.Callback):
            def on_train_batch_begin(self, batch, logs=None):
                if boom is not None and babysitter._fit.progress.step == boom:
                    raise KeyboardInterrupt

        babysitter = quiet(directory=tmp_path / f"run-{name}")
        resume = Resume(tmp_path / name, every_steps=3, sink=None)
        return babysitter, fit(babysitter, at, before=[resume, Boom()])

    straight, (whole, _, _) = resumed("a", at)
    with pytest.raises(KeyboardInterrupt):
        resumed(
            "b", at, boom=10
        )  # in the step after; saved at 9: the nudge at 10 is only in nudges.json
    parts, (again, _, _) = resumed("b", {})
    assert_same_weights(whole, again)
    assert [n.name for n in parts.nudges] == [n.name for n in straight.nudges]
    assert [n.step for n in parts.nudges] == [2, 2, 8, 10]
    rows = (tmp_path / "run-b" / "history.csv").read_text().splitlines()
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"port": 70000}, "`port`"),
        ({"token": "short"}, "`token`"),
        ({"host": "0.0.0.0"}, "token"),
        ({"replay": [3]}, "`replay` must be"),
        ({"allowed_hosts": "proxy"}, "`allowed_hosts` must be a list"),
    ],
)
def test_arguments_out_of_range_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        Babysitter(**options)


def test_a_replay_that_this_training_cannot_take_is_refused_before_it_trains():
    nudge = Nudge(3, 0, "t", "keep_prob/other", 0.8, 0.5)
    model = build()
    before = [np.array(w) for w in model.get_weights()]
    with pytest.raises(ValueError, match=r"`replay` must hold nudges.*keep prob/other.*step 3"):
        fit(quiet(replay=[nudge]), model=model)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_address_is_said_with_its_token(capsys):
    fit(Babysitter(token="abcdefghijklmnop"), epochs=1)
    said = capsys.readouterr().out
    assert "Babysitter: watch and steer at http://127.0.0.1:" in said
    assert "/?token=abcdefghijklmnop" in said


def test_the_report_shows_the_nudges(tmp_path):
    babysitter = quiet()
    report = Report(tmp_path / "fit.html", sink=None)
    at = {9: [Request("learning_rate", 0.2, "a <b>note</b>")]}
    fit(babysitter, at, before=[report])
    page = (tmp_path / "fit.html").read_text()
    assert "learning rate 0.05 -&gt; 0.2" in page
    assert "a &lt;b&gt;note&lt;/b&gt;" in page
    assert page.count("Upright lines: nudges by hand.") == 2
    assert babysitter.placed_nudges()[0][0] == 1.5
