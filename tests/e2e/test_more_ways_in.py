"""An image from the clipboard, a picture that brings its settings, an output as the next control image, and code."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.steps import download, open_app, prompt_box, render, settle, slider
from tests.fake_api import picture

pytestmark = pytest.mark.browser

PASTE = """(target, [data, type, text]) => {
  const clipboardData = new DataTransfer()
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
  clipboardData.items.add(new File([bytes], "image.png", { type }))
  if (text) clipboardData.setData("text/plain", text)
  target.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, composed: true, cancelable: true }))
}"""

DROP = """(target, data) => {
  const dataTransfer = new DataTransfer()
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
  dataTransfer.items.add(new File([bytes], "oak.png", { type: "image/png" }))
  for (const name of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }))
}"""


COPY = """async data => {
  const blob = await (await fetch("data:image/png;base64," + data)).blob()
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })])
}"""


def paste(page: Page, where: str, data: bytes, *, type: str = "image/png", text: str = "") -> None:
    # Its script says so in the moment in which it begins to listen.
    expect(page.locator(".paste span")).not_to_be_empty()
    page.locator(where).evaluate(PASTE, [base64.b64encode(data).decode(), type, text])


def test_an_image_pasted_anywhere_is_the_control_image_and_pasted_text_stays_text(page: Page) -> None:
    box = "textarea[aria-label=Prompt]"
    paste(page, box, picture(900, 600), text="words of an office program")
    paste(page, box, picture(1200, 900))
    expect(page.get_by_text("Pasted image")).to_be_visible()
    expect(page.get_by_text("Sent as 1024 × 768 px")).to_be_visible()
    paste(page, "body", b"no picture at all")
    expect(page.get_by_role("alert")).to_contain_text("The file is broken")
    expect(page.get_by_text("Sent as 1024 × 768 px")).to_be_visible()


@pytest.mark.proof
def test_a_huge_pasted_image_travels_once_and_reduced(page: Page) -> None:
    noise = np.random.RandomState(1).randint(0, 256, (1600, 3000, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "BMP")
    tab, sent = page.context.new_page(), []
    tab.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(len(frame))))
    open_app(tab, page.url)
    paste(tab, "body", file.getvalue(), type="image/bmp")
    expect(tab.get_by_text("Sent as 1024 × 544 px")).to_be_visible()
    assert 1_000_000 < max(sent) < 14_000_000
    sent.clear()
    settle(tab)
    tab.get_by_role("button", name="New seed").click()
    settle(tab)
    assert sent
    assert max(sent) < 20_000


@pytest.mark.proof
def test_the_button_pastes_what_is_on_the_clipboard_or_says_why_not(page: Page) -> None:
    page.get_by_role("radio", name="Upload").click()
    button = page.get_by_role("button", name="Paste an image")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('words')")
    button.click()
    expect(page.get_by_text("There is no image on the clipboard.")).to_be_visible()
    page.evaluate(COPY, base64.b64encode(picture(800, 800)).decode())
    button.press("Enter")
    expect(page.get_by_text("Sent as 1024 × 1024 px")).to_be_visible()
    page.context.clear_permissions()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    button.click()
    expect(page.get_by_text("Press Ctrl+V instead.")).to_be_visible()


@pytest.mark.parametrize("way", ["button", "keys"])
def test_a_pasted_image_that_the_browser_cannot_read_says_so(page: Page, way: str) -> None:
    page.get_by_role("radio", name="Upload").click()
    button = page.get_by_role("button", name="Paste an image")
    page.evaluate("() => { FileReader.prototype.readAsDataURL = function () { this.onerror() } }")
    if way == "button":
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate(COPY, base64.b64encode(picture()).decode())
        button.click()
    else:
        paste(page, "body", picture())
    expect(page.get_by_text("The image could not be read; save it as PNG and upload it.")).to_be_visible()


@pytest.mark.proof
def test_a_dropped_picture_brings_its_settings_back_and_an_output_is_the_next_control_image(page: Page) -> None:
    render(page, "watercolor, spring")
    plain, carrying = download(page, "Download"), download(page, "Download with settings")
    assert carrying[:33] + carrying[len(carrying) - len(plain) + 33 :] == plain

    page.get_by_role("button", name="Use as control image").click()
    expect(page.get_by_text("Preview", exact=True).first).to_be_visible()
    expect(page.get_by_alt_text("Control image as it will be sent: Preview")).to_be_visible()
    expect(prompt_box(page)).to_have_value("watercolor, spring")
    expect(page.get_by_text("Sent as 1024 × 680 px")).to_be_visible()
    render(page, "night")

    page.get_by_role("radio", name="Upload").click()
    prompt_box(page).fill("my own words")
    prompt_box(page).press("Tab")
    settle(page)
    page.get_by_test_id("stFileUploaderDropzone").evaluate(DROP, base64.b64encode(carrying).decode())
    expect(prompt_box(page)).to_have_value("watercolor, spring")
    expect(page.get_by_text("The control image in oak.png")).to_be_visible()
    page.get_by_role("button", name="Use the picture itself").click()
    expect(prompt_box(page)).to_have_value("my own words")
    expect(page.get_by_alt_text("Control image as it will be sent: oak.png")).to_be_visible()


@pytest.mark.proof
def test_the_form_and_the_run_are_shown_as_code_and_the_body_can_be_downloaded(page: Page) -> None:
    render(page, "it's oak")
    prompt_box(page).fill("it's glass")
    run, form = ("Run as code", "it's oak"), ("As code", "it's glass")
    for button, prompt in (run, form, run):
        settle(page)
        page.get_by_role("button", name=button, exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("tabpanel")).to_contain_text("$GENLY_API_KEY")
        dialog.get_by_role("tab", name="JSON").click()
        expect(dialog.get_by_role("tabpanel")).to_contain_text(f'"prompt": "{prompt}"')
        assert f'"prompt": "{prompt}"'.encode() in download(page, "Download body.json")
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()
    expect(slider(page)).to_be_visible()
