"""A picture that carries its settings, chosen as a control image, fills the form; any other is just a picture."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from streamlit.testing.v1 import AppTest

from rerender.models import RenderRequest
from rerender.studio import capsule, decoding
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.limits import LOCAL_LIMITS
from rerender.studio.runs import Run
from rerender.studio.workspaces import LOCAL
from tests.fake_api import picture
from tests.pages import form

REQUEST = RenderRequest("oak and glass", picture(640, 512, 90), 3, 640, 512, 4242)
OUTPUT = picture(640, 512, 200)
MINE = "my own words"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path))
    monkeypatch.setenv("RERENDER_MODE", "local")
    running = AppTest.from_file("../../app.py", default_timeout=300).run()
    running.text_area(key=form.key(running, "prompt")).set_value(MINE)
    running.segmented_control(key="form.source").set_value("Upload").run()
    yield running
    st.cache_resource.clear()
    decoding.allow(LOCAL_LIMITS)


def carrying(request: RenderRequest, output: bytes = OUTPUT) -> bytes:
    """An output that carries that request."""
    fields = {name: getattr(request, name) for name in request.__dataclass_fields__ if name != "control_image"}
    run = Run(**dict.fromkeys(Run.__dataclass_fields__) | fields | {"backend": "embedded", "render_id": "render1"})
    return capsule.write(output, 0, run, request.control_image)


def upload(app: AppTest, data: bytes) -> None:
    app.file_uploader[0].upload("oak.png", data).run()
    assert not app.exception


def button(app: AppTest, label: str):
    return next(button for button in app.button if button.label == label)


def settings(app: AppTest) -> tuple[str, int, int, int, int]:
    prompt, batch_size = (
        app.text_area(key=form.key(app, "prompt")),
        app.segmented_control(key=form.key(app, "batch_size")),
    )
    numbers = (app.number_input(key=form.key(app, name)).value for name in ("width", "height", "seed"))
    return prompt.value, batch_size.value, *numbers


def test_its_settings_fill_the_form_and_its_control_image_is_sent_again_byte_for_byte(
    app: AppTest, tmp_path: Path
) -> None:
    upload(app, carrying(REQUEST))
    assert settings(app) == ("oak and glass", 3, 640, 512, 4242)
    assert "The picture's settings are in the form." in [caption.value for caption in app.caption]
    button(app, "Render").click().run()
    database = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    run = History(database, LOCAL).latest()
    database.close()
    assert run is not None
    assert run.control_image == hashlib.sha256(REQUEST.control_image).hexdigest()


def test_the_picture_itself_can_be_the_control_image_and_then_nothing_typed_is_lost(app: AppTest) -> None:
    app.toggle(key=form.key(app, "one_a_line")).set_value(True).run()
    before = settings(app)
    upload(app, carrying(REQUEST))
    assert not app.toggle(key=form.key(app, "one_a_line")).value, "a carried prompt is one prompt"
    button(app, "Use the picture itself").click().run()
    assert app.toggle(key=form.key(app, "one_a_line")).value
    prompt, batch_size, _, _, seed = settings(app)
    assert (prompt, batch_size, seed) == (MINE, before[1], before[4])
    assert "oak.png" in [text.value for text in app.text]
    assert "Use the picture itself" not in [button.label for button in app.button]


def test_a_picture_with_anothers_notes_leaves_the_form_as_it_is(app: AppTest) -> None:
    before = settings(app)
    notes, file = PngInfo(), io.BytesIO()
    notes.add_itxt("parameters", "a cat, seed 1")
    Image.new("RGB", (900, 600)).save(file, "PNG", pnginfo=notes)
    upload(app, file.getvalue())
    assert (settings(app)[0], settings(app)[4]) == (MINE, before[4])
    assert "oak.png" in [text.value for text in app.text]


def test_a_control_image_of_another_size_than_its_settings_say_is_prepared_like_any_upload(
    app: AppTest, tmp_path: Path
) -> None:
    upload(app, carrying(RenderRequest("oak", picture(3000, 40), 1, 512, 512, 1)))
    button(app, "Render").click().run()
    database = Database.open(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    history = History(database, LOCAL)
    run = history.latest()
    assert run is not None
    sent = history.control_image(run.run_id)
    database.close()
    assert sent is not None
    assert (sent.width, sent.height) == (512, 512)


def test_a_picture_with_its_settings_goes_past_no_limit_and_can_be_used_itself(app: AppTest) -> None:
    noise, file = np.random.default_rng(1).integers(0, 255, (640, 512, 3), np.uint8), io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    large = carrying(REQUEST, file.getvalue())
    decoding.allow(replace(LOCAL_LIMITS, kept_upload_kb=200))
    upload(app, large)
    assert settings(app) == ("oak and glass", 3, 640, 512, 4242)
    assert 0 < len(app.session_state["session.control"]["carrier"]["data"]) <= 200_000 < len(large)
    button(app, "Use the picture itself").click().run()
    assert not app.exception
    assert (app.error[:], settings(app)[0]) == ([], MINE)
    decoding.allow(replace(LOCAL_LIMITS, upload_mb=1))
    upload(app, carrying(REQUEST, file.getvalue() + bytes(1_000_000)))
    assert [error.value.split(";")[0] for error in app.error] == ["The file is over 1 MB, the most that is taken here"]
    assert settings(app)[0] == MINE


def test_a_file_is_out_of_the_uploader_once_it_is_the_control_image(app: AppTest) -> None:
    before = app.file_uploader[0].key
    upload(app, picture(640, 512))
    assert app.file_uploader[0].key != before
    assert app.file_uploader[0].value is None
    assert "oak.png" in [text.value for text in app.text]
