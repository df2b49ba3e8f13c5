"""The page of many runs in a real browser."""

import pytest

from tests.live.page.canned_runs import run, run_states, runs
from tests.live.page.canned_state import HOSTILE, state

pytestmark = pytest.mark.browser


@pytest.fixture
def server(watch_server):
    watch_server.runs, watch_server.run_states = runs(), run_states()
    return watch_server


@pytest.fixture
def page(server, open_page):
    page = open_page(server.address)
    page.wait_for_selector(".runs tbody tr")
    return page


def titles(page):
    return [
        text.replace("\\u202e", "\u202e") for text in page.locator(".run-name").all_text_contents()
    ]


def choose(page, *names):
    for name in names:
        page.get_by_role("checkbox", name=f"Lay over: {name}", exact=True).check()


def drawn(page, lines):
    page.wait_for_function(
        "n => document.querySelector('.chart').chart.plot.paths?.get('solid').data.xs.length === n",
        arg=lines,
    )
    return page.evaluate("drawn()")


def test_runs_are_listed_newest_first_with_trials_folded_in(page):
    assert titles(page)[:4] == ["mnist_cnn", "sweep", HOSTILE, "script"]
    assert page.inner_text("#counts") == "12 runs, 2 live"
    toggle = page.get_by_role("button", name="6 trials")
    assert toggle.get_attribute("aria-expanded") == "false"
    toggle.click()
    assert titles(page)[1:4] == ["sweep", "trial_5", "trial_4"]
    assert toggle.get_attribute("aria-expanded") == "true"


def test_any_column_sorts_both_ways_and_says_so(page):
    loss = page.get_by_role("columnheader", name="loss", exact=True)
    loss.get_by_role("button").click()
    assert loss.get_attribute("aria-sort") == "ascending"
    assert titles(page)[:2] == ["sweep", "long_" * 30]
    loss.get_by_role("button").click()
    assert loss.get_attribute("aria-sort") == "descending"
    assert titles(page)[0] == HOSTILE
    assert page.locator("[aria-sort=ascending], [aria-sort=descending]").count() == 1


def test_what_is_missing_sorts_last_both_ways(page):
    rate = page.get_by_role("columnheader", name="learning rate").get_by_role("button")
    for _ in range(2):
        rate.click()
        assert titles(page)[-1] == "lost/one"


def test_runs_are_found_by_text_and_status(page):
    page.fill("#find", "trial_3")
    assert titles(page) == ["sweep", "trial_3"]
    page.fill("#find", "")
    page.select_option("#which", "live")
    assert titles(page) == ["mnist_cnn", "sweep", "trial_5"]


def test_names_and_addresses_of_runs_stay_harmless(page):
    assert page.locator("img").count() == 0
    assert page.title() == "2 live of 12 runs"
    assert page.locator(".live:visible").evaluate_all("all => all.map(each => each.href)") == [
        "http://127.0.0.1:9/?token=x"
    ]
    assert page.locator("[href^=javascript]").count() == 0


def test_curves_of_chosen_runs_are_laid_over_each_other(page):
    choose(page, "mnist_cnn", "sweep")
    raw_and_average = drawn(page, 4)
    assert [len(x) for x in raw_and_average["xs"]] == [200, 200, 240, 240]
    assert page.locator(".legend .line-name").all_text_contents() == ["mnist_cnn", "sweep"]
    page.select_option("#curve", "val_loss")
    page.wait_for_function("() => drawn().xs[0].length === 4")
    assert page.inner_text(".chart h3") == "cost on dev"
    page.click("text=Choose none")
    assert page.is_hidden("#overlay")


def test_the_choice_outlives_a_reload(page):
    choose(page, "mnist_cnn", "sweep")
    page.reload()
    drawn(page, 4)


def test_at_most_twelve_runs_are_chosen(server, open_page):
    server.runs = [run(f"run_{n}", minute=n) for n in range(14)]
    page = open_page(server.address)
    page.wait_for_selector(".runs tbody tr")
    choose(page, *(f"run_{n}" for n in range(12)))
    assert page.locator("tbody input:disabled").count() == 2
    assert "leave one out" in page.inner_text("#choice")


def test_the_table_follows_the_stream(server, page):
    server.runs = [run("new_one", minute=59), *server.runs]
    server.send("runs", {"runs": server.runs})
    page.wait_for_selector("text=new_one")
    assert titles(page)[0] == "new_one"


def test_a_chosen_live_run_is_read_again(server, page):
    choose(page, "mnist_cnn")
    drawn(page, 2)
    curve = server.run_states["mnist_cnn"]["curves"]["loss"]
    curve["steps"].append(200)
    curve["values"].append(0.5)
    page.wait_for_function("() => drawn().xs[0].length === 201")


def test_a_thousand_runs_come_in_parts(server, open_page):
    server.runs = [run(f"run_{n}", minute=n % 60) for n in range(1000)]
    page = open_page(server.address)
    page.wait_for_selector("text=Show more of 1000 rows")
    assert page.locator("tbody tr").count() == 200
    page.click("#more")
    assert page.locator("tbody tr").count() == 400


def test_a_run_s_page_shows_its_files_and_has_no_controls(server, open_page):
    server.run_states = {"a b": state(said="from files")}
    page = open_page(f"{server.address}/run/a%20b")
    page.wait_for_selector("text=from files")
    page.locator("#settings").get_by_text("Shown from the run's files").wait_for()
    assert page.locator(".actions button:visible").count() == 0
    server.run_states["a b"]["said"] = "read again"
    page.wait_for_selector("text=read again")


@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_never_scrolls_sideways(page, width):
    choose(page, "mnist_cnn")
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function("width => document.documentElement.scrollWidth === width", arg=width)
