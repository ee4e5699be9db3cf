"""The chips under the prompt, under Streamlit's own test runner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rerender.studio.database import Database
from rerender.studio.workspaces import LOCAL
from rerender.ui.understanding import MOST
from tests.fake_api import API_KEY, FakeApi, picture
from tests.pages import form
from tests.studio.rows import add_run


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path))
    monkeypatch.setenv("RERENDER_MODE", "local")
    monkeypatch.delenv("GENLY_API_KEY", raising=False)
    yield AppTest.from_file("../../app.py", default_timeout=300)
    st.cache_resource.clear()


def chips(app: AppTest, colour: str) -> list[str]:
    badges = (re.fullmatch(rf":{colour}-badge\[(.*)\]", one.value) for one in app.markdown)
    return [badge[1] for badge in badges if badge]


def write(app: AppTest, prompt: str) -> AppTest:
    app.text_area(key=form.key(app, "prompt")).set_value(prompt).run()
    assert not app.exception
    return app


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]


def test_the_words_of_a_written_prompt_are_chips_and_say_what_they_were_taken_for(app: AppTest) -> None:
    write(app.run(), "red brick walls, golden hour, blorp")
    assert chips(app, "green") == ["red brick", "walls", "golden hour"]
    assert chips(app, "gray") == ["blorp"]
    lead = next(caption for caption in app.caption if caption.value == "The preview understands")
    assert lead.help.splitlines() == [
        r"- red brick → walls\: brick",
        "- walls",
        r"- golden hour → light\: golden hour",
    ]
    assert "but not" in captions(app)


def test_an_empty_prompt_shows_nothing(app: AppTest) -> None:
    write(app.run(), "  \n ")
    assert chips(app, "green") == chips(app, "gray") == []
    assert not any("preview" in caption for caption in captions(app))


@pytest.mark.parametrize("text", ["oak " * 2_501, "\n".join(f"oak {line}" for line in range(25))], ids=["long", "many"])
def test_of_a_prompt_that_cannot_be_sent_nothing_is_said(app: AppTest, text: str) -> None:
    app.run().toggle(key=form.key(app, "one_a_line")).set_value("\n" in text)
    write(app, text)
    assert chips(app, "green") == chips(app, "gray") == []
    assert not {"The preview understands", "none of the words"} & set(captions(app))


def test_words_that_nothing_is_made_of_are_not_called_understood(app: AppTest) -> None:
    write(app.run(), "blorp")
    assert chips(app, "green") == []
    assert "none of the words" in captions(app)


def test_many_words_are_counted_and_not_all_drawn(app: AppTest) -> None:
    write(app.run(), ", ".join(f"blorp{number}" for number in range(MOST + 5)))
    assert len(chips(app, "gray")) == MOST
    assert "and 5 more" in captions(app)


def test_a_word_without_an_end_is_cut_off(app: AppTest) -> None:
    write(app.run(), "x" * 9_000)
    assert [len(chip) for chip in chips(app, "gray")] == [32]


def test_the_words_of_all_lines_are_shown_together(app: AppTest) -> None:
    app.run().toggle(key=form.key(app, "one_a_line")).set_value(True)
    write(app, "living room, oak\n\nheavy rain\nblorp")
    assert chips(app, "green") == ["living room", "oak", "heavy rain"]
    assert chips(app, "gray") == ["blorp"]


def test_where_the_preview_does_not_render_it_understands_nothing(
    app: AppTest, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENLY_API_KEY", API_KEY)
    monkeypatch.setenv("GENLY_BASE_URL", api.base_url)
    write(app.run(), "red brick walls, blorp")
    assert chips(app, "green") == chips(app, "gray") == []


def test_under_a_result_stands_what_was_understood_then_whatever_is_written_now(app: AppTest, tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    misc = {"understood": ["[oak](http://x)"], "not_understood": ["blorp"], "taken_for": {"[oak](http://x)": "floor"}}
    add_run(database, workspace=LOCAL, results=[picture(512, 512)], misc=misc)
    database.close()
    write(app.run(), "  ")
    assert chips(app, "green") == ["\\[oak\\]\\(http\\:\u200b//x\\)"]
    assert chips(app, "gray") == ["blorp"]
    assert "The preview understood" in captions(app)
