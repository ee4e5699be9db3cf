"""Makes the README's pictures from a real app in a real browser: `make screenshots`.

One of each page, and the slider moving over a render.

`python -m docs.screenshots --all FOLDER` also takes every width and theme, empty and with a result, to look at.
"""

from __future__ import annotations

import io
import math
import tempfile
from pathlib import Path

import click
from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, expect, sync_playwright

from rerender import samples
from tests.e2e import browser as chromium
from tests.e2e import steps
from tests.e2e.app import App

IMAGES = Path(__file__).parent / "images"
PROMPT = "golden hour, red brick walls, slate roof, green lawn"
PAGES = ("History", "Settings")
FRAMES, FRAME_MS, FILM_WIDTH = 36, 70, 720
SIZES = {1440: (1440, 900), 390: (390, 844)}


@click.command()
@click.option("--all", "folder", type=click.Path(path_type=Path), help="Take every width and theme into FOLDER.")
def main(folder: Path | None) -> None:
    """Take the screenshots."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        launched = chromium.launch(playwright)
        app = App(Path(home))
        app.start()
        try:
            if folder is None:
                _readme(launched, app)
            else:
                _everything(launched, app, folder)
        finally:
            app.stop()
            launched.close()


def _readme(browser: Browser, app: App) -> None:
    IMAGES.mkdir(exist_ok=True)
    page = _open(browser, app, 1440, "light")
    for sample in samples.SAMPLES[1:]:
        page.get_by_role("radiogroup", name="Samples").get_by_role("img", name=sample.title).click()
        expect(steps.prompt_box(page)).to_have_value(sample.prompts[0])
        steps.settle(page)
        _render(page, sample.prompts[0], pictures=1)
    page.get_by_role("radiogroup", name="Samples").get_by_role("img", name=samples.SAMPLES[0].title).click()
    steps.settle(page)
    _render(page)
    page.screenshot(path=IMAGES / "render.png")
    _film(page, IMAGES / "slider.webp")
    for title in PAGES:
        _shoot(page, title)


def _shoot(page: Page, title: str) -> None:
    """A picture of the page of this title, if the navigation has it."""
    link = page.get_by_role("link", name=title, exact=True)
    if link.count():
        link.click()
        page.wait_for_url(f"**/{title.lower()}*")
        steps.settle(page)
        page.wait_for_timeout(1000)
        page.screenshot(path=IMAGES / f"{title.lower()}.png")


def _everything(browser: Browser, app: App, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for state in ("empty", "result"):
        for width in SIZES:
            for theme in ("light", "dark"):
                page = _open(browser, app, width, theme)
                if state == "result" and not page.get_by_text("The preview understood").count():
                    _render(page)
                page.wait_for_timeout(1000)
                page.screenshot(path=folder / f"{state}-{width}-{theme}.png")
                if width == 390:
                    page.locator("[data-testid=stMain]").evaluate("main => main.scrollTo(0, main.scrollHeight)")
                    page.wait_for_timeout(300)
                    page.screenshot(path=folder / f"{state}-{width}-{theme}-end.png")
                page.context.close()


def _open(browser: Browser, app: App, width: int, theme: str) -> Page:
    across, down = SIZES[width]
    context = browser.new_context(viewport={"width": across, "height": down}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    steps.open_app(page, app.url)
    return page


def _render(page: Page, prompt: str = PROMPT, pictures: int = 4) -> None:
    """Render, and wait for a picture other than the one that was there."""
    picture = page.locator("img.after")
    before = picture.get_attribute("src") if steps.slider(page).is_visible() else ""
    steps.choose_batch_size(page, pictures)
    steps.settle(page)
    steps.prompt_box(page).fill(prompt)
    steps.prompt_box(page).press("Control+Enter")
    expect(picture).not_to_have_attribute("src", before or "", timeout=90_000)
    expect(steps.slider(page)).to_be_visible()
    steps.settle(page)
    _slide(page, 38)
    page.mouse.move(0, 0)
    page.wait_for_timeout(700)


def _slide(page: Page, share: float) -> None:
    move = "(range, share) => { range.value = share; range.dispatchEvent(new Event('input')) }"
    steps.slider(page).evaluate(move, share)


def _film(page: Page, path: Path) -> None:
    """The slider going once to the right, to the left and back, as an animated WEBP."""
    frames = []
    for index in range(FRAMES):
        _slide(page, 50 + 42 * math.sin(2 * math.pi * index / FRAMES))
        with Image.open(io.BytesIO(steps.slider(page).screenshot())) as shot:
            frames.append(ImageOps.contain(shot.convert("RGB"), (FILM_WIDTH, FILM_WIDTH)))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, quality=75, method=4)


if __name__ == "__main__":
    main()
