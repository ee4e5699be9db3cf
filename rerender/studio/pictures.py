"""Images in the database: each kept once a workspace, byte for byte, found by the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from PIL import Image
from sqlalchemy import Connection, insert, select

from rerender import images as image_files
from rerender import opening
from rerender.errors import ImageError
from rerender.studio.runs import UNREADABLE, Picture
from rerender.studio.tables import blobs, images

__all__ = ["describe", "flat", "keep", "keep_new", "opened", "shrink", "unreadable"]

MAX_PIXELS = 64_000_000


def describe(data: bytes) -> Picture:
    """What the header of an image file says. A file that is not an image is described as unreadable."""
    with opened(data) as image:
        if image is None:
            return unreadable(data)
        return Picture(_sha256(data), Image.MIME[image.format or ""], image.width, image.height, len(data))


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image | None]:
    """An image file with its header read and no pixel decoded; None for what is none."""
    try:
        image = opening.header(data)
    except Exception:  # Pillow raises nearly anything for hostile bytes
        yield None
        return
    with image:
        yield image


def unreadable(data: bytes) -> Picture:
    """The description of bytes that are kept although they could not be decoded."""
    return Picture(_sha256(data), UNREADABLE, None, None, len(data))


def keep(connection: Connection, workspace: str, picture: Picture, data: bytes) -> None:
    """Store the bytes of a picture, unless the workspace has them already."""
    known = select(images.c.sha256).where(images.c.workspace == workspace, images.c.sha256 == picture.sha256)
    if connection.scalar(known) is not None:
        return
    keep_new(connection, workspace, [(picture, data)])


def keep_new(connection: Connection, workspace: str, several: Sequence[tuple[Picture, bytes]]) -> None:
    """Store the bytes of pictures, one or more, none of which the workspace has."""
    connection.execute(insert(images), [{"workspace": workspace, **asdict(picture)} for picture, _ in several])
    rows = [{"workspace": workspace, "sha256": picture.sha256, "data": data} for picture, data in several]
    connection.execute(insert(blobs), rows)


def shrink(data: bytes, side: int) -> bytes:
    """A WEBP of the picture, upright, at most `side` px on its long side. Raises `ImageError`."""
    image = opening.decode(data, opening.FORMATS, MAX_PIXELS)
    buffer = io.BytesIO()
    try:
        opening.turn_by_exif(image)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image.thumbnail((side, side))
        image.save(buffer, "WEBP", quality=85)
    except Exception:  # what stands beside the pixels, such as a colour profile, can be broken in any way
        raise ImageError("The picture cannot be shown small.") from None
    return buffer.getvalue()


def flat(data: bytes) -> Image.Image:
    """The upright RGB picture, flattened on white, as a browser shows the file. Raises `ImageError`."""
    image = image_files.upright(opening.decode(data, opening.FORMATS, MAX_PIXELS))
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
