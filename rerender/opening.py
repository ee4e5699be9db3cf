"""Opening a stranger's image file: nothing small may take minutes or gigabytes, and only known decoders see it."""

from __future__ import annotations

import contextlib
import io
import re
from struct import unpack_from
from typing import Any

from PIL import Image, ImageOps

from rerender.errors import ImageError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
MAX_SIDE, MAX_READS, MAX_SCANS, MAX_TILE_PIXELS = 16_000, 200_000, 32, 4_000_000
# A TIFF can hold a JPEG or WebP of any size, or be packed by what takes gigabytes to unpack.
TIFF_COMPRESSIONS = frozenset(
    ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "tiff_ccitt", "group3", "group4")
)
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_JPEG_SEGMENT = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")
_END, _SCAN = b"\xd9", b"\xda"


def header(data: bytes, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """What the start of the file says, no pixel decoded. Raises `ImageError` and whatever Pillow raises."""
    return Image.open(_Sparing(data), formats=formats)


def decode(data: bytes, formats: tuple[str, ...], max_pixels: int) -> Image.Image:
    """The picture, read to its end. Limits hold before decoding: no file allocates gigabytes. Raises `ImageError`."""
    try:
        image = header(data, formats)
        if image.width * image.height > max_pixels or max(image.size) > MAX_SIDE:
            raise Image.DecompressionBombError
        # Phones write MPO: a JPEG photo with a second, hidden picture behind it.
        if getattr(image, "is_animated", False) and image.format != "MPO":
            raise ImageError("The file has several frames or pages; save one of them as PNG or JPEG and use that.")
        check(image, data)
        image.load()
        return image
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError("The image has too many pixels to be opened; save it smaller.") from None
    except Exception:  # decoders raise nearly anything for hostile bytes
        raise ImageError(f"The file is broken, or is not an image of a known kind ({', '.join(formats)}).") from None


def turn_by_exif(image: Image.Image) -> None:
    """Turn the decoded picture in place as its EXIF block says; it stays as it is where that block is broken."""
    with contextlib.suppress(Exception):  # such a block says nothing about the pixels
        ImageOps.exif_transpose(image, in_place=True)


def check(image: Image.Image, data: bytes) -> None:
    """Raise `ImageError` when decoding the opened image takes far more than its pixels do."""
    if image.format in ("JPEG", "MPO") and _scans(data) > MAX_SCANS:
        raise ImageError("The JPEG has too many layers to be opened; save it anew.")
    if image.format == "TIFF":
        _check_tiff(image, data)


class _Sparing(io.BytesIO):
    """Bytes that are read from only so often: a file of a million empty pieces would be read for a minute."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._left = MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ImageError("The image file has too many pieces to be opened; save it anew.")
        return super().read(size)


def _scans(data: bytes) -> int:
    """How often a JPEG has all of its pixels gone through: each time takes a few bytes, and as long as a photo."""
    count, at = 0, 2
    while count <= MAX_SCANS and (found := _JPEG_SEGMENT.search(data, at)) and found[1] != _END:
        count += found[1] == _SCAN
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2])
    return count


def _check_tiff(image: Any, data: bytes) -> None:
    if image.info.get("compression") not in TIFF_COMPRESSIONS:
        raise ImageError("The TIFF is packed in a way that is not accepted; save it as PNG or JPEG.")
    numbers = _tag_numbers(data)
    # Of a tag given twice, Pillow reads the one and the decoder the other.
    tile = [image.tag_v2.get(tag) for tag in (_TILE_WIDTH, _TILE_HEIGHT)] if _TILE_WIDTH in numbers else [1, 1]
    is_sound = len(set(numbers)) == len(numbers) and all(type(side) is int for side in tile)
    if not is_sound or tile[0] * tile[1] > MAX_TILE_PIXELS:
        raise ImageError("The TIFF is broken, or has tiles too large to be opened; save it as PNG or JPEG.")


def _tag_numbers(data: bytes) -> list[int]:
    """Which tags the first page of a TIFF has, as they stand there."""
    order, is_big = "<" if data[:1] == b"I" else ">", 43 in data[2:4]
    (start,) = unpack_from(order + ("Q" if is_big else "L"), data, 8 if is_big else 4)
    (count,) = unpack_from(order + ("Q" if is_big else "H"), data, start)
    first, step = (start + 8, 20) if is_big else (start + 2, 12)
    return [unpack_from(order + "H", data, first + step * index)[0] for index in range(count)]
