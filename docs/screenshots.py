"""Makes the README's pictures from a real app in a real browser: `make screenshots`.

`python -m docs.screenshots --all FOLDER` also takes every width and theme, empty and with a result, to look at.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e import browser as chromium
from tests.e2e import steps
from tests.e2e.app import App

IMAGES = Path(__file__).parent / "images"
PROMPT = "golden hour, red brick walls, slate roof, green lawn"
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
    _render(page)
    page.screenshot(path=IMAGES / "render.png")


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


def _render(page: Page) -> None:
    steps.choose_batch_size(page, 4)
    steps.render(page, PROMPT)
    steps.slider(page).evaluate("range => { range.value = 38; range.dispatchEvent(new Event('input')) }")
    page.mouse.move(0, 0)
    page.wait_for_timeout(700)


if __name__ == "__main__":
    main()
