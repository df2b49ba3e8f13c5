"""Pictures of a search: what is on the page, where the files go, and odd searches."""

import struct

import keras_tuner
import pytest

from kerasrecipes.tuning import importance, plot
from kerasrecipes.tuning.trials_table import NoTrialsError
from tests.report.chromium import find_chromium, open_page
from tests.tuning.made_up import Round, add_trial, floats, searched

EVIL = "<script>alert('x')</script> & </svg> $x_1$ \x00"
FIGURES = ["search-history", "importance", "slices", "parallel-coordinates"]


def quick(oracle, path, **options):
    """The pictures with a small forest."""
    return plot(oracle, path, importance=importance(oracle, trees=8), **options)


def usual_space():
    space = keras_tuner.HyperParameters()
    space.Float("learning_rate", 1e-5, 1e-1, sampling="log")
    space.Float("one_minus_beta", 1e-3, 0.1, sampling="log")
    space.Choice("optimizer", ["sgd", "adam", "rmsprop"])
    with space.conditional_scope("optimizer", ["sgd"]):
        space.Boolean("nesterov")
    space.Int("units", 16, 256, step=16)
    return space


def usual(trials=40, **options):
    return searched(
        usual_space(),
        lambda v: abs(v["learning_rate"] - 0.01) + v["units"] / 1e4,
        trials,
        **options,
    )


ROUNDS = (Round(0, 0), Round(1, 15, ({"learning_rate": (0.4, 0.8)}, {"learning_rate": (0.1, 0.2)})))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    oracle = usual(rounds=ROUNDS)
    add_trial(oracle, {}, None, "FAILED")
    return quick(oracle, tmp_path_factory.mktemp("search") / "sweep.html", title="my sweep")


def test_the_page_holds_every_figure_and_reaches_for_nothing(pictures):
    html = pictures.html.read_text(encoding="utf-8")
    assert "<h1>my sweep</h1>" in html
    for name in FIGURES:
        assert f'id="figure-{name}"' in html
    assert "<script" not in html
    assert "src=" not in html
    assert "Content-Security-Policy" in html


def test_the_page_shows_beta_and_what_was_left_out(pictures):
    html = pictures.html.read_text(encoding="utf-8")
    assert "one_minus_beta" not in html
    assert ">beta<" in html
    assert "1 (failed)" in html
    assert "Strips above a panel show where each round" in html


def test_the_picture_is_a_png_beside_the_page(pictures):
    content = pictures.png.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    assert pictures.png == pictures.html.with_suffix(".png")
    assert width > 1000
    assert height > 800


def test_a_png_alone_can_be_asked_for(tmp_path):
    made = quick(searched(floats(1), lambda v: v["x0"], 9), tmp_path / "a.png")
    assert made.html is None
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]


class Line(keras_tuner.RandomSearch):
    def run_trial(self, trial, **ignored):
        return trial.hyperparameters.Float("x", 0.0, 2.0)


def test_without_a_path_the_files_stand_in_the_project(tmp_path):
    tuner = Line(max_trials=2, directory=tmp_path, project_name="line", seed=3)
    tuner.search(verbose=0)
    made = plot(Line(max_trials=2, directory=tmp_path, project_name="line", overwrite=False))
    assert made.html == tmp_path / "line" / "search.html"
    assert made.png.exists()
    assert "<h1>line</h1>" in made.html.read_text(encoding="utf-8")


def test_a_directory_takes_both_files(tmp_path):
    made = quick(searched(floats(1), lambda v: v["x0"], 1), tmp_path)
    assert (made.html, made.png) == (tmp_path / "search.html", tmp_path / "search.png")


def test_another_ending_is_refused_before_any_work(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.html or \.png.*Received: path='.*a\.svg'"):
        plot(usual(1), tmp_path / "a.svg")


def test_what_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    (tmp_path / "a.html").write_text("before")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        quick(usual(1), tmp_path / "a.html")
    assert {each.name for each in tmp_path.iterdir()} == {"a.html"}
    assert (tmp_path / "a.html").read_text() == "before"


def test_no_completed_trial_is_an_error_and_leaves_no_file(tmp_path):
    with pytest.raises(NoTrialsError, match="no completed trial"):
        plot(usual(0), tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def flat(values):
    return 1.0


def hostile():
    space = keras_tuner.HyperParameters()
    space.Choice(EVIL, [EVIL, "</text><b>", "x" * 500])
    space.Float("w" * 300, 0.0, 1.0)
    return searched(space, lambda v: v["w" * 300], 12,
                    objective=keras_tuner.Objective(EVIL, "max"))  # fmt: skip


def diverging(values):
    return values["x0"] * (1e12 if values["x0"] > 0.9 else 1.0) - 0.5


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("oracle", [
    lambda: usual(1), lambda: searched(floats(2), flat, 10),
    lambda: searched(floats(2), diverging, 60),
    lambda: searched(keras_tuner.HyperParameters(), flat, 3), hostile,
    lambda: searched(floats(26), lambda v: -v["x25"], 12, objective=[
        keras_tuner.Objective("a", "min"), keras_tuner.Objective("b", "max")]),
], ids=["one", "flat", "diverged", "empty space", "hostile", "many"])  # fmt: skip
def test_every_search_is_drawn_without_a_warning(oracle, tmp_path):
    made = quick(oracle(), tmp_path / "a.html")
    html = made.html.read_text(encoding="utf-8")
    assert html.endswith("</html>")
    assert "<script" not in html
    assert "\x00" not in html
    assert made.png.read_bytes().startswith(b"\x89PNG")


def test_many_trials_keep_the_page_small(tmp_path):
    made = quick(searched(floats(3), lambda v: v["x0"], 500), tmp_path / "a.html")
    assert made.html.stat().st_size < 300_000


def test_the_same_search_gives_the_same_files(tmp_path):
    first, second = (quick(usual(2), tmp_path / name) for name in ("a.html", "b.html"))
    assert first.html.read_bytes() == second.html.read_bytes()
    assert first.png.read_bytes() == second.png.read_bytes()


LETTERS = """
[...document.querySelectorAll("figure")].map(figure => {
  const heights = [...figure.querySelectorAll("text")].map(t => t.getBoundingClientRect().height);
  return [figure.id, Math.min(...heights)];
})
"""


@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed")
@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("which", ["usual", "hostile"])
def test_the_page_opens_quietly_and_fits_the_screen(pictures, width, which, tmp_path):
    path = pictures.html if which == "usual" else quick(hostile(), tmp_path / "a.html").html
    seen = open_page(path, width=width, dark=width == 360, expression=LETTERS)
    assert seen.console_errors == []
    assert seen.requests == []
    assert seen.scroll_width <= width
    assert len(seen.value) == 4
    assert min(height for _, height in seen.value) >= 8.0
