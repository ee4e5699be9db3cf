"""Image files from their parts, so that any part can be wrong."""

from __future__ import annotations

import io
import random
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from PIL import Image

SEED = 20_261_126
MARK = b"STRANGE-PAYLOAD-7f3a"
"""What no prepared picture may hold any more."""


@dataclass(frozen=True)
class File:
    """A file that a stranger may send. `is_picture`: whether it has to be taken; None where either is right."""

    name: str
    data: bytes
    is_picture: bool | None = None


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def noise(mode: str, width: int = 40, height: int = 30) -> Image.Image:
    """The same noise each time, in any mode of Pillow's."""
    raw = random.Random(SEED).randbytes(width * height * 3)
    image = Image.frombytes("RGB", (width, height), raw)
    if mode == "RGBA":
        image.putalpha(image.getchannel("R"))
        return image
    return Image.linear_gradient("L").resize((width, height)).convert(mode) if mode != "RGB" else image


# PNG

PNG_START = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, content: bytes, crc: int | None = None) -> bytes:
    sum_ = zlib.crc32(kind + content) if crc is None else crc
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", sum_)


def ihdr(width: int, height: int, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def png(*chunks: bytes, size: tuple[int, int] = (40, 30), rows: bytes | None = None) -> bytes:
    """A grey PNG with these chunks before its pixels."""
    width, height = size
    rows = (b"\0" + b"\x80" * width) * height if rows is None else rows
    head = PNG_START + ihdr(width, height, colour=0)
    return head + b"".join(chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


# TIFF


def tiff(tags: list[tuple[int, int, int, int]], data: bytes = b"", following: int = 0, order: str = "<") -> bytes:
    """A TIFF of one page: (tag, type, count, value) each, then `data`, which begins at `tiff_data_at(len(tags))`."""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", 8)
    entries = b"".join(struct.pack(order + "HHLL", *tag) for tag in tags)
    return start + struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "L", following) + data


def tiff_data_at(tags: int) -> int:
    return 8 + 2 + 12 * tags + 4


def grey_tiff(*more: tuple[int, int, int, int], data: bytes = b"\x80" * 1200, **changed: int) -> bytes:
    """A grey TIFF of 40 × 30 px in one strip, with changed values and further tags."""
    values = {"width": 40, "height": 30, "bits": 8, "compression": 1, "photometric": 1, "samples": 1, "rows": 30}
    values |= {"offset": tiff_data_at(9 + len(more)), "bytes": len(data)} | changed
    numbers = {
        "width": 256,
        "height": 257,
        "bits": 258,
        "compression": 259,
        "photometric": 262,
        "offset": 273,
        "samples": 277,
        "rows": 278,
        "bytes": 279,
    }
    tags = [(number, 4, 1, values[name]) for name, number in numbers.items()]
    return tiff(sorted([*tags, *more]), data)


def tiled_tiff(side: int, data: bytes, *more: tuple[int, int, int, int], compression: int = 8) -> bytes:
    """A grey TIFF of 512 × 512 px in tiles of that side, all of them in the same bytes."""
    count = 10 + len(more)
    sizes = {256: 512, 257: 512, 258: 8, 259: compression, 262: 1, 277: 1, 322: side, 323: side}
    tags = [(number, 4, 1, value) for number, value in sizes.items()]
    tags += [(324, 4, 1, tiff_data_at(count)), (325, 4, 1, len(data)), *more]
    return tiff(sorted(tags, key=lambda tag: tag[0]), data)


# GIF, BMP, WEBP


def gif(
    screen: tuple[int, int] = (40, 30),
    frame: tuple[int, int, int, int] = (0, 0, 40, 30),
    before: bytes = b"",
    pixels: bytes | None = None,
    after: bytes = b"",
) -> bytes:
    """A GIF of two colours; `frame` is left, top, width and height of its one frame."""
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    # 4 is the code to clear the table, 5 the end: pixels that are there come as Pillow writes them.
    data = encoded(noise("1", 40, 30).convert("P"), "GIF").partition(b"\x2c")[2][9:] if pixels is None else pixels
    return head + before + b"\x2c" + struct.pack("<HHHHB", *frame, 0) + data + after + b";"


def bmp(width: int, height: int, bits: int, compression: int, data: bytes, colours: int = 0) -> bytes:
    palette = bytes(4 * (colours or (1 << bits if bits <= 8 else 0)))
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 0, 0, colours, 0)
    at = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(data), 0, 0, at) + info + palette + data


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def vp8x(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    return b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
