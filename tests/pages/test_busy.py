"""The pages while strangers' pictures take all the room that there is to open one."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from rerender.studio import decoding
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.limits import LOCAL_LIMITS
from rerender.studio.workspaces import LOCAL
from tests.fake_api import picture, png_header
from tests.pages import form
from tests.studio.rows import add_run

SAID = "Other pictures are being opened at the moment. Nothing was sent"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path))
    monkeypatch.setenv("RERENDER_MODE", "local")
    monkeypatch.delenv("GENLY_API_KEY", raising=False)
    monkeypatch.setattr(decoding, "WAITS_FOR", 0.01)
    a_visitor().run()  # The process is there from now on, and sets no other limits.
    decoding.allow(replace(LOCAL_LIMITS, megapixels=2, decodes_at_once=1))
    yield tmp_path
    st.cache_resource.clear()
    decoding.allow(LOCAL_LIMITS)


def a_visitor() -> AppTest:
    return AppTest.from_file("../../app.py", default_timeout=300)


@contextmanager
def all_room_taken() -> Iterator[None]:
    inside, leave = threading.Event(), threading.Event()

    def open_for_long() -> None:
        with decoding.turn(png_header(2000, 1000)):
            inside.set()
            leave.wait(60)

    other = threading.Thread(target=open_for_long)
    other.start()
    assert inside.wait(60)
    try:
        yield
    finally:
        leave.set()
        other.join()


def a_run(home: Path) -> str:
    """A run with two pictures, of which no small ones were made yet."""
    database = Database.open(f"sqlite:///{home / 'studio.sqlite3'}")
    when = {"created_at": 1.7e9, "finished_at": 1.7e9 + 1, "stored_at": 1.7e9 + 1, "backend": "embedded"}
    results = [picture(512, 512, shade) for shade in (1, 2)]
    run_id = add_run(
        database,
        workspace=LOCAL,
        results=results,
        batch_size=2,
        prompt="of before",
        control_image=picture(512, 512, 3),
        **when,
    )
    assert History(database, LOCAL).latest() is not None
    database.close()
    return run_id


# Under its test runner Streamlit goes on in the page by itself, without app.py, unless it is told to switch there.
def only_says_so(app: AppTest) -> bool:
    assert not app.exception
    assert not app.error
    return [info.value[: len(SAID)] for info in app.info] == [SAID] and "tries again by itself" in app.info[0].value


def prompt(app: AppTest) -> str:
    return str(app.text_area(key=form.key(app, "prompt")).value)


def test_a_new_visitor_finds_the_whole_form_with_its_sample(home: Path) -> None:
    with all_room_taken():
        app = a_visitor().run()
        assert not app.exception
        assert not app.info
        assert not app.error
        assert "Render" in [button.label for button in app.button]
        app.segmented_control(key="form.source").set_value("Upload").run()
        app.file_uploader[0].upload("mine.png", picture(640, 512)).run()
        assert not app.exception
        assert [error.value[: len(SAID)] for error in app.error] == [SAID]
        assert prompt(app)
    app.file_uploader[0].upload("mine.png", picture(640, 512)).run()
    assert not app.error
    assert "mine.png" in [text.value for text in app.text]


@pytest.mark.parametrize("page", ["render", "history"])
def test_a_page_that_needs_a_picture_says_so_and_then_is_as_it_was(home: Path, page: str) -> None:
    a_run(home)
    app = a_visitor()
    with all_room_taken():
        assert only_says_so(app.switch_page(f"pages/{page}.py").run())
    app.run()
    assert not app.exception
    assert not app.info
    app.switch_page("pages/render.py").run()
    assert prompt(app) == "of before", "the form is the run's, not a sample's"


def test_a_run_s_small_pictures_may_have_to_wait(home: Path) -> None:
    app = a_visitor().run().run()
    run_id = a_run(home)
    app.session_state["session.run_id"] = run_id
    with all_room_taken():
        assert only_says_so(app.switch_page("app.py").run())
    app.run()
    assert not app.exception
    assert not app.info


def test_an_upload_that_was_chosen_before_is_prepared_again_later(home: Path) -> None:
    app = a_visitor().run()
    app.segmented_control(key="form.source").set_value("Upload").run()
    noise = io.BytesIO()
    Image.effect_noise((700, 600), 90).save(noise, "PNG")
    app.file_uploader[0].upload("mine.png", noise.getvalue()).run()
    with all_room_taken():
        app.number_input(key=form.key(app, "width")).set_value(800)
        assert only_says_so(app.switch_page("app.py").run())
    app.run()
    assert not app.exception
    assert not app.info
    assert "mine.png" in [text.value for text in app.text]
