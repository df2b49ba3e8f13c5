"""What the page of a fit sends, and what it says of the answers."""

import pytest

from tests.live.page.canned_state import HOSTILE, nudge, setting, settings, state

pytestmark = pytest.mark.browser
TAKEN = setting(
    "learning_rate", "Learning rate", 0.01, 1e-8, 10.0, "log", owner="ExponentialDecay", taken=True
)
FREE = setting("learning_rate", "Learning rate", 0.01, 1e-8, 10.0, "log")


@pytest.fixture
def server(fit_server):
    """Without curves: what is sent needs no charts."""
    fit_server.reset(state(curves={}))
    return fit_server


def row(page, name):
    return page.locator(f".setting[data-name='{name}']")


def wait_for_posts(page, server, count=1):
    for _ in range(200):
        if len(server.posted) >= count:
            return server.posted
        page.wait_for_timeout(20)
    raise AssertionError(f"{len(server.posted)} requests came, not {count}")


def use(server, page, *changed):
    server.change(settings=[*changed, *settings()[1:]])
    page.wait_for_function("() => !document.querySelector('.setting input[type=range]').disabled")


def test_pause_is_sent_by_its_button_and_becomes_go_on(server, page):
    page.get_by_role("button", name="Pause").click()
    assert wait_for_posts(page, server) == [
        {"name": "pause", "value": None, "note": "", "take_over": False}
    ]
    page.wait_for_selector("text=Pause: done.")
    server.change(status="paused", actions={"pause": "it is paused", "go_on": None})
    page.get_by_role("button", name="Go on").click()
    assert wait_for_posts(page, server, 2)[1]["name"] == "go_on"
    assert page.title().startswith("Paused 20%")


def test_the_key_p_pauses_but_not_in_a_field(server, page):
    page.locator("#note").press("p")
    assert page.input_value("#note") == "p"
    page.fill("#note", "")
    page.locator("#note").blur()
    page.keyboard.press("p")
    assert [post["name"] for post in wait_for_posts(page, server)] == ["pause"]


def test_what_cannot_be_done_says_why_and_sends_nothing(server, page):
    save = page.get_by_role("button", name="Save now")
    assert save.get_attribute("aria-disabled") == "true"
    save.click(force=True)
    page.wait_for_selector("text=Save now: add Resume to the callbacks")
    assert server.posted == []


def test_stop_asks_first(server, page):
    page.get_by_role("button", name="Stop now").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Stop now").click()
    page.locator("dialog").get_by_role("button", name="Stop now").click()
    assert [post["name"] for post in wait_for_posts(page, server)] == ["stop"]


def test_going_back_asks_first_and_names_the_saved_point(server, page):
    page.get_by_role("button", name="Go back to saved point 2").click()
    assert "What was learned since is lost" in page.inner_text("dialog")
    page.locator("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Go back to saved point 2").click()
    page.locator("dialog").get_by_role("button", name="Go back").click()
    assert [(post["name"], post["value"]) for post in wait_for_posts(page, server)] == [
        ("go_back", 2)
    ]


def test_a_slider_sends_once_it_is_released(server, page):
    slider = row(page, "beta_1").get_by_role("slider")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(10):
        page.mouse.move(box["x"] + 100 + 10 * step, box["y"] + box["height"] / 2)
    assert server.posted == []
    page.mouse.up()
    (post,) = wait_for_posts(page, server)
    assert post["name"] == "beta_1"
    assert 0.9 < post["value"] < 0.9999


def test_arrow_keys_on_a_slider_send_where_they_end(server, page):
    slider = row(page, "beta_1").get_by_role("slider")
    for _ in range(5):
        slider.press("ArrowRight")
    assert server.posted == []
    (post,) = wait_for_posts(page, server)
    assert 0.9 < post["value"] < 0.95
    page.wait_for_timeout(100)
    assert len(server.posted) == 1


def test_an_exact_number_is_sent_by_enter_with_the_note(server, page):
    page.fill("#note", "the cost is noisy")
    field = row(page, "beta_1").get_by_role("textbox")
    field.fill("0.95")
    field.press("Enter")
    (post,) = wait_for_posts(page, server)
    assert post == {
        "name": "beta_1",
        "value": 0.95,
        "note": "the cost is noisy",
        "take_over": False,
    }
    page.wait_for_selector("text=Now 0.95, from step 413.")
    assert page.input_value("#note") == ""


def test_a_field_being_written_is_left_alone_and_no_number_is_not_sent(server, page):
    field = row(page, "beta_1").get_by_role("textbox")
    field.fill("0.9x")
    server.change(settings=[setting("beta_1", "beta_1", 0.8, 0.0, 0.9999, "one_minus_log")])
    page.wait_for_function("() => document.querySelector('.setting .value').textContent === '0.8'")
    assert field.input_value() == "0.9x"
    field.press("Enter")
    assert field.get_attribute("aria-invalid") == "true"
    field.press("Escape")
    assert field.input_value() == "0.8"
    assert server.posted == []


@pytest.mark.parametrize(
    ("button", "value"), [("÷10", 0.001), ("÷2", 0.005), ("×2", 0.02), ("×10", 0.1)]
)
def test_the_learning_rate_is_multiplied(server, page, button, value):
    use(server, page, FREE)
    page.get_by_role("button", name=f"Learning rate {button}").click()
    assert wait_for_posts(page, server)[0]["value"] == value


def test_an_owned_setting_is_taken_over_and_given_back(server, page):
    rate = row(page, "learning_rate")
    assert "set by ExponentialDecay" in rate.text_content()
    assert rate.get_by_role("slider").is_disabled()
    rate.get_by_role("button", name="Take over").click()
    (post,) = wait_for_posts(page, server)
    assert (post["name"], post["value"], post["take_over"]) == ("learning_rate", 0.01, True)
    use(server, page, TAKEN)
    rate.get_by_role("button", name="Give back").click()
    post = wait_for_posts(page, server, 2)[1]
    assert (post["name"], post["value"], post["take_over"]) == ("decay_schedule", True, False)


def test_a_switch_is_sent_as_true_or_false(server, page):
    row(page, "decay_schedule").get_by_role("switch").click()
    (post,) = wait_for_posts(page, server)
    assert (post["name"], post["value"]) == ("decay_schedule", False)


def test_what_may_be_off_is_turned_off(server, page):
    clip = setting("clip_norm", "Clip norm", 1.0, 1e-6, 1e6, "log", optional=True)
    server.change(settings=[clip])
    page.get_by_role("button", name="Turn off").click()
    assert wait_for_posts(page, server)[0]["value"] is None


def test_a_refusal_is_told_beside_the_control_and_the_value_put_back(server, page):
    server.answer = (400, {"error": f"no, {HOSTILE}"})
    field = row(page, "beta_1").get_by_role("textbox")
    field.fill("2")
    field.press("Enter")
    reply = row(page, "beta_1").locator(".reply")
    reply.filter(has_text="Refused: no, <img src=x").wait_for()
    assert reply.get_attribute("aria-live") == "polite"
    assert field.input_value() == "0.9"


def test_a_nudge_is_pending_until_the_training_has_taken_it(server, page):
    server.answer = (202, {"waiting": True})
    field = row(page, "beta_1").get_by_role("textbox")
    field.fill("0.95")
    field.press("Enter")
    row(page, "beta_1").locator("text=Pending: 0.95. The training has not answered yet").wait_for()
    moved = [setting("beta_1", "beta_1", 0.95, 0.0, 0.9999, "one_minus_log")]
    server.change(settings=moved, nudges=[*server.state["nudges"], nudge(500, "beta_1", 0.9, 0.95)])
    row(page, "beta_1").locator("text=Now 0.95.").wait_for()
    assert page.locator(".pending").count() == 0


def test_what_cannot_be_moved_says_why_and_has_no_control(page):
    decay = row(page, "weight_decay")
    assert "compile with weight_decay=0.0" in decay.inner_text()
    assert decay.get_by_role("slider").count() == 0


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"run": {**state()["run"], "read_only": True}}, "Read only"),
        ({"status": "finished"}, "The training has ended: finished."),
    ],
)
def test_without_controls_it_says_why(server, page, changed, why):
    server.change(**changed)
    page.locator("#settings").get_by_text(why).wait_for()
    assert (
        page.locator(
            ".actions button:visible, .settings input:visible, .saved button:visible"
        ).count()
        == 0
    )
    assert "0.01" in row(page, "learning_rate").inner_text()
    page.keyboard.press("p")
    page.wait_for_timeout(50)
    assert server.posted == []


def test_after_the_end_it_tries_no_more(server, open_page):
    page = open_page(server.address)
    page.wait_for_selector(".setting")
    server.send("end", state(status="stopped", said="Stopped by hand."))
    page.wait_for_selector("text=Stopped by hand.")
    server.drop()
    page.wait_for_timeout(900)
    assert page.is_hidden("#banner")
    assert server.viewers == set()
