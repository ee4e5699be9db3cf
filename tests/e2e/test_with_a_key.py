"""The page with a key, against a fake of the API: what a click costs, and what goes wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.app import App
from tests.e2e.steps import open_app, prompt_box, render_button, slider
from tests.fake_api import API_KEY, Answer, FakeApi
from tests.ports import unused_port
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, api: FakeApi, request: pytest.FixtureRequest) -> Iterator[App]:
    """An app with a key in its environment; a test may change that by `indirect` parameters."""
    environment = {"GENLY_API_KEY": API_KEY, "GENLY_BASE_URL": api.base_url}
    running = App(tmp_path / "home", extra_environment=environment | getattr(request, "param", {}))
    running.start()
    yield running
    running.stop()


def click_render(page: Page) -> None:
    prompt_box(page).fill("my own words")
    render_button(page).click()


def ask_for_the_same_again(page: Page, api: FakeApi) -> None:
    """Render, and click again when that can no longer be a double click: the page asks."""
    api.state.phases = ["processing"]
    click_render(page)
    expect(page.get_by_text("Rendering, ")).to_be_visible()
    page.wait_for_timeout(2500)
    render_button(page).click()
    expect(page.get_by_text("Rendering it again costs again.")).to_be_visible()


def test_a_paid_run_shows_its_cost_before_the_click_and_its_picture_after_it(page: Page, api: FakeApi) -> None:
    expect(page.get_by_text("1 credit, about $0.025")).to_be_visible()
    expect(page.get_by_text(f"Renders at {api.base_url}")).to_be_visible()
    click_render(page)
    expect(slider(page)).to_be_visible()
    assert api.state.submit_count == 1
    assert page.locator(".label.right").inner_text() == "ReRender"


def test_a_double_click_pays_once(page: Page, api: FakeApi) -> None:
    api.state.submit_delay = 1.0
    prompt_box(page).fill("my own words")
    render_button(page).dblclick()
    expect(slider(page)).to_be_visible()
    assert api.state.submit_count == 1


def test_the_same_request_while_it_is_still_being_made_asks_before_it_costs_again(page: Page, api: FakeApi) -> None:
    ask_for_the_same_again(page, api)
    assert api.state.submit_count == 1
    page.get_by_role("button", name="Render it again").click()
    expect(page.get_by_text("Rendering it again costs again.")).to_be_hidden()
    wait_until(lambda: api.state.submit_count == 2)


def test_a_yes_to_one_request_is_no_yes_to_another(page: Page, api: FakeApi) -> None:
    ask_for_the_same_again(page, api)
    prompt_box(page).fill("other words")
    page.get_by_role("button", name="Render it again").click()
    expect(page.get_by_text("Rendering it again costs again.")).to_be_hidden()
    assert api.state.submit_count == 1


@pytest.mark.parametrize("app", [{"GENLY_API_KEY": "not-the-key"}], indirect=True)
def test_a_refused_key_says_so_and_that_nothing_was_charged(page: Page, app: App) -> None:
    click_render(page)
    expect(page.get_by_role("alert")).to_contain_text("key")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")
    expect(prompt_box(page)).to_have_value("my own words")
    assert "not-the-key" not in page.content()
    assert "not-the-key" not in app.log


@pytest.mark.parametrize("app", [{"GENLY_BASE_URL": f"http://127.0.0.1:{unused_port()}"}], indirect=True)
def test_an_api_out_of_reach_says_so_and_the_form_keeps_what_was_typed(page: Page) -> None:
    click_render(page)
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged", timeout=30_000)
    expect(prompt_box(page)).to_have_value("my own words")


def test_an_uncertain_run_says_that_it_may_have_been_charged_and_is_not_sent_again(page: Page, api: FakeApi) -> None:
    api.state.submit_answers = [Answer(503)]
    click_render(page)
    expect(page.get_by_role("alert")).to_contain_text("may have been charged")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("may have been charged")
    assert api.state.submit_count == 1


def test_what_the_api_says_is_shown_as_text_and_asks_no_other_host(page: Page, api: FakeApi) -> None:
    hostile = "![x](http://127.0.0.1:9/leak.png) **bold** https://evil.test www.evil.test me@evil.test"
    api.state.submit_answers = [Answer(400, {"error": hostile})]
    click_render(page)
    expect(page.get_by_role("alert")).to_contain_text(hostile)
    expect(page.locator("a[href*=evil]")).to_have_count(0)
    api.state.phases = [hostile]
    page.get_by_role("button", name="New seed").click()
    click_render(page)
    expect(page.get_by_text(hostile)).to_be_visible()
    expect(page.locator("a[href*=evil]")).to_have_count(0)


def test_pictures_that_came_are_shown_while_another_of_the_batch_cannot_be_fetched(page: Page, api: FakeApi) -> None:
    api.state.files["/files/render1/1.png"] = Answer(404)
    page.get_by_role("radio", name="2", exact=True).click()
    click_render(page)
    expect(slider(page)).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Trying again by itself")
    del api.state.files["/files/render1/1.png"]
    expect(page.get_by_role("radiogroup", name="Pictures of this batch")).to_be_visible()


@pytest.mark.parametrize("app", [{"RERENDER_MODE": "hosted"}], indirect=True)
def test_hosted_visitors_never_spend_the_owners_key_and_see_nothing_of_each_other(
    app: App, browser: Browser, api: FakeApi
) -> None:
    first, second = (browser.new_context().new_page() for _ in range(2))
    open_app(first, app.url)
    click_render(first)
    expect(slider(first)).to_be_visible(timeout=60_000)
    open_app(second, first.url)
    expect(slider(second)).to_be_hidden()
    assert prompt_box(second).input_value() != "my own words"
    assert api.state.requests == []
