"""The control image: decoded from bytes and fitted to a size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from rerender import opening
from rerender.engines.preview.fields import Bytes, Plane
from rerender.engines.preview.see_through import BACKDROP, lay_on, parts_a_subject, sheet_of
from rerender.errors import ImageError

MAX_PIXELS = 64_000_000
# A JPEG is decoded at a reduced scale down to this, and others are reduced: twice what any output needs is wasted.
DRAFT_SIDE = 2048
_BAND = 64


@dataclass(frozen=True, slots=True, eq=False)
class ControlImage:
    """The control image at one size: `rgb` (H, W, 3) uint8, `luma` (H, W) 0..1.

    `alpha` (H, W) 0..1 is the subject's mask, or None when the image is opaque.
    """

    rgb: Bytes
    luma: Plane
    alpha: Plane | None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.luma.shape
        return height, width


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """The file's picture: `rgb` (h, w, 3) uint8, and the subject's mask `alpha` (h, w) uint8 where it has one."""

    rgb: Bytes
    alpha: Bytes | None


def decode(data: bytes) -> Decoded:
    """The picture in `data`, turned as its EXIF says and laid on a ground where it is see-through.

    Raises `ImageError`.
    """
    try:
        image = opening.header(data)
        if image.width * image.height > MAX_PIXELS:
            raise ImageError(
                f"The control image has more than {MAX_PIXELS // 1_000_000} million pixels. Use a smaller one."
            )
        opening.check(image, data)
        image.draft("RGB", (DRAFT_SIDE, DRAFT_SIDE))
        image.load()
        # In place: a copy might take a quarter of a gigabyte.
        opening.turn_by_exif(image)
        pixels = _pixels(image)
    except ImageError:
        raise
    except Exception as error:  # Pillow's plugins raise nearly anything for a broken file
        raise ImageError("The control image cannot be read. Use a PNG, JPEG or WebP file.") from error
    return _on_a_ground(pixels[..., :3], pixels[..., 3]) if pixels.shape[2] == 4 else Decoded(pixels, None)


def fit(picture: Decoded, width: int, height: int) -> ControlImage:
    """`picture` scaled and cropped around its centre to exactly `width` × `height`."""
    source_height, source_width = picture.rgb.shape[:2]
    scale = max(width / source_width, height / source_height)
    crop_width = min(source_width, max(1, round(width / scale)))
    crop_height = min(source_height, max(1, round(height / scale)))
    left, top = (source_width - crop_width) // 2, (source_height - crop_height) // 2
    crop = slice(top, top + crop_height), slice(left, left + crop_width)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    rgb = cv2.resize(np.ascontiguousarray(picture.rgb[crop]), (width, height), interpolation=interpolation)
    alpha = None if picture.alpha is None else _parting(picture.alpha[crop])
    if alpha is not None:
        alpha = np.clip(cv2.resize(alpha, (width, height), interpolation=interpolation), 0, 1)
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    luma /= 255
    return ControlImage(rgb, luma, alpha)


def to_grey(control: ControlImage) -> Bytes:
    """The control image's luma as uint8."""
    return cv2.cvtColor(control.rgb, cv2.COLOR_RGB2GRAY)


def _pixels(image: Image.Image) -> Bytes:
    """(h, w, 3) RGB or (h, w, 4) RGBA uint8 pixels; of a very large image the means of squares of them.

    In bands, so that only the file itself is ever in memory at its full size.
    """
    factor = max(1, min(image.size) // DRAFT_SIDE)
    mode = "RGBA" if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info else "RGB"
    pixels = np.empty((-(-image.height // factor), -(-image.width // factor), len(mode)), np.uint8)
    for first in range(0, len(pixels), _BAND):
        top, bottom = first * factor, min(image.height, (first + _BAND) * factor)
        band = image.crop((0, top, image.width, bottom))
        if band.mode.startswith("I"):
            band = Image.fromarray((np.asarray(band, np.float32) / 257).clip(0, 255).astype(np.uint8))
        band = band.convert(mode)
        pixels[first : first + _BAND] = np.asarray(band.reduce(factor) if factor > 1 else band)
    return pixels


def _on_a_ground(rgb: Bytes, alpha: Bytes) -> Decoded:
    """The picture without its alpha, unless that parts a subject from its backdrop."""
    if alpha.min() == alpha.max() or float(alpha.mean()) >= 0.995 * 255:
        return Decoded(rgb, None)
    if parts_a_subject(alpha):
        # A copy, as a view would keep all four channels.
        return Decoded(lay_on(rgb, alpha, BACKDROP), alpha.copy())
    return Decoded(lay_on(rgb, alpha, sheet_of(rgb, alpha)), None)


def _parting(alpha: Bytes) -> Plane | None:
    """The (h, w) mask 0..1 of what the crop shows, None where it shows the subject or the backdrop alone."""
    share = float(alpha.mean()) / 255
    return alpha.astype(np.float32) / 255 if 0.005 < share < 0.995 else None
