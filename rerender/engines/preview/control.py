"""The control image: decoded from bytes and fitted to a size."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageOps

from rerender.engines.preview.fields import Bytes, Plane
from rerender.errors import ImageError

MAX_PIXELS = 64_000_000
# A JPEG is decoded at a reduced scale down to this: twice what any output needs is wasted memory.
DRAFT_SIDE = 2048
# Behind a cut-out subject lies whatever the program left there, so it is replaced by an even light grey.
BACKDROP = (232, 232, 232)


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


def decode(data: bytes) -> Image.Image:
    """The picture in `data` as RGB or RGBA, turned as its EXIF says. Raises `ImageError`."""
    try:
        image: Image.Image = Image.open(io.BytesIO(data))
        if image.width * image.height > MAX_PIXELS:
            raise ImageError(
                f"The control image has more than {MAX_PIXELS // 1_000_000} million pixels. Use a smaller one."
            )
        image.draft("RGB", (DRAFT_SIDE, DRAFT_SIDE))
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):
            image = Image.fromarray((np.asarray(image, np.float32) / 257).clip(0, 255).astype(np.uint8))
        has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        return image.convert("RGBA" if has_alpha else "RGB")
    except ImageError:
        raise
    except Exception as error:  # Pillow's plugins raise nearly anything for a broken file
        raise ImageError("The control image cannot be read. Use a PNG, JPEG or WebP file.") from error


def fit(image: Image.Image, width: int, height: int) -> ControlImage:
    """`image` scaled and cropped around its centre to exactly `width` × `height`."""
    pixels = np.asarray(image)
    source_height, source_width = pixels.shape[:2]
    scale = max(width / source_width, height / source_height)
    crop_width = min(source_width, max(1, round(width / scale)))
    crop_height = min(source_height, max(1, round(height / scale)))
    left, top = (source_width - crop_width) // 2, (source_height - crop_height) // 2
    pixels = np.ascontiguousarray(pixels[top : top + crop_height, left : left + crop_width])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    alpha = _subject_mask(pixels)
    if alpha is not None:
        pixels = _over_backdrop(pixels[..., :3], alpha)
        alpha = np.clip(cv2.resize(alpha, (width, height), interpolation=interpolation), 0, 1)
    rgb = cv2.resize(np.ascontiguousarray(pixels[..., :3]), (width, height), interpolation=interpolation)
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    luma /= 255
    return ControlImage(rgb, luma, alpha)


def to_grey(control: ControlImage) -> Bytes:
    """The control image's luma as uint8."""
    return cv2.cvtColor(control.rgb, cv2.COLOR_RGB2GRAY)


def _subject_mask(pixels: Bytes) -> Plane | None:
    if pixels.shape[2] < 4:
        return None
    alpha = pixels[..., 3].astype(np.float32) / 255
    share = float(alpha.mean())
    return alpha if 0.005 < share < 0.995 else None


def _over_backdrop(rgb: Bytes, alpha: Plane) -> Bytes:
    composed = np.empty_like(rgb)
    for channel, grey in enumerate(BACKDROP):
        composed[..., channel] = rgb[..., channel] * alpha + np.float32(grey) * (1 - alpha) + 0.5
    return composed
