"""No text of a visitor's, a picture's or an API's is more than text in a browser."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import steps
from tests.e2e.app import App
from tests.hostile.strings import label, shown

pytestmark = pytest.mark.browser

# What each hostile text has made in the page, by its number: elements other than those of a harmless one, and its text.
MADE = """() => [...document.querySelectorAll('[class*="st-key-said"]')].map(said => {
  const number = [...said.classList].find(name => name.startsWith("st-key-said")).slice(11)
  const live = "a, script, iframe, math, .katex, em, strong, del, code, h1, h2, h3, li, blockquote, table, hr, sup"
  const part = said.querySelector("[data-testid=stMarkdownContainer]") || said
  const signs = ", img, input[type=checkbox], [data-testid=stIconMaterial], span[style]:not(.stMarkdownBadge)"
  const inside = part.querySelectorAll(live + signs)
  const select = said.querySelector("[data-testid=stSelectbox] input")
  return [Number(number), [...inside].map(one => one.outerHTML.slice(0, 200)), select?.value || part.textContent]
})"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Not the app but a page of texts, with the app's settings."""
    running = App(tmp_path_factory.mktemp("home"), script="tests/hostile/shown.py")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def page(browser: Browser, app: App) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(60_000)
    elsewhere: list[str] = []
    tab = context.new_page()
    tab.on("dialog", lambda dialog: elsewhere.append(dialog.message))
    own = (f"http://127.0.0.1:{app.port}", "data:", "blob:")
    tab.on("request", lambda request: None if request.url.startswith(own) else elsewhere.append(request.url))
    yield tab
    context.close()
    assert elsewhere == []


@pytest.mark.parametrize("way", ["error", "caption", "button", "status", "badge", "text", "select"])
def test_a_hostile_text_is_shown_and_not_obeyed(page: Page, app: App, way: str) -> None:
    page.goto(f"{app.url}/?way={way}")
    page.get_by_text("That was all").wait_for()
    steps.when_parts_are_there(page)
    made = page.evaluate(MADE)
    assert len(made) == len(shown()) > 250
    for number, elements, text in made:
        said = shown()[number]
        assert elements == [], label(said)
        if way != "text":
            assert not re.search("[\u202a-\u202e]", text), label(said)
            assert text.count("\u2068") == text.count("\u2069"), label(said)
        if way in ("error", "button"):
            assert letters(said) == letters(text.removeprefix("Key for")), label(said)


def letters(text: str) -> str:
    """What of a text is to be read in any case: not blanks, signs that nobody sees, and emoji, which can be icons."""
    kinds = ((char, unicodedata.category(char)) for char in text)
    return "".join(char for char, kind in kinds if kind[0] not in "CZ" and kind != "So")
