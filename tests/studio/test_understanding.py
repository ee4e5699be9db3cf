"""Which words of a prompt the preview engine follows, as the pages say it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rerender.models import PROMPT_MAX_CHARS
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.prompts import MOST_LINES
from rerender.studio.understanding import Understanding, of_run, of_text
from tests.studio.rows import add_run


def test_each_phrase_is_there_once_in_prompt_order_with_what_it_was_taken_for() -> None:
    words = of_text("red brick walls, blorp, no fog, masterpiece, blorp")
    assert list(words.understood.items()) == [("red brick", "walls: brick"), ("walls", "walls"), ("no fog", "left out")]
    assert words.not_understood == ("blorp",)


@pytest.mark.parametrize("text", ["", " \n ", "8k, masterpiece"])
@pytest.mark.parametrize("one_a_line", [False, True])
def test_a_text_that_says_nothing_has_no_phrases(text: str, one_a_line: bool) -> None:
    assert of_text(text, one_a_line=one_a_line) == Understanding({}, ())


def test_a_text_of_several_lines_is_one_prompt_unless_each_line_is_one() -> None:
    text = "living room\nhouse"
    assert of_text(text) == Understanding({"living room": "setting: interior"}, ("house",))
    assert of_text(text, one_a_line=True).not_understood == ()


def test_a_phrase_that_one_of_several_prompts_does_not_follow_counts_as_not_understood() -> None:
    words = of_text("house, slate roof\nliving room, roof", one_a_line=True)
    assert list(words.understood) == ["house", "slate", "living room"]
    assert words.not_understood == ("roof",)


def test_a_phrase_that_is_taken_for_this_in_one_prompt_and_for_that_in_another_says_both() -> None:
    words = of_text("house, oak\nliving room, oak", one_a_line=True)
    assert words.understood["oak"] == "walls: oak or floor: oak"


def test_what_cannot_be_sent_is_not_looked_at() -> None:
    assert of_text("oak " * (PROMPT_MAX_CHARS // 4)) is not None
    assert of_text("oak " * (PROMPT_MAX_CHARS // 4) + "x") is None
    assert of_text("brick\n" + "oak " * 3_000, one_a_line=True) is None
    lines = "\n".join(f"oak {number}" for number in range(MOST_LINES + 1))
    assert of_text(lines, one_a_line=True) is None


@pytest.mark.parametrize(
    ("misc", "words"),
    [
        ({"understood": ["oak"], "not_understood": ["blorp"], "taken_for": {"oak": "walls: wood"}}, "walls: wood"),
        ({"understood": ["oak"], "not_understood": ["blorp"]}, ""),
    ],
    ids=["now", "in versions that did not say it"],
)
def test_a_run_keeps_what_was_understood_when_it_was_made(tmp_path: Path, misc: dict[str, object], words: str) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    run = History(database, "ours").run(add_run(database, prompt="oak blorp", misc=misc))
    database.close()
    assert run is not None
    assert of_run(run) == Understanding({"oak": words}, ("blorp",))


def test_reading_words_loads_neither_opencv_nor_streamlit() -> None:
    script = (
        "import sys\n"
        "from rerender.studio.understanding import of_text\n"
        "assert of_text('red brick walls, oak floor, blorp').understood\n"
        "print(sorted({'cv2', 'streamlit', 'fastapi'} & set(sys.modules)))\n"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"
