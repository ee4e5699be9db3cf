"""The gate under Streamlit's own test runner: on every page, by cold deep link, and for what a session remembers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rerender.studio.database import Database
from rerender.studio.preferences import TYPED, change
from rerender.studio.workspaces import workspace_of, workspace_of_person
from tests.fake_api import API_KEY
from tests.pages import form
from tests.studio.rows import JUST_NOW, add_run

PAGES = ["pages/render.py", "pages/history.py", "pages/needs_you.py", "pages/settings.py"]
CODE, OWNER_CODE = "open sesame", "the owner's word"
AUTH = {"redirect_uri": "http://localhost/oauth2callback", "cookie_secret": "s" * 32, "client_id": "studio"}
ISSUER = "https://accounts.example"
CANARY = "a canary in a cage of brass"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path))
    monkeypatch.setenv("RERENDER_MODE", "hosted")
    yield AppTest.from_file("../../app.py", default_timeout=300)
    st.cache_resource.clear()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    yield database
    database.close()


def claims(name: str = "ada", **others: Any) -> dict[str, Any]:
    return {
        "is_logged_in": True,
        "iss": ISSUER,
        "sub": f"subject of {name}",
        "email": f"{name}@example.com",
        "email_verified": True,
    } | others


def workspace(name: str) -> str:
    return workspace_of_person(ISSUER, f"subject of {name}")


def shown(app: AppTest) -> str:
    """Every text, label and value of the page, as the browser gets them."""
    assert not app.exception
    return str(app.main) + " ".join(str(element.proto) for element in app.main if hasattr(element, "proto"))


def remembered(app: AppTest) -> str:
    return str(app.session_state.to_dict())


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def give_code(app: AppTest, typed: str, *, purpose: str = "enter") -> AppTest:
    app.text_input(key=f"access.{purpose}").set_value(typed)
    press(app, "Continue" if purpose == "enter" else "Show it")
    return app


def is_at_the_gate(app: AppTest) -> bool:
    """Whether nothing but the gate is drawn: the name, a sentence, and the way in."""
    assert not app.exception
    assert not app.get("arrow_data_frame")
    allowed = {"Sign in", "Continue", "Sign out"}
    return bool(app.text) and set(buttons(app)) <= allowed and not app.text_area and not app.get("page_link")


@pytest.mark.parametrize("path", PAGES)
def test_a_cold_deep_link_to_any_page_meets_the_code_first(app: AppTest, database: Database, path: str) -> None:
    app.secrets["RERENDER_ACCESS_CODE"] = CODE
    app.query_params["run"] = add_run(database, workspace="theirs", prompt=CANARY, **JUST_NOW)
    app.switch_page(path).run()
    assert is_at_the_gate(app)
    assert "access code" in shown(app)
    assert CANARY not in shown(app)
    give_code(app, "open sesamé")
    assert is_at_the_gate(app)
    assert "not the code" in app.error[0].value
    assert "sesamé" not in remembered(app) + shown(app)
    give_code(app, CODE)
    assert not is_at_the_gate(app)
    assert not app.error
    assert app.text_area if path == "pages/render.py" else True
    assert CODE not in remembered(app)
    assert app.query_params["run"]


@pytest.mark.parametrize("path", PAGES)
def test_a_cold_deep_link_to_any_page_meets_the_sign_in_first(app: AppTest, database: Database, path: str) -> None:
    app.secrets["auth"] = AUTH
    run_id = add_run(database, workspace=workspace("ada"), prompt=CANARY, **JUST_NOW)
    app.query_params["run"] = run_id
    for nobody in ({}, {"email": "ada@example.com"}, claims() | {"is_logged_in": False}, {"is_logged_in": "yes"}):
        app.user = nobody
        app.switch_page(path).run()
        assert is_at_the_gate(app)
        assert buttons(app) == ["Sign in"]
        assert CANARY not in shown(app)
    app.user = claims()
    app.run()
    assert not is_at_the_gate(app)
    assert not app.error


def test_two_people_see_nothing_of_each_other_and_each_their_own_in_any_session(
    app: AppTest, database: Database
) -> None:
    app.secrets["auth"] = AUTH
    add_run(database, workspace=workspace("ada"), prompt=CANARY, **JUST_NOW)
    for name, is_hers in (("ada", True), ("bob", False), ("ada", True)):
        app.user = claims(name)
        app.switch_page("pages/render.py").run()
        assert (app.text_area(key=form.key(app, "prompt")).value == CANARY) == is_hers
    app.user = claims("ada", email="new-name@example.com")
    app.run()
    assert app.text_area(key=form.key(app, "prompt")).value == CANARY, "an address may change"
    app.user = claims("ada", sub="another subject")
    app.run()
    assert app.text_area(key=form.key(app, "prompt")).value != CANARY, "or be given to another"


def test_nothing_that_a_session_remembers_goes_over_to_the_next_person(app: AppTest, database: Database) -> None:
    app.secrets["auth"] = AUTH
    change(database, workspace("ada"), backend=TYPED)
    change(database, workspace("bob"), backend=TYPED)
    app.user = claims("ada")
    app.switch_page("pages/render.py").run()
    app.text_area(key=form.key(app, "prompt")).set_value(CANARY).run()
    app.switch_page("pages/settings.py").run()
    app.text_input(key="settings.api_key").set_value(API_KEY).run()
    assert API_KEY in str(app.session_state["session.typed_keys"])
    app.session_state["needs.anything"] = app.session_state["of the future"] = CANARY
    app.user = claims("bob")
    for path in ("pages/settings.py", "pages/render.py"):
        app.switch_page(path).run()
        assert not app.exception
        assert API_KEY not in remembered(app)
        assert CANARY not in remembered(app)
        assert CANARY not in shown(app)
    assert "No key for" in shown(app)


def test_who_signs_out_leaves_nothing_in_the_session_and_can_do_no_more(app: AppTest, database: Database) -> None:
    app.secrets["auth"] = AUTH
    app.user = claims()
    app.switch_page("pages/settings.py").run()
    assert "ada@example.com" in shown(app)
    app.session_state["session.typed_keys"] = {"https://api.test": API_KEY}
    press(app, "Sign out")
    assert is_at_the_gate(app)
    assert API_KEY not in remembered(app)


def test_a_click_on_what_was_drawn_for_one_person_does_nothing_for_the_next(app: AppTest, database: Database) -> None:
    app.secrets["auth"] = AUTH
    theirs = add_run(database, workspace=workspace("bob"), prompt="bob's", **JUST_NOW)
    app.user = claims("ada")
    app.switch_page("pages/settings.py").run()
    app.text_input(key="settings.wipe_words").set_value("delete").run()
    app.user = claims("bob")
    press(app, "Delete for good")
    assert not app.exception
    app.switch_page("pages/render.py").run()
    assert app.text_area(key=form.key(app, "prompt")).value == "bob's", theirs


def test_who_is_not_on_the_list_reads_with_which_address_and_can_sign_out(app: AppTest) -> None:
    app.secrets |= {"auth": AUTH, "RERENDER_ALLOWED": "ada@example.com"}
    app.user = claims("bob")
    app.switch_page("pages/history.py").run()
    assert is_at_the_gate(app)
    assert "bob@example.com is not on the guest list" in shown(app)
    assert buttons(app) == ["Sign out"]
    app.user = claims("ada", email_verified=False)
    app.run()
    assert is_at_the_gate(app)
    assert "not confirmed" in shown(app)
    app.user = claims("ada")
    app.run()
    assert not is_at_the_gate(app)


def test_who_is_taken_off_the_list_or_meets_a_new_code_is_outside_at_the_next_click(app: AppTest) -> None:
    app.secrets |= {"auth": AUTH, "RERENDER_ALLOWED": "@example.com"}
    app.user = claims("bob")
    app.switch_page("pages/settings.py").run()
    assert not is_at_the_gate(app)
    app.secrets["RERENDER_ALLOWED"] = "ada@example.com"
    app.text_input(key="settings.wipe_words").set_value("x").run()
    assert is_at_the_gate(app)
    app.secrets = {"RERENDER_ACCESS_CODE": CODE}
    app.run()
    give_code(app, CODE)
    assert not is_at_the_gate(app)
    app.secrets["RERENDER_ACCESS_CODE"] = "another code"
    app.number_input(key="settings.poll_floor").set_value(5.0).run()
    assert is_at_the_gate(app)
    assert not app.toast, "the callback of the click was not let in either"


def test_the_visitors_cookie_remembers_who_gave_the_code(app: AppTest, database: Database) -> None:
    app.secrets["RERENDER_ACCESS_CODE"] = CODE
    app.run()
    assert app.get("bidi_component"), "the gate lets the browser keep its word"
    give_code(app, CODE)
    word = str(app.session_state["session.secret"])
    with database.read(workspace_of(word)) as connection:
        assert connection.exec_driver_sql("SELECT workspace FROM admissions").scalar() == workspace_of(word)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"RERENDER_ALLOWED": "@example.com"}, "needs sign-in"),
        ({"RERENDER_ACCESS_CODE": "short"}, "8 characters"),
        ({"auth": {"cookie_secret": "xxx"}}, "32 characters"),
        ({"auth": {}}, "32 characters"),
        ({"auth": "on"}, "32 characters"),
    ],
)
def test_a_policy_that_cannot_be_kept_shows_one_sentence_and_nothing_else(
    app: AppTest, settings: dict[str, Any], says: str
) -> None:
    app.secrets |= settings
    app.user = claims()
    app.switch_page("pages/history.py").run()
    assert not app.exception
    assert says in app.error[0].value
    assert not app.title
    assert not app.button


def test_a_secrets_file_that_cannot_be_read_lets_nobody_in(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "secrets.toml"
    broken.write_text(f'RERENDER_ACCESS_CODE = "{CODE}')
    before = st.get_option("secrets.files")
    st.config._set_option("secrets.files", [str(broken)], "test")
    try:
        app.run()
        assert "cannot be read" in app.error[0].value
        assert not app.button
    finally:
        st.config._set_option("secrets.files", before, "test")


def test_with_two_providers_there_is_a_button_for_each(app: AppTest) -> None:
    shared = {"redirect_uri": AUTH["redirect_uri"], "cookie_secret": AUTH["cookie_secret"], "client_kwargs": {"a": "b"}}
    app.secrets["auth"] = shared | {"google": {"client_id": "1"}, "microsoft": {"client_id": "2"}}
    app.run()
    assert buttons(app) == ["Sign in with Google", "Sign in with Microsoft"]


def test_a_sign_in_that_is_not_set_up_right_says_so(app: AppTest) -> None:
    app.secrets["auth"] = AUTH
    app.run()
    press(app, "Sign in")
    assert not app.exception
    assert "Sign-in is not set up right" in str(app.error[0].proto)


def test_the_owners_code_is_asked_for_in_settings_until_it_is_given(app: AppTest) -> None:
    app.secrets["RERENDER_OWNER_CODE"] = OWNER_CODE
    app.switch_page("pages/settings.py").run()
    assert [expander.label for expander in app.expander] == ["For the owner"]
    give_code(app, "not the word", purpose="own")
    assert "not the code" in app.error[0].value
    give_code(app, OWNER_CODE, purpose="own")
    assert not app.error
    assert not app.expander
    assert OWNER_CODE not in remembered(app)


def test_a_listed_owner_need_give_no_code(app: AppTest) -> None:
    app.secrets |= {"auth": AUTH, "RERENDER_OWNERS": "ada@example.com", "RERENDER_OWNER_CODE": OWNER_CODE}
    for name, is_asked in (("ada", False), ("bob", True)):
        app.user = claims(name)
        app.switch_page("pages/settings.py").run()
        assert bool(app.expander) == is_asked


def test_on_ones_own_computer_nothing_is_asked(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RERENDER_MODE", "local")
    app.secrets |= {"auth": AUTH, "RERENDER_ACCESS_CODE": CODE, "RERENDER_OWNER_CODE": OWNER_CODE}
    app.switch_page("pages/settings.py").run()
    assert not app.exception
    assert not app.expander
    assert "Where renders are made" in [subheader.value for subheader in app.subheader]
