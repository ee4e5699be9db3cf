"""What a person decides in the course of a paid run, in a real browser: stopped, found again, brought home."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.app import App
from tests.e2e.steps import open_app, prompt_box, render_button, settle, slider
from tests.fake_api import API_KEY, Answer, FakeApi, Request

pytestmark = pytest.mark.browser


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, api: FakeApi) -> Iterator[App]:
    running = App(tmp_path / "home", extra_environment={"GENLY_API_KEY": API_KEY, "GENLY_BASE_URL": api.base_url})
    running.start()
    yield running
    running.stop()


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def click_render(page: Page, prompt: str) -> None:
    prompt_box(page).fill(prompt)
    render_button(page).click()


def test_a_run_that_was_stopped_says_what_is_spent_and_brings_its_picture_when_it_is_watched_again(
    page: Page, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    click_render(page, "my own words")
    expect(page.get_by_text("Rendering, ")).to_be_visible()
    button(page, "Stop watching").click()
    expect(page.get_by_text("The credit is spent; the render goes on at the API as render1.")).to_be_visible()
    settle(page)

    page.get_by_role("link", name="History").click()
    cards = page.get_by_role("list", name="Runs, newest first").get_by_role("listitem")
    expect(cards.get_by_text("Not watched")).to_be_visible()
    settle(page)
    cards.get_by_role("button", name="my own words").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Not watched")).to_be_visible()
    settle(page)
    api.state.phases = ["completed"]
    button(page, "Watch again").click()
    expect(dialog.get_by_role("slider", name="Comparison position")).to_be_visible()
    assert api.state.submit_count == 1


def test_a_run_of_unknown_fate_asks_and_the_id_from_the_account_brings_its_picture(page: Page, api: FakeApi) -> None:
    def make_it_and_lose_the_answer(request: Request) -> None:
        if request.method == "POST":
            api.state.renders["render1"] = request.json

    api.state.on_request = make_it_and_lose_the_answer
    api.state.submit_answers = [Answer(drop=True)]
    api.state.phases = ["completed"]
    click_render(page, "my own words")
    expect(page.get_by_role("alert")).to_contain_text("may have been charged")
    page.get_by_role("button", name="Say what became of it").click()
    expect(page.get_by_role("link", name="Needs you (1)")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/needs_you"))
    settle(page)
    button(page, "I found its render").click()
    render_id = page.get_by_role("textbox", name="Its render id at the API")
    render_id.fill("render1")
    render_id.press("Enter")
    button(page, "Fetch its pictures").click()
    expect(page.get_by_text("Nothing needs you")).to_be_visible()
    expect(page.get_by_role("link", name="Needs you", exact=True)).to_be_visible()
    page.get_by_role("link", name="Render", exact=True).click()
    expect(slider(page)).to_be_visible()
    assert api.state.submit_count == 1


def test_a_tab_that_is_closed_while_its_run_is_being_sent_loses_nothing(
    page: Page, browser: Browser, app: App, api: FakeApi
) -> None:
    sending, go_on = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        if request.method == "POST":
            sending.set()
            go_on.wait(30)

    api.state.on_request = hold
    click_render(page, "my own words")
    assert sending.wait(30)
    expect(button(page, "Stop watching")).to_be_hidden()
    page.close()
    go_on.set()
    again = browser.new_context().new_page()
    open_app(again, app.url)
    expect(slider(again)).to_be_visible()
    assert api.state.submit_count == 1
    again.context.close()
