"""The page of what needs its visitor, and the ways to it, under Streamlit's own test runner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rerender.studio.database import EVERYONE, Database, sqlite_url
from rerender.studio.history import History
from rerender.studio.preferences import TYPED, change
from rerender.studio.runs import Run, State
from rerender.studio.workspaces import LOCAL, new_secret, workspace_of
from rerender.ui.page import plain
from tests.fake_api import API_KEY, FakeApi
from tests.pages import form
from tests.studio.rows import JUST_NOW, add_run
from tests.waiting import wait_until

PAID = {"workspace": LOCAL, "backend": "https://api.test", "credits": 1.0, "cost": 0.025, "stored_at": None}
SAID = "No answer. The run may have been charged."
UNCERTAIN = {**PAID, "submission": "uncertain", "render_id": None, "phase": None, "error": SAID}
WAITS = {**PAID, "finished_at": None, "error": "This render is waiting for its key. Nothing is lost."}
GIVEN_UP = {**PAID, "completed_at": 1000.5, "error": "Given up after 24 hours."}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(sqlite_url(tmp_path / "studio.sqlite3"))
    yield database
    database.close()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path))
    monkeypatch.setenv("RERENDER_MODE", "local")
    monkeypatch.delenv("GENLY_API_KEY", raising=False)
    yield AppTest.from_file("../../app.py", default_timeout=300).switch_page("pages/needs_you.py")
    st.cache_resource.clear()


def the_run(database: Database) -> Run:
    run = History(database, LOCAL).latest()
    assert run is not None
    return run


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def texts(app: AppTest) -> str:
    said = "\n".join(item.value for item in (*app.text, *app.subheader, *app.caption, *app.error))
    return said.replace("\\", "").replace("\u200b", "")


def links(app: AppTest) -> list[str]:
    return [link.proto.label.replace("\\", "") for link in app.get("page_link")]


def test_a_cold_deep_link_ends_at_the_page_which_says_in_one_sentence_that_nothing_is_needed(app: AppTest) -> None:
    app.run()
    assert not app.exception
    assert "Nothing needs you" in texts(app)


def test_each_need_says_what_happened_what_it_cost_and_what_to_do(app: AppTest, database: Database) -> None:
    add_run(database, created_at=1003.0, prompt="**oak** $x$", **UNCERTAIN)
    add_run(database, created_at=1002.0, **WAITS)
    add_run(database, created_at=1001.0, **GIVEN_UP)
    app.run()
    assert not app.exception
    said = texts(app)
    assert [item.value for item in app.subheader] == [
        "May have been charged",
        "Waits for its key",
        "Its pictures could not be fetched",
    ]
    assert "**oak** $x$ · " in said
    assert (SAID in said, "Perhaps $0.025" in said, "Given up after 24 hours." in said) == (True, True, True)
    labels = {button.label for button in app.button}
    assert {"It was charged", "It was not charged", "Render it again", "Look again", "Stop watching"} <= labels
    assert f"Type the key for {plain('https://api.test')}" in labels


@pytest.mark.parametrize("path", ["pages/render.py", "pages/history.py"])
def test_other_pages_lead_there_in_one_line_while_something_needs_the_visitor(
    app: AppTest, database: Database, path: str
) -> None:
    add_run(database, **UNCERTAIN)
    app.switch_page(path).run()
    assert "One run needs you" in links(app)
    add_run(database, **UNCERTAIN)
    app.run()
    assert "2 runs need you" in links(app)
    with database.write(EVERYONE) as connection:
        connection.exec_driver_sql("UPDATE runs SET settled_at = 5")
    app.run()
    assert not [link for link in links(app) if "need" in link]


@pytest.mark.parametrize(
    ("label", "state", "cost"), [("It was charged", State.FAILED, 0.025), ("It was not charged", State.REFUSED, 0.0)]
)
def test_what_its_owner_says_is_written_down_and_asked_no_more(
    app: AppTest, database: Database, label: str, state: State, cost: float
) -> None:
    add_run(database, **UNCERTAIN)
    app.run()
    press(app, label)
    assert (the_run(database).state, the_run(database).cost) == (state, cost)
    assert "Nothing needs you" in texts(app)


@pytest.mark.parametrize("label", ["It was charged", "It was not charged"])
def test_what_its_owner_said_can_be_undone_at_once(app: AppTest, database: Database, label: str) -> None:
    add_run(database, **UNCERTAIN)
    app.run()
    press(app, label)
    assert label.replace("It", "Noted that it") + "." in texts(app)
    press(app, "Undo")
    assert (the_run(database).state, the_run(database).cost) == (State.UNCERTAIN, 0.025)
    assert "It may have been charged" in texts(app)
    assert not {"Undo", "Dismiss"} & {button.label for button in app.button}


@pytest.mark.parametrize("path", ["pages/render.py", "pages/history.py"])
@pytest.mark.parametrize("charged", [True, False])
def test_what_its_owner_said_by_mistake_can_be_said_again_from_where_the_run_is_shown(
    app: AppTest, database: Database, path: str, charged: bool
) -> None:
    said = {"settled_at": 2000.0, "submission": "uncertain" if charged else "refused"}
    run_id = add_run(database, **{**UNCERTAIN, **said})
    app.session_state["history.chosen"] = run_id
    app.switch_page(path).run()
    press(app, "Say again what became of it")
    assert the_run(database).state == State.UNCERTAIN
    assert "May have been charged" in texts(app)
    press(app, "It was charged")
    assert the_run(database).cost == 0.025
    app.switch_page("pages/needs_you.py").run()
    assert "Undo" in [button.label for button in app.button]
    app.switch_page("pages/render.py").run()
    press(app, "Say again what became of it")
    assert "Undo" not in [button.label for button in app.button], "there is nothing to undo any more"


def test_a_pasted_id_that_cannot_be_is_refused_in_a_sentence_and_nothing_changes(
    app: AppTest, database: Database
) -> None:
    run_id = add_run(database, **UNCERTAIN)
    app.run()
    for pasted, sentence in (("", "Paste the render id"), ("two words", "This is no render id")):
        app.text_input(key=f"needs.render_id.{run_id}").set_value(pasted)
        press(app, "Fetch its pictures")
        assert sentence in texts(app)
        assert the_run(database).state == State.UNCERTAIN


def test_a_pasted_id_brings_the_pictures(app: AppTest, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeApi() as api:
        monkeypatch.setenv("GENLY_API_KEY", API_KEY)
        monkeypatch.setenv("GENLY_BASE_URL", api.base_url)
        api.state.phases = ["completed"]
        api.state.renders["render7"] = {"image_width": 512, "image_height": 512, "batch_size": 1}
        run_id = add_run(database, **{**UNCERTAIN, "backend": api.base_url})
        app.run()
        app.text_input(key=f"needs.render_id.{run_id}").set_value("  render7\n")
        press(app, "Fetch its pictures")
        assert "Nothing needs you" in texts(app)
        wait_until(lambda: the_run(database).stored_at)
        assert api.state.submit_count == 0
        app.switch_page("pages/render.py").run()
        assert "You gave its render id." in texts(app)
        press(app, "This is not its render")
        assert (the_run(database).state, the_run(database).render_id) == (State.UNCERTAIN, None)
        assert "Say what became of it" in [button.label for button in app.button]
        assert "You gave its render id." not in texts(app)


def test_while_the_api_has_not_shown_the_render_that_its_owner_named_nothing_is_called_spent(
    app: AppTest, database: Database
) -> None:
    followed = {"finished_at": None, "owner": "elsewhere/1/x", "lease_until": 4e9}
    add_run(database, **{**PAID, **followed, "settled_at": 5.0, "phase": None})
    app.switch_page("pages/render.py").run()
    (stop,) = [button for button in app.button if button.label == "Stop watching"]
    assert "has not shown this render yet" in stop.help
    assert "Looking for its render" in app.status[0].label


def test_a_run_that_waits_for_its_key_says_so_without_a_clock(app: AppTest, database: Database) -> None:
    add_run(database, **WAITS)
    app.switch_page("pages/render.py").run()
    assert "Waiting for its key" in [text.value for text in app.text]
    assert not app.status
    assert "Last click: waiting for its key" in texts(app)


def test_rendering_it_again_fills_the_form_and_sends_nothing(app: AppTest, database: Database) -> None:
    run_id = add_run(database, prompt="a prompt of its own", seed=4711, **UNCERTAIN)
    app.run()
    press(app, "Render it again")
    assert app.text_area(key=form.key(app, "prompt")).value == "a prompt of its own"
    assert app.number_input(key=form.key(app, "seed")).value == 4711
    assert [run.run_id for run in History(database, LOCAL).recent()] == [run_id]


def test_a_run_that_was_deleted_before_it_became_uncertain_comes_back_with_its_settings(
    app: AppTest, database: Database
) -> None:
    run_id = add_run(database, prompt="a prompt of its own", deleted_at=1000.5, **UNCERTAIN)
    app.run()
    assert "You deleted it before this was known" in texts(app)
    press(app, "Render it again")
    assert the_run(database).run_id == run_id
    assert app.text_area(key=form.key(app, "prompt")).value == "a prompt of its own"


@pytest.mark.parametrize(("columns", "label"), [(WAITS, "Stop watching"), (GIVEN_UP, "Let it go")])
def test_what_is_let_go_asks_no_more_and_can_be_watched_again(
    app: AppTest, database: Database, columns: dict[str, Any], label: str
) -> None:
    add_run(database, **columns)
    app.run()
    press(app, label)
    assert the_run(database).state == State.STOPPED
    assert "Nothing needs you" in texts(app)
    app.switch_page("pages/render.py").run()
    press(app, "Watch again")
    assert the_run(database).is_unfinished


def test_only_the_own_api_is_linked_to_because_an_archive_may_name_any(app: AppTest, database: Database) -> None:
    add_run(database, **UNCERTAIN)
    app.run()
    assert not app.get("link_button")
    add_run(database, **{**UNCERTAIN, "backend": "https://rerender.genly.ai"})
    app.run()
    assert [link.proto.url for link in app.get("link_button")] == ["https://rerender.genly.ai"]


def test_many_needs_are_shown_a_few_at_a_time(app: AppTest, database: Database) -> None:
    for seed in range(23):
        add_run(database, seed=seed, **UNCERTAIN)
    app.run()
    assert len(app.subheader) == 20
    assert "And 3 more" in texts(app)


def test_a_setting_that_is_wrong_is_said_on_the_page_and_not_in_the_way_of_the_navigation(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RERENDER_MODE", "neither")
    app.run()
    assert not app.exception
    assert "Nothing was sent" in texts(app)


def test_a_key_that_was_typed_before_the_app_began_anew_is_used_again_without_typing_it(
    app: AppTest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rerender.ui.settings_form._HEARD_WITHIN", 60.0)
    with FakeApi() as api:
        api.state.phases = ["completed"]
        api.state.renders["render7"] = {"image_width": 512, "image_height": 512, "batch_size": 1}
        run_id = add_run(database, **{**WAITS, "error": None, "backend": api.base_url, "render_id": "render7"})
        change(database, LOCAL, backend=TYPED, base_url=api.base_url)
        app.session_state["session.typed_keys"] = {api.base_url: API_KEY}
        app.switch_page("pages/render.py").run()
        # The page may have been quicker than the runner's first look around, or not.
        wait_until(lambda: the_run(database).error or the_run(database).stored_at)
        app.run()
        assert not app.exception
        wait_until(lambda: the_run(database).stored_at)
        assert the_run(database).run_id == run_id


def test_the_key_that_a_run_waits_for_is_asked_for_beside_the_address_and_then_nothing_needs_the_visitor(
    app: AppTest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rerender.ui.settings_form._HEARD_WITHIN", 60.0)
    with FakeApi() as api:
        api.state.phases = ["completed"]
        api.state.renders["render7"] = {"image_width": 512, "image_height": 512, "batch_size": 1}
        add_run(database, **{**WAITS, "backend": api.base_url, "render_id": "render7"})
        api.state.get_delay = 1.5
        change(database, LOCAL, backend=TYPED, base_url="https://elsewhere.test")
        app.session_state["session.typed_keys"] = {"https://elsewhere.test": API_KEY}
        app.switch_page("pages/settings.py").run()
        app.text_input(key="settings.base_url").set_value("nonsense").run()
        assert app.error
        app.switch_page("pages/needs_you.py").run()
        press(app, f"Type the key for {plain(api.base_url)}")
        app.switch_page("pages/settings.py").run()  # where the browser is by now
        assert app.text_input(key="settings.base_url").value == api.base_url
        assert app.text_input(key="settings.api_key").value == ""
        assert not app.error
        assert plain(f"The run that waits for its key was made at {api.base_url}.") in app.info[0].value
        assert api.state.requests == []
        assert "One run needs you" in links(app)
        app.text_input(key="settings.api_key").set_value(API_KEY).run()
        assert not app.exception
        assert not [link for link in links(app) if "need" in link]
        assert not app.info
        wait_until(lambda: the_run(database).stored_at)


@pytest.mark.parametrize(
    ("mode", "backend"), [("local", "http://not-safe.test"), ("local", "nonsense"), ("hosted", "https://api.test")]
)
def test_where_no_key_can_be_typed_none_is_asked_for(
    app: AppTest, database: Database, monkeypatch: pytest.MonkeyPatch, mode: str, backend: str
) -> None:
    monkeypatch.setenv("RERENDER_MODE", mode)
    secret = new_secret()
    app.session_state["session.secret"] = secret
    workspace = LOCAL if mode == "local" else workspace_of(secret)
    add_run(database, **{**JUST_NOW, **WAITS, "backend": backend, "workspace": workspace})
    app.run()
    assert not app.exception
    assert f"No key can be typed here for {backend}." in texts(app)
    assert not [button for button in app.button if button.label.startswith("Type the key")]
    press(app, "Stop watching")


def test_a_key_is_lent_to_no_other_api(app: AppTest, database: Database) -> None:
    with FakeApi() as own, FakeApi() as other:
        add_run(database, **{**WAITS, "error": None, "backend": other.base_url})
        change(database, LOCAL, backend=TYPED, base_url=own.base_url)
        app.session_state["session.typed_keys"] = {own.base_url: API_KEY}
        app.run()
        wait_until(lambda: History(database, LOCAL).need_count())
        app.run()
        press(app, "Stop watching")
        app.switch_page("pages/render.py").run()
        press(app, "Watch again")
        wait_until(lambda: History(database, LOCAL).need_count())
        assert other.state.requests == []
