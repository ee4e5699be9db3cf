"""Every page by axe-core, light and dark: no serious or critical finding that is ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from rerender.studio.database import Database, sqlite_url
from rerender.studio.workspaces import LOCAL
from tests.e2e.app import ROOT, App
from tests.e2e.steps import choose_batch_size, open_app, render, settle, when_parts_are_there
from tests.studio.rows import add_run

pytestmark = [pytest.mark.browser, pytest.mark.proof]

# Every page there is, by its address; the render page is looked at before and after a render.
PATHS = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "render")

# What Streamlit draws and no setting of ours can change: rule, a part of the element's HTML or selector, and why.
STREAMLITS_OWN = (
    ("color-contrast", "<kbd ", "a button's shortcut, at 60 % of the button's own text; the help says it in words"),
    (
        "color-contrast",
        'data-selected="true"',
        "the chosen segment's text in the dark theme is the primary colour itself, on which a button's text is white: "
        "no colour has 4.5 to 1 against both",
    ),
)


@pytest.fixture(params=["light", "dark"])
def themed_page(request: pytest.FixtureRequest, browser: Browser, app: App) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=request.param)
    context.set_default_timeout(60_000)
    page = context.new_page()
    open_app(page, app.url)
    yield page
    context.close()


def is_streamlits_own(rule: str, node: dict[str, Any]) -> bool:
    where = f"{node['target']} {node['html']}"
    return any(rule == known and part in where for known, part, _ in STREAMLITS_OWN)


def findings(page: Page, where: str) -> list[str]:
    """The serious and critical ones that are ours, each in a line."""
    settle(page)
    return [
        f"{where}: {violation['id']} at {node['target']}: {node['failureSummary']}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
        if not is_streamlits_own(violation["id"], node)
    ]


def add_needs(app: App) -> None:
    """Runs that need the visitor; one without its key would keep the history busy."""
    paid = {
        "workspace": LOCAL,
        "backend": "https://rerender.genly.ai",
        "cost": 0.025,
        "credits": 1.0,
        "stored_at": None,
    }
    database = Database.open(sqlite_url(app.home / "studio.sqlite3"))
    add_run(database, submission="uncertain", render_id=None, error="It may have been charged.", **paid)
    add_run(database, completed_at=1000.5, error="Given up after 24 hours.", **paid)
    database.close()


def test_no_page_keeps_anyone_out(themed_page: Page, app: App) -> None:
    page = themed_page
    found = findings(page, "render, empty")
    choose_batch_size(page, 2)
    render(page, "golden hour, red brick walls, unheard-of words")
    found += findings(page, "render, with a result")
    add_needs(app)
    for path in PATHS:
        page.goto(f"{app.url}/{path}")
        expect(page.get_by_role("heading", name="ReRender Studio")).to_be_visible()
        settle(page)
        when_parts_are_there(page)
        found += findings(page, path)
    assert found == []
