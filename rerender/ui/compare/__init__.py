"""The before/after slider: the two files as they are, one over the other, nothing sent while sliding."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from rerender.errors import ImageError
from rerender.studio import decoding, pictures
from rerender.ui import components

SHOWN_MAX_BYTES = 8_000_000
"""A larger file would block the page's one connection for seconds, and two of them would be more than it carries
(`server.maxMessageSize`); a reduced copy is shown, and said to be one.
"""
_REDUCED_SIDE = 2048

TALLEST = "70vh"
"""How much of the window's height a comparison takes, so that all of it is seen at once."""

_mount = components.declare("compare")


@dataclass(frozen=True, slots=True)
class Side:
    """One picture of a comparison: a file's bytes and MIME type, its label, and its text alternative."""

    data: bytes
    mime: str
    label: str
    alt: str


def compare(before: Side, after: Side, *, size: tuple[int, int], key: str, tallest: str = TALLEST) -> None:
    """Show two pictures under a slider that works by pointer, touch and keyboard.

    `size` is the control image's (width, height) in pixels: both pictures are shown in that frame, never stretched,
    and no higher than `tallest`, a CSS length. A file over `SHOWN_MAX_BYTES` is shown reduced and its label says so.

    Raises `Busy`.
    """
    _show([before, after], "compared", size, key, tallest)


def alone(before: Side, *, size: tuple[int, int], key: str, waiting: bool = False, tallest: str = TALLEST) -> None:
    """Show the control image in the frame where its comparison will be; `waiting` lets it breathe. Raises `Busy`."""
    _show([before], "waiting" if waiting else "alone", size, key, tallest)


def _show(sides: list[Side], state: str, size: tuple[int, int], key: str, tallest: str) -> None:
    shown = [_shown(side) for side in sides]
    header = {
        "state": state,
        "labels": [side.label for side in shown],
        "alts": [side.alt for side in shown],
        "aspect": size[0] / size[1],
        "tallest": tallest,
    }
    _mount(data=components.pack(header, [(side.data, side.mime) for side in shown]), key=key)


def _shown(side: Side) -> Side:
    if len(side.data) <= SHOWN_MAX_BYTES:
        return side
    try:
        with decoding.turn(side.data):
            reduced = pictures.flat(side.data)
            reduced.thumbnail((_REDUCED_SIDE, _REDUCED_SIDE), Image.Resampling.LANCZOS)
    except ImageError:
        return Side(b"", side.mime, f"{side.label} (cannot be shown)", side.alt)
    file = io.BytesIO()
    reduced.save(file, "JPEG", quality=90, subsampling=0)
    return Side(file.getvalue(), "image/jpeg", f"{side.label} (shown reduced)", side.alt)
