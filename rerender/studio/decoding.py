"""Opening strangers' pictures within the memory that there is: only so large, and only so much at a time.

A file of 2 MB can take 400 MB to open, and memory belongs to the whole process: so the gate does too.
"""

from __future__ import annotations

import io
import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from rerender import images, memory
from rerender.errors import ImageError, RerenderError
from rerender.models import IMAGE_SIDE
from rerender.studio import pictures
from rerender.studio.limits import LOCAL_LIMITS, Limits

__all__ = [
    "BUSY",
    "Busy",
    "allow",
    "check_bytes",
    "check_pixels",
    "checked_turn",
    "copy_to_keep",
    "size_of",
    "turn",
    "upload_bytes",
]

WAITS_FOR = 20.0
BUSY = "Other pictures are being opened at the moment."
_GIVEN_BACK_FROM = 4_000_000
_LONGEST_KEPT = 2 * IMAGE_SIDE.high
_FINE, _COARSE, _ALPHA_QUALITY = 95, 80, 70
# How large a file of the coarse quality is beside one of the fine quality, about.
_COARSE_SHARE = 0.6


class Busy(RerenderError):
    """It was not the picture's turn to be opened for too long, which says nothing about the picture."""

    def __init__(self) -> None:
        super().__init__(f"{BUSY} Nothing was sent; try again in a few seconds.")


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
                    raise Busy
                self._room -= share
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()


_gate = _Gate(LOCAL_LIMITS)
_ours = threading.Lock()


def allow(limits: Limits) -> None:
    """Open pictures within these limits from now on, in the whole process."""
    global _gate
    _gate = _Gate(limits)


def upload_bytes() -> int:
    """The most bytes of an image file that is uploaded."""
    return _gate.limits.upload_mb * 1_000_000


@contextmanager
def turn(data: bytes, *, is_ours: bool = False) -> Iterator[None]:
    """Within it the picture in `data` may be opened, once it is this thread's turn. Raises `Busy` if it never is.

    One that `is_ours`, such as a sample, waits for no stranger's, only for another of ours: those are small and quick.
    What the picture took goes back to the computer afterwards.
    """
    _, room = _measured(data)
    with _turn(room, is_ours=is_ours):
        yield


@contextmanager
def checked_turn(data: bytes) -> Iterator[None]:
    """`turn` for a picture that may be of any size. Raises `ImageError` as `check_pixels` does, and `Busy`."""
    pixels, room = _measured(data)
    _check(pixels, room)
    with _turn(room):
        yield


@contextmanager
def _turn(room: int, *, is_ours: bool = False) -> Iterator[None]:
    with _ours if is_ours else _gate.turn(room):
        try:
            yield
        finally:
            if room > _GIVEN_BACK_FROM:
                memory.give_back()


def check_bytes(data: bytes) -> None:
    """Raise `ImageError` for a file that is larger than what may be uploaded."""
    if len(data) > upload_bytes():
        most = _gate.limits.upload_mb
        raise ImageError(f"The file is over {most} MB, the most that is taken here; save it smaller, e.g. as JPEG.")


def check_pixels(data: bytes) -> None:
    """Raise `ImageError` for a picture that has more pixels than one may, or takes more room than there is in all."""
    _check(*_measured(data))


def _check(pixels: int, room: int) -> None:
    limits = _gate.limits
    if pixels > limits.pixels or room > limits.pixels * limits.decodes_at_once:
        raise ImageError(
            f"The image has over {limits.megapixels} million pixels, the most that are opened here"
            f"{' (half as many of a WebP or with 16 bits a colour)' if limits.decodes_at_once == 1 else ''}; "
            "save it smaller."
        )


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of the upright control image. Raises `ImageError` for a file that cannot be one, and `Busy`."""
    with checked_turn(data):
        return images.load(data).size


def copy_to_keep(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """What a session keeps of a control image, and its upright size.

    That is the file, or of a large one a copy within the limit, whose shorter side is as long as any that can be sent,
    and its longer side at most twice that; of one that is see-through, as many pixels as can be sent. What is prepared
    from the copy is as fine as from the file, but for these: what is cropped to another shape from a picture of more
    than 2:1 or one that is see-through, and whatever does not fit into the limit at a quality of 80, of which the copy
    is smaller still. See-through pixels keep some dozen shades of it.

    Raises `ImageError` for what cannot be a control image, and `Busy`.
    """
    check_bytes(data)
    most = _gate.limits.kept_upload_kb * 1000
    with checked_turn(data):
        image = images.load(data)
        size = image.size
        if len(data) <= most:
            return data, size
        scale = min(IMAGE_SIDE.high / min(size), _LONGEST_KEPT / max(size))
        if image.mode == "RGBA":
            # It takes ten times as long to write.
            scale = min(scale, IMAGE_SIDE.high / math.sqrt(size[0] * size[1]))
        return _within(most, _reduced(image, scale)), size


def _within(most: int, image: Image.Image) -> bytes:
    """The image as a file of at most so many bytes, as fine as may be."""
    written = _written(image, _FINE)
    expected = len(written) * _COARSE_SHARE
    while len(written) > most:
        image = _reduced(image, math.sqrt(most / expected))
        written = _written(image, _COARSE)
        # A little more, because what is smaller has more detail to each of its pixels.
        expected = len(written) * 1.2
    return written


def _reduced(image: Image.Image, scale: float) -> Image.Image:
    """The image so many times as large, never larger than it is, and with sides that are still taken."""
    if scale >= 1:
        return image
    width, height = (max(images.MIN_SIDE, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _written(image: Image.Image, quality: int) -> bytes:
    """The image as a file that is quickly made: other pictures wait meanwhile."""
    buffer = io.BytesIO()
    if image.mode == "RGBA":
        image.save(buffer, "WEBP", quality=quality, alpha_quality=_ALPHA_QUALITY, method=0)
    else:
        image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def _measured(data: bytes) -> tuple[int, int]:
    """The pixels that the header announces, and the room they take: twice as much where memory is."""
    with pictures.opened(data) as image:
        if image is None:
            return 0, 0
        is_heavy = image.format == "WEBP" or image.mode.startswith(("I", "F"))
        pixels = image.width * image.height
        return pixels, pixels * (2 if is_heavy else 1)
