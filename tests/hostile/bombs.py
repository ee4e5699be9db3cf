"""Files that are small, and ask for minutes or gigabytes. `weight` is how many bytes of pieces the heavy ones have."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import starmap

from PIL import Image

from tests.hostile.building import (
    PNG_START,
    File,
    bmp,
    chunk,
    encoded,
    gif,
    grey_tiff,
    ihdr,
    noise,
    png,
    riff,
    tiff,
    tiff_data_at,
    tiled_tiff,
    vp8x,
)

MEGABYTE = 1_000_000


def bombs(weight: int = 6 * MEGABYTE) -> Iterator[File]:
    """Every bomb, one at a time, for together they are large."""
    refused = [_pixels(), _texts(weight), _pieces(weight), _layers(weight), _tiles(), _pages(weight), _strange_tiffs()]
    for family in refused:
        yield from starmap(File, ((f"bomb: {name}", data, verdict) for name, data, verdict in family))


Made = Iterator[tuple[str, bytes, bool | None]]


@cache
def zeros(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def _pixels() -> Made:
    """Headers that say how large it is, and pixels that are there or not."""
    for width, height in ((30_000, 30_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (16_001, 16), (8_000, 7_000)):
        head = PNG_START + ihdr(width, height, 1, 0)
        yield f"PNG of {width} × {height}", head + chunk(b"IDAT", zeros(90 * MEGABYTE)) + chunk(b"IEND", b""), False
        yield f"BMP of {width} × {height}", bmp(width, height, 1, 0, bytes(100)), False
        yield f"TIFF of {width} × {height}", grey_tiff(width=width, height=height), False
    yield "PNG of 0 × 2^32", PNG_START + ihdr(0, 2**32 - 1) + chunk(b"IDAT", b""), False
    yield "PNG far longer than its size", png(rows=bytes(90 * MEGABYTE)), None
    yield "GIF of 65535 × 65535", gif((65_535, 65_535)), False
    yield "GIF whose frame leaves its screen", gif(frame=(0, 0, 65_535, 65_535)), False
    yield "GIF whose frame is far away", gif(frame=(65_000, 65_000, 40, 30)), False
    yield "WEBP of 16383 × 16383", encoded(Image.new("L", (16_383, 64)), "WEBP"), False
    yield "WEBP whose canvas is 16 million wide", riff(vp8x(2**24, 2**24 - 1), (b"VP8 ", b"")), False
    lossless = b"\x2f" + struct.pack("<I", 16_383 | 16_383 << 14) + bytes(50)
    yield "WEBP, lossless, of 16384 × 16384", riff((b"VP8L", lossless)), False
    frame = struct.pack("<I", 0)[:3] * 2 + b"\xff\x3f\0" * 2 + bytes(4) + b"VP8L" + struct.pack("<I", 4) + b"\x2f\0\0\0"
    moving = riff(vp8x(16_384, 16_384, 2), (b"ANIM", bytes(6)), (b"ANMF", frame))
    yield "WEBP, animated, of 16384 × 16384", moving, False
    jpeg = bytearray(encoded(noise("RGB"), "JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 65_500, 65_500)
    yield "JPEG of 65500 × 65500", bytes(jpeg), False


def _texts(weight: int) -> Made:
    """What is packed beside the pixels."""
    packed = zeros(50 * MEGABYTE)
    yield "PNG with a zTXt of 50 MB", png(chunk(b"zTXt", b"Comment\0\0" + packed)), None
    yield "PNG with an iTXt of 50 MB", png(chunk(b"iTXt", b"Comment\0\1\0\0\0" + packed)), None
    yield "PNG with an iCCP of 50 MB", png(chunk(b"iCCP", b"profile\0\0" + packed)), None
    yield "PNG with 200 zTXt of 1 MB", png(*[chunk(b"zTXt", b"C\0\0" + zeros(MEGABYTE))] * 200), False
    yield "PNG with a text of its own length", png(chunk(b"tEXt", b"Comment\0" + b"x" * weight)), None
    yield "PNG with a raw EXIF profile", png(chunk(b"zTXt", b"Raw profile type exif\0\0" + packed)), None
    yield "PNG with an EXIF chunk", png(chunk(b"eXIf", b"MM\0*" + bytes(weight))), None
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 65_535) + bytes(65_000)
    yield "JPEG whose EXIF has 65535 entries", encoded(noise("RGB"), "JPEG", exif=exif[:65_000]), True


def _pieces(weight: int) -> Made:
    """Files of as many pieces as fit, none of which says anything."""
    whole, jpeg, image = png(), encoded(noise("RGB"), "JPEG"), gif()
    for kind, content in ((b"tEXt", b"a\0"), (b"abCd", b""), (b"IDAT", b""), (b"fcTL", bytes(26))):
        piece = chunk(kind, content)
        many = piece * (weight // len(piece))
        yield f"PNG of {kind.decode()} chunks", whole[:33] + many + whole[33:], None
        yield f"PNG with {kind.decode()} chunks at its end", whole[:-12] + many + whole[-12:], None
    for name, kind in (("comments", b"\xfe"), ("APP1", b"\xe1"), ("APP13", b"\xed")):
        yield f"JPEG of empty {name}", jpeg[:2] + (b"\xff" + kind + b"\0\2") * (weight // 4) + jpeg[2:], None
    yield "JPEG of filling bytes", jpeg[:2] + b"\xff" * weight + jpeg[2:], None
    yield "JPEG of Photoshop blocks", jpeg[:2] + _photoshop(weight) + jpeg[2:], None
    for name, piece in (("empty comments", b"\x21\xfe\0"), ("timers", b"\x21\xf9\4\0\0\0\0\0"), ("nothing", b"\0")):
        many = piece * (weight // len(piece))
        yield f"GIF of {name}", image[:19] + many + image[19:], None
        yield f"GIF with {name} at its end", image[:-1] + many + b";", None
    comment = b"\x21\xfe" + b"\1a" * (weight // 2) + b"\0"
    yield "GIF with a comment in single letters", image[:19] + comment + image[19:], None
    yield "WEBP of empty chunks", riff(vp8x(40, 30), *[(b"abcd", b"")] * (weight // 8)), None
    runs = bmp(6_000, 6_000, 8, 1, b"\1\1" * (weight // 2))
    yield "BMP of single pixels", runs, None
    yield "BMP of empty lines", bmp(6_000, 6_000, 8, 1, b"\0\0" * (weight // 2)), None


def _photoshop(weight: int) -> bytes:
    block = b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\0" * 5_000
    return (b"\xff\xed" + struct.pack(">H", len(block) + 2) + block) * (weight // len(block))


def _layers(weight: int) -> Made:
    """JPEGs that go through all of their pixels again and again."""
    layered = encoded(Image.new("L", (7_000, 7_000), 128), "JPEG", progressive=True, quality=50)
    last = [found.start() for found in re.finditer(b"\xff\xda", layered)][-1]
    scan = layered[last:-2]
    for count in (100, 5_000):
        yield f"JPEG of {count} layers", layered[:-2] + scan * count + layered[-2:], False
    hidden = b"\xff\x02\xff\x00"  # what a decoder skips as far as the next sign, and a parser by its length
    yield "JPEG of hidden layers", layered[:-2] + (hidden + scan) * 200 + layered[-2:], False
    plain = encoded(Image.new("L", (7_000, 7_000), 128), "JPEG")
    empty = plain[plain.index(b"\xff\xda") :][:10]
    yield "JPEG of empty layers", plain[:-2] + empty * 2_000 + plain[-2:], False
    small = encoded(noise("RGB"), "JPEG", progressive=True)
    scan = small[small.rindex(b"\xff\xda") : -2]
    yield "JPEG of small layers", small[:-2] + scan * (weight // len(scan)) + small[-2:], False


def _tiles() -> Made:
    """TIFFs of 512 × 512 px whose tiles are far larger, also where the tag says it twice."""
    packed = zeros(90 * MEGABYTE)
    for side in (10_000, 26_000, 40_000):
        yield f"TIFF with a tile of {side}", tiled_tiff(side, packed), False
    small = [(322, 4, 1, 512), (323, 4, 1, 512)]
    yield "TIFF with a tile of two sizes", tiled_tiff(40_000, packed, *small), False
    yield "TIFF with a tile of bytes", tiled_tiff(512, packed).replace(b"\x42\x01\4\0", b"\x42\x01\1\0"), False
    tags = [(256, 4, 1, 512), (257, 4, 1, 512), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (323, 4, 1, 2**31 - 1)]
    yield "TIFF with half a tile", tiff([*tags, (324, 4, 1, 8), (325, 4, 1, 9)], packed), False
    yield "TIFF with few rows said to be many", grey_tiff(rows=2**32 - 1, compression=8, data=packed), None


def _pages(weight: int) -> Made:
    """TIFFs whose pages and tags have no end."""
    yield "TIFF whose page follows itself", tiff([(256, 4, 1, 40), (257, 4, 1, 30)], following=8), False
    pages = b"".join(struct.pack("<HL", 0, 14 + 6 * (number + 1)) for number in range(weight // 6))
    yield "TIFF of empty pages", b"II*\0" + struct.pack("<L", 14) + bytes(6) + pages, False
    many = [(300 + number % 60_000, 1, 1, 0) for number in range(65_535)]
    yield "TIFF of 65535 tags", tiff(many), False
    shared = [(40_000 + number, 7, weight, 8) for number in range(2_000)]
    yield "TIFF whose tags share their bytes", tiff(shared, bytes(weight)), False
    yield "TIFF whose tag is 4 GB long", grey_tiff((700, 7, 2**32 - 1, 8)), None
    yield "TIFF whose EXIF is itself", grey_tiff((34_665, 4, 1, 8)), None
    yield "TIFF whose GPS is itself", grey_tiff((34_853, 4, 1, 8)), None
    yield "TIFF whose sub-page is itself", grey_tiff((330, 4, 1, 8)), None
    big = b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**63)
    yield "BigTIFF of 2^63 tags", big, False


def _strange_tiffs() -> Made:
    """Strips that are not there, that overlap, that say they are huge; and packings that we do not open."""
    yield "TIFF whose strip is outside", grey_tiff(offset=2**31), False
    yield "TIFF whose strip is 4 GB", grey_tiff(bytes=2**32 - 1, compression=8), False
    offsets = struct.pack("<L", 8) * 30_000
    count = tiff_data_at(9)
    tags = [(256, 4, 1, 16), (257, 4, 1, 16_000), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1)]
    strips = [(273, 4, 16_000, count), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, 16_000, count)]
    yield "TIFF of 16000 strips in one place", tiff([*tags, *strips], offsets), False
    for samples in (0, 5, 65_535):
        yield f"TIFF of {samples} samples", grey_tiff(samples=samples), False
    for bits in (0, 3, 64, 65_535):
        yield f"TIFF of {bits} bits", grey_tiff(bits=bits), False
    for number in (6, 7, 32_809, 34_676, 34_712, 34_887, 34_925, 34_933, 50_000, 50_001, 50_002, 99):
        yield f"TIFF packed as {number}", grey_tiff(compression=number, data=zeros(MEGABYTE)), False
    jpeg = encoded(Image.new("L", (40, 30)), "JPEG", progressive=True)
    yield "TIFF with a JPEG of many layers", grey_tiff(compression=7, data=jpeg + jpeg[20:] * 100), False
