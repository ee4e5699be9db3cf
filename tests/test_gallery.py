"""The gallery shows what it promises, and its page is the one that the script writes."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from PIL import Image

from docs.gallery import FOLDER, PAGE, STRIP_FILE, page
from docs.gallery_sheets import MEDIA, SEEDS, SHEETS, STRIP, Sheet
from rerender import samples
from rerender.engines.preview.media import MEDIA as DRAWN
from rerender.engines.preview.planner import plan
from tests.engines.held_out import CONTROLS, UNSEEN, HeldOut

BY_NAME = {sheet.name: sheet for sheet in SHEETS}
PROMPTS = sorted({shot.prompt for sheet in SHEETS for shot in sheet.shots if shot.prompt})


def test_every_sample_is_shown_with_sixteen_prompts() -> None:
    for sample in samples.SAMPLES:
        prompts = [shot.prompt for shot in BY_NAME[sample.name].shots]
        assert len(set(prompts)) == 16
        assert set(sample.prompts) <= set(prompts)


def test_every_medium_is_shown_and_taken_for_itself() -> None:
    assert set(MEDIA) == set(DRAWN)
    drawn = [plan(shot.prompt).medium for shot in BY_NAME["media"].shots if shot.prompt]
    assert drawn == list(MEDIA)


def test_one_prompt_is_shown_with_eight_seeds() -> None:
    shots = BY_NAME["seeds"].shots
    assert len({shot.prompt for shot in shots}) == 1
    assert [shot.seed for shot in shots] == list(SEEDS)
    assert len(SEEDS) == 8


@pytest.mark.parametrize(("sheet", "controls"), [("held-out", CONTROLS), ("unseen", UNSEEN)])
def test_drawn_control_images_stand_beside_what_was_made_of_them(sheet: str, controls: Mapping[str, HeldOut]) -> None:
    shots = BY_NAME[sheet].shots
    assert len(shots) == 16
    assert {shot.control for shot in shots} <= set(controls)
    for control, render in zip(shots[::2], shots[1::2], strict=True):
        assert (control.prompt, control.control) == (None, render.control)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_prompt_of_the_gallery_is_understood(prompt: str) -> None:
    assert plan(prompt).not_understood == ()


def test_the_page_is_the_one_that_the_script_writes() -> None:
    assert PAGE.read_text("utf-8") == page()


def test_every_picture_of_the_page_is_there_with_an_alternative_text() -> None:
    shown = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", page())
    assert len(shown) == len(SHEETS) + len(samples.SAMPLES)
    for text, path in shown:
        assert len(text) > 20
        assert (PAGE.parent / path).exists()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_sheet_has_room_for_each_of_its_pictures(sheet: Sheet) -> None:
    with Image.open(FOLDER / f"{sheet.name}.webp") as picture:
        assert picture.format == "WEBP"
        assert picture.width >= sheet.columns * 400
        assert picture.height >= len(sheet.shots) / sheet.columns * 300


def test_the_gallery_is_light_and_the_strip_lighter() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 6_000_000
    assert STRIP_FILE.stat().st_size <= 200_000
    assert {path.stem for path in FOLDER.iterdir()} == set(BY_NAME)


def test_the_strip_is_a_part_of_the_gallery() -> None:
    assert {(shot.control, shot.prompt) for shot in STRIP} <= {
        (shot.control, shot.prompt) for sheet in SHEETS for shot in sheet.shots
    }
