"""Sign-in against a real OpenID Connect provider on loopback, and the access code, in a real browser on a real app."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rerender.studio.workspaces import workspace_of_person
from rerender.ui.session import COOKIE
from tests.e2e.app import App
from tests.e2e.steps import TRAFFIC, prompt_box, render, settle, slider, when_drawn
from tests.ports import unused_port
from tests.waiting import wait_until

# The provider, in a thread of this process, uses what its own library calls deprecated.
pytestmark = [pytest.mark.browser, pytest.mark.proof, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

CODE = "open sesame"


def user(name: str, *, address: str = "", is_confirmed: bool = True) -> User:
    return User(sub=name, claims={"email": address or f"{name}@example.com", "email_verified": is_confirmed})


USERS = (
    user("ada"),
    user("bob"),
    user("eve", address="eve@evil-example.com"),
    user("mallory", is_confirmed=False),
)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a real provider with these people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        with run_server_in_thread(user_claims=USERS) as server:
            yield f"http://localhost:{server.server_port}"


@pytest.fixture(params=["", "/sub/path"])
def app(tmp_path: Path, provider: str, request: pytest.FixtureRequest) -> Iterator[App]:
    port = unused_port()
    secrets = f"""
        RERENDER_ALLOWED = "@example.com"
        [auth]
        redirect_uri = "http://127.0.0.1:{port}{request.param}/oauth2callback"
        cookie_secret = "{"s" * 64}"
        client_id = "studio"
        client_secret = "of the studio"
        server_metadata_url = "{provider}/.well-known/openid-configuration"
    """
    yield from running(App(tmp_path / "home", port, base_path=request.param, secrets=secrets))


@pytest.fixture
def code_app(tmp_path: Path) -> Iterator[App]:
    yield from running(App(tmp_path / "home", secrets=f'RERENDER_ACCESS_CODE = "{CODE}"'))


def running(app: App) -> Iterator[App]:
    app.extra_environment |= {"RERENDER_MODE": "hosted", "AUTHLIB_INSECURE_TRANSPORT": "1"}
    app.start()
    yield app
    app.stop()


def new_browser(browser: Browser) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    context.add_init_script(TRAFFIC)
    # The provider's pages ask a host elsewhere for their looks.
    context.route("https://cdn.jsdelivr.net/**", lambda route: route.abort())
    return context


def at_the_gate(page: Page, button: str = "Sign in") -> None:
    expect(page.get_by_role("button", name=button)).to_be_visible()
    settle(page)
    for title in ("Render", "History", "Needs you", "Settings"):
        expect(page.get_by_role("link", name=title)).to_have_count(0)
    expect(prompt_box(page)).to_have_count(0)


def sign_in(page: Page, name: str) -> None:
    at_the_gate(page)
    page.wait_for_function("sessionStorage.getItem('rerender.way') === location.pathname + location.search")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_placeholder("sub").fill(name)
    page.get_by_role("button", name="Authorize").click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()
    at_the_gate(page)


def test_the_history_follows_a_person_to_another_browser_and_nobody_else_sees_it(app: App, browser: Browser) -> None:
    first, second, others = (new_browser(browser) for _ in range(3))
    page = first.new_page()
    page.goto(app.url)
    sign_in(page, "ada")
    when_drawn(page)
    render(page, "night, red brick")
    expect(slider(page)).to_be_visible()
    link = page.url
    assert "run=" in link

    elsewhere = second.new_page()
    elsewhere.goto(app.url)
    sign_in(elsewhere, "ada")
    when_drawn(elsewhere)
    expect(prompt_box(elsewhere)).to_have_value("night, red brick")
    expect(slider(elsewhere)).to_be_visible()

    theirs = others.new_page()
    theirs.goto(link)
    sign_in(theirs, "bob")
    theirs.wait_for_url(link)
    when_drawn(theirs)
    expect(slider(theirs)).to_be_hidden()
    expect(prompt_box(theirs)).not_to_have_value("night, red brick")
    theirs.goto(f"{app.url}/history")
    expect(theirs.get_by_role("heading", name="No renders yet")).to_be_visible()
    expect(theirs.get_by_text("night, red brick")).to_have_count(0)

    with closing(sqlite3.connect(app.home / "studio.sqlite3")) as database:
        owners = {row[0] for row in database.execute("SELECT DISTINCT workspace FROM runs")}
    assert owners == {workspace_of_person(provider_of(app), "ada")}
    assert not [cookie for cookie in first.cookies() if cookie["name"] == COOKIE], "none is needed"
    for context in (first, second, others):
        context.close()


def provider_of(app: App) -> str:
    return app.secrets.partition('server_metadata_url = "')[2].partition("/.well-known")[0]


def test_a_cold_deep_link_meets_the_gate_and_leads_on_after_the_sign_in(app: App, browser: Browser) -> None:
    context = new_browser(browser)
    page = context.new_page()
    page.goto(app.url)
    sign_in(page, "ada")
    when_drawn(page)
    render(page, "heavy snow")
    query = page.url.partition("?")[2]
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_text("Signed in as ada@example.com")).to_be_visible()
    sign_out(page)

    app.stop()
    app.start()
    page.goto(f"{app.url}/history?{query}")
    at_the_gate(page)
    assert query in page.url
    sign_in(page, "ada")
    page.wait_for_url(f"{app.url}/history?{query}")
    expect(page.get_by_role("button", name="heavy snow").or_(page.get_by_text("heavy snow")).first).to_be_visible()
    page.goto(app.url)
    when_drawn(page)
    settle(page)
    assert "/history" not in page.url, "the way is gone once"
    context.close()


def test_who_is_not_on_the_list_or_not_confirmed_reads_so_and_can_go(app: App, browser: Browser) -> None:
    context = new_browser(browser)
    page = context.new_page()
    page.goto(app.url)
    for name, says in (("eve", "eve@evil-example.com is not on the guest list"), ("mallory", "not confirmed")):
        sign_in(page, name)
        expect(page.get_by_text(says)).to_be_visible()
        at_the_gate(page, "Sign out")
        for path in ("history", "needs_you", "settings"):
            page.goto(f"{app.url}/{path}")
            expect(page.get_by_text(says)).to_be_visible()
            at_the_gate(page, "Sign out")
        sign_out(page)
    sign_in(page, "ada")
    when_drawn(page)
    context.close()


def test_a_sign_in_that_is_refused_or_forged_leads_back_to_the_gate(app: App, browser: Browser) -> None:
    context = new_browser(browser)
    page = context.new_page()
    page.goto(app.url)
    at_the_gate(page)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Deny").click()
    at_the_gate(page)
    page.goto(f"{app.url}/oauth2callback?code=forged&state=forged")
    at_the_gate(page)
    context.add_cookies([{"name": "_streamlit_user", "value": "eyJpc19sb2dnZWRfaW4iOiB0cnVlfQ", "url": app.url}])
    page.goto(f"{app.url}/history")
    at_the_gate(page)
    context.close()


def test_who_gave_the_code_comes_back_without_it_and_another_browser_does_not(code_app: App, browser: Browser) -> None:
    first, second = new_browser(browser), new_browser(browser)
    page = first.new_page()
    page.goto(f"{code_app.url}/settings")
    at_the_gate(page, "Continue")
    page.get_by_label("Access code").fill("open sesam")
    page.get_by_label("Access code").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not the code")
    settle(page)
    page.get_by_label("Access code").fill(CODE)
    page.get_by_label("Access code").press("Enter")
    expect(page.get_by_text("Where renders are made").first).to_be_visible()
    wait_until(lambda: [cookie for cookie in first.cookies() if cookie["name"] == COOKIE])
    settle(page)
    expect(page.get_by_label("Access code")).to_have_count(0)
    assert CODE not in page.content()

    code_app.stop()
    code_app.start()
    page.goto(code_app.url)
    when_drawn(page)
    other = second.new_page()
    other.goto(f"{code_app.url}/history")
    at_the_gate(other, "Continue")
    kept = b"".join(
        path.read_bytes() for path in code_app.home.rglob("*") if path.name != "secrets.toml" and path.is_file()
    )
    assert CODE.encode() not in kept, "neither in the database nor in the log"
    first.close()
    second.close()
