"""Which parts of a cut-out product are its body and which its frame: cushions, and the legs that hold them."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.analysis import Analysis
from rerender.engines.preview.fields import Bytes, Plane, percentiles
from rerender.engines.preview.regions import merge_weak_borders, scharr, trapped_ball
from rerender.engines.preview.slot_codes import OBJECT, OBJECT2, SKY, Codes, Mask

# A part is thick where a ball of this share of the long side fits in.
BALL = 0.065
# A crease is a step within two pixels of the larger share of the subject's tones, or of the smaller where it is sharp.
CREASE, FINE_CREASE, SHARPNESS = 0.12, 0.05, 1.8


def product_codes(analysis: Analysis, alpha: Plane) -> Codes:
    """(h, w) slot codes: the backdrop is `sky`, thick parts are `object`, thin ones `object2`."""
    subject: Bytes = (alpha > 0.5).astype(np.uint8)
    # Pinholes in the mask must not pass for the gaps around thin parts.
    solid: Bytes = cv2.morphologyEx(subject, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    thin = (~_thick(analysis.luma, solid) & (solid > 0)).astype(np.uint8)
    _drop_folds(thin, solid)
    codes = np.where(subject > 0, np.uint8(OBJECT), np.uint8(SKY))
    codes[(thin & subject) > 0] = OBJECT2
    return codes


def _thick(luma: Plane, solid: Bytes) -> Mask:
    """What is thick, decided for whole parts between creases; where a part is both, or creases are all over, by place.

    Armrests before a seat are thin, though the outline that they share with it is not.
    """
    by_outline = _opened(solid)
    creases = _creases(luma, solid)
    smooth = solid & (1 - creases)
    by_part = _opened(smooth)
    if by_part.sum() < 0.5 * by_outline.sum():
        return _grown(by_outline)
    border: Plane = cv2.dilate(creases, np.ones((3, 3), np.uint8)).astype(np.float32)
    border[cv2.erode(solid, np.ones((5, 5), np.uint8)) == 0] = 1
    parts = trapped_ball(creases | (1 - solid))
    parts = merge_weak_borders(parts, border, luma, strength_limit=0.5, luma_limit=1)
    size = np.bincount(parts[smooth > 0], minlength=int(parts.max()) + 1)
    share = np.bincount(parts[by_part > 0], minlength=len(size)) / np.maximum(1, size)
    thick: Mask = (share >= 0.8)[parts] | (_grown(by_part) & (share > 0.1)[parts])
    return thick


def _creases(luma: Plane, solid: Bytes) -> Bytes:
    """Where one part ends before another: large steps of luma, and smaller ones that no rounded edge would make."""
    if not solid.any():
        return solid
    low, high = percentiles(luma[solid > 0], 3, 97)
    slope = scharr(luma) / np.float32(max(high - low, 0.1))
    gentle = scharr(cv2.GaussianBlur(luma, (0, 0), 2.5)) / np.float32(max(high - low, 0.1))
    steep = (slope > CREASE) | ((slope > FINE_CREASE) & (slope > SHARPNESS * gentle))
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(steep.astype(np.uint8) & solid, connectivity=8)
    long_ = stats[:, cv2.CC_STAT_AREA] > 0.03 * max(luma.shape)
    long_[0] = False
    creases: Bytes = long_[pieces].astype(np.uint8)
    return creases


def _drop_folds(thin: Bytes, solid: Bytes) -> None:
    """Thin shapes that nowhere reach the outline and specks are folds of the body. In place."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(thin, connectivity=4)
    rim = cv2.erode(solid, np.ones((7, 7), np.uint8)) == 0
    kept = np.bincount(pieces[rim], minlength=count) > 0
    kept &= stats[:, cv2.CC_STAT_AREA] > 0.04 * np.count_nonzero(thin)
    thin[~kept[pieces]] = 0
    inner = cv2.erode(solid, np.ones((7, 7), np.uint8)) > 0
    thin[inner] = cv2.medianBlur(thin, 7)[inner]


def _opened(mask: Bytes) -> Bytes:
    side = int(BALL * max(mask.shape)) | 1
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    opened: Bytes = cv2.morphologyEx(mask, cv2.MORPH_OPEN, ball)
    return opened


def _grown(opened: Bytes) -> Mask:
    grown: Mask = cv2.dilate(opened, np.ones((11, 11), np.uint8)) > 0
    return grown
