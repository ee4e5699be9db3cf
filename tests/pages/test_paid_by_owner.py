"""What visitors see of the credits that the owner of the app pays for them, and what the owner sees."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest

from rerender.studio.database import EVERYONE, Database, sqlite_url
from rerender.studio.preferences import CONFIGURED, TYPED, WITHOUT_KEY, change
from rerender.studio.tables import charges
from rerender.studio.workspaces import workspace_of
from tests.fake_api import API_KEY, Answer, FakeApi
from tests.studio.rows import JUST_NOW, add_run
from tests.waiting import wait_until

SETTINGS, NEEDS_YOU = "pages/settings.py", "pages/needs_you.py"
CAPS = {"RERENDER_CAP_PER_VISITOR": "2", "RERENDER_CAP_PER_DAY": "40", "RERENDER_CAP_IN_ALL": "400"}


@pytest.fixture
def app(tmp_path: Path, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """A hosted app whose owner pays two credits for each visitor."""
    settings = {"RERENDER_HOME": str(tmp_path), "RERENDER_MODE": "hosted", **CAPS}
    settings |= {"GENLY_API_KEY": API_KEY, "GENLY_BASE_URL": api.base_url}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    yield AppTest.from_file("../../app.py", default_timeout=300)
    st.cache_resource.clear()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(sqlite_url(tmp_path / "studio.sqlite3"))
    yield database
    database.close()


def opened(app: AppTest, path: str = "pages/render.py") -> AppTest:
    app.switch_page(path).run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def render(app: AppTest, seed: int) -> None:
    """Render with this seed, and see the run end."""
    next(box for box in app.number_input if box.label == "Seed").set_value(seed).run()
    press(app, "Render")
    wait_until(lambda: not app.run().status)


def said(app: AppTest) -> str:
    shown = (*app.text, *app.caption, *app.error, *app.info, *app.markdown, *app.subheader)
    return "\n".join(str(item.value) for item in shown).replace("\\", "").replace("\u200b", "")


def workspace(app: AppTest) -> str:
    return workspace_of(app.session_state["session.secret"])


def charge(database: Database, whose: str, **columns: Any) -> None:
    # A little ahead, as midnight may come before a page is drawn.
    at = time.time() + 600
    values = {"run_id": f"{time.time_ns():032x}", "credits": 1.0, "cost": 0.025, "created_at": at, **columns}
    with database.write(EVERYONE) as connection:
        connection.execute(insert(charges).values(workspace=whose, **values))


def test_the_price_says_who_pays_and_what_is_left_and_a_reached_cap_what_to_do(
    app: AppTest, api: FakeApi, database: Database
) -> None:
    opened(app)
    assert "1 credit of the owner's, 2 left for you" in said(app)
    assert "paid by the owner of this app" in said(app)
    render(app, 1)
    assert "1 credit of the owner's, 1 left for you" in said(app)
    render(app, 2)
    assert "1 credit of the owner's, 0 left for you" in said(app)
    render(app, 3)
    assert [error.value for error in app.error] == [
        "The credits that the owner of this app pays for you are used up. Nothing was sent or charged. "
        "Type a key of your own in Settings, or choose the free preview there."
    ]
    assert api.state.submit_count == 2
    change(database, workspace(app), backend=WITHOUT_KEY)
    app.run()
    assert "Free preview" in said(app)
    press(app, "Render")
    assert app.error.len == 0
    assert api.state.submit_count == 2


def test_what_is_left_of_the_day_for_all_is_said_to_be_for_all(app: AppTest, database: Database) -> None:
    for _ in range(39):
        charge(database, "another visitor")
    assert "1 left for all visitors today" in said(opened(app))


def test_settings_offer_what_the_owner_pays_and_no_price_or_test_that_would_do_nothing(app: AppTest) -> None:
    opened(app, SETTINGS)
    place = app.radio(key="settings.backend")
    assert place.value == CONFIGURED
    elsewhere = ["The preview engine", "An API, with a key I type here"]
    assert place.options == ["ReRender, paid by the owner of this app", *elsewhere]
    assert "Each run takes 1 of the owner's credits, with 2 left for you" in str(place.proto).replace("\\", "")
    assert not [box for box in app.number_input if "redit" in box.label]
    assert not [button for button in app.button if "Test" in button.label]
    assert API_KEY not in str(app.main)
    place.set_value(TYPED).run()
    assert [box.label for box in app.number_input if "redit" in box.label] == ["Credits per run", "Dollars per credit"]


def test_a_visitors_own_price_changes_nothing_about_what_the_owner_pays(app: AppTest, database: Database) -> None:
    opened(app)
    change(database, workspace(app), credits_per_run=0.0, credit_price=0.0)
    app.run()
    assert "1 credit of the owner's, 2 left for you" in said(app)


def test_some_of_the_caps_are_no_caps_and_the_page_says_which_is_missing(
    app: AppTest, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RERENDER_CAP_PER_DAY")
    app.run()
    assert ["RERENDER_CAP_PER_DAY" in error.value for error in app.error] == [True]
    assert not [button for button in app.button if button.label == "Render"]
    assert api.state.requests == []


def test_a_click_on_a_page_that_said_the_owner_pays_is_not_paid_by_the_visitor(
    app: AppTest, api: FakeApi, database: Database
) -> None:
    opened(app)
    change(database, workspace(app), backend=TYPED)
    app.session_state["session.typed_keys"] = {"https://rerender.genly.ai": "key-of-the-visitor"}
    press(app, "Render")
    assert ["The price has changed" in error.value for error in app.error] == [True]
    assert api.state.requests == []


def test_a_lost_answer_is_said_to_be_the_owners_and_asks_the_visitor_nothing(app: AppTest, api: FakeApi) -> None:
    api.state.submit_answers = [Answer(drop=True)]
    render(opened(app), 1)
    assert "may have been charged to the owner of this app" in said(app)
    assert not [button for button in app.button if button.label == "Say what became of it"]
    assert "1 left for you" in said(app)
    assert "Nothing needs you" in said(opened(app, NEEDS_YOU))


def test_the_owner_sees_what_was_spent_and_neither_who_nor_what(
    app: AppTest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = workspace_of("0" * 32), workspace_of("1" * 32)
    uncertain = {"is_shared": True, "submission": "uncertain", "render_id": None, "phase": None, "stored_at": None}
    run_id = add_run(
        database, workspace=one, prompt="a secret garden", backend="https://api.test", **uncertain, **JUST_NOW
    )
    charge(database, one, run_id=run_id)
    charge(database, one, created_at=1000.0)
    charge(database, other)
    assert "Spent with your key" not in said(opened(app, SETTINGS)), "not for visitors"
    st.cache_resource.clear()
    monkeypatch.setenv("RERENDER_MODE", "local")
    shown = said(opened(app, SETTINGS))
    assert "Spent with your key" in shown
    for row in ("Spent | 1 | 2", "Being sent | 0 | 0", "Uncertain | 1 | 1", "**Counted** | **2** | **3**"):
        assert f"| {row} |" in shown
    assert re.findall(r"\| [0-9a-f]{6} \| (.) \| (.) \| (.) \|", shown) == [("1", "2", "1"), ("1", "1", "0")]
    for hidden in ("a secret garden", one, other, one[:12], other[:12]):
        assert hidden not in shown


def test_an_owner_whose_key_pays_for_nobody_sees_no_table(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RERENDER_MODE", "local")
    assert "Spent with your key" not in said(opened(app, SETTINGS))
