"""Makes the pictures of docs/babysitter.md: a real fit on `digits`, nudged in a real browser.

`python -m docs.images.babysitter` from the root of the repository; it takes a minute and needs
Chromium, Playwright and Pillow. A learning rate that is too high makes the cost noisy; after a
while it is divided by ten. `babysitter.gif` shows that, `babysitter.png` the page at its end.
"""

import io
import tempfile
import threading
import time
from pathlib import Path

import keras
from PIL import Image
from playwright.sync_api import Page, sync_playwright

import kerasrecipes as kr
from tests.report.chromium import find_chromium

HERE = Path(__file__).parent
STEP_SECONDS = 0.02  # as a step of a larger model takes
FRAMES_BEFORE, FRAMES_AFTER, EVERY = 14, 18, 1000  # frames of the recording, ms between them
SMALL, LARGE = {"width": 1380, "height": 740}, {"width": 1440, "height": 1600}
COLOURS, ALL_COLOURS = 64, 256  # of a frame, of the picture


class Slowly(keras.callbacks.Callback):
    """Makes each step take longer."""

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Waits."""
        time.sleep(STEP_SECONDS)


def train(babysitter: kr.callbacks.Babysitter, directory: str) -> None:
    """Trains until it is stopped."""
    keras.utils.set_random_seed(1)
    x, y = kr.data.load("digits")
    train, dev, _ = kr.data.train_dev_test_split(x, y)
    parts = [
        keras.Input(train[0].shape[1:]),
        keras.layers.Rescaling(1 / 16),
        keras.layers.Dense(64, "relu", name="hidden_1"),
        kr.layers.InvertedDropout(0.8, name="dropout"),
        keras.layers.Dense(64, "relu", name="hidden_2"),
        keras.layers.Dense(32, "relu", name="hidden_3"),
        keras.layers.Dense(10, "softmax", name="digit"),
    ]
    model = keras.Sequential(parts, name="digits")
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
    resume = kr.callbacks.Resume(f"{directory}/saved", every_epochs=20, sink=None)
    model.fit(
        *train,
        batch_size=16,
        validation_data=dev,
        epochs=60,
        verbose=0,
        callbacks=[resume, Slowly(), babysitter],
    )


def recorded(page: Page) -> list[Image.Image]:
    """The frames: a noisy cost, the nudge, a calm one."""
    page.locator("#beta").fill("0.5")
    frames = [picture(page) for _ in range(FRAMES_BEFORE) if not page.wait_for_timeout(EVERY)]
    page.fill("#note", "the cost is noisy")
    page.get_by_role("button", name="Learning rate ÷10").click()
    page.evaluate("scrollTo(0, 0)")
    return frames + [picture(page) for _ in range(FRAMES_AFTER) if not page.wait_for_timeout(EVERY)]


def picture(page: Page, below: str | None = None) -> Image.Image:
    """The page as it is, down to an element, in few colours."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    if below is not None:
        box = page.locator(below).bounding_box()
        image = image.crop((0, 0, image.width, round(box["y"] + box["height"]) + 16))
        return image.quantize(ALL_COLOURS, dither=Image.Dither.NONE)
    return image.quantize(COLOURS, dither=Image.Dither.NONE)


def shown(page: Page) -> Image.Image:
    """The whole page, with what stands at the line of the nudge."""
    page.set_viewport_size(LARGE)
    page.wait_for_timeout(2000)
    page.get_by_role("button", name="Save now").click()
    page.wait_for_selector("#saved li")
    chart = page.locator(".chart[data-group=cost]")
    at = chart.evaluate("each => each.chart.crosshair.pixelsAt(each.chart.marks[0].step)")
    chart.locator(".holder").hover(position={"x": at, "y": 40})
    page.wait_for_timeout(500)
    return picture(page, "#findings")


def main() -> None:
    """Trains in a thread, and looks at it."""
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        babysitter = kr.callbacks.Babysitter(title="digits", sink=None)
        training = threading.Thread(target=train, args=(babysitter, directory), daemon=True)
        training.start()
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SMALL, color_scheme="light")
        while babysitter.address is None:
            time.sleep(0.1)
        page.goto(babysitter.address)
        first, *others = recorded(page)
        durations = [250] * len(others) + [3000]
        first.save(
            HERE / "babysitter.gif", save_all=True, append_images=others, duration=durations, loop=0
        )
        shown(page).save(HERE / "babysitter.png", optimize=True)
        page.get_by_role("button", name="Stop now").click()
        page.locator("dialog").get_by_role("button", name="Stop now").click()
        training.join()
        browser.close()


if __name__ == "__main__":
    main()
