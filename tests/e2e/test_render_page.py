"""The main job in a real browser: choose an image, write a prompt, render, compare, download, reload."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.steps import (
    batch,
    choose_batch_size,
    download,
    prompt_box,
    render,
    render_button,
    set_size,
    settle,
    slider,
    upload,
)

pytestmark = pytest.mark.browser


def photo(width: int, height: int) -> bytes:
    """A photo-like JPEG: a lit gradient, a few boxes, and noise."""
    noise = np.random.RandomState(3)
    picture = np.linspace(230, 90, height)[:, None, None] * np.array([0.8, 0.9, 1.0]) * np.ones((height, width, 1))
    for index in range(5):
        left = width * index // 5
        picture[height * (5 - index % 3) // 8 :, left : left + width // 6] = (150 - 12 * index, 110, 80 + 10 * index)
    picture += noise.normal(0, 6, picture.shape)
    file = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def test_a_stranger_renders_a_sample_compares_downloads_and_finds_it_again_after_a_reload(page: Page) -> None:
    page.get_by_role("radiogroup", name="Samples").locator("img").first.click()
    render(page, "night, warm lit windows, brick walls")

    box = slider(page).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    assert float(slider(page).input_value()) == pytest.approx(25, abs=1)
    slider(page).press("ArrowRight")
    assert float(slider(page).input_value()) > 25
    slider(page).press("End")
    assert slider(page).input_value() == "100"

    picture = download(page, "Download")
    shown = page.locator("img.after").evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert Image.open(io.BytesIO(picture)).size == tuple(shown)

    page.reload()
    expect(slider(page)).to_be_visible()
    expect(prompt_box(page)).to_have_value("night, warm lit windows, brick walls")
    assert download(page, "Download") == picture


@pytest.mark.proof
def test_an_uploaded_photo_renders_at_2048_and_what_is_compared_is_what_was_sent(page: Page) -> None:
    upload(page, "site.jpg", photo(1600, 1600))
    expect(page.get_by_text("Sent as 1024 × 1024 px")).to_be_visible()
    settle(page)
    set_size(page, "Width", 2048)
    expect(page.get_by_text("Sent as 2048 × 2048 px")).to_be_visible()
    render(page, "golden hour")
    for side in ("img.before", "img.after"):
        for length in ("naturalWidth", "naturalHeight"):
            expect(page.locator(side)).to_have_js_property(length, 2048)


def test_a_batch_shows_every_picture_and_the_zip_holds_the_stored_bytes(page: Page) -> None:
    choose_batch_size(page, 3)
    render(page, "watercolor, spring")
    expect(batch(page)).to_have_count(3)
    first = download(page, "Download")
    batch(page).nth(2).press("Space")
    expect(page.locator(".label.right")).to_have_text("Preview 3 of 3")
    third = download(page, "Download")
    with zipfile.ZipFile(io.BytesIO(download(page, "Download all 3 as ZIP"))) as archive:
        stored = [archive.read(name) for name in archive.namelist()]
    assert stored[0] == first
    assert stored[2] == third
    assert len({*stored}) == 3


def test_a_bad_file_gets_one_sentence_and_the_form_keeps_what_was_typed(page: Page) -> None:
    prompt_box(page).fill("my own words")
    for name, data in {"notes.png": b"no picture at all", "empty.png": b"", "cut.jpg": photo(800, 600)[:9000]}.items():
        upload(page, name, data)
        expect(page.get_by_role("alert")).to_contain_text("The file is broken")
        expect(prompt_box(page)).to_have_value("my own words")
        expect(page.get_by_role("button", name=f"Remove {name}")).to_have_count(0)
    upload(page, "photo.jpg", photo(800, 600))
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(prompt_box(page)).to_have_value("my own words")
    expect(render_button(page)).to_be_enabled()


def test_an_impossible_prompt_is_refused_before_anything_is_sent(page: Page) -> None:
    box = prompt_box(page)
    for prompt, sentence in {"": "must say something", "word " * 4000: "has 20,000 characters"}.items():
        box.fill(prompt)
        box.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text(sentence)
        expect(page.get_by_role("alert")).to_contain_text("Nothing was sent.")
        settle(page)
        expect(box).to_have_value(prompt)


def test_a_reload_in_the_middle_of_a_render_comes_back_to_it(page: Page) -> None:
    choose_batch_size(page, 4)
    box = prompt_box(page)
    box.fill("heavy snow, winter")
    box.press("Control+Enter")
    page.wait_for_url("**/?run=*")
    page.reload()
    expect(batch(page)).to_have_count(4, timeout=90_000)
    expect(box).to_have_value("heavy snow, winter")


@pytest.mark.proof
def test_nothing_overflows_on_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    render(page, "blueprint")
    widths = page.locator("[data-testid=stMain]").evaluate("main => [main.scrollWidth, main.clientWidth]")
    assert widths[0] <= widths[1] <= 390
    assert slider(page).bounding_box()["width"] > 300
