"""Many visitors on one host: each browser comes back to its own workspace, and sees nothing of another's."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Cookie, Page, expect

from rerender.studio.workspaces import is_secret, workspace_of
from rerender.ui.session import COOKIE
from tests.e2e.app import ROOT, App
from tests.e2e.steps import TRAFFIC, open_app, prompt_box, render, settle, slider, when_parts_are_there
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.proof]

SCRIPT = (ROOT / "rerender" / "ui" / "visitor" / "visitor.js").read_text("utf-8")
WORD, OTHER = "0" * 32, "f" * 32
BLOCKED = "Object.defineProperty(document, 'cookie', { get: () => '', set: () => {} })"


@pytest.fixture
def app(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[App]:
    running = App(
        tmp_path / "home", base_path=getattr(request, "param", ""), extra_environment={"RERENDER_MODE": "hosted"}
    )
    running.start()
    yield running
    running.stop()


def new_browser(browser: Browser) -> BrowserContext:
    """As a browser of someone else: it shares no cookie with the others."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    return context


def cookies(context: BrowserContext) -> list[Cookie]:
    return [cookie for cookie in context.cookies() if cookie["name"] == COOKIE]


def kept(context: BrowserContext) -> str:
    """The word in the browser's cookie, once it is there."""
    return str(wait_until(lambda: cookies(context))[0]["value"])


@pytest.mark.parametrize("app", ["", "/sub/path"], indirect=True)
def test_two_browsers_see_nothing_of_each_other_and_each_comes_back_to_its_own(app: App, browser: Browser) -> None:
    first, second = new_browser(browser), new_browser(browser)
    for context, words in ((first, "night, red brick"), (second, "heavy snow")):
        page = context.new_page()
        open_app(page, app.url)
        expect(slider(page)).to_be_hidden()
        render(page, words)
    assert kept(first) != kept(second)
    for context, words in ((first, "night, red brick"), (second, "heavy snow")):
        page = context.pages[0]
        page.reload()
        expect(prompt_box(page)).to_have_value(words)
        expect(slider(page)).to_be_visible()
        new_tab = context.new_page()
        open_app(new_tab, app.url)
        expect(prompt_box(new_tab)).to_have_value(words)
        expect(slider(new_tab)).to_be_visible()
        assert len(cookies(context)) == 1

    (cookie,) = cookies(first)
    assert (cookie["sameSite"], cookie["secure"], cookie["path"]) == ("Strict", False, urlsplit(app.url).path or "/")
    assert cookie["expires"] > time.time() + 300 * 24 * 3600
    assert is_secret(str(cookie["value"]))
    kept_by_the_app = b"".join(path.read_bytes() for path in app.home.rglob("*") if path.is_file())
    assert workspace_of(str(cookie["value"])).encode() in kept_by_the_app
    assert str(cookie["value"]).encode() not in kept_by_the_app, "neither in the database nor in the log"
    first.close()
    second.close()


def test_tabs_opened_at_the_same_instant_end_in_one_workspace(app: App, browser: Browser) -> None:
    context = new_browser(browser)
    context.add_init_script(TRAFFIC)
    tabs = [context.new_page() for _ in range(3)]
    for tab in tabs:
        tab.evaluate(f"setTimeout(() => location.href = '{app.url}')")
    for tab in tabs:
        expect(prompt_box(tab)).to_be_visible()
        when_parts_are_there(tab)
        # The browser's last word comes half a second after the page, by a timer that was set before this one.
        tab.evaluate("new Promise(done => setTimeout(done, 1000))")
        settle(tab)
    render(tabs[0], "pencil sketch")
    for tab in tabs:
        tab.reload()
        expect(prompt_box(tab)).to_have_value("pencil sketch")
    for tab in tabs[1:]:
        expect(slider(tab)).to_be_visible()
    context.close()


def test_a_forged_cookie_gets_a_new_word_and_no_error(app: App, browser: Browser) -> None:
    for forged in ("x", "0" * 31, "G" * 32, f"{WORD}0", "..%2F..%2Fetc", '"a b"'):
        context = new_browser(browser)
        context.add_cookies([{"name": COOKIE, "value": forged, "url": app.url}])
        page = context.new_page()
        open_app(page, app.url)
        wait_until(lambda here=context: is_secret(kept(here)))
        expect(page.get_by_role("alert")).to_have_count(0)
        context.close()


def test_where_cookies_are_blocked_the_session_works_and_says_that_it_ends_with_the_tab(
    app: App, browser: Browser
) -> None:
    context = new_browser(browser)
    context.add_init_script(BLOCKED)
    page = context.new_page()
    open_app(page, app.url)
    expect(page.get_by_role("alert")).to_contain_text("your history ends with this tab")
    settle(page)
    render(page, "watercolor")
    expect(slider(page)).to_be_visible()
    assert cookies(context) == []
    context.close()


def test_the_script_takes_no_room(app: App, browser: Browser, tmp_path: Path) -> None:
    local = App(tmp_path / "local")
    local.start()
    places = []
    for url in (app.url, local.url):
        context = new_browser(browser)
        page = context.new_page()
        open_app(page, url)
        places.append([prompt_box(page).bounding_box(), page.get_by_role("heading").first.bounding_box()])
        if url == app.url:
            wait_until(lambda here=context: cookies(here))
        assert len(cookies(context)) == (url == app.url)
        context.close()
    local.stop()
    assert places[0] == places[1]


@pytest.fixture
def https(browser: Browser) -> Iterator[Page]:
    """An empty page that the browser takes for one that came over https."""
    context = new_browser(browser)
    context.route("https://studio.test/**", lambda route: route.fulfill(body="<p>", content_type="text/html"))
    page = context.new_page()
    page.goto("https://studio.test/studio/history")
    yield page
    context.close()


def run_script(page: Page, *, word: str, held: str | None = None, meanwhile: str = "") -> list[str]:
    """Run the script as the page does, for as long as it may answer; what it told the app.

    `meanwhile` is the cookie that another tab writes a moment after it has begun.
    """
    data = {"cookie": COOKIE, "word": word, "held": word if held is None else held, "path": "/studio", "seconds": 9999}
    told: list[dict[str, str]] = page.evaluate(
        """async ([script, data, meanwhile]) => {
            const told = []
            const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })))
            module.default({ data, setTriggerValue: (name, value) => told.push(value) })
            if (meanwhile) setTimeout(() => { document.cookie = meanwhile }, 100)
            await new Promise(done => setTimeout(done, 700))
            return told
        }""",
        [SCRIPT, data, meanwhile],
    )
    return [answer["held"] for answer in told]


def test_over_https_the_cookie_is_secure_and_bound_to_the_apps_path(https: Page) -> None:
    assert run_script(https, word=WORD) == []
    (cookie,) = cookies(https.context)
    assert (cookie["secure"], cookie["path"], cookie["sameSite"]) == (True, "/studio", "Strict")
    assert cookie["value"] == WORD


def test_a_word_that_the_browser_holds_is_told_to_the_app_and_never_replaced(https: Page) -> None:
    run_script(https, word=OTHER)
    answers = run_script(https, word=WORD)
    assert set(answers) == {OTHER}
    assert kept(https.context) == OTHER


def test_the_app_hears_of_a_word_that_another_tab_wrote_at_the_same_instant(https: Page) -> None:
    assert run_script(https, word=WORD, meanwhile=f"{COOKIE}={OTHER}; Path=/studio") == [OTHER]


def test_an_app_that_already_knows_that_nothing_is_kept_is_not_told_again(https: Page) -> None:
    https.evaluate(BLOCKED)
    assert run_script(https, word=WORD) == ["", ""]
    assert run_script(https, word=WORD, held="") == []


def test_the_word_is_in_no_address(app: App, browser: Browser) -> None:
    context = new_browser(browser)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("websocket", lambda socket: asked.append(socket.url))
    open_app(page, app.url)
    render(page, "blueprint")
    assert re.search("run=[0-9a-f]{32}", page.url)
    assert not [url for url in [*asked, page.url] if kept(context) in url]
    context.close()
