"""The history in a real browser: find a run again, reuse its settings, delete it, take that back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import prompt_box, render, render_button, set_size, settle, slider

pytestmark = pytest.mark.browser


def cards(page: Page) -> Locator:
    return page.get_by_role("list", name="Runs, newest first").get_by_role("listitem")


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def open_run(page: Page, prompt: str) -> None:
    cards(page).filter(has_text=prompt).get_by_role("button", name=prompt).press("Enter")
    expect(dialog(page).get_by_role("slider", name="Comparison position")).to_be_visible()
    settle(page)


def test_a_run_is_found_again_gives_its_settings_back_and_survives_its_own_deletion(page: Page) -> None:
    page.get_by_role("radiogroup", name="Samples").locator("img").nth(2).click()
    settle(page)
    set_size(page, "Width", 512)
    render(page, "night, brick walls")
    page.get_by_role("radiogroup", name="Samples").locator("img").nth(3).click()
    settle(page)
    first_run = page.url
    prompt_box(page).fill("watercolor, spring")
    prompt_box(page).press("Control+Enter")
    expect(page).not_to_have_url(first_run)

    page.get_by_role("link", name="History").click()
    expect(cards(page)).to_have_count(2)
    expect(cards(page).get_by_alt_text("Picture: watercolor, spring")).to_be_visible()
    expect(cards(page).get_by_text("In progress")).to_be_hidden()
    expect(cards(page).first.get_by_text("This session")).to_be_visible()
    page.get_by_label("Search").fill("BRICK")
    expect(cards(page)).to_have_count(1)
    cards(page).first.get_by_role("button", name="Star").click()
    expect(cards(page).first.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "true")

    open_run(page, "night, brick walls")
    dialog(page).get_by_label("Note").fill("for the client")
    dialog(page).get_by_label("Note").press("Control+Enter")
    expect(page.get_by_text("Note saved")).to_be_visible()
    dialog(page).get_by_role("button", name="Use these settings").click()
    expect(render_button(page)).to_be_visible()
    settle(page)
    expect(prompt_box(page)).to_have_value("night, brick walls")
    expect(page.get_by_text("Sent as 512 × 512 px")).to_be_visible()
    expect(page.get_by_text("The image of an earlier run")).to_be_visible()
    expect(slider(page)).to_be_visible()
    assert page.url == first_run

    page.get_by_role("link", name="History").click()
    expect(page.get_by_label("Search")).to_have_value("BRICK")
    open_run(page, "night, brick walls")
    expect(dialog(page).get_by_label("Note")).to_have_value("for the client")
    dialog(page).get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete this run").click()
    expect(page.get_by_text("Nothing found")).to_be_visible()
    expect(dialog(page)).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(cards(page)).to_have_count(1)

    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    widths = page.locator("[data-testid=stMain]").evaluate("main => [main.scrollWidth, main.clientWidth]")
    assert widths[0] <= widths[1] <= 390
    open_run(page, "night, brick walls")
    inside = dialog(page).evaluate("dialog => [dialog.scrollWidth, dialog.clientWidth]")
    assert inside[0] <= inside[1] <= 390
    dialog(page).get_by_role("button", name="Show on the render page").click()
    expect(page).to_have_url(re.compile(r"/\?run="))
