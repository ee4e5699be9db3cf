"""A hosted app whose owner pays within caps, in a real browser: a visitor until the cap, and the owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.app import App
from tests.e2e.steps import field, open_app, prompt_box, render_button, settle, slider
from tests.fake_api import API_KEY, FakeApi

pytestmark = [pytest.mark.browser, pytest.mark.proof]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, api: FakeApi) -> Iterator[App]:
    settings = {"RERENDER_MODE": "hosted", "GENLY_API_KEY": API_KEY, "GENLY_BASE_URL": api.base_url}
    caps = {"RERENDER_CAP_PER_VISITOR": "2", "RERENDER_CAP_PER_DAY": "100", "RERENDER_CAP_IN_ALL": "3"}
    running = App(tmp_path / "home", extra_environment=settings | caps)
    running.start()
    yield running
    running.stop()


def click_render(page: Page, prompt: str) -> None:
    prompt_box(page).fill(prompt)
    render_button(page).click()
    settle(page)


def test_a_visitor_spends_what_the_owner_gives_and_goes_on_with_the_preview(
    page: Page, browser: Browser, app: App, api: FakeApi
) -> None:
    expect(page.get_by_text("1 credit of the owner's, 2 left for you")).to_be_visible()
    for number, left in ((1, 1), (2, 0)):
        click_render(page, f"prompt number {number}")
        expect(page.get_by_text(f"1 credit of the owner's, {left} left for you")).to_be_visible()
        expect(slider(page)).to_be_visible()
    click_render(page, "one too many")
    expect(page.get_by_role("alert")).to_contain_text("pays for you are used up. Nothing was sent or charged.")
    assert api.state.submit_count == 2

    another = browser.new_context(viewport={"width": 1440, "height": 900})
    theirs = another.new_page()
    open_app(theirs, app.url)
    expect(theirs.get_by_text("1 credit of the owner's, 1 left for all visitors")).to_be_visible()
    another.close()

    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_text("The preview engine", exact=True).click()
    settle(page)
    page.get_by_role("link", name="Render", exact=True).click()
    expect(page.get_by_text("Free preview", exact=True)).to_be_visible()
    click_render(page, "golden hour")
    expect(page.get_by_text("The preview understood")).to_be_visible(timeout=90_000)
    assert api.state.submit_count == 2
    assert API_KEY not in app.log


def test_after_a_restart_as_much_is_left_as_before(page: Page, app: App, api: FakeApi) -> None:
    click_render(page, "prompt number 1")
    expect(slider(page)).to_be_visible()
    app.stop()
    app.start()
    open_app(page, app.url)
    expect(page.get_by_text("1 credit of the owner's, 1 left for you")).to_be_visible()
    page.get_by_role("link", name="Settings", exact=True).click()
    settle(page)
    page.get_by_role("button", name="Delete everything").click()
    box = page.get_by_label(re.compile("to confirm"))
    box.fill("delete")
    box.press("Enter")
    settle(page)
    page.get_by_role("button", name="Delete for good").click()
    settle(page)
    page.get_by_role("link", name="Render", exact=True).click()
    expect(page.get_by_text("1 credit of the owner's, 1 left for you")).to_be_visible()
    assert field(page, "Prompt").input_value() != "prompt number 1"
    assert api.state.submit_count == 1
