"""The app as a process: how it starts, ends, and lives through a saved file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.app import ROOT, App
from tests.e2e.steps import batch, choose_batch_size, open_app, prompt_box, render, render_button, settle
from tests.ports import unused_port
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


def start_big_render(page: Page) -> None:
    choose_batch_size(page, 4)
    prompt_box(page).press("Control+Enter")
    page.wait_for_url("**/?run=*")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_a_render_ends_the_app_cleanly_and_the_next_start_finishes_it(
    page: Page, app: App, how: signal.Signals
) -> None:
    start_big_render(page)
    assert app.stop(how) == 0, app.log
    assert "Traceback" not in app.log
    app.start()
    open_app(page, app.url)
    expect(batch(page)).to_have_count(4, timeout=60_000)


@pytest.fixture
def copied_app(tmp_path: Path) -> Iterator[App]:
    """An app from a copy of the sources, which a test may write to."""
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "build")
    shutil.copytree(ROOT, copy, ignore=ignored)
    running = App(tmp_path / "home", root=copy, extra_environment={"STREAMLIT_SERVER_FILE_WATCHER_TYPE": "auto"})
    running.start()
    yield running
    running.stop()


def listening_ports(app: App) -> set[int]:
    process = psutil.Process(app.process.pid)
    return {item.laddr.port for item in process.net_connections("tcp") if item.status == psutil.CONN_LISTEN}


@pytest.mark.proof
def test_saving_any_file_starts_no_second_server_and_breaks_no_render(copied_app: App, browser: Browser) -> None:
    page, other_tab = browser.new_page(), browser.new_page()
    page.set_default_timeout(60_000)
    open_app(page, copied_app.url)
    open_app(other_tab, copied_app.url)
    render(page, "watercolor")
    assert len(listening_ports(copied_app)) == 2
    for saved in (
        ["app.py", "pages/render.py"],
        ["rerender/models.py", "rerender/studio/runtime.py"],
        ["rerender/ui/visits.py"],
    ):
        for name in saved:
            path = copied_app.root / name
            path.write_text(path.read_text("utf-8") + "\n# saved\n", "utf-8")
        page.wait_for_timeout(1500)  # Streamlit notices a saved file by itself, some time after
        before = page.locator("img.after").get_attribute("src")
        page.get_by_role("button", name="New seed").click()
        settle(page)
        render_button(page).click()
        expect(page.locator("img.after")).not_to_have_attribute("src", before or "")
        wait_until(lambda: len(listening_ports(copied_app)) == 2)
    render(other_tab, "pencil sketch")
    expect(prompt_box(other_tab)).to_have_value("pencil sketch")
    assert "Traceback" not in copied_app.log
    page.close()
    other_tab.close()


def test_a_first_start_with_a_display_and_an_empty_home_asks_for_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "DISPLAY": ":0", "RERENDER_HOME": str(tmp_path / "home")}
    environment["BROWSER"] = "true"  # a program that opens nothing, in place of the desktop's browser
    app = App(tmp_path / "home", unused_port())
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address=127.0.0.1"]
    app.home.mkdir()
    with (app.home / "app.log").open("wb") as log:
        app.process = subprocess.Popen(
            [*command, f"--server.port={app.port}"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    app.wait_until_it_answers()
    assert "Email" not in app.log
    assert app.stop() == 0
