"""The render page under Streamlit's own test runner: cold deep links, forged values, and what a click checks first."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from rerender import images, samples
from rerender.client import DEFAULT_BASE_URL
from rerender.models import CONTROL_IMAGE_MAX_BYTES
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.workspaces import LOCAL
from tests.fake_api import picture, png_header
from tests.pages import form
from tests.studio.rows import add_run


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path))
    monkeypatch.setenv("RERENDER_MODE", "local")
    monkeypatch.delenv("GENLY_API_KEY", raising=False)
    yield AppTest.from_file("../../app.py", default_timeout=300)
    st.cache_resource.clear()


def render_button(app: AppTest):
    return next(button for button in app.button if button.label == "Render")


def runs(home: Path) -> int:
    database = Database.open(f"sqlite:///{home / 'studio.sqlite3'}")
    try:
        return len(History(database, LOCAL).recent())
    finally:
        database.close()


def test_the_page_opens_with_a_sample_and_its_prompt_so_that_the_first_click_can_be_render(app: AppTest) -> None:
    app.run()
    assert not app.exception
    assert app.text_area(key=form.key(app, "prompt")).value
    assert not render_button(app).disabled


def test_a_cold_deep_link_ends_at_the_page_and_keeps_its_query(app: AppTest) -> None:
    app.query_params["run"] = "0" * 32
    app.switch_page("pages/render.py").run()
    assert not app.exception
    assert render_button(app)


def size(app: AppTest) -> tuple[int, int]:
    width, height = (app.number_input(key=form.key(app, side)).value for side in ("width", "height"))
    return width, height


def test_of_an_image_in_the_sizes_that_were_tried_a_tab_holds_the_last_alone(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare, made = images.prepare, []

    def counted(data: bytes, width: int, *others: Any, **how: Any) -> bytes:
        made.append(width)
        return prepare(data, width, *others, **how)

    monkeypatch.setattr(images, "prepare", counted)
    app.run()
    for width in (904, 912, 904):
        app.number_input(key=form.key(app, "width")).set_value(width).run()
    assert not app.exception
    assert made[-3:] == [904, 912, 904], "what is prepared again was not held"


@pytest.mark.parametrize(("side", "length"), [("width", 900), ("height", 800)])
def test_a_browser_that_has_not_drawn_the_new_size_yet_does_not_bring_the_old_one_back(
    app: AppTest, side: str, length: int
) -> None:
    app.run()
    app.number_input(key=form.key(app, side)).set_value(length)
    with_the_old_other_side = app._tree.get_widget_states()
    app.run()
    chosen = size(app)
    app._run(with_the_old_other_side)
    assert size(app) == chosen


@pytest.mark.parametrize(("side", "length"), [("width", 600), ("height", 2000)])
def test_a_kept_shape_stays_the_images_where_a_side_meets_its_limit(app: AppTest, side: str, length: int) -> None:
    app.run()
    own_width, own_height = size(app)
    app.number_input(key=form.key(app, side)).set_value(length).run()
    width, height = size(app)
    assert width / height == pytest.approx(own_width / own_height, abs=0.02)
    assert {width, height} & {512, 2048}


@pytest.mark.parametrize(
    "unusable",
    [picture(15, 512), picture(512, 512) + bytes(CONTROL_IMAGE_MAX_BYTES), png_header(512, 512)],
    ids=["too small", "too large", "cut off"],
)
def test_a_run_whose_control_image_cannot_be_used_again_is_shown_beside_a_form_with_the_sample(
    app: AppTest, tmp_path: Path, unusable: bytes
) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    add_run(
        database, workspace=LOCAL, control_image=unusable, results=[picture(512, 512)], prompt="a prompt of its own"
    )
    database.close()
    app.run()
    assert not app.exception
    assert app.text_area(key=form.key(app, "prompt")).value in samples.SAMPLES[0].prompts
    assert not render_button(app).disabled
    app.button(key="code.run").click().run()
    assert not app.exception
    said = [error.value for error in app.error if "over 20 MB" in error.value]
    assert len(said) == (len(unusable) > CONTROL_IMAGE_MAX_BYTES)


def test_the_code_of_an_imported_run_sends_no_key_where_only_the_run_says(app: AppTest, tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    add_run(database, workspace=LOCAL, backend="https://evil.example", results=[picture(512, 512)])
    database.close()
    app.run().button(key="code.run").click().run()
    assert not app.exception
    code = "".join(block.value for block in app.code)
    assert "evil" not in code
    assert f"base={DEFAULT_BASE_URL}" in code
    said = [caption.value for caption in app.caption if "trust" in caption.value]
    assert len(said) == 1
    assert said[0].count("evil") == 2


def test_a_beginning_that_failed_is_begun_again(app: AppTest, tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    add_run(database, workspace=LOCAL, prompt="a prompt of its own")
    with database.write(EVERYONE) as connection:
        connection.exec_driver_sql("ALTER TABLE blobs RENAME TO mislaid")
    assert app.run().error
    with database.write(EVERYONE) as connection:
        connection.exec_driver_sql("ALTER TABLE mislaid RENAME TO blobs")
    database.close()
    assert not app.run().exception
    assert app.text_area(key=form.key(app, "prompt")).value == "a prompt of its own"


def test_an_image_that_was_sent_before_is_sent_again_byte_for_byte_however_small_a_copy_of_others_is_kept(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RERENDER_KEPT_UPLOAD_KB", "100")
    noise = Image.effect_noise((512, 512), 90).convert("RGB")
    noise.save(sent := io.BytesIO(), "PNG")
    database = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    history = History(database, LOCAL)
    before = history.run(add_run(database, workspace=LOCAL, control_image=sent.getvalue()))
    app.run()
    render_button(app).click().run()
    again = history.latest()
    assert before is not None
    assert again is not None
    assert again.run_id != before.run_id
    assert again.control_image == before.control_image
    database.close()


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [("   ", "The prompt must say something."), ("x" * 20_000, "The prompt has 20,000 characters")],
)
def test_an_impossible_prompt_is_refused_in_one_sentence_and_nothing_is_sent(
    app: AppTest, tmp_path: Path, prompt: str, sentence: str
) -> None:
    app.run()
    app.text_area(key=form.key(app, "prompt")).set_value(prompt)
    assert_refused(app, tmp_path, sentence)
    assert app.text_area(key=form.key(app, "prompt")).value == prompt


@pytest.mark.parametrize("wrong", [{"GENLY_BASE_URL": "http://example.org"}, {"RERENDER_MODE": "both"}])
def test_a_wrong_setting_gets_one_sentence_instead_of_an_error_page(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    monkeypatch.setenv("GENLY_API_KEY", "a-key")
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    app.run()
    assert not app.exception
    assert len(app.error) == 1
    assert "Nothing was sent" in app.error[0].value


def page_with_forged_values() -> None:
    """The form's own gate, without the widgets: Streamlit already puts a forged number back into its range."""
    import streamlit as st

    from rerender.ui import fields, render_form, session, visits

    visit = visits.visit()
    session.begin(visit.history, visit.preferences)
    for field, value in st.session_state.get("forged", {}).items():
        st.session_state[fields.key(field)] = value
    render_form.button(visit, [])


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("batch_size", 9, "Pictures must be a whole number from 1 to 4."),
        ("batch_size", True, "Pictures must be a whole number from 1 to 4."),
        ("width", 1_000_000, "Width must be a whole number from 512 to 2048."),
        ("height", 1, "Height must be a whole number from 512 to 2048."),
        ("seed", 10_000_001, "Seed must be a whole number from 0 to 10000000."),
        ("seed", "7", "Seed must be a whole number from 0 to 10000000."),
    ],
)
def test_a_value_forged_past_its_widget_is_refused_in_one_sentence_and_nothing_is_sent(
    app: AppTest, tmp_path: Path, field: str, value: object, sentence: str
) -> None:
    forged = AppTest.from_function(page_with_forged_values, default_timeout=300)
    forged.session_state["forged"] = {field: value}
    assert_refused(forged.run(), tmp_path, sentence)


def assert_refused(app: AppTest, home: Path, sentence: str) -> None:
    render_button(app).click().run()
    assert not app.exception
    assert [error.value for error in app.error if error.value.startswith(sentence)]
    assert runs(home) == 0


def test_a_click_that_is_one_too_many_is_told_so_where_problems_are_told(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RERENDER_RUNS_A_MINUTE", "1")
    app.run()
    add = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    add_run(add, workspace=LOCAL, created_at=time.time())
    add.close()
    render_button(app).click().run()
    assert "more runs a minute than this app takes. Nothing was sent or charged" in app.error[0].value
    assert runs(tmp_path) == 1


def test_a_prompt_too_long_for_this_app_is_told_so(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RERENDER_PROMPT_CHARS", "100")
    app.run()
    app.text_area(key=form.key(app, "prompt")).set_value("oak " * 30).run()
    render_button(app).click().run()
    assert "has 120 characters, and this app takes 100" in app.error[0].value
    assert runs(tmp_path) == 0
