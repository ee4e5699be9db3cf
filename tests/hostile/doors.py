"""Every way by which a stranger's file reaches a decoder, and what comes of it: a value, or one sentence."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image

from rerender import images
from rerender.engines.preview import control
from rerender.errors import DownloadError, ImageError, InvalidRequest
from rerender.models import RenderRequest
from rerender.service.schemas import read_request
from rerender.studio import capsule, pictures
from tests.hostile.building import chunk, png
from tests.service.calls import body

OUR_CODECS = {"zip", "jpeg", "raw", "gif", "libtiff", "bmp_rle", "packbits"}


@dataclass(frozen=True)
class Outcome:
    """What a door made of a file: `value`, or where it is refused the error's `sentence`."""

    value: Any = None
    sentence: str = ""


def through(door: Callable[[bytes], Any], data: bytes) -> Outcome:
    """Whatever is no typed refusal of ours is a crash, and goes on up."""
    try:
        return Outcome(door(data))
    except (ImageError, InvalidRequest, DownloadError) as refused:
        return Outcome(sentence=str(refused))


def is_fit_for_people(sentence: str) -> bool:
    """One line of plain words that begins and ends as sentences do, and nothing of how a program says it."""
    internal = re.search(r"Traceback|Error\b|Exception|at 0x|<\w+ |PIL|\\x|b'|\bNone\b|object at|errno", sentence)
    begins = sentence[:1].isupper() or sentence.startswith("control_image ")  # the API says which field it means
    return begins and sentence.endswith(".") and sentence.isprintable() and len(sentence) < 300 and not internal


def posted(data: bytes) -> bytes:
    """What the service keeps of a control image that is posted to it."""
    sent = body(control_image=base64.b64encode(data).decode("ascii"))
    return read_request(json.dumps(sent).encode()).control_image


def carried(data: bytes) -> RenderRequest | None:
    """What is read from a picture that says that it was made from this file."""
    described = {"version": 1, "backend": "embedded", "render_id": "1", "position": 0, **FIELDS}
    texts = {b"rerender.request": json.dumps(described).encode(), b"rerender.control_image": base64.b64encode(data)}
    return capsule.read(png(*[chunk(b"iTXt", name + bytes(5) + text) for name, text in texts.items()]))


FIELDS = {name: value for name, value in RenderRequest("oak", b"-").to_json().items() if name != "control_image"}

DOORS: dict[str, Callable[[bytes], Any]] = {
    "the form": images.load,
    "prepared": lambda data: images.prepare(data, 512, 512, "pad"),
    "prepared with alpha": lambda data: images.prepare(data, 512, 520, keep_alpha=True),
    "described": pictures.describe,
    "shown small": lambda data: pictures.shrink(data, 64),
    "shown flat": pictures.flat,
    "carrying settings": capsule.read,
    "carried as control image": carried,
    "posted to the service": posted,
    "the preview engine": control.decode,
}


@contextmanager
def watched() -> Iterator[set[tuple[str, str]]]:
    """Which of Pillow's readers and decoders are given any bytes, as ("reader" or "decoder", name)."""
    seen: set[tuple[str, str]] = set()
    Image.init()
    with pytest.MonkeyPatch.context() as patch:
        for name, (factory, accept) in list(Image.OPEN.items()):

            def opened(*args: Any, name: str = name, factory: Any = factory) -> Any:
                seen.add(("reader", name))
                return factory(*args)

            def accepted(prefix: bytes, name: str = name, accept: Any = accept) -> Any:
                seen.add(("reader", name))
                return accept(prefix)

            patch.setitem(Image.OPEN, name, (opened, accepted if accept else None))
        decoder = Image._getdecoder

        def decoding(mode: str, codec: str, *args: Any) -> Any:
            seen.add(("decoder", codec))
            return decoder(mode, codec, *args)

        patch.setattr(Image, "_getdecoder", decoding)
        yield seen
