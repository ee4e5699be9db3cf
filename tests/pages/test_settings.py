"""The settings page under Streamlit's own test runner: cold deep links, what is saved, and where a key never goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rerender.studio.database import Database
from rerender.studio.preferences import CONFIGURED, TYPED, WITHOUT_KEY, Preferences, change, load
from rerender.studio.workspaces import LOCAL
from tests.fake_api import API_KEY, FakeApi
from tests.pages import form
from tests.studio.rows import add_run

SETTINGS, RENDER = "pages/settings.py", "pages/render.py"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path))
    monkeypatch.setenv("RERENDER_MODE", "local")
    yield AppTest.from_file("../../app.py", default_timeout=300)
    st.cache_resource.clear()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    yield database
    database.close()


def opened(app: AppTest, path: str = SETTINGS) -> AppTest:
    app.switch_page(path).run()
    assert not app.exception
    return app


def button(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label == label)


def said(app: AppTest) -> str:
    """Every text, label and value of the page, as the browser gets them."""
    return str(app.main) + " ".join(str(element.proto) for element in app.main if hasattr(element, "proto"))


def type_key(app: AppTest, key: str = API_KEY) -> None:
    app.text_input(key="settings.api_key").set_value(key).run()
    assert not app.exception


@pytest.fixture
def with_key(app: AppTest, database: Database, api: FakeApi) -> AppTest:
    """The settings page after a key was typed for the fake API."""
    change(database, LOCAL, backend=TYPED, base_url=api.base_url)
    type_key(opened(app))
    return app


def test_a_cold_deep_link_ends_at_the_page(app: AppTest) -> None:
    opened(app)
    assert "Where renders are made" in [subheader.value for subheader in app.subheader]
    assert app.radio(key="settings.backend").value == CONFIGURED


def test_every_widget_saves_its_preference_at_once_and_says_so(app: AppTest, database: Database) -> None:
    opened(app)
    app.radio(key="settings.backend").set_value(TYPED).run()
    app.text_input(key="settings.base_url").set_value(" https://elsewhere.example ").run()
    app.text_input(key="settings.workflow_id").set_value("flow7").run()
    for name, value in (("credits_per_run", 2.0), ("credit_price", 0.05), ("poll_floor", 5.0)):
        app.number_input(key=f"settings.{name}").set_value(value).run()
    for name, value in (("batch_size", 4), ("size", "large"), ("fit", "pad")):
        app.segmented_control(key=f"settings.{name}").set_value(value).run()
        assert [toast.value for toast in app.toast] == ["Saved"]
    expected = Preferences(TYPED, "https://elsewhere.example", "flow7", 2.0, 0.05, 5.0, 4, "large", "pad")
    assert load(database, LOCAL) == expected
    assert "2 credits, about $0.100" in said(app)


def test_a_new_form_begins_as_preferred(app: AppTest, database: Database) -> None:
    change(database, LOCAL, batch_size=3, size="draft", fit="pad")
    opened(app, RENDER)
    begun = [app.session_state[form.key(app, field)] for field in ("batch_size", "width", "fit")]
    assert begun == [3, 768, "pad"]


def test_an_address_that_cannot_be_used_is_refused_and_stays_to_be_corrected(app: AppTest, database: Database) -> None:
    change(database, LOCAL, backend=TYPED)
    opened(app).text_input(key="settings.base_url").set_value("http://example.org").run()
    assert ["Not saved" in error.value for error in app.error] == [True]
    assert app.text_input(key="settings.base_url").value == "http://example.org"
    assert load(database, LOCAL).base_url == Preferences().base_url


def test_a_typed_key_is_in_no_text_of_the_page_and_in_no_file(with_key: AppTest, tmp_path: Path) -> None:
    assert "API key: set" in [text.value for text in with_key.text]
    opened(with_key, RENDER)
    opened(with_key)
    assert API_KEY not in said(with_key)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and API_KEY.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("key", ["two words", "ключ"])
def test_a_key_that_cannot_be_one_is_refused_and_not_repeated(app: AppTest, database: Database, key: str) -> None:
    change(database, LOCAL, backend=TYPED)
    type_key(opened(app), key)
    assert ["characters that no key has" in error.value for error in app.error] == [True]
    assert key not in said(app)
    assert app.text_input(key="settings.api_key").value == ""


def test_another_url_forgets_the_key(with_key: AppTest) -> None:
    url = with_key.text_input(key="settings.base_url").value
    for other in ("https://elsewhere.example", url):
        with_key.text_input(key="settings.base_url").set_value(other).run()
        assert with_key.text_input(key="settings.api_key").value == ""


def test_a_forgotten_key_is_asked_for_again(with_key: AppTest) -> None:
    button(with_key, "Forget the key").click().run()
    assert with_key.text_input(key="settings.api_key").value == ""
    assert button(with_key, "Test the connection").disabled


def test_without_its_key_the_page_says_so_and_renders_nothing_instead(
    app: AppTest, database: Database, api: FakeApi
) -> None:
    change(database, LOCAL, backend=TYPED, base_url=api.base_url)
    opened(app, RENDER)
    assert f"No key for {api.base_url}" in [text.value for text in app.text]
    button(app, "Render").click().run()
    assert [error.value for error in app.error] == [
        "Type your key in Settings, or choose the preview. Nothing was sent."
    ]
    assert not app.session_state["session.render_ids"]
    assert api.state.requests == []


def test_a_configured_key_is_shown_as_set_only_and_the_preview_can_be_chosen_instead(
    app: AppTest, database: Database, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENLY_API_KEY", API_KEY)
    monkeypatch.setenv("GENLY_BASE_URL", api.base_url)
    opened(app)
    assert "The key is set in the environment" in said(app)
    assert f"Renders at {api.base_url}" in [text.value for text in app.text]
    assert API_KEY not in said(app)
    app.radio(key="settings.backend").set_value(WITHOUT_KEY).run()
    opened(app, RENDER)
    assert "Free preview" in [text.value for text in app.text]


def test_hosted_visitors_can_choose_neither_the_owners_key_nor_an_address(
    app: AppTest, api: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RERENDER_MODE", "hosted")
    monkeypatch.setenv("GENLY_API_KEY", API_KEY)
    monkeypatch.setenv("GENLY_BASE_URL", api.base_url)
    radio = opened(app).radio(key="settings.backend")
    assert len(radio.options) == 2
    radio.set_value(TYPED).run()
    assert "Base URL: https://rerender.genly.ai" in [text.value for text in app.text]
    assert [field.label for field in app.text_input] == ["API key", "Type “delete” to confirm"]
    assert str(tmp_path) not in said(app)


def test_everything_is_deleted_after_the_word_and_not_before(app: AppTest, database: Database) -> None:
    change(database, LOCAL, batch_size=4)
    opened(app)
    button(app, "Delete for good").click().run()
    assert load(database, LOCAL).batch_size == 4
    assert ["Nothing was deleted" in error.value for error in app.error] == [True]
    app.text_input(key="settings.wipe_words").set_value("Delete").run()
    button(app, "Delete for good").click().run()
    assert load(database, LOCAL) == Preferences()
    assert app.segmented_control(key="settings.batch_size").value == 1
    opened(app, RENDER)


@pytest.mark.parametrize(("runs", "subject", "what"), [(1, "1 paid run is", "it"), (2, "2 paid runs are", "them")])
def test_what_is_lost_with_paid_runs_is_said_before_everything_is_deleted(
    app: AppTest, database: Database, runs: int, subject: str, what: str
) -> None:
    for _ in range(runs):
        add_run(database, workspace=LOCAL, backend="https://api.test", submission="uncertain", stored_at=None)
    (warning,) = opened(app).warning
    assert warning.value.startswith(f"{subject} unfinished, ")
    assert warning.value.endswith(f" pictures or see what became of {what}.")


def test_where_runs_are_not_kept_for_ever_the_page_says_for_how_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path))
    monkeypatch.setenv("RERENDER_MODE", "local")
    monkeypatch.setenv("RERENDER_KEEP_DAYS", "7")
    app = AppTest.from_file("../../app.py", default_timeout=300).run()
    app.switch_page("pages/settings.py").run()
    said = [text.value for text in app.text]
    assert (
        "Each run is deleted 7 days after its end, starred or not; a paid one whose pictures never came, "
        "after 21 days. Export what should last." in said
    )
    st.cache_resource.clear()
