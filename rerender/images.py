"""Control images: any picture file a person has, made into exactly the bytes that are sent."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from PIL import Image, ImageOps

from rerender.errors import ImageError
from rerender.models import CONTROL_IMAGE_MAX_BYTES, IMAGE_SIDE
from rerender.opening import FORMATS as FORMATS
from rerender.opening import decode, turn_by_exif

Fit = Literal["crop", "pad", "stretch"]
MAX_PIXELS, MIN_SIDE, PNG_MAX_BYTES = 50_000_000, 16, 6_000_000
_JPEG: dict[str, Any] = {"format": "JPEG", "subsampling": 0}
_WEBP: dict[str, Any] = {"format": "WEBP", "alpha_quality": 100, "method": 0}


def load(data: bytes) -> Image.Image:
    """The upright 8-bit picture in `data`: RGBA if any pixel is see-through, else RGB. Raises `ImageError`."""
    if len(data) > CONTROL_IMAGE_MAX_BYTES:
        raise ImageError(f"The file is over {CONTROL_IMAGE_MAX_BYTES // 1_000_000} MB; save it smaller, e.g. as JPEG.")
    return upright(decode(data, FORMATS, MAX_PIXELS))


def upright(image: Image.Image) -> Image.Image:
    """The decoded picture upright and with 8 bits: RGBA if any pixel is see-through, else RGB. Raises `ImageError`."""
    if min(image.size) < MIN_SIDE:
        raise ImageError(f"The image is only {image.width} × {image.height} px; each side needs {MIN_SIDE} px.")
    turn_by_exif(image)
    image = _as_rgb(image)
    image.info.clear()  # colour profile, comments: Pillow would write some of them again
    return image


def prepare(data: bytes, width: int, height: int, fit: Fit = "crop", *, keep_alpha: bool = False) -> bytes:
    """The bytes to send for an image file: exactly `width` × `height` px, the same bytes for the same input.

    `crop` fills the frame and cuts what sticks out, `pad` shows all of it on white, `stretch` ignores the aspect.
    RGB, flattened on white; with `keep_alpha` a picture that has any stays RGBA (and is padded see-through).
    PNG; above 6 MB JPEG (quality 92, 4:4:4) or, see-through, a WEBP of exact alpha. Raises `ImageError` like `load`.
    """
    image = load(data)
    if image.mode == "RGBA" and not keep_alpha:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    pad = partial(ImageOps.pad, color=(255, 255, 255, 0)[: len(image.mode)])
    fits: dict[Fit, Callable[..., Image.Image]] = {"crop": ImageOps.fit, "pad": pad, "stretch": Image.Image.resize}
    image = fits[fit](image, (width, height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    if buffer.tell() > PNG_MAX_BYTES:
        buffer = io.BytesIO()
        image.save(buffer, quality=92, **(_WEBP if image.mode == "RGBA" else _JPEG))
    return buffer.getvalue()


def legal_side(length: float) -> int:
    """The length nearest to `length` px that the API takes, in steps of 8 px."""
    return IMAGE_SIDE.clamp(round(length / 8) * 8)


def sizes_for(width: int, height: int) -> list[tuple[int, int]]:
    """Legal sizes near that aspect, small to large: long sides of 768 (a draft), 1024 and 2048 px, never under 512."""
    least = IMAGE_SIDE.low / min(width, height)
    scales = [max(long_side / max(width, height), least) for long_side in (768, 1024, 2048)]
    return list(dict.fromkeys((legal_side(width * scale), legal_side(height * scale)) for scale in scales))


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        # 16 and 32 bits and floats are scaled: Pillow's own conversion cuts off everything above 255.
        peak: Any = image.getextrema()[1]
        white = max(peak, 1 if image.mode == "F" else 65535)
        if not math.isfinite(white):
            raise ImageError("The image has no finite brightness; save it as PNG or JPEG.")
        image = image.convert("I" if image.mode.startswith("I") else "F").convert("F")
        image = image.point(lambda value: value * (255 / white) + 0.5).convert("L")
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    image = image.convert("RGBA")
    return image.convert("RGB") if image.getchannel("A").getextrema() == (255, 255) else image
