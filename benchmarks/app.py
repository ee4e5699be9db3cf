"""The app in a real browser: how soon it is there, how soon a click shows its picture, how much memory it takes."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.table import Row
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.workspaces import LOCAL
from tests.e2e import browser as chromium
from tests.e2e import steps
from tests.e2e.app import App

STARTS, CLICKS = 3, 7
SQUARE_SAMPLE = 2  # the chair, whose height follows its width


def measure() -> list[Row]:
    """Start, click and memory."""
    starts = [_start() for _ in range(STARTS)]
    answered, interactive = (statistics.median(column) for column in zip(*starts, strict=True))
    overheads = _clicks()
    loaded, rendered, peak = _memory()
    return [
        Row("process start → first HTTP 200", f"{answered:.2f} s"),
        Row("process start → Render can be clicked", f"{interactive:.2f} s"),
        Row(
            f"click → picture shown, less the engine's own time ({CLICKS} clicks, embedded)",
            f"{statistics.median(overheads):.2f} s ({min(overheads):.2f} to {max(overheads):.2f})",
            "≤ 0.7 s",
        ),
        Row("server memory when idle: page loaded, preview service warm, no render", f"{loaded:.0f} MB", "≤ 130 MB"),
        Row("server memory after one render at 2048² × 4", f"{rendered:.0f} MB"),
        Row("its peak during that render", f"{peak:.0f} MB", "≤ 530 MB"),
    ]


@contextmanager
def running_app() -> Iterator[App]:
    """An app with an empty home."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder))
        app.start()
        try:
            yield app
        finally:
            app.stop()


@contextmanager
def page_of(app: App) -> Iterator[Page]:
    """A tab on the app, with all its parts there."""
    with sync_playwright() as playwright:
        launched = chromium.launch(playwright)
        page = launched.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        steps.open_app(page, app.url)
        yield page
        launched.close()


def _start() -> tuple[float, float]:
    with sync_playwright() as playwright:
        launched = chromium.launch(playwright)
        page = launched.new_page()
        begun = time.perf_counter()
        with running_app() as app:
            answered = time.perf_counter() - begun
            page.goto(app.url)
            expect(steps.render_button(page)).to_be_enabled(timeout=60_000)
            interactive = time.perf_counter() - begun
        launched.close()
    return answered, interactive


def _clicks() -> list[float]:
    """Seconds from each click to its decoded picture, less what the engine itself says it took."""
    overheads = []
    with running_app() as app, page_of(app) as page:
        database = Database.open(f"sqlite:///{app.home / 'studio.sqlite3'}")
        history = History(database, LOCAL)
        for index in range(CLICKS + 1):
            page.get_by_role("button", name="New seed").click()
            page.wait_for_timeout(1500)
            before = page.locator("img.after").get_attribute("src")
            begun = time.perf_counter()
            steps.render_button(page).click()
            _wait_for_new_picture(page, before or "")
            taken = time.perf_counter() - begun
            run = history.latest()
            assert run is not None
            if index:  # the first click also warms the engine up
                overheads.append(taken - run.misc["seconds"])
        database.close()
    return overheads


def _wait_for_new_picture(page: Page, before: str) -> None:
    page.wait_for_function(
        """before => [...document.querySelectorAll("*")].some(host => {
            const image = host.shadowRoot?.querySelector("img.after")
            return image && image.src && image.src !== before && image.complete && image.naturalWidth > 0
        })""",
        arg=before,
    )


def _memory() -> tuple[float, float, float]:
    """Resident megabytes of the server: idle, after the render, and its peak."""
    with running_app() as app, page_of(app) as page:
        process = psutil.Process(app.process.pid)
        page.wait_for_timeout(4000)
        loaded = process.memory_info().rss / 1e6
        page.get_by_role("radiogroup", name="Samples").locator("img").nth(SQUARE_SAMPLE).click()
        steps.set_size(page, "Width", 2048)
        steps.choose_batch_size(page, 4)
        page.wait_for_timeout(1000)
        steps.render_button(page).click()
        peak = loaded
        while not page.get_by_text("The preview understood").count():
            peak = max(peak, process.memory_info().rss / 1e6)
            page.wait_for_timeout(20)
        page.wait_for_timeout(1000)
        return loaded, process.memory_info().rss / 1e6, peak
