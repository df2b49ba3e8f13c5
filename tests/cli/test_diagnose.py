"""`kerasrecipes diagnose`: 0 healthy, 1 findings, 2 where nothing can be said."""

import json

import keras
import numpy as np
import pytest

import kerasrecipes
from kerasrecipes.diagnosis import Diagnosis, Finding
from kerasrecipes.diagnosis.judge import judge
from tests.cli.command import call, refusal
from tests.cli.finished_runs import finished
from tests.diagnosis.traces import program, trace

NOTE = Finding("shared-examples", "data", "note", {"share_of_dev": 0.5}, "Drop them.")
WARNING = Finding("cost-at-priors", "learning_rate", "warning", {"cost": 1.1}, "Try [0.01].", "[a]")
ERROR = Finding("diverged", "learning_rate", "error", {"cost": float("inf")}, "Try 0.01.")


@pytest.fixture
def doctor(monkeypatch):
    """A stand-in for `kr.diagnose`, which finds what it is told to, and notes how it is asked."""

    class Doctor:
        findings = ()
        error = trace = None

        def __call__(self, model, x, y, **options):
            self.asked = x, y, options
            if self.error:
                raise self.error
            return Diagnosis(self.findings, trace=self.trace)

    stand_in = Doctor()
    monkeypatch.setattr(kerasrecipes, "diagnose", stand_in)
    return stand_in


@pytest.fixture
def folder(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    model.save(tmp_path / "bare.keras")
    model.compile("adam", "categorical_crossentropy")
    model.save(tmp_path / "a.keras")
    inputs = keras.Input((4,))
    outputs = [keras.layers.Dense(3, "softmax")(inputs), keras.layers.Dense(1)(inputs)]
    model = keras.Model(inputs, outputs)
    model.compile("adam", ["sparse_categorical_crossentropy", "mse"])
    model.save(tmp_path / "two.keras")
    x = np.arange(120.0).reshape(30, 4)
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(30) % 3)
    np.savez(tmp_path / "four.npz", x=x[:4], y=np.arange(4) % 3)
    return tmp_path


@pytest.mark.parametrize(
    ("findings", "status"),
    [((), 0), ((NOTE,), 0), ((WARNING,), 1), ((ERROR,), 1), ((NOTE, WARNING), 1)],
)
def test_the_exit_status_tells_findings_from_health(findings, status, doctor, folder):
    doctor.findings = findings
    outcome = call("diagnose", "a.keras", "data.npz", directory=folder)
    assert (outcome.status, outcome.err) == (status, "")
    assert ("not healthy" in outcome.out) == (status == 1)
    for finding in findings:
        assert f"{finding.severity} {finding.code}" in outcome.out
        assert finding.advice in outcome.out


def test_the_terminal_shows_the_place_the_cause_and_the_numbers(doctor, folder):
    doctor.findings = (WARNING,)
    lines = call("diagnose", "a.keras", "data.npz", directory=folder).out.splitlines()
    assert [line.strip() for line in lines] == [
        "warning cost-at-priors in [a]: learning rate",
        "Try [0.01].",
        "cost 1.1; Deep Learning Specialization, course 2",
        "",
        "not healthy: 1 finding",
    ]


def test_a_fifth_is_held_out_and_targets_are_as_the_loss_takes_them(doctor, folder):
    call("diagnose", "a.keras", "data.npz", directory=folder)
    x, y, options = doctor.asked
    x_dev, y_dev = options.pop("validation_data")
    assert (x.shape, y.shape, x_dev.shape, y_dev.shape) == ((24, 4), (24, 3), (6, 4), (6, 3))
    assert sorted([*x[:, 0], *x_dev[:, 0]]) == [4.0 * n for n in range(30)]
    assert list(x[:, 0]) == sorted(x[:, 0])  # as `fit` would meet them
    assert list(y.argmax(1)) == [int(row) // 4 % 3 for row in x[:, 0]]
    assert options == {"epochs": 20}


def test_options_are_handed_on(doctor, folder):
    given = ("--epochs", "7", "--batch-size", "16", "--seconds", "2.5")
    assert call("diagnose", "a.keras", "data.npz", *given, directory=folder).status == 0
    *_, options = doctor.asked
    options.pop("validation_data")
    assert options == {"epochs": 7, "batch_size": 16, "seconds": 2.5}


def test_what_was_left_out_is_said(doctor, folder):
    doctor.trace = trace(program=program(left_out=("the probe: [it] cannot be copied",)))
    outcome = call("diagnose", "a.keras", "data.npz", directory=folder)
    assert (outcome.status, outcome.out.count("left out: the probe: [it] cannot be")) == (0, 1)


def test_a_fault_is_found_and_a_healthy_program_is_not_blamed(folder):
    x = np.random.default_rng(0).normal(size=(300, 4))
    np.savez(folder / "real.npz", x=x, y=x[:, :3].argmax(axis=1))
    statuses = []
    for name, rate in (("slow", 1e-6), ("good", 1e-2)):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
        model.save(folder / f"{name}.keras")
        outcome = call("diagnose", f"{name}.keras", "real.npz", "--json", directory=folder)
        statuses.append(outcome.status)
        causes = {each["cause"] for each in json.loads(outcome.out)["findings"]}
        assert ("learning_rate" in causes) == (name == "slow")
    assert statuses == [1, 0]


def test_json_is_alone_on_the_output_and_has_no_infinity(doctor, folder):
    doctor.findings = (NOTE, ERROR)
    outcome = call(
        "diagnose", "a.keras", "data.npz", "--json", "--report", "r.html", directory=folder
    )
    told = json.loads(outcome.out)
    assert (outcome.status, outcome.err) == (1, "report: r.html\n")
    assert told["healthy"] is False
    assert [each["code"] for each in told["findings"]] == ["diverged", "shared-examples"]
    assert told["findings"][0]["evidence"] == {"cost": None}


def test_the_report_has_figures_where_the_evidence_is_known(doctor, folder):
    doctor.trace = trace()
    doctor.findings = judge(doctor.trace).findings
    outcome = call("diagnose", "a.keras", "data.npz", "--report", "r.html", directory=folder)
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert outcome.status == 1
    assert outcome.out.endswith("report: r.html\n")
    assert "cost-at-priors" in page
    assert "figure-cost-against-priors" in page


def test_the_model_of_a_run_is_taken(doctor):
    run = finished("table")
    assert call("diagnose", run.directory, run.data).status == 0


@pytest.mark.parametrize(
    ("model", "data", "options", "words"),
    [
        ("nix.keras", "data.npz", (), "`nix.keras` does not exist"),
        ("bare.keras", "data.npz", (), "`bare.keras` was saved without being compiled: the doctor"),
        ("a.keras", "nix.npz", (), "there is no file `nix.npz`"),
        ("two.keras", "data.npz", (), "the model has 2 outputs, and DATA has one target: give a"),
        ("a.keras", "four.npz", (), "DATA has 4 examples: the doctor needs at least 5"),
        ("a.keras", "data.npz", ("--epochs", "0"), "'--epochs'"),
        ("a.keras", "data.npz", ("--report", "r.txt"), "--report must name an .html file"),
        ("a.keras", "data.npz", ("--report", "no/r.html"), "in a directory that exists, and is"),
    ],
)
def test_what_cannot_be_diagnosed_is_refused(model, data, options, words, doctor, folder):
    assert words in refusal("diagnose", model, data, *options, directory=folder)


def test_what_the_doctor_refuses_is_one_line(doctor, folder):
    doctor.error = ValueError("`x` must be finite.\nReceived: x=nan.")
    line = refusal("diagnose", "a.keras", "data.npz", directory=folder)
    assert line == "error: `x` must be finite. Received: x=nan.\n"
