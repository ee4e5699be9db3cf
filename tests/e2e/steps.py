"""What a person does on the render page, for the tests, the benchmarks and the screenshots."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

# The page itself says that it runs only when the server's answer is there, so the socket is listened to as well.
TRAFFIC = """
window.traffic = { sent: 0, received: 0 }
window.WebSocket = class extends WebSocket {
  constructor(...where) {
    super(...where)
    this.addEventListener("message", () => (window.traffic.received = performance.now()))
  }
  send(message) {
    window.traffic.sent = performance.now()
    super.send(message)
  }
}
"""
SETTLED = """() => {
  const { sent, received } = window.traffic ?? { sent: 0, received: 1 }
  const app = document.querySelector("[data-testid=stApp]")
  return app?.dataset.testScriptState === "notRunning" && received > sent && performance.now() - received > 100
}"""


def field(page: Page, label: str) -> Locator:
    """A field of the form, without the one in whose place it came: that one is kept hidden until the page is drawn."""
    return page.get_by_label(label, exact=True).filter(visible=True)


def prompt_box(page: Page) -> Locator:
    return field(page, "Prompt")


def render_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Render "))


def slider(page: Page) -> Locator:
    return page.get_by_role("slider", name="Comparison position")


def batch(page: Page) -> Locator:
    """The thumbnails of a batch, each a radio button."""
    return page.get_by_role("radiogroup", name="Pictures of this batch").get_by_role("radio")


def series(page: Page) -> Locator:
    """The cells of a series, each a radio button named by its prompt."""
    return page.get_by_role("radiogroup", name="Runs of this series").get_by_role("radio")


def write_lines(page: Page, *prompts: str) -> None:
    """Switch to one prompt a line, and write these."""
    page.get_by_text("One prompt a line").click()
    settle(page)
    prompt_box(page).fill("\n".join(prompts))
    prompt_box(page).blur()


def choose_batch_size(page: Page, count: int) -> None:
    page.get_by_role("radiogroup", name="Pictures", exact=True).get_by_role("radio", name=str(count)).click()


def render(page: Page, prompt: str) -> None:
    """Write the prompt, press Ctrl+Enter, and wait for the preview."""
    prompt_box(page).fill(prompt)
    prompt_box(page).press("Control+Enter")
    expect(page.get_by_text("The preview understood")).to_be_visible(timeout=90_000)
    # The words may be there before the picture, whose script comes by itself.
    expect(slider(page)).to_be_visible()


def open_app(page: Page, url: str) -> None:
    """Go to the app and wait until every part of its page is there.

    Streamlit fetches the code of each kind of widget when the first one is drawn: until then it hears no shortcut,
    and what is typed can be overtaken by the value that the widget is still to begin with.
    """
    page.add_init_script(TRAFFIC)
    page.goto(url)
    when_drawn(page)


def when_drawn(page: Page) -> None:
    """Wait until the page, opened or reloaded, has all its parts."""
    expect(render_button(page)).to_be_visible()
    settle(page)
    when_parts_are_there(page)


def when_parts_are_there(page: Page) -> None:
    """Wait until no part of the page is a placeholder: the code of each kind is fetched when its first is drawn."""
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def settle(page: Page) -> None:
    """Wait until the script run that the last click started has drawn everything."""
    # Streamlit sends what was clicked from a timer, so a timer set after it tells when that has happened.
    page.evaluate("new Promise(done => setTimeout(done))")
    page.wait_for_function(SETTLED)


def download(page: Page, button: str) -> bytes:
    settle(page)
    with page.expect_download() as started:
        page.get_by_role("button", name=button, exact=True).click()
    return Path(started.value.path()).read_bytes()


def upload(page: Page, name: str, data: bytes) -> None:
    page.get_by_role("radio", name="Upload").click()
    settle(page)
    # A field that has been read gives way to a new one, and until the page is drawn both are there.
    expect(page.locator("input[type=file]")).to_have_count(1)
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": data})


def set_size(page: Page, side: str, pixels: int) -> None:
    """Type a width or height into "Size and fit"."""
    page.get_by_role("button", name="Size and fit").click()
    field(page, side).fill(str(pixels))
    field(page, side).press("Enter")
    expect(page.get_by_text(re.compile(rf"Sent as .*\b{pixels}\b"))).to_be_visible()
    settle(page)
    page.keyboard.press("Escape")
