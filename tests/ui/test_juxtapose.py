"""The package behind the JuxtaposeJS view: what it may not do to the rest of the app."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from hypothesis import given, strategies
from PIL import Image
from streamlit.testing.v1 import AppTest

from rerender.ui import juxtapose
from tests.fake_api import picture

SIZE = (64, 48)


@given(strategies.text())
def test_a_label_can_end_neither_a_string_nor_a_tag_nor_a_line(text: str) -> None:
    label = juxtapose.label(text)
    assert not set(label) & set("'\"`\\<>&${}\n\r\u2028\u2029\0")
    assert len(label) <= 60


def test_an_apostrophe_stays_readable() -> None:
    assert juxtapose.label("the client's oak & glass") == "the client’s oak glass"


def test_pillows_limit_on_pixels_is_in_force_again_also_after_many_at_once() -> None:
    limit = Image.MAX_IMAGE_PIXELS
    assert limit
    data = [picture(64, 48, shade) for shade in range(8)]
    calls = [
        threading.Thread(target=juxtapose._html.__wrapped__, args=(one, one, "before", "after", SIZE)) for one in data
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert limit == Image.MAX_IMAGE_PIXELS


def view() -> None:
    from rerender.ui import juxtapose
    from rerender.ui.compare import Side
    from tests.fake_api import picture

    one = Side(picture(64, 48), "image/png", "it's </script>", "one")
    juxtapose.show(one, Side(picture(32, 32), "image/png", "after", "two"), size=(64, 48))


def large_view() -> None:
    import io
    import os

    from PIL import Image

    from rerender.ui import juxtapose
    from rerender.ui.compare import Side

    file = io.BytesIO()
    Image.frombytes("RGB", (1600, 1600), os.urandom(1600 * 1600 * 3)).save(file, "JPEG")
    one = Side(file.getvalue(), "image/jpeg", "one", "one")
    assert not juxtapose.show(one, one, size=(2048, 2048))


def test_pictures_that_would_be_more_than_a_message_carries_stay_in_the_slider() -> None:
    app = AppTest.from_function(large_view, default_timeout=300).run()
    assert not app.exception
    assert app.info[0].value == juxtapose.TOO_LARGE


def test_the_view_says_what_it_does_and_its_script_runs_in_a_frame_without_an_origin(tmp_path: Path) -> None:
    app = AppTest.from_function(view, default_timeout=300).run()
    assert not app.exception
    assert [caption.value for caption in app.caption] == [juxtapose.NOTE]
    (frame,) = app.get("iframe")
    assert 'sandbox="allow-scripts"' in frame.proto.srcdoc
    inner = unescape(frame.proto.srcdoc)
    assert "label: 'it’s /script'" in inner
    assert inner.count("data:image/jpg;base64,") == 2
    assert not Path("temp").exists(), "nothing was written to a folder that every visitor shares"


@pytest.mark.parametrize(
    "package", [None, SimpleNamespace(), SimpleNamespace(image_comparison=lambda before, after: "another API")]
)
def test_a_package_that_is_gone_or_changed_leaves_one_sentence(
    monkeypatch: pytest.MonkeyPatch, package: SimpleNamespace | None
) -> None:
    st.cache_data.clear()
    monkeypatch.setitem(sys.modules, "streamlit_image_comparison", package)
    app = AppTest.from_function(view, default_timeout=300).run()
    assert not app.exception
    assert [warning.value for warning in app.warning] == [juxtapose.GONE]


def test_nothing_of_it_is_imported_before_it_is_chosen() -> None:
    script = "import sys; from rerender.ui import results; print('streamlit_image_comparison' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_a_picture_lies_as_a_browser_shows_it() -> None:
    upright = Image.new("RGBA", SIZE, (0, 0, 255, 255))
    upright.paste((0, 255, 0, 0), (0, 0, 64, 24))
    exif = Image.Exif()
    exif[0x0112] = 3  # turned by half
    file = io.BytesIO()
    upright.rotate(180).save(file, "PNG", exif=exif)
    shown = juxtapose._decoded(file.getvalue(), SIZE)
    assert shown.getpixel((5, 5)) == (255, 255, 255), "see-through, so white"
    assert shown.getpixel((5, 40)) == (0, 0, 255)


def test_labels_that_are_cut_to_the_same_words_are_told_apart() -> None:
    assert juxtapose._labels("oak " * 20 + "one", "oak " * 20 + "two")[0].startswith("Left: oak")
    assert juxtapose._labels("oak", "brick") == ("oak", "brick")
