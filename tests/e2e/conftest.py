"""A real browser on a real app."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e import browser as chromium
from tests.e2e.app import App
from tests.e2e.steps import open_app

# Shared machines are slow at times; a right page is never waited for this long.
expect.set_options(timeout=60_000)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app of the test's own, with an empty home folder."""
    running = App(tmp_path / "home")
    running.start()
    yield running
    running.stop(signal.SIGKILL if running.process.poll() is None else signal.SIGTERM)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = chromium.launch(playwright)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, app: App) -> Iterator[Page]:
    """A tab at 1440 × 900 on the app, which fails its test when the page asks any other host for anything."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(60_000)
    elsewhere: list[str] = []

    def watch(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != f"127.0.0.1:{app.port}":
            elsewhere.append(url)

    context.on("request", lambda request: watch(request.url))
    tab = context.new_page()
    tab.on("websocket", lambda socket: watch(socket.url))
    open_app(tab, app.url)
    yield tab
    context.close()
    assert elsewhere == [], "the page asked other hosts"
