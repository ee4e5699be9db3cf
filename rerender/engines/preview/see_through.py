"""See-through pictures: whether their alpha is a subject's mask, and what is put behind them.

Decided once on the whole picture, so that its analysis and all its sizes agree.
"""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import Bytes

# Behind a cut-out subject lies whatever the program left there, so it is replaced by an even light grey.
BACKDROP = (232, 232, 232)
PAPER, DARK_PAPER = (255, 255, 255), (0, 0, 0)
# A picture is looked at with this long side; a stroke is thinner than so many of its pixels.
SIDE, STROKE = 512, 5
# Of a subject this share at least is thicker than a stroke: a wire chair has a seat.
THICK = 0.2
_BAND = 256


def parts_a_subject(alpha: Bytes) -> bool:
    """Whether an (h, w) uint8 alpha is the mask of something solid: no drawing's strokes, and no veil over all."""
    scale = SIDE / max(alpha.shape)
    size = max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale))
    small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    solid = (small > 127).astype(np.uint8)
    thick = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((STROKE, STROKE), np.uint8))
    return bool(solid.any()) and int(thick.sum()) >= THICK * int(solid.sum())


def sheet_of(rgb: Bytes, alpha: Bytes) -> tuple[int, int, int]:
    """The paper that a see-through drawing shows on: white, or black under light strokes."""
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    ink = float(cv2.mean(luma, alpha)[0])
    return DARK_PAPER if ink > 160 else PAPER


def lay_on(rgb: Bytes, alpha: Bytes, ground: tuple[int, int, int]) -> Bytes:
    """(h, w, 3): the picture over an even ground. In bands, as the steps of a large picture take much memory."""
    laid = np.empty_like(rgb)
    for top in range(0, len(rgb), _BAND):
        band = slice(top, top + _BAND)
        cover = alpha[band].astype(np.float32) / 255
        for channel, grey in enumerate(ground):
            laid[band, :, channel] = rgb[band, :, channel] * cover + np.float32(grey) * (1 - cover) + 0.5
    return laid
