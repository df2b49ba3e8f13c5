"""A real fit, watched and steered from a real browser; the tests are in the order of a day."""

import http.client
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from tests.live.page.conftest import Opener
from tests.live.page.steered_fit import SteeredFit
from tests.patience import HANG

pytestmark = pytest.mark.browser
COST = "document.querySelector('.chart[data-group=cost]')?.chart.lines[0]"


@pytest.fixture(scope="module")
def fit(chromium, tmp_path_factory):
    with SteeredFit(tmp_path_factory.mktemp("saved")) as steered:
        yield steered


@pytest.fixture(scope="module")
def opener(chromium):
    opener = Opener(chromium)
    yield opener
    opener.close()


@pytest.fixture(scope="module")
def page(fit, opener):
    page = opener(fit.address)
    page.wait_for_selector("#status:has-text('running')")
    return page


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def pause(page, fit):
    press(page, "Pause")
    page.wait_for_selector("#status:has-text('paused')")
    return fit.step


def go_on(page):
    press(page, "Go on")
    page.wait_for_selector("#status:has-text('running')")


def rate_on(page):
    return page.input_value(".setting[data-name=learning_rate] input[type=text]")


def test_a_curve_grows_while_the_fit_runs(page):
    page.wait_for_function(f"() => {COST}?.steps.length > 0")
    before = page.evaluate(f"{COST}.steps.at(-1)")
    page.wait_for_function(f"last => {COST}.steps.at(-1) > last", arg=before)
    page.wait_for_function("() => drawn()?.xs[0]?.length > 1")


def test_a_learning_rate_is_in_the_optimizer_at_the_next_step(page, fit):
    row = page.locator(".setting[data-name=learning_rate]")
    page.fill("#note", "too noisy")
    row.get_by_role("button", name="Learning rate ÷2").click()
    page.wait_for_selector("text=learning rate 0.01 → 0.005")
    done = fit.nudge()
    assert (done.name, done.old, done.new, done.note) == (
        "learning_rate",
        0.01,
        0.005,
        "too noisy",
    )
    fit.wait_for(lambda: fit.step > done.step)
    rates = fit.seen.rates
    assert rates[done.step - 1 : done.step + 1] == pytest.approx([0.01, 0.005])
    marks = "() => document.querySelector('.chart').chart.plot.marks.data.x.join()"
    page.wait_for_function(f"step => ({marks})() === step", arg=str(done.step))


def test_a_value_out_of_range_is_refused_with_the_reason(page, fit):
    row = page.locator(".setting[data-name=learning_rate]")
    count = len(fit.babysitter.nudges)
    row.locator("input[type=text]").fill("-1")
    row.get_by_role("button", name="Set").click()
    row.locator(".reply:has-text('Refused')").wait_for()
    assert len(fit.babysitter.nudges) == count


def test_no_step_is_done_in_a_pause(page, fit):
    step = pause(page, fit)
    spent = page.inner_text("#facts")
    page.wait_for_function(
        "spent => document.querySelector('#facts').innerText !== spent", arg=spent
    )
    assert fit.step == step
    go_on(page)
    fit.wait_for(lambda: fit.step > step + 5)


def test_going_back_gives_the_weights_of_the_saved_point(page, fit):
    pause(page, fit)
    press(page, "Save now")
    page.wait_for_selector("#saved li")
    saved, number = fit.weights(), page.get_attribute("#saved li", "data-number")
    go_on(page)
    fit.wait_for(lambda step=fit.step: fit.step > step + 5)
    pause(page, fit)
    later = fit.weights()
    assert not any(map(np.array_equal, saved[:4], later[:4]))
    press(page, f"Go back to saved point {number}")
    page.locator("dialog").get_by_role("button", name="Go back").click()
    page.wait_for_selector(f"text=Went back to saved point {number}.")
    for then, now in zip(saved, fit.weights(), strict=True):
        np.testing.assert_array_equal(then, now)
    go_on(page)


def test_a_reload_and_another_viewer_show_the_same(page, fit, opener):
    pause(page, fit)
    page.reload()
    other = opener(fit.address)
    shown = []
    for each in (page, other):
        each.wait_for_selector("#status:has-text('paused')")
        each.wait_for_function(f"() => {COST}?.steps.length > 0")
        shown.append((rate_on(each), each.inner_text("#nudges"), each.evaluate(f"{COST}.steps")))
    assert shown[0] == shown[1]
    assert "token" not in page.url
    go_on(other)
    page.wait_for_selector("#status:has-text('running')")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/api/state"), ("POST", "/api/nudge")]
)
@pytest.mark.parametrize(
    "spoilt",
    [{"token": ""}, {"Host": "evil.example"}, {"Origin": "http://evil.example"}],
    ids=["no token", "foreign host", "foreign origin"],
)
def test_whoever_is_not_from_here_is_refused(fit, method, path, spoilt):
    place = urlsplit(fit.address)
    count = len(fit.babysitter.nudges)

    def status(token, **headers):
        line = http.client.HTTPConnection(place.netloc, timeout=HANG)
        headers = {"Host": place.netloc, "Content-Type": "application/json", **headers}
        body = '{"name": "stop", "value": 1, "note": 0}' if method == "POST" else None
        line.request(method, f"{path}?token={token}", body, headers)
        return line.getresponse().status

    token = parse_qs(place.query)["token"][0]
    assert status(**{"token": token, **spoilt}) == 403
    assert status(token) == (400 if method == "POST" else 200)  # else the test proves nothing
    assert len(fit.babysitter.nudges) == count


def test_stopping_ends_the_fit_and_the_page_says_so(page, fit):
    press(page, "Stop now")
    page.locator("dialog").get_by_role("button", name="Stop now").click()
    assert fit.is_over.wait(HANG)
    page.wait_for_selector("#status:has-text('stopped')")
    page.wait_for_selector("text=stopped from the page at step")
    assert fit.babysitter.stop_reason.startswith("stopped from the page at step")
    assert page.get_by_role("button", name="Pause").count() == 0
