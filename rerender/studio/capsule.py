"""A picture that carries the request it was made by: two text chunks more in its PNG, not a pixel otherwise.

The chunks are `iTXt`, uncompressed, right after the header: `rerender.request` is JSON, `rerender.control_image` the
control image in base64. No key is in them. What is read back is a stranger's file: whatever is not exactly what `write`
writes is no capsule, and so a picture like any other.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from rerender.errors import ImageError, InvalidRequest
from rerender.models import CONTROL_IMAGE_MAX_BYTES, PROMPT_MAX_CHARS, RenderRequest
from rerender.studio import decoding
from rerender.studio.runs import Picture, Run

__all__ = ["can_hold", "read", "write"]

VERSION = 1
MAX_BYTES = CONTROL_IMAGE_MAX_BYTES
"""A larger file could not be uploaded again."""

_SIGNATURE, _HEADER_END = b"\x89PNG\r\n\x1a\n", 33
_REQUEST, _CONTROL_IMAGE = b"rerender.request", b"rerender.control_image"
# After the keyword: not compressed (so that no chunk can unfold into gigabytes), no language, no translated keyword.
_PLAIN = b"\0" * 5
# JSON writes a character in twelve bytes at most; the other fields are short.
_REQUEST_MAX_BYTES = 12 * PROMPT_MAX_CHARS + 8_000
# A hostile file can have a million chunks; ours come first, unless a tool has put some of its own before them.
_CHUNKS_READ = 100


def can_hold(output: Picture, control_image: Picture) -> bool:
    """Whether `write` can make a capsule of an output: a PNG, and small enough to be uploaded again."""
    size = output.byte_size + 4 * control_image.byte_size // 3 + _REQUEST_MAX_BYTES
    return output.mime == "image/png" and size <= MAX_BYTES


def write(output: bytes, position: int, run: Run, control_image: bytes) -> bytes:
    """The PNG `output`, the run's picture at `position`, with the run's request in it.

    All bytes of `output` stay as they are and in their order. Raises `ValueError` for a file that is no PNG.
    """
    if not _is_png(output):
        raise ValueError("Only a PNG can carry its request.")
    described = {
        "version": VERSION,
        "prompt": run.prompt,
        "batch_size": run.batch_size,
        "image_width": run.image_width,
        "image_height": run.image_height,
        "seed": run.seed,
        "backend": run.backend,
        "render_id": run.render_id or "",
        "position": position,
    }
    chunks = _chunk(_REQUEST, json.dumps(described).encode()) + _chunk(_CONTROL_IMAGE, base64.b64encode(control_image))
    return output[:_HEADER_END] + chunks + output[_HEADER_END:]


def read(data: bytes) -> RenderRequest | None:
    """The request in a picture of `write`; None for every other file, also for a capsule that was damaged or forged.

    Raises `Busy` when there is no room to look at its control image.
    """
    if len(data) > MAX_BYTES or not _is_png(data):
        return None
    texts = dict.fromkeys((_REQUEST, _CONTROL_IMAGE), b"")
    for keyword, text in _texts(data):
        if keyword in texts:
            texts[keyword] = texts[keyword] or text
    if not all(texts.values()) or len(texts[_REQUEST]) > _REQUEST_MAX_BYTES:
        return None
    try:
        described = json.loads(texts[_REQUEST])
        request = _request(described | {"control_image": texts[_CONTROL_IMAGE].decode("ascii")})
        decoding.size_of(request.control_image)
    except (ImageError, InvalidRequest, KeyError, TypeError, ValueError, RecursionError):
        return None
    return request


def _request(described: dict[str, Any]) -> RenderRequest:
    kinds = {"version": int, "backend": str, "render_id": str, "position": int}
    if described["version"] != VERSION or any(type(described[name]) is not kind for name, kind in kinds.items()):
        raise ValueError
    return RenderRequest.from_json(described)


def _is_png(data: bytes) -> bool:
    return data.startswith(_SIGNATURE) and data[12:16] == b"IHDR"


def _chunk(keyword: bytes, text: bytes) -> bytes:
    content = b"iTXt" + keyword + _PLAIN + text
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))


def _texts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keyword and text of each plain `iTXt` chunk among the first ones, as far as they are whole."""
    start = _HEADER_END
    for _ in range(_CHUNKS_READ):
        if start + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        if end > len(data):
            return
        content = data[start + 4 : end - 4] if kind == b"iTXt" else b""
        keyword, plain, text = content[4:].partition(_PLAIN)
        if plain and struct.unpack_from(">I", data, end - 4)[0] == zlib.crc32(content):
            yield keyword, text
        start = end
