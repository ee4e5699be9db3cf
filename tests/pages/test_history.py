"""The history page under Streamlit's own test runner: cold deep links, filters, cards, and one run in full."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rerender.studio import decoding
from rerender.studio.database import EVERYONE, Database, sqlite_url
from rerender.studio.limits import LOCAL_LIMITS
from rerender.studio.workspaces import LOCAL
from tests.fake_api import picture
from tests.pages import form
from tests.studio.rows import add_run


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
    yield AppTest.from_file("../../app.py", default_timeout=300).switch_page("pages/history.py")
    st.cache_resource.clear()
    decoding.allow(LOCAL_LIMITS)


def cards(app: AppTest) -> list[dict]:
    """What the gallery's cards show."""
    (gallery,) = (item for item in app.get("bidi_component") if b'"cards"' in item.proto.bytes)
    data = gallery.proto.bytes
    return json.loads(data[4 : 4 + struct.unpack(">I", data[:4])[0]])["cards"]


def texts(app: AppTest) -> list[str]:
    return [item.value for item in (*app.text, *app.subheader, *app.caption)]


def test_a_cold_deep_link_ends_at_the_page_which_says_where_to_begin_when_there_is_no_run(app: AppTest) -> None:
    app.run()
    assert not app.exception
    assert "No renders yet" in texts(app)
    assert "" in [link.proto.page for link in app.get("page_link")], "the way to the render page"


def test_runs_are_cards_with_their_state_cost_and_text_alternative(app: AppTest, database: Database) -> None:
    paid = {"workspace": LOCAL, "backend": "https://api.test", "credits": 1.0, "cost": 0.025}
    add_run(database, prompt="**bold** <b>", results=[picture()], created_at=3.0, starred=True, workspace=LOCAL)
    add_run(database, created_at=2.0, submission="uncertain", stored_at=None, **paid)
    add_run(database, created_at=1.0, finished_at=None, **paid)
    app.run()
    assert not app.exception
    first, second, third = cards(app)
    assert (first["prompt"], first["alt"], first["badge"], first["cost"], first["starred"]) == (
        "**bold** <b>",
        "Picture: **bold** <b>",
        "",
        "Free",
        True,
    )
    assert (second["badge"], second["cost"]) == ("May have been charged", "Perhaps $0.025")
    assert second["alt"].startswith("Control image: ")
    assert (third["badge"], third["cost"]) == ("In progress", "$0.025")
    assert "3 runs" in texts(app)


def test_filters_narrow_the_runs_outlive_a_change_of_page_and_can_be_cleared(app: AppTest, database: Database) -> None:
    add_run(database, prompt="oak", workspace=LOCAL)
    add_run(database, prompt="brick", workspace=LOCAL, backend="https://api.test")
    app.run()
    app.text_input(key="history.text.0").set_value("brick").run()
    assert [card["prompt"] for card in cards(app)] == ["brick"]
    app.switch_page("pages/render.py").run()
    app.switch_page("pages/history.py").run()
    assert [card["prompt"] for card in cards(app)] == ["brick"]
    app.selectbox(key="history.backend.0").set_value("embedded").run()
    assert "Nothing found" in texts(app)
    next(button for button in app.button if button.label == "Clear the filters").click().run()
    assert len(cards(app)) == 2
    assert not app.exception


def test_twenty_four_runs_make_a_page_and_a_page_that_has_lost_its_runs_gives_way_to_the_first(
    app: AppTest, database: Database
) -> None:
    for seed in range(26):
        add_run(database, seed=seed, created_at=float(seed), workspace=LOCAL)
    app.run()
    assert len(cards(app)) == 24
    (pager,) = app.pagination
    pager.set_value(2).run()
    assert [card["facts"] for card in cards(app)] == ["512 × 512, seed 1", "512 × 512, seed 0"]
    with database.write(EVERYONE) as connection:
        connection.exec_driver_sql("UPDATE runs SET deleted_at = 5 WHERE seed < 2")
    app.run()
    assert not app.exception
    assert (len(cards(app)), cards(app)[0]["facts"]) == (24, "512 × 512, seed 25")


def test_an_opened_run_tells_everything_and_what_can_be_done_about_a_charge(app: AppTest, database: Database) -> None:
    said = "The API answered 503. The run may have been charged."
    run_id = add_run(
        database,
        workspace=LOCAL,
        backend="https://api.test",
        submission="uncertain",
        stored_at=None,
        credits=1.0,
        cost=0.025,
        error=said,
        render_id=None,
    )
    app.session_state["history.chosen"] = run_id
    app.run()
    assert not app.exception
    assert app.code[0].value == "oak and glass"
    assert {"7", "512 × 512 px", "Perhaps $0.025", "https://api.test"} <= set(texts(app))
    assert "Say what became of it" in [button.label for button in app.button]
    assert [error.value.replace("\\", "") for error in app.error] == [said]
    app.session_state["history.chosen"] = "0" * 32
    app.run()
    assert not app.exception
    assert not app.code, "a run that is not here is not shown"


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


@pytest.mark.parametrize(
    ("path", "label"), [("pages/history.py", "Use these settings"), ("pages/needs_you.py", "Render it again")]
)
def test_a_run_whose_image_is_larger_than_what_is_opened_now_says_so_and_leaves_the_form_as_it_was(
    app: AppTest, database: Database, monkeypatch: pytest.MonkeyPatch, path: str, label: str
) -> None:
    monkeypatch.setenv("RERENDER_MEGAPIXELS", "1")
    run_id = add_run(
        database,
        control_image=picture(1200, 1000),
        prompt="of the large image",
        workspace=LOCAL,
        backend="https://api.test",
        submission="uncertain",
        stored_at=None,
    )
    app.session_state["history.chosen"] = run_id
    app.switch_page(path).run()
    press(app, label)
    assert [error.value for error in app.error if "over 1 million pixels" in error.value]
    app.switch_page("pages/render.py").run()
    assert app.text_area(key=form.key(app, "prompt")).value != "of the large image"


def state_of(database: Database) -> tuple[str, bool]:
    """Of the only run: its `submission`, and whether it is deleted."""
    with database.read(EVERYONE) as connection:
        return tuple(connection.exec_driver_sql("SELECT submission, deleted_at IS NOT NULL FROM runs").one())


@pytest.fixture
def queued(app: AppTest, database: Database) -> AppTest:
    """The page with a paid run open that another process is going to send."""
    run_id = add_run(
        database,
        workspace=LOCAL,
        backend="https://api.test",
        submission="submitting",
        render_id=None,
        phase=None,
        finished_at=None,
        credits=1.0,
        cost=0.025,
        owner="elsewhere/1/x",
        lease_until=4e9,
    )
    app.session_state["history.chosen"] = run_id
    return app.run()


def test_a_queued_run_is_called_the_same_wherever_it_is_shown(queued: AppTest) -> None:
    (status,) = queued.status
    assert status.label.startswith("Not sent yet, ")
    assert "Not sent yet" in texts(queued)
    queued.switch_page("pages/render.py").run()
    assert any(text.startswith("Last click: not sent yet. ") for text in texts(queued))


def test_deleting_a_run_that_is_still_queued_cancels_it_and_says_that_nothing_is_charged(
    queued: AppTest, database: Database
) -> None:
    (stake,) = (text for text in texts(queued) if text.endswith("You can undo it on this page."))
    assert "nothing is charged" in stake
    assert "spent" not in stake
    press(queued, "Delete this run")
    assert state_of(database) == ("refused", True)
    press(queued, "Undo")
    assert state_of(database) == ("refused", False)


def test_a_run_that_was_sent_while_its_page_called_it_queued_is_not_deleted(
    queued: AppTest, database: Database
) -> None:
    with database.write(EVERYONE) as connection:
        connection.exec_driver_sql("UPDATE runs SET submitted_at = 5")
    press(queued, "Delete this run")
    assert state_of(database) == ("submitting", False)
    assert [toast.value for toast in queued.toast] == ["It has been sent meanwhile, so it is not deleted"]


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        ("submitted_at = 5", ["It was on its way already; wait a moment"]),
        ("submission = 'refused', finished_at = 5", []),
        ("submission = 'uncertain', finished_at = 5", []),
    ],
    ids=["is being sent", "refused", "uncertain"],
)
def test_a_cancel_that_comes_too_late_says_so_only_while_the_run_is_being_sent(
    queued: AppTest, database: Database, meanwhile: str, said: list[str]
) -> None:
    with database.write(EVERYONE) as connection:
        connection.exec_driver_sql(f"UPDATE runs SET {meanwhile}")
    press(queued, "Cancel")
    assert [toast.value for toast in queued.toast] == said
