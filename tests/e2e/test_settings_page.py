"""A key typed in Settings, against a fake of the API: tested, rendered with, and gone after a reload."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.app import App
from tests.e2e.steps import prompt_box, render_button, settle, slider, when_drawn
from tests.fake_api import API_KEY, FakeApi
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.proof]

WRONG = "a-wrong-key-98765"


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        yield running


def go_to(page: Page, name: str) -> None:
    page.get_by_role("link", name=re.compile(f"{name}$")).first.click()


def field(page: Page, label: str) -> Locator:
    return page.get_by_role("textbox", name=label, exact=True)


def enter(page: Page, label: str, text: str) -> None:
    expect(field(page, label)).to_be_visible()
    settle(page)
    field(page, label).fill(text)
    field(page, label).press("Enter")


def try_connection(page: Page, api: FakeApi, key: str, answer: str) -> None:
    enter(page, "API key", key)
    expect(page.get_by_text("API key: set")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Test the connection").click()
    wait_until(lambda: api.state.gets and api.state.gets[-1].auth == f"Bearer {key}")
    expect(page.get_by_text(answer)).to_be_visible()


def test_a_typed_key_is_tested_for_free_renders_and_is_asked_for_again_after_a_reload(
    page: Page, app: App, api: FakeApi
) -> None:
    go_to(page, "Settings")
    page.get_by_text("An API, with a key I type here").click()
    enter(page, "Base URL", api.base_url)
    expect(page.get_by_text(f"No key for {api.base_url}")).to_be_visible()
    try_connection(page, api, WRONG, "refused the key")
    settle(page)
    page.get_by_role("button", name="Forget the key").click()
    try_connection(page, api, API_KEY, "did not refuse the key")
    assert api.state.submit_count == 0

    go_to(page, "Render")
    when_drawn(page)
    expect(page.get_by_text(f"Renders at {api.base_url}")).to_be_visible()
    expect(page.get_by_text("1 credit, about $0.025")).to_be_visible()
    prompt_box(page).fill("my own words")
    render_button(page).click()
    expect(slider(page)).to_be_visible()
    assert api.state.submits[0].auth == f"Bearer {API_KEY}"

    page.reload()
    when_drawn(page)
    expect(page.get_by_text(f"No key for {api.base_url}")).to_be_visible()
    expect(slider(page)).to_be_visible()
    render_button(page).click()
    expect(page.get_by_text("Type your key in Settings, or choose the preview. Nothing was sent.")).to_be_visible()
    assert api.state.submit_count == 1
    go_to(page, "Type your key in Settings")
    expect(field(page, "API key")).to_have_value("")

    kept = app.log.encode() + b"".join(path.read_bytes() for path in app.home.rglob("*") if path.is_file())
    assert not [key for key in (API_KEY, WRONG) if key.encode() in kept or key in page.content()]


def test_a_render_that_lost_its_key_goes_on_when_the_key_is_typed_again(page: Page, app: App, api: FakeApi) -> None:
    api.state.phases = ["processing"]
    go_to(page, "Settings")
    page.get_by_text("An API, with a key I type here").click()
    enter(page, "Base URL", api.base_url)
    enter(page, "API key", API_KEY)
    expect(page.get_by_text("API key: set")).to_be_visible()
    go_to(page, "Render")
    when_drawn(page)
    render_button(page).click()
    wait_until(lambda: api.state.get_count)
    app.stop()
    app.start()
    api.state.phases = ["completed"]
    page.goto(app.url)
    expect(page.get_by_text("waiting for the key")).to_be_visible()
    go_to(page, "Type your key in Settings")
    enter(page, "API key", API_KEY)
    expect(page.get_by_text("API key: set")).to_be_visible()
    go_to(page, "Render")
    expect(slider(page)).to_be_visible()
    assert api.state.submit_count == 1
