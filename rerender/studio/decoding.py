"""Opening strangers' pictures within the memory that there is: only so large, and only so much at a time.

A file of 2 MB can take 400 MB to open, and memory belongs to the whole process: so the gate does too.
"""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from rerender import images, memory
from rerender.errors import ImageError
from rerender.models import IMAGE_SIDE
from rerender.studio import pictures
from rerender.studio.limits import LOCAL_LIMITS, Limits

__all__ = ["allow", "check_pixels", "copy_to_keep", "size_of", "turn", "upload_bytes"]

WAITS_FOR = 20.0
BUSY = "Other pictures are being opened at the moment. Nothing was sent; try again in a few seconds."
_GIVEN_BACK_FROM = 4_000_000
_QUALITY = 95


class _Gate:
    """Lets threads in, in the order in which they came, as long as there is room for the pixels that each brings.

    One that is in may come in again.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._most = self._room = limits.pixels * limits.decodes_at_once
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()
        self._inside = threading.local()

    @contextmanager
    def turn(self, pixels: int) -> Iterator[None]:
        if getattr(self._inside, "is_so", False):
            yield
            return
        share = min(pixels, self._most)
        self._come_in(share)
        self._inside.is_so = True
        try:
            yield
        finally:
            self._inside.is_so = False
            with self._changed:
                self._room += share
                self._changed.notify_all()

    def _come_in(self, share: int) -> None:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                if not self._changed.wait_for(lambda: self._waiting[0] is ticket and self._room >= share, WAITS_FOR):
                    raise ImageError(BUSY)
                self._room -= share
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()


_gate = _Gate(LOCAL_LIMITS)


def allow(limits: Limits) -> None:
    """Open pictures within these limits from now on, in the whole process."""
    global _gate
    _gate = _Gate(limits)


def upload_bytes() -> int:
    """The most bytes of an image file that is uploaded."""
    return _gate.limits.upload_mb * 1_000_000


@contextmanager
def turn(data: bytes) -> Iterator[None]:
    """Within it the picture in `data` may be opened, once it is this thread's turn. Raises `ImageError` if it never is.

    What the picture took goes back to the computer afterwards.
    """
    pixels = _pixels(data)
    with _gate.turn(pixels):
        try:
            yield
        finally:
            if pixels > _GIVEN_BACK_FROM:
                memory.give_back()


def check_pixels(data: bytes) -> None:
    """Raise `ImageError` for a picture that takes more memory than one may, as its header says."""
    if _pixels(data) > _gate.limits.pixels:
        most = _gate.limits.megapixels
        raise ImageError(
            f"The image has over {most} million pixels, the most that are opened here (half as many of a WebP or with "
            "16 bits a colour); save it smaller."
        )


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of the upright control image. Raises `ImageError` for a file that cannot be one."""
    check_pixels(data)
    with turn(data):
        return images.load(data).size


def copy_to_keep(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """What a session keeps of a control image, and its upright size. Raises `ImageError` for what cannot be one.

    That is the file, or of a large one a copy whose shorter side is as long as any that can be sent: nothing is
    prepared from it that would be finer if it were prepared from the file.
    """
    if len(data) > upload_bytes():
        most = _gate.limits.upload_mb
        raise ImageError(f"The file is over {most} MB, the most that is taken here; save it smaller, e.g. as JPEG.")
    check_pixels(data)
    with turn(data):
        image = images.load(data)
        size = image.size
        if len(data) <= _gate.limits.kept_upload_kb * 1000:
            return data, size
        scale = min(1.0, IMAGE_SIDE.high / min(size))
        image.thumbnail((round(size[0] * scale), round(size[1] * scale)), Image.Resampling.LANCZOS)
        return min(data, _written(image), key=len), size


def _written(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    if image.mode == "RGBA":
        image.save(buffer, "WEBP", quality=_QUALITY, method=2)
    else:
        image.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()


def _pixels(data: bytes) -> int:
    """The pixels that the header announces; those that take twice the memory of others count twice."""
    with pictures.opened(data) as image:
        if image is None:
            return 0
        is_heavy = image.format == "WEBP" or image.mode.startswith(("I", "F"))
        return image.width * image.height * (2 if is_heavy else 1)
