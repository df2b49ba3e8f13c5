"""One Chromium for all tests, one fake server and one page for the tests of a module."""

import pytest

from tests.live.page.canned_runs import run_states, runs
from tests.live.page.canned_state import state
from tests.live.page.fake_server import FakeServer
from tests.patience import HANG
from tests.report.chromium import find_chromium


@pytest.fixture(scope="session")
def chromium():
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium is installed")
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with api.sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def fit_server():
    with FakeServer(state()) as server:
        yield server


@pytest.fixture(scope="module")
def watch_server():
    with FakeServer(runs=runs(), run_states=run_states()) as server:
        yield server


@pytest.fixture
def server(fit_server):
    """The fit's server, with the canned state as it began."""
    fit_server.reset(state())
    return fit_server


# For the tests: the data that the solid lines of the first chart are drawn from.
DRAWN = """window.drawn = () =>
  document.querySelector(".chart")?.chart.plot.paths?.get("solid").data;"""


class Opener:
    """Opens addresses in pages of their own, and keeps what goes wrong in them."""

    def __init__(self, browser):
        self.browser, self.contexts, self.faults = browser, [], []

    def __call__(self, address, width=1280, height=900, before="", **options):
        self.contexts.append(
            self.browser.new_context(viewport={"width": width, "height": height}, **options)
        )
        page = self.contexts[-1].new_page()
        page.set_default_timeout(1000 * HANG)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._said)
        page.add_init_script(DRAWN + before)
        page.goto(address, wait_until="commit")
        return page

    def _said(self, message):
        answer = "Failed to load resource" in message.text  # a refusal that the test asked for
        if message.type in ("error", "warning") and not answer:
            self.faults.append(message.text)

    def close(self):
        for context in self.contexts:
            context.close()
        assert self.faults == []


@pytest.fixture
def open_page(chromium):
    opener = Opener(chromium)
    yield opener
    opener.close()


@pytest.fixture(scope="module")
def shared_page(chromium, fit_server):
    opener = Opener(chromium)
    yield opener(fit_server.address)
    opener.close()


@pytest.fixture
def page(shared_page, server):
    """The page of the fit, which the tests of a module share, as if it had just been opened."""
    shared_page.set_viewport_size({"width": 1280, "height": 900})
    shared_page.emulate_media(color_scheme="light")
    shared_page.wait_for_selector("#numbers .number", state="attached")
    server.send("snapshot", {**server.state, "settings": [], "saved_points": []})
    shared_page.wait_for_selector("text=Nothing can be moved")
    server.send("snapshot", server.state)
    shared_page.wait_for_selector(".setting")
    return shared_page
