"""The view "JuxtaposeJS" of the package streamlit-image-comparison, kept so that its faults cannot spread.

The package loads its script from another host, writes labels into that script unescaped, mounts through an API that
Streamlit is about to remove, cuts off a twentieth of the picture, and lifts Pillow's limit on pixels for the whole
process. So only its HTML is used: made under a lock that puts the limit back, and shown in a frame without an origin,
from where a foreign script reaches neither the app nor its cookies. Nothing of it is imported before it is chosen.
"""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import streamlit as st
from PIL import Image, ImageOps

from rerender.studio import decoding, pictures
from rerender.ui.compare import SHOWN_MAX_BYTES, Side

NOTE = (
    "JuxtaposeJS loads its script from cdn.knightlab.com in your browser, so it needs internet, "
    "and it shows the pictures as JPEG copies. The slider shows them as they are stored."
)
GONE = "The JuxtaposeJS view is not available here, so the slider is shown. All else works as before."
TOO_LARGE = "These pictures are too large for the JuxtaposeJS view, so the slider is shown."

_PACKAGE = "streamlit_image_comparison"
_LABEL_MAX_CHARS = 60
_limit = threading.Lock()


def show(before: Side, after: Side, *, size: tuple[int, int]) -> bool:
    """Show two pictures in the frame of `size`, with a note on what that means. False, and why, when it cannot be."""
    try:
        made = _html(before.data, after.data, *_labels(before.label, after.label), size)
    except decoding.Busy:
        raise
    except Exception:  # whatever the package raises, or has become
        st.warning(GONE)
        return False
    if len(made) > 2 * SHOWN_MAX_BYTES:
        st.info(TOO_LARGE)
        return False
    # Above the frame, which stays white where there is no internet.
    st.caption(NOTE)
    st.iframe(_isolated(made, size), alt=f"JuxtaposeJS: {before.alt}, and {after.alt}")
    return True


def label(text: str) -> str:
    """The text without anything that could end a string, a tag or a line where the package writes it."""
    kept = re.sub(r"[^\w ,.;:()×–’/%+-]+", " ", text.replace("'", "’"))
    return " ".join(kept.split())[:_LABEL_MAX_CHARS]


def _labels(before: str, after: str) -> tuple[str, str]:
    """Both labels; told apart by their sides where what is left of them is the same."""
    short = label(before), label(after)
    return short if short[0] != short[1] else (f"Left: {short[0]}", f"Right: {short[1]}")


# In the session's own cache: encoding takes a second at the largest size, and a page is drawn often.
@st.cache_data(scope="session", show_spinner=False, max_entries=2)
def _html(before: bytes, after: bytes, before_label: str, after_label: str, size: tuple[int, int]) -> str:
    with decoding.turn(max(before, after, key=len)):
        sides = (_decoded(before, size), _decoded(after, size))
    with _pixel_limit_kept():
        package: Any = import_module(_PACKAGE)
        # In place of Streamlit's deprecated API, of which the package uses one function, once.
        package.components = SimpleNamespace(html=lambda made, **_: made)
        made: str = package.image_comparison(*sides, label1=before_label, label2=after_label, in_memory=True)
    return made


def _decoded(data: bytes, size: tuple[int, int]) -> Image.Image:
    image = pictures.flat(data)
    return image if image.size == size else ImageOps.pad(image, size)


@contextmanager
def _pixel_limit_kept() -> Iterator[None]:
    # One at a time: a second one would take the lifted limit for the real one.
    with _limit:
        limit = Image.MAX_IMAGE_PIXELS
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _isolated(made: str, size: tuple[int, int]) -> str:
    """A page with the package's page in a frame of the pictures' shape, which may run scripts and nothing else."""
    frame = f"width: 100%; aspect-ratio: {size[0]} / {size[1]}; border: 0; display: block"
    return (
        "<style>body { margin: 0 }</style>"
        f'<iframe sandbox="allow-scripts" style="{frame}" srcdoc="{html.escape(made)}"></iframe>'
    )
