"""The page about a user's own fit."""

import re

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import (
    BiasVarianceReporter,
    CostMonitor,
    EarlyStopping,
    LearningRateDecay,
    Report,
)
from kerasrecipes.schedules import ExponentialDecay
from tests.report.chromium import find_chromium, open_page

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 3)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("int64")
HOSTILE = '<script>alert("1")</script> & <b>'


@pytest.fixture(scope="module")
def model():
    l2 = keras.regularizers.L2(0.1)
    layers = [keras.Input((3,)), keras.layers.Dense(2, "softmax", kernel_regularizer=l2)]
    built = keras.Sequential(layers, name="mine")
    built.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return built


def fit(model, report, *others, epochs=3, dev=True):
    data = (X[:30], Y[:30]) if dev else None
    return model.fit(X, Y, epochs=epochs, verbose=0, validation_data=data,
                     callbacks=[*others, report])  # fmt: skip


def figures(text):
    return set(re.findall(r'id="figure-([a-z-]+)"', text))


@pytest.fixture(scope="module")
def everything(model, tmp_path_factory):
    """One fit with all the callbacks, its page, and what was said."""
    said = []
    path = tmp_path_factory.mktemp("report") / "fit.html"
    report = Report(path, title=HOSTILE, sink=said.append)
    others = (
        LearningRateDecay(ExponentialDecay(0.1)),
        BiasVarianceReporter(sink=None),
        CostMonitor(sink=lambda _: None),
        EarlyStopping(min_delta=10.0, patience=1, sink=lambda _: None),
    )
    history = fit(model, report, *others, epochs=9).history
    return report, others, history, path.read_text(encoding="utf-8"), said


def test_the_page_is_written_and_said(everything):
    report, _, _, text, said = everything
    assert said == [f"report: {report.path}"]
    assert text.startswith("<!doctype html>")


def test_what_the_other_callbacks_found_is_shown(everything):
    _, (_, reporter, monitor, stopping), _, text, _ = everything
    assert figures(text) == {"cost-curves", "learning-rate", "cost-with-penalty", "bias-variance"}
    assert f"Verdict: {reporter.reading.verdict}" in text
    assert f"Stopped early: {stopping.stop_reason}" in text
    assert "Cost and penalty" in text
    assert len(monitor.curves["penalty"]) == 2


def test_the_history_has_what_the_others_added_to_the_logs(everything):
    report, _, history, _, _ = everything
    assert [row["epoch"] for row in report.history] == [1, 2]
    for name in ("loss", "val_loss", "bias", "variance", "penalty", "learning_rate"):
        assert [row[name] for row in report.history] == pytest.approx(history[name])


def test_a_title_is_shown_and_not_run(everything):
    text = everything[3]
    assert "<script" not in text
    assert "&lt;script&gt;alert(" in text


def test_alone_it_shows_cost_and_rate(model, tmp_path):
    report = Report(tmp_path / "fit.html", sink=None)
    fit(model, report)
    text = (tmp_path / "fit.html").read_text(encoding="utf-8")
    assert figures(text) == {"cost-curves", "learning-rate"}
    assert "<h1>mine</h1>" in text
    assert "Train cost" in text
    assert "Dev cost" in text
    assert f"lowest {min(row['val_loss'] for row in report.history):.4g}" in text


def test_without_a_dev_set_it_shows_the_train_cost(model, tmp_path):
    fit(model, Report(tmp_path / "fit.html", sink=None), dev=False)
    text = (tmp_path / "fit.html").read_text(encoding="utf-8")
    assert "Train cost" in text
    assert "Dev cost" not in text


def test_a_second_fit_begins_anew(model, tmp_path):
    report = Report(tmp_path / "fit.html", sink=None)
    fit(model, report, epochs=3)
    fit(model, report, epochs=1)
    assert [row["epoch"] for row in report.history] == [1]


def test_a_fit_without_epochs_has_a_page(model, tmp_path):
    fit(model, Report(tmp_path / "fit.html", sink=None), epochs=0)
    assert "0 epochs" in (tmp_path / "fit.html").read_text(encoding="utf-8")


def test_costs_that_are_not_finite_are_no_lowest_cost(tmp_path):
    report = Report(tmp_path / "fit.html", sink=None)
    report.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    report.model.compile("sgd", "mse")
    report.on_train_begin()
    for epoch, cost in enumerate([np.nan, 2.0, 0.5, np.inf]):
        report.on_epoch_end(epoch, {"loss": cost, "val_loss": np.nan})
    labels = {fact.label: fact for fact in report.page().answer}
    assert set(labels) == {"Train cost"}
    assert labels["Train cost"].note == "lowest 0.5, epoch 3"


@pytest.mark.parametrize(("epochs", "rows"), [(5, 5), (30, 30), (200, 30)])
def test_many_epochs_are_thinned_in_the_table(epochs, rows, tmp_path):
    report = Report(tmp_path / "fit.html", sink=None)
    report.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    report.model.compile("sgd", "mse")
    report.on_train_begin()
    for epoch in range(epochs):
        report.on_epoch_end(epoch, {"loss": 1.0 / (1 + epoch)})
    table = report.page().sections[-1].body[0]
    assert len(table.rows) == rows
    assert (table.rows[0][0], table.rows[-1][0]) == (1, epochs)


@pytest.mark.parametrize("name", ["fit", "fit.pdf", "fit.html.gz", ""])
def test_a_path_that_is_no_web_page_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end in .html: .* Received: path='.*'\."):
        Report(tmp_path / name)


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_path_that_cannot_be_written_is_refused_before_the_training(folder, tmp_path):
    (tmp_path / "file").write_text("")
    match = rf"`path` must lie in an existing directory, .*{folder}.fit.html'\. Create .*{folder}"
    with pytest.raises(ValueError, match=match):
        Report(tmp_path / folder / "fit.html")


def test_a_path_that_is_a_directory_is_refused(tmp_path):
    (tmp_path / "fit.html").mkdir()
    with pytest.raises(ValueError, match=r"`path` must be a file, and is a directory"):
        Report(tmp_path / "fit.html")


def test_a_directory_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda folder, mode: folder != tmp_path)  # binds root too
    with pytest.raises(ValueError, match=r"`path` must lie in a directory that can be written to"):
        Report(tmp_path / "fit.html")


def test_the_page_of_the_last_fit_is_replaced(model, tmp_path):
    (tmp_path / "fit.html").write_text("old")
    fit(model, Report(tmp_path / "fit.html", sink=None), epochs=1)
    assert "old" not in (tmp_path / "fit.html").read_text(encoding="utf-8")[:20]
    assert [path.name for path in tmp_path.iterdir()] == ["fit.html"]


@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed")
def test_a_browser_shows_it_without_errors_and_without_the_network(everything):
    seen = open_page(everything[0].path, expression="document.body.innerText")
    assert seen.console_errors == []
    assert seen.requests == []
    assert HOSTILE in seen.value


def test_a_fit_that_was_gone_on_with_is_shown_whole_and_says_so(model, tmp_path):
    first = Report(tmp_path / "fit.html", sink=None)
    fit(model, first, epochs=2)
    assert "Resumed" not in first.page().subtitle
    again = Report(tmp_path / "fit.html", sink=None)
    again.set_model(model)
    again.on_train_begin()
    again.set_state(first.get_state())
    again.on_epoch_end(2, {"loss": 0.5})
    assert [row["epoch"] for row in again.history] == [1, 2, 3]
    assert len(again.resumed) == 1
    assert f"Resumed once, on {again.resumed[0][:10]}" in again.page().subtitle
    again.set_state(again.get_state())
    assert "Resumed twice, on " in again.page().subtitle
