"""The page of a running fit in a real browser: what it shows, and how it follows."""

import pytest

from kerasrecipes.averages import exponentially_weighted_average
from tests.live.page.canned_state import HOSTILE, curve, curves, finding, nudge, state

pytestmark = pytest.mark.browser

# Whether the charts' script was there already when the first numbers were.
FIRST_NUMBERS = """
new MutationObserver((_, observer) => {
  if (!document.querySelector("#numbers .number")) return;
  observer.disconnect();
  window.firstNumbers = { bokeh: "Bokeh" in window, at: performance.now() };
}).observe(document, { childList: true, subtree: true });
"""
HIDE = """isHidden => {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def chart(page, group="cost"):
    """The chart of a group, when it has been drawn."""
    page.wait_for_function(
        "group => [...document.querySelectorAll('.chart')].some(each => "
        "each.dataset.group === group && each.chart.plot.paths?.get('solid').data.xs.length > 0)",
        arg=group,
    )
    return page.locator(f".chart[data-group='{group}']")


def drawn(page, group="cost", what="chart.plot.paths.get('solid').data"):
    return chart(page, group).evaluate(f"each => each.{what}")


def raw_cost():
    return state()["curves"]["loss"]["values"]


def wait_until(page, expression, arg=None):
    page.wait_for_function(expression, arg=arg)


def test_numbers_are_shown_before_the_charts_script_is_there(server, open_page):
    big = curves(2000, layers=[f"layer_{n}" for n in range(11)])
    assert len(big) >= 30
    server.reset(state(curves=big))
    page = open_page(server.address, before=FIRST_NUMBERS)
    wait_until(page, "() => window.firstNumbers")
    assert page.evaluate("firstNumbers.bokeh") is False
    paint = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
    )
    assert paint < 60_000  # a hang; about 200 when idle
    assert chart(page).locator("canvas").count() > 0


def test_nothing_but_this_server_is_asked(server, open_page):
    asked = []
    page = open_page("about:blank")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.address)
    chart(page)
    assert len(asked) > 10
    assert [url for url in asked if not url.startswith((server.address, "data:"))] == []


def test_the_header_tells_where_the_fit_is(page):
    assert page.inner_text("#title") == "mnist_cnn"
    assert "running" in page.inner_text("#status")
    assert page.get_attribute("#progress", "aria-valuenow") == "20"
    facts = page.inner_text("#facts").replace("\n", " ")
    for fact in ("Epoch 4 of 20", "Step 412 of 2,000", "Time left about 2 min 40 s", "700 MiB"):
        assert fact in facts
    assert page.title() == "20% 0.312 mnist_cnn"


def test_a_state_that_is_hardly_begun_is_shown(server, open_page):
    empty = {
        "run": {},
        "progress": {},
        "memory": {},
        "metrics": {},
        "curves": {},
        "layers": [],
        "findings": [],
        "bias_variance": None,
        "settings": [],
        "actions": {},
        "nudges": [],
        "saved_points": [],
        "messages": [],
    }
    server.reset(state(**empty))
    page = open_page(server.address)
    page.wait_for_selector("text=Nothing can be moved")
    assert page.is_hidden("#bias-variance")
    text = page.inner_text("body")
    assert [word for word in ("NaN", "undefined", "null") if word in text] == []


def test_a_curve_grows_as_points_come(server, page):
    before = drawn(page)["xs"][0]
    server.point("loss", 412, 1.75)
    wait_until(page, "() => document.querySelector('.legend output').textContent === '1.75'")
    wait_until(
        page,
        "n => drawn().xs[0].length === n",
        len(before) + 1,
    )


def test_a_finding_appears_with_its_severity_evidence_and_advice(server, page):
    server.change(findings=[finding("error", "exploding-gradients", "conv_9", "Clip the norm.")])
    page.wait_for_selector("text=conv_9")
    text = page.inner_text(".finding")
    for part in ("✕ error", "exploding gradients", "dead share 0.61", "Clip the norm."):
        assert part in text


def test_the_token_leaves_the_address_and_a_reload_works(server, open_page):
    page = open_page(f"{server.address}/?token=secret")
    page.wait_for_selector(".setting")
    assert page.url == f"{server.address}/"
    page.reload()
    page.wait_for_selector(".setting")


def test_a_lost_line_is_told_and_taken_up_again(server, page):
    server.is_down = True
    server.drop()
    page.wait_for_selector("text=Connection lost, trying again.")
    server.state["status"] = "paused"
    server.is_down = False
    page.wait_for_selector("#banner", state="hidden")
    wait_until(page, "() => document.querySelector('#status').textContent.includes('paused')")


def test_a_hidden_page_draws_nothing_until_it_is_seen(server, page):
    page.evaluate(HIDE, True)
    server.change(status="paused")
    page.wait_for_timeout(150)
    assert "running" in page.inner_text("#status")
    page.evaluate(HIDE, False)
    wait_until(page, "() => document.querySelector('#status').textContent.includes('paused')")


def test_a_page_that_slept_takes_a_fresh_state(server, open_page):
    page = open_page(server.address)
    page.wait_for_selector(".setting")
    page.evaluate(HIDE, True)
    server.state["metrics"] = {"loss": 0.125}  # nobody was told
    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 60_000; }")
    page.evaluate(HIDE, False)
    page.wait_for_selector("#numbers >> text=0.125")


def test_viewers_see_the_same(server, page, open_page):
    other = open_page(server.address)
    other.wait_for_selector(".setting")
    server.change(said="told to all")
    for each in (page, other):
        each.wait_for_selector("text=told to all")


def test_names_of_users_stay_text(page):
    chart(page)
    shown = HOSTILE.replace("\u202e", "\\u202e")
    assert page.locator("img, script:not([src])").count() == 0
    assert page.title() == "20% 0.312 mnist_cnn"
    for place in ("#numbers", "#metric-charts", ".settings", "#findings", "#layers table"):
        assert shown in page.locator(place).text_content(), place
    assert page.evaluate("document.querySelectorAll('[id*=img], [class*=img]').length") == 0


def test_nudges_are_listed_and_marked_in_the_charts(server, page):
    assert drawn(page, what="chart.plot.marks.data.x") == [180, 300, 300]
    server.change(nudges=[nudge(206, "learning_rate", 0.01, 0.002, HOSTILE)])
    wait_until(
        page, "() => document.querySelector('.chart').chart.plot.marks.data.x.join() === '206'"
    )
    at = chart(page).evaluate("each => each.chart.crosshair.pixelsAt(206)")
    chart(page).locator(".holder").hover(position={"x": at, "y": 60})
    label = chart(page).locator(".mark-label").text_content()
    assert label.startswith("step 206: learning rate 0.01 → 0.002 (<img src=x")
    assert "learning rate 0.01 → 0.002" in page.inner_text("#nudges")


def test_arrow_keys_read_a_chart(page):
    chart(page).locator(".holder").focus()
    page.keyboard.press("Home")
    assert "step 0" in chart(page).inner_text()
    assert chart(page).locator(".legend output").first.text_content() == f"{raw_cost()[0]:.4g}"
    page.keyboard.press("Escape")


def test_the_line_under_the_pointer_is_named(page):
    script = """each => {
      const { plot, ys, named } = each.chart, { top, height } = plot.frame();
      return top + (1 - (named[1].y[0] - ys.low) / (ys.high - ys.low)) * height;
    }"""
    x = chart(page).evaluate("each => each.chart.crosshair.pixelsAt(each.chart.named[1].x[0])")
    y = chart(page).evaluate(script)
    chart(page).locator(".holder").hover(position={"x": x, "y": y + 5})
    assert chart(page).locator(".mark-label").text_content() == "dev"


def test_dragging_zooms_and_a_button_shows_all_again(page):
    box = chart(page).locator(".holder").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    page.mouse.up()
    wait_until(page, "() => document.querySelector('.chart').chart.xs.low > 20")
    page.click("text=Show all steps")
    wait_until(page, "() => document.querySelector('.chart').chart.xs.low === 0")


def test_the_average_is_the_course_s_with_bias_correction(page):
    raw = raw_cost()
    expected = exponentially_weighted_average(raw, 0.9)
    assert drawn(page)["ys"][1] == pytest.approx(list(expected), rel=1e-9)
    page.locator("#beta").fill("0")
    wait_until(page, "() => drawn().ys.length === 2")
    assert drawn(page)["ys"][0] == pytest.approx(raw)
    page.locator("#beta").fill("0.9")


def test_a_log_scale_is_chosen_and_outlives_a_reload(server, open_page):
    page = open_page(server.address)
    chart(page).get_by_label("log scale").check()
    wait_until(page, "() => drawn().ys[0][0] < 1")
    page.reload()
    assert chart(page).get_by_label("log scale").is_checked()


def test_of_many_layers_the_twelve_largest_are_drawn(server, open_page):
    server.reset(state(curves=curves(20, layers=[f"layer_{n}" for n in range(50)])))
    page = open_page(server.address)
    lines = page.locator(".chart[data-group=gradient_norm] .legend li")
    lines.first.wait_for()
    assert lines.count() == 12
    page.click("text=Draw all 50 layers")
    wait_until(
        page,
        "() => document.querySelectorAll('[data-group=gradient_norm] .legend li').length === 50",
    )


def test_curves_in_the_browser_stay_bounded(server, page):
    many = list(range(3000))
    for part in range(3):
        points = [[3000 * part + n for n in many], [1.0] * 3000]
        server.send("change", {"version": 3 + part, "put": {}, "points": {"loss": points}})
    page.wait_for_selector("#cost-charts output:text-is('1')")
    steps = chart(page).evaluate("each => each.chart.lines[0].steps")
    assert len(steps) <= 4000
    assert (steps[0], steps[-1]) == (0, 8999)


def test_charts_follow_the_colour_scheme(page):
    assert drawn(page)["ink"][0] == "#2457b8"
    page.emulate_media(color_scheme="dark")
    wait_until(page, "() => drawn().ink[0] === '#8db4ff'")


def test_gaps_in_a_curve_are_no_numbers(server, open_page):
    gap = curve("cost", "train", range(4), [1.0, None, 2.0, None])
    server.reset(state(curves={"loss": gap}))
    page = open_page(server.address)
    page.locator("#beta").fill("0")
    wait_until(page, "() => drawn()?.ys[0]?.length === 4")
    assert page.evaluate("[...drawn().ys[0]].map(Number.isNaN)") == [False, True, False, True]


@pytest.mark.parametrize("width", [390, 820, 1440, 1600])
def test_the_page_never_scrolls_sideways(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    chart(page)
    wait_until(page, "width => document.documentElement.scrollWidth === width", width)


def test_what_is_tapped_is_large_enough_on_a_phone(server, open_page):
    page = open_page(server.address, width=390, has_touch=True)
    page.wait_for_selector(".setting")
    small = page.evaluate("""() => [...document.querySelectorAll("button, input, select, a")]
      .map(each => each.closest("label.check") ?? each)
      .filter(each => each.checkVisibility() && !each.classList.contains("skip"))
      .filter(each => each.getBoundingClientRect().height < 40)
      .map(each => each.outerHTML.slice(0, 80))""")
    assert small == []
