"""Several prompts on the render page under Streamlit's own test runner: what a click shows before it, and sends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from rerender.studio import preferences
from rerender.studio.database import EVERYONE, Database, sqlite_url
from rerender.studio.history import History
from rerender.studio.workspaces import LOCAL
from tests.fake_api import API_KEY, Answer, FakeApi
from tests.pages import form
from tests.waiting import wait_until


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: FakeApi) -> Iterator[AppTest]:
    """The render page with a key for a fake of the API."""
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path))
    monkeypatch.setenv("RERENDER_MODE", "local")
    monkeypatch.setenv("GENLY_API_KEY", API_KEY)
    monkeypatch.setenv("GENLY_BASE_URL", api.base_url)
    api.state.phases = ["processing"]
    yield AppTest.from_file("../../app.py", default_timeout=300)
    st.cache_resource.clear()


def render_button(app: AppTest) -> Button:
    return next(button for button in app.button if button.label == "Render")


def click_render(app: AppTest) -> AppTest:
    return render_button(app).click().run()


def write(app: AppTest, text: str) -> None:
    app.toggle(key=form.key(app, "one_a_line")).set_value(True)
    app.text_area(key=form.key(app, "prompt")).set_value(text).run()


def texts(app: AppTest) -> list[str]:
    return [text.value for text in app.text]


@contextmanager
def database_at(home: Path) -> Iterator[Database]:
    database = Database.open(sqlite_url(home / "studio.sqlite3"))
    yield database
    database.close()


def prompts_sent(home: Path) -> list[str]:
    with database_at(home) as database:
        return [run.prompt for run in History(database, LOCAL).recent()][::-1]


def states(home: Path) -> list[str]:
    with database_at(home) as database:
        return [run.state.value for run in History(database, LOCAL).recent()][::-1]


def test_the_switch_is_off_at_first_and_a_text_of_several_lines_is_one_prompt(app: AppTest, tmp_path: Path) -> None:
    app.run()
    assert not app.toggle(key=form.key(app, "one_a_line")).value
    app.text_area(key=form.key(app, "prompt")).set_value("oak\nbrick")
    click_render(app)
    assert prompts_sent(tmp_path) == ["oak\nbrick"]


def test_runs_credits_and_money_are_shown_before_the_click_and_that_many_are_sent(
    app: AppTest, api: FakeApi, tmp_path: Path
) -> None:
    app.run()
    assert "1 credit, about $0.025" in texts(app)
    write(app, "oak\n\nbrick\noak\nsnow")
    assert "3 runs, 3 credits, about $0.075" in texts(app)
    assert [one.value for one in app.caption if "Line 4 is left out" in one.value]
    assert api.state.submit_count == 0
    click_render(app)
    assert not app.exception
    assert prompts_sent(tmp_path) == ["oak", "brick", "snow"]
    wait_until(lambda: api.state.submit_count == 3)
    assert len({(post.json["seed"], post.json["control_image"]) for post in api.state.submits}) == 1


def test_a_new_seed_and_render_clicked_at_once_send_the_new_seed_that_the_form_then_shows(
    app: AppTest, api: FakeApi
) -> None:
    app.run()
    (before,) = [field.value for field in app.number_input if field.label == "Seed"]
    app.button(key="form.new_seed").click()
    click_render(app)
    (after,) = [field.value for field in app.number_input if field.label == "Seed"]
    wait_until(lambda: api.state.submit_count)
    assert [post.json["seed"] for post in api.state.submits] == [after] != [before]


def test_lines_typed_after_the_cost_was_shown_are_not_sent_before_their_own_cost_was(
    app: AppTest, api: FakeApi, tmp_path: Path
) -> None:
    app.run()
    write(app, "oak\nbrick")
    app.text_area(key=form.key(app, "prompt")).set_value("oak\nbrick\nsnow")
    click_render(app)
    assert "this is 3 runs, 3 credits, about $0.075 now" in app.error[0].value
    assert prompts_sent(tmp_path) == []
    click_render(app)
    assert prompts_sent(tmp_path) == ["oak", "brick", "snow"]


def test_a_button_that_said_free_sends_no_paid_run_when_another_tab_has_chosen_the_api_since(
    app: AppTest, api: FakeApi, tmp_path: Path
) -> None:
    choose_backend(tmp_path, "preview")
    app.run()
    assert "Free preview" in texts(app)
    choose_backend(tmp_path, "configured")
    click_render(app)
    assert "this is 1 credit, about $0.025 now" in app.error[0].value
    assert prompts_sent(tmp_path) == []
    click_render(app)
    wait_until(lambda: api.state.submit_count == 1)


def choose_backend(home: Path, backend: str) -> None:
    with database_at(home) as database:
        preferences.change(database, LOCAL, backend=backend)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("oak\nbrick\n" + "x" * 10_001, "The prompt in line 3 has 10,001 characters"),
        ("\n".join(f"prompt {number}" for number in range(25)), "The prompt has 25 lines to render; at most 24"),
        (" \n ", "The prompt must say something."),
    ],
)
def test_one_bad_line_keeps_all_of_them_from_being_sent(app: AppTest, tmp_path: Path, text: str, sentence: str) -> None:
    app.run()
    write(app, text)
    click_render(app)
    assert app.error[0].value.startswith(sentence)
    assert app.error[0].value.endswith("Nothing was sent.")
    assert prompts_sent(tmp_path) == []


def test_a_double_click_is_one_series(app: AppTest, tmp_path: Path) -> None:
    app.run()
    write(app, "oak\nbrick")
    click_render(app)
    shown = app.query_params["run"]
    # Streamlit would disable the button by now; the second click of a double click is on its way before that.
    click_render(app)
    assert prompts_sent(tmp_path) == ["oak", "brick"]
    assert app.query_params["run"] == shown


def test_the_same_series_while_it_is_still_being_made_asks_and_a_yes_is_for_those_lines_only(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rerender.ui.render_form._DOUBLE_CLICK", 0.0)
    app.run()
    write(app, "oak\nbrick")
    click_render(app)
    for sends, text in ((0, "oak\nbrick\nsnow"), (2, "oak\nbrick")):
        app.text_area(key=form.key(app, "prompt")).set_value("oak\nbrick").run()
        click_render(app)
        assert app.warning[0].value.startswith("At least one of these requests is still being made.")
        app.text_area(key=form.key(app, "prompt")).set_value(text)
        next(button for button in app.button if button.label == "Render it again").click().run()
        assert len(prompts_sent(tmp_path)) == 2 + sends


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def render_and_stop(app: AppTest, api: FakeApi) -> None:
    click_render(app.run())
    wait_until(lambda: api.state.get_count)
    app.run()
    press(app, "Stop watching")
    click_render(app)


def test_the_same_request_after_it_was_stopped_asks_and_can_be_watched_again_instead(
    app: AppTest, api: FakeApi, tmp_path: Path
) -> None:
    render_and_stop(app, api)
    assert "goes on at the API, where you stopped watching it" in app.warning[0].value
    press(app, "Watch it again")
    assert not app.warning
    press(app, "Stop watching")
    click_render(app)
    press(app, "Not now")
    assert not app.warning
    assert len(prompts_sent(tmp_path)) == 1
    click_render(app)
    press(app, "Render it again")
    assert len(prompts_sent(tmp_path)) == 2


def test_the_same_request_asks_while_one_may_have_been_charged_until_its_owner_has_said_so(
    app: AppTest, api: FakeApi, tmp_path: Path
) -> None:
    api.state.submit_answers = [Answer(503)]
    click_render(app.run())
    wait_until(lambda: states(tmp_path) == ["uncertain"])
    click_render(app.run())
    assert "may have been charged: say what became of it first." in app.warning[0].value
    assert "Say what became of it" in [link.proto.label for link in app.get("page_link")]
    assert api.state.submit_count == 1
    app.switch_page("pages/needs_you.py").run()
    press(app, "It was charged")
    app.switch_page("pages/render.py").run()
    assert not app.warning
    click_render(app)
    wait_until(lambda: api.state.submit_count == 2)


def test_a_yes_to_a_run_that_is_still_being_made_is_no_yes_to_one_that_was_stopped_since(
    app: AppTest, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rerender.ui.render_form._DOUBLE_CLICK", 0.0)
    click_render(app.run())
    wait_until(lambda: api.state.get_count)
    click_render(app)
    assert "is still being made" in app.warning[0].value
    with database_at(tmp_path) as database, database.write(EVERYONE) as connection:
        connection.exec_driver_sql("UPDATE runs SET finished_at = 5, stopped_at = 5")
    press(app, "Render it again")
    assert len(prompts_sent(tmp_path)) == 1


def test_the_line_beside_the_button_tells_the_next_cost_from_how_the_last_click_stands(
    app: AppTest, api: FakeApi, tmp_path: Path
) -> None:
    sending = threading.Event()
    api.state.on_request = lambda request: request.method == "POST" and sending.wait(60)
    app.run()
    write(app, "\n".join(f"prompt {number}" for number in range(6)))
    click_render(app)
    wait_until(lambda: api.state.submit_count == 4)
    app.run()
    assert "6 runs, 6 credits, about $0.150" in texts(app)
    said = "Last click: 0 of 6 ready, 4 in progress, 2 not sent yet"
    assert f"{said}. You can render again once all of it is sent or cancelled." in captions(app)
    assert render_button(app).disabled
    press(app, "Cancel the 2 not sent yet")
    sending.set()
    wait_until(lambda: len({request.path for request in api.state.requests if request.method == "GET"}) == 4)
    app.run()
    assert "Last click: 0 of 6 ready, 4 in progress, 2 cancelled" in captions(app)
    assert not render_button(app).disabled
    assert "6 runs, 6 credits, about $0.150" in texts(app)
    press(app, "Stop watching this one")
    assert "Last click: 0 of 6 ready, 1 not watched, 3 in progress, 2 cancelled" in captions(app)
    api.state.phases = ["completed"]
    wait_until(lambda: states(tmp_path).count("completed") == 3)
    app.run()
    assert "Last click: 3 of 6 ready, 1 not watched, 2 cancelled" in captions(app)


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]


def test_a_run_that_was_cancelled_is_no_error_and_one_that_went_well_says_nothing(
    app: AppTest, api: FakeApi, tmp_path: Path
) -> None:
    api.state.submit_answers = [Answer(429, headers={"Retry-After": "50"})]
    click_render(app.run())
    wait_until(lambda: api.state.submit_count and "Cancel" in [button.label for button in app.run().button])
    press(app, "Cancel")
    assert [info.value.replace("\\", "") for info in app.info] == [
        "You stopped it before it was sent. Nothing was charged."
    ]
    assert not app.error
    assert "Last click: cancelled" in captions(app)
    api.state.phases = ["completed"]
    click_render(app)
    wait_until(lambda: states(tmp_path) == ["cancelled", "completed"])
    app.run()
    assert not [caption for caption in captions(app) if caption.startswith("Last click")]
