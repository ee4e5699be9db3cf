"""A picture that carries its request gives it back, and no file that only looks like one does any harm."""

from __future__ import annotations

import io
import json
import struct
import time
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from rerender.models import RenderRequest
from rerender.studio import capsule, pictures
from rerender.studio.runs import Run
from tests.fake_api import picture
from tests.studio.helpers import a_request

OUTPUT = picture(512, 512, 100)
REQUEST = a_request(prompt='“Eiche” und Glas\n木 🪵 "quoted" \\', batch_size=3)


def run_of(request: RenderRequest, **changes: Any) -> Run:
    fields = {name: getattr(request, name) for name in request.__dataclass_fields__ if name != "control_image"}
    known = {"backend": "embedded", "render_id": "render1"}
    return Run(**dict.fromkeys(Run.__dataclass_fields__) | fields | known | changes)


def written(request: RenderRequest = REQUEST, output: bytes = OUTPUT, **changes: Any) -> bytes:
    return capsule.write(output, 2, run_of(request, **changes), request.control_image)


def test_a_picture_gives_back_the_whole_request_that_it_was_made_by() -> None:
    assert capsule.read(written()) == REQUEST


def test_every_byte_of_the_picture_stays_and_so_does_every_pixel() -> None:
    data = written()
    assert data[:33] + data[len(data) - len(OUTPUT) + 33 :] == OUTPUT
    with Image.open(io.BytesIO(data)) as opened, Image.open(io.BytesIO(OUTPUT)) as plain:
        assert opened.tobytes() == plain.tobytes()


def test_the_largest_request_still_fits_what_a_capsule_may_hold() -> None:
    largest = a_request(prompt="\U0001fab5" * 10_000, seed=10_000_000, batch_size=4)
    data = written(largest)
    assert capsule.read(data) == largest
    big = pictures.Picture("", "image/png", 2048, 2048, 12_000_000)
    assert capsule.can_hold(pictures.describe(OUTPUT), pictures.describe(largest.control_image))
    assert not capsule.can_hold(big, big), "it could not be uploaded again"


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_picture_of_another_kind_stays_the_file_that_it_is(kind: str) -> None:
    other = picture(512, 512, 100, kind)
    assert not capsule.can_hold(pictures.describe(other), pictures.describe(REQUEST.control_image))
    with pytest.raises(ValueError, match="PNG"):
        written(output=other)


def test_a_picture_from_elsewhere_is_a_picture_like_any_other() -> None:
    text = PngInfo()
    text.add_itxt("parameters", "oak and glass, seed 7")
    text.add_itxt("rerender.request.notes", json.dumps({"prompt": "not ours"}))
    text.add_text("Comment", "x" * 100_000, zip=True)
    file = io.BytesIO()
    Image.new("RGB", (512, 512)).save(file, "PNG", pnginfo=text)
    for data in (OUTPUT, file.getvalue(), picture(64, 64, 100, "JPEG"), b"", b"\x89PNG\r\n\x1a\n"):
        assert capsule.read(data) is None


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def text_chunk(keyword: str, text: bytes) -> bytes:
    return chunk(b"iTXt", keyword.encode() + b"\0\0\0\0\0" + text)


def forged(described: Any, control_image: bytes | None = None) -> bytes:
    """A capsule that says anything, with sound checksums."""
    text = described if isinstance(described, bytes) else json.dumps(described).encode()
    encoded = REQUEST.to_json()["control_image"].encode() if control_image is None else control_image
    chunks = text_chunk("rerender.request", text) + text_chunk("rerender.control_image", encoded)
    return OUTPUT[:33] + chunks + OUTPUT[33:]


SOUND = {name: value for name, value in REQUEST.to_json().items() if name != "control_image"} | {
    "version": 1,
    "backend": "embedded",
    "render_id": "render1",
    "position": 2,
}


def test_the_forgeries_below_differ_from_a_capsule_in_one_thing_only() -> None:
    assert capsule.read(forged(SOUND)) == capsule.read(written())


@pytest.mark.parametrize(
    "described",
    [
        *({name: value for name, value in SOUND.items() if name != missing} for missing in SOUND),
        SOUND | {"version": 2},
        SOUND | {"prompt": ["a", "list"]},
        SOUND | {"prompt": "   "},
        SOUND | {"prompt": "x" * 10_001},
        SOUND | {"batch_size": True},
        SOUND | {"batch_size": 400},
        SOUND | {"image_width": 100_000},
        SOUND | {"seed": "7"},
        SOUND | {"backend": {"url": "http://127.0.0.1"}},
        SOUND | {"render_id": None},
        SOUND | {"position": 1.5},
        [SOUND],
        None,
        b"",
        b"no JSON",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"version": ' + b"9" * 100_000 + b"}",
        json.dumps(SOUND | {"more": "x" * 200_000}).encode(),
    ],
)
def test_a_forged_request_is_no_capsule(described: Any) -> None:
    assert capsule.read(forged(described)) is None


@pytest.mark.parametrize("control_image", [b"", b"%%%", b"\xff", b"bm8gcGljdHVyZQ=="])
def test_a_control_image_that_is_no_picture_is_no_capsule(control_image: bytes) -> None:
    assert capsule.read(forged(SOUND, control_image)) is None


def test_a_compressed_chunk_is_never_unfolded() -> None:
    bomb = zlib.compress(b" " * 50_000_000, 9)
    data = OUTPUT[:33] + chunk(b"iTXt", b"rerender.request\0\1\0\0\0" + bomb) + forged(SOUND)[33:]
    assert capsule.read(data) == capsule.read(written()), "it is passed over"


def test_a_million_chunks_and_a_chunk_longer_than_its_file_cost_no_time() -> None:
    many = OUTPUT[:33] + chunk(b"iTXt", b"") * 1_000_000 + OUTPUT[33:]
    endless = OUTPUT[:33] + struct.pack(">I", 2**32 - 1) + b"iTXt" + OUTPUT[33:]
    start = time.thread_time()
    assert capsule.read(many) is None
    assert capsule.read(endless) is None
    assert capsule.read(written() + b"x" * 20_000_000) is None
    assert time.thread_time() - start < 1


@given(cut=some.integers(0, 20_000))
@settings(max_examples=200)
def test_a_capsule_cut_off_anywhere_is_whole_or_none(cut: int) -> None:
    data = written()
    assert capsule.read(data[:cut]) in (None, REQUEST)


@given(place=some.integers(0, 4_000), byte=some.integers(0, 255))
@settings(max_examples=300)
def test_a_capsule_with_a_wrong_byte_is_whole_or_none(place: int, byte: int) -> None:
    data = bytearray(written())
    data[place % len(data)] = byte
    assert capsule.read(bytes(data)) in (None, REQUEST)
