"""Chips that follow the prompt while it is typed, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.e2e.steps import prompt_box, render_button, settle, slider, when_drawn

pytestmark = pytest.mark.browser

BEGUN = "red brick walls, golden hour, "
PROMPT = BEGUN + "heavy snow, blorp, emerald front door, no fog, watercolor"


def chip(page: Page, phrase: str) -> Locator:
    """What is seen of a chip: Streamlit hides a second copy, without help, for telephones."""
    return page.locator(".stMarkdownBadge", has_text=phrase).filter(visible=True)


def colour(chip: Locator) -> str:
    return str(chip.evaluate("chip => getComputedStyle(chip).color"))


def asked_of(page: Page) -> list[BackMsg]:
    """What the page asks the app for, from a reload on."""
    asked: list[BackMsg] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: asked.append(BackMsg.FromString(frame)))

    page.on("websocket", listen)
    page.reload()
    when_drawn(page)
    return asked


def test_chips_follow_the_prompt_while_it_is_typed_and_not_a_character_or_the_focus_is_lost(page: Page) -> None:
    asked = asked_of(page)
    box = prompt_box(page)
    box.fill("")
    expect(page.get_by_text("The preview understands")).to_have_count(0)
    box.evaluate("field => { field.isTheSame = true }")
    asked.clear()

    page.keyboard.type(BEGUN)
    expect(chip(page, "golden hour")).to_have_count(1)
    page.keyboard.type(PROMPT.removeprefix(BEGUN), delay=4)
    expect(chip(page, "blorp")).to_have_count(1)
    expect(chip(page, "watercolor")).to_have_count(1)
    assert colour(chip(page, "blorp")) != colour(chip(page, "watercolor")) == colour(chip(page, "golden hour"))
    expect(box).to_be_focused()
    expect(box).to_have_value(PROMPT)
    assert box.evaluate("field => [field.isTheSame, field.selectionStart]") == [True, len(PROMPT)]
    assert len({one.rerun_script.fragment_id for one in asked}) == 1, "only the chips are drawn again"
    assert all(one.rerun_script.fragment_id for one in asked)

    page.keyboard.press("Tab")
    expect(page.get_by_role("tooltip")).to_contain_text("red brick → walls: brick")
    page.keyboard.press("Tab")
    expect(render_button(page)).to_be_focused()
    expect(box).to_have_value(PROMPT)


def test_ctrl_enter_right_after_the_last_letter_renders_the_whole_prompt_once(page: Page) -> None:
    prompt_box(page).fill("")
    page.keyboard.type(PROMPT)
    page.keyboard.press("Control+Enter")
    page.keyboard.type(", further words")
    expect(slider(page)).to_be_visible()
    expect(page.locator("img.after")).to_have_attribute("alt", f"Preview: {PROMPT}")
    expect(prompt_box(page)).to_have_value(f"{PROMPT}, further words")
    expect(chip(page, "further")).to_have_count(1)
    expect(page.get_by_text("The preview understands")).to_have_count(1)
    expect(page.get_by_text("The preview understood")).to_have_count(1)
    # Like a finger's: Streamlit hears of a field that is left a moment after the press that left it.
    page.get_by_role("link", name="History").hover()
    page.mouse.down()
    settle(page)
    page.mouse.up()
    expect(page.get_by_text(PROMPT)).to_have_count(1)
