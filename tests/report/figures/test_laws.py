"""What holds for every figure: adding one is adding a row to `USUAL` and `POOR`."""

import functools
import threading

import matplotlib
import numpy as np
import pytest

from kerasrecipes.report import Figure, Page, Section, figures, render
from tests.report import sample_page as sample
from tests.report.drawn import ids, words_of

NAN = float("nan")
EVIL = """<script>"id='a'</style> $x_1$ \x00 \x1b 中文 ]]> --"""

USUAL = {
    "one-step": lambda: sample.cost_curves(1),
    "four-steps": lambda: sample.cost_curves(4),
    "twelve-steps": lambda: sample.cost_curves(12),
    "long-steps": lambda: figures.cost_curves(
        [("noise", *np.random.default_rng(n).random((2, 3000))) for n in range(12)]
    ),
    "penalty": lambda: sample.training_figures()[2],
    "finder": lambda: sample.training_figures()[0],
    "rates": lambda: sample.training_figures()[1],
    "matrix": sample.confusion,
    "matrix-of-20": lambda: figures.confusion_matrix(np.arange(400).reshape(20, 20)),
    "matrix-of-100": lambda: sample.confusion(100),
    "residuals": sample.residuals,
    "many-residuals": lambda: sample.residuals(20_000),
    "ladder": sample.ladder,
    "split": sample.split,
    "priors": lambda: figures.cost_against_priors(np.linspace(1.3, 1.1, 30), 1.1),
    "layer values": lambda: figures.layer_values(
        {f"dense_{n}": 8.0**-n for n in range(40)}, quantity="gradient norm", usual=1e-3
    ),
    "search history": lambda: figures.search_history(sample.search_scores(40)),
    "long search history": lambda: figures.search_history(sample.search_scores(500)),
    "importance": lambda: figures.importance_bars(
        [("rate", 0.8, 0.7, 0.9), ("units", 0.1, 0.0, 0.2)], [("rate × units", 0.05, 0.0, 0.1)]
    ),
    "slices": lambda: figures.slices(sample.search_dimensions(40), sample.search_scores(40)),
    "parallel coordinates": lambda: figures.parallel_coordinates(
        sample.search_dimensions(40), sample.search_scores(40)
    ),
    "shares": lambda: figures.shares({"a": 0.2, "b": 1.0}, quantity="dead units", limit=0.5),
}
POOR = {
    "no steps": lambda: figures.cost_curves([]),
    "steps of nothing": lambda: figures.cost_curves([("a", [], []), ("b", [NAN], [NAN])]),
    "no penalty": lambda: figures.cost_with_penalty([], []),
    "penalty of NaN": lambda: figures.cost_with_penalty([NAN, 1], [1, NAN]),
    "no rates tried": lambda: figures.learning_rate_finder([], []),
    "rates without cost": lambda: figures.learning_rate_finder([0.1], [NAN], [NAN], 0.1),
    "no rates": lambda: figures.learning_rate_curve([]),
    "rates of NaN": lambda: figures.learning_rate_curve([NAN, NAN]),
    "no classes": lambda: figures.confusion_matrix([]),
    "no examples": lambda: figures.confusion_matrix([[0, 0], [0, 0]]),
    "no residuals": lambda: figures.residuals([], []),
    "residuals of NaN": lambda: figures.residuals([NAN, 1], [1, np.inf]),
    "nothing measured": lambda: figures.bias_variance_bars(NAN, NAN, NAN),
    "no split": lambda: figures.split_sizes(0, 0, 0),
    "no costs": lambda: figures.cost_against_priors([NAN], 1.0),
    "no layers": lambda: figures.layer_values({}, quantity="gradient norm"),
    "gradients of zero": lambda: figures.layer_values({"a": 0.0, "b": NAN}, quantity="norm"),
    "no importance": lambda: figures.importance_bars([("a", NAN, NAN, NAN)]),
    "no dimensions": lambda: figures.slices([], sample.search_scores(3)),
    "no axes": lambda: figures.parallel_coordinates([], sample.search_scores(3)),
    "no shares": lambda: figures.shares({"a": NAN}, quantity="dead units"),
}
ODD = {
    "one point a step": lambda: figures.cost_curves([("a", [0.5], [0.6]), ("b", [], [NAN])]),
    "exploded cost": lambda: figures.cost_curves([("a", [1, 1e300, np.inf], [1, 1e38, NAN])]),
    "cost of zero": lambda: figures.cost_curves([("a", [0, 0], [0, 0])]),
    "negative cost": lambda: figures.cost_curves([("a", [-1, -200], [])]),
    "one penalty": lambda: figures.cost_with_penalty([0.5], [0]),
    "one rate tried": lambda: figures.learning_rate_finder([0.1], [1], [1], NAN),
    "flat finder": lambda: figures.learning_rate_finder([0, -1, 1e-3, 1e-2], [1] * 4, None, 0.0),
    "one rate": lambda: figures.learning_rate_curve([0.1]),
    "rate of zero": lambda: figures.learning_rate_curve([0.0, 0.0]),
    "one class": lambda: figures.confusion_matrix([[3]]),
    "one residual": lambda: figures.residuals(1.0, [2.0]),
    "residuals of zero": lambda: figures.residuals([1, 1], [1, 1]),
    "huge equal residuals": lambda: figures.residuals([3e16] * 500, [1e16] * 500),
    "errors of zero": lambda: figures.bias_variance_bars(0, 0, 0, {"dev": (NAN, NAN)}),
    "dev below train": lambda: figures.bias_variance_bars(0.05, 0.03, 0.01),
    "dev not measured": lambda: figures.bias_variance_bars(0, 0.1, NAN),
    "only train": lambda: figures.split_sizes(10, 0, 0),
    "costs that explode": lambda: figures.cost_against_priors([1, 1e30, np.inf], NAN),
    "one layer": lambda: figures.layer_values({EVIL: 1e-30}, quantity="norm"),
    "one of zero": lambda: figures.layer_values({"a": 0.0, "b": 3.0}, quantity="norm", usual=3.0),
    "one trial": lambda: figures.search_history(sample.search_scores(1)),
    "importance of nothing": lambda: figures.importance_bars([(EVIL, 0.0, 0.0, 0.0)]),
    "importance without interval": lambda: figures.importance_bars([("a", 0.5, NAN, NAN)]),
    "shares outside": lambda: figures.shares({EVIL: -7.0, "b": 3.0}, quantity="skill"),
}


LOUD = {
    "lines.linewidth": 9,
    "font.size": 30,
    "axes.grid": False,
    "axes.facecolor": "black",
    "svg.fonttype": "path",
    "text.parse_math": True,
    "axes.prop_cycle": "cycler('c', ['r'])",
    "figure.dpi": 30,
    "savefig.dpi": 33,
    "legend.frameon": True,
}


@functools.cache
def drawn_once(case):
    return USUAL[case]()


@pytest.mark.parametrize("case", USUAL)
def test_a_figure_is_drawn_and_described(case):
    figure = drawn_once(case)
    assert isinstance(figure, Figure)
    assert len(figure.alt) > 20
    assert len(figure.caption) > 20
    assert figure.image.startswith("<svg")
    assert len(words_of(figure)) >= 3


@pytest.mark.parametrize("case", USUAL)
def test_a_figure_stays_small(case):
    assert len(drawn_once(case).image) < 60_000


@pytest.mark.parametrize("case", USUAL)
def test_the_ids_of_a_figure_begin_with_its_name(case):
    figure = drawn_once(case)
    assert all(found.startswith(f"{figure.name}--") for found in ids(figure.image))


@pytest.mark.parametrize("case", [case for case in USUAL if "steps" not in case] + ["one-step"])
def test_a_figure_is_the_same_each_time_whatever_the_users_style(case):
    with matplotlib.rc_context(LOUD):
        before = dict(matplotlib.rcParams)
        assert USUAL[case]() == drawn_once(case)
        assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("case", POOR)
def test_what_cannot_be_drawn_says_so(case):
    figure = POOR[case]()
    assert words_of(figure) == ["Nothing to show"]
    assert figure.caption == figure.alt
    assert figure.caption.startswith("Nothing to show: ")


@pytest.mark.parametrize("case", ODD)
@pytest.mark.filterwarnings("error")
def test_odd_values_are_drawn_without_a_warning(case):
    figure = ODD[case]()
    assert "Nothing to show" not in words_of(figure)


@pytest.mark.filterwarnings("error")
def test_names_with_markup_mathematics_and_control_signs_stay_text():
    drawn = (
        figures.confusion_matrix([[1, 2], [3, 4]], [EVIL, "_hidden"]),
        figures.cost_curves([(EVIL, [2, 1], [2, 1])]),
        figures.bias_variance_bars(0, 0.1, 0.2, quantity=EVIL),
    )
    html = render(Page("t", sections=(Section("s", body=drawn),)))
    assert "<script>" not in html
    assert "\x00" not in "".join(figure.image for figure in drawn)
    assert "_hidden" in words_of(drawn[0])
    assert any("$x_1$" in text for text in words_of(drawn[2]))


def test_figures_of_one_kind_share_no_id_in_one_page():
    pair = [sample.cost_curves(2, name="first"), sample.cost_curves(2, name="second")]
    html = render(Page("t", sections=(Section("s", body=pair),)))
    found = ids(html)
    assert len(found) > 6
    assert len(found) == len(set(found))


def test_threads_draw_the_same_as_one_after_another():
    kinds = [sample.ladder, sample.split, sample.confusion, sample.residuals]
    expected, found = [draw() for draw in kinds], {}
    threads = [
        threading.Thread(target=lambda n=n, draw=draw: found.update({n: draw()}))
        for n, draw in enumerate(kinds)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n] for n in range(len(kinds))] == expected
