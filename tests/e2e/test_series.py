"""Several prompts at once in a real browser: render them, choose one, compare any two, come back to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.app import App
from tests.e2e.steps import open_app, prompt_box, render_button, series, settle, slider, write_lines
from tests.fake_api import API_KEY, Answer, FakeApi

pytestmark = [pytest.mark.browser, pytest.mark.proof]

PROMPTS = ["night, warm lit windows", "heavy snow, winter, overcast", "pencil sketch"]


def label(page: Page, side: str) -> str:
    return page.locator(f".label.{side}").inner_text()


def test_three_prompts_are_rendered_at_once_chosen_compared_and_found_again_after_a_reload(page: Page) -> None:
    write_lines(page, *PROMPTS)
    expect(page.get_by_text("3 free previews")).to_be_visible()
    prompt_box(page).press("Control+Enter")
    expect(series(page)).to_have_count(3)
    expect(page.get_by_text("in progress")).to_have_count(0)
    for index, prompt in enumerate(PROMPTS):
        expect(series(page).nth(index)).to_have_accessible_name(prompt)

    series(page).first.press("ArrowRight")
    expect(page.locator("img.after")).to_have_attribute("alt", f"Preview: {PROMPTS[1]}")
    expect(series(page).nth(1)).to_be_focused()
    assert label(page, "left") == "Control image"
    chosen = page.url

    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name=PROMPTS[2]).click()
    expect(page.locator("img.before")).to_have_attribute("alt", f"Preview: {PROMPTS[2]}")
    assert (label(page, "left"), label(page, "right")) == (PROMPTS[2], PROMPTS[1])
    page.get_by_role("button", name="Control image", exact=True).click()
    expect(page.locator("img.before")).to_have_attribute("alt", "The control image as it was sent")

    page.reload()
    expect(series(page)).to_have_count(3)
    assert page.url == chosen
    expect(series(page).nth(1)).to_be_checked()
    expect(page.locator("img.after")).to_have_attribute("alt", f"Preview: {PROMPTS[1]}")
    expect(prompt_box(page)).to_have_value("\n".join(PROMPTS))

    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    widths = page.locator("[data-testid=stMain]").evaluate("main => [main.scrollWidth, main.clientWidth]")
    assert widths[0] <= widths[1] <= 390
    assert page.locator("iframe").count() == 0


@pytest.fixture
def paid(tmp_path: Path, browser: Browser) -> Iterator[tuple[Page, FakeApi, list[str]]]:
    """A page of an app with a key, the fake API behind it, and what the page asks other hosts for."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body="", content_type="text/plain")

    with FakeApi() as api:
        app = App(tmp_path / "home", extra_environment={"GENLY_API_KEY": API_KEY, "GENLY_BASE_URL": api.base_url})
        app.start()
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.route(re.compile("^https:"), answer)
        open_app(page, app.url)
        yield page, api, asked
        page.close()
        app.stop()


def test_a_failed_run_says_so_in_its_cell_and_another_host_is_asked_only_for_the_view_that_says_so(
    paid: tuple[Page, FakeApi, list[str]],
) -> None:
    page, api, asked = paid
    api.state.on_request = lambda request: (
        request.method == "POST"
        and request.json["prompt"] == "one"
        and api.state.submit_answers.append(Answer(400, {"error": "no"}))
    )
    write_lines(page, "one", "two", "three")
    expect(page.get_by_text("3 runs, 3 credits, about $0.075")).to_be_visible()
    settle(page)
    render_button(page).dblclick()
    expect(page.get_by_role("alert").filter(has_text="Nothing was charged")).to_be_visible()
    expect(series(page)).to_have_count(3)
    for waits in ("in progress", "Not sent yet"):
        expect(page.get_by_text(waits)).to_have_count(0)
    assert api.state.submit_count == 3
    expect(page.get_by_role("radio", name="one: Not accepted")).to_be_checked()
    page.get_by_role("radio", name="two", exact=True).press("Space")
    expect(slider(page)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert asked == []

    with page.expect_request("https://cdn.knightlab.com/**"):
        page.get_by_role("radio", name="JuxtaposeJS").click()
    expect(page.get_by_text("loads its script from cdn.knightlab.com")).to_be_visible()
    expect(page.get_by_title("JuxtaposeJS: The control image as it was sent, and ReRender: two")).to_be_visible()
    page.get_by_role("radio", name="Slider").click()
    expect(slider(page)).to_be_visible()
    assert {url.split("/")[2] for url in asked} == {"cdn.knightlab.com"}
