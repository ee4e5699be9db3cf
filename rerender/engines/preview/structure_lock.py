"""The structure lock: control edges that went missing are drawn back in. And the enlargement to the output size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.fields import Bytes, Plane, magnitude, percentile

FULL_DETAIL = 24.0
"""Grey levels of detail at strength 1."""
STEPS = (0.2, 0.45, 1.0)
ENOUGH = 0.02
"""The share of edges that may be missing without anything being done about it."""


def edges(grey: Bytes) -> NDArray[np.bool_]:
    """Canny edges of a (H, W) uint8 picture, the threshold following its own 90th gradient percentile."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.2)
    gradient = magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    high = float(np.clip(percentile(gradient[::2, ::2], 90), 30, 200))
    found: NDArray[np.bool_] = cv2.Canny(smooth, high * 0.4, high) > 0
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """What the lock takes from a control image: its edges, thick enough to add detail under, and that detail."""

    wanted: NDArray[np.bool_]
    detail: Plane


def guide(control: Bytes) -> Guide:
    """The guide of a (H, W) uint8 control image; one serves all pictures made of it at its size."""
    wanted = edges(control)
    grey = control.astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), 3)
    detail /= cv2.GaussianBlur(np.abs(detail), (0, 0), 6) + 4
    # Lone specks reach many times their surroundings' contrast: unclipped, foliage sparkles.
    np.clip(detail, -1.5, 1.5, out=detail)
    # In foliage and the like every pixel is near an edge; drawing them all in would only add noise.
    detail *= np.clip(2.2 - 6 * cv2.blur(wanted.astype(np.float32), (31, 31)), 0.25, 1)
    detail *= np.float32(FULL_DETAIL)
    return Guide(wanted, detail)


def lock_structure(picture: Bytes, control: Guide, strength: float, replaced: Plane | None = None) -> Bytes:
    """Add the control's contrast-normalised detail where one of its edges has no counterpart within two pixels.

    In steps, so that each edge gets no more than it needs to be one: in fog a little is enough, and all of it would
    be an outline. `picture` is (H, W, 3) uint8; `strength` is 0 for none, 1 for what most pictures need. `replaced`
    (H, W) is 1 where something else was put, of which the control's lines are none.
    """
    done = 0.0
    wanted = control.wanted
    if replaced is not None:
        # Its border is the subject's outline, which is wanted.
        wanted = wanted & (cv2.erode(replaced, np.ones((9, 9), np.uint8)) < 0.5)
    for share in STEPS if strength > 0 else ():
        near = cv2.dilate(edges(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)).astype(np.uint8), np.ones((5, 5), np.uint8))
        missing = (wanted & (near == 0)).astype(np.uint8)
        if int(np.count_nonzero(missing)) < ENOUGH * np.count_nonzero(wanted):
            break
        where = cv2.GaussianBlur(cv2.dilate(missing, np.ones((5, 5), np.uint8)) * np.uint8(255), (0, 0), 2)
        detail = cv2.multiply(control.detail, where.astype(np.float32), scale=(share - done) * strength / 255)
        picture, done = _add_detail(picture, detail.astype(np.int16)), share
    return picture


def fine_detail(control: Bytes, reduced: Bytes, strength: float) -> NDArray[Any] | None:
    """What `control` (H, W) has that it lost when it was `reduced`, its Laplacian band; None for the same size."""
    if control.shape == reduced.shape:
        return None
    enlarged = cv2.resize(reduced, control.shape[::-1], interpolation=cv2.INTER_CUBIC)
    detail: NDArray[Any] = cv2.addWeighted(control, strength, enlarged, -strength, 0, dtype=cv2.CV_16S)
    return detail


def enlarge(picture: Bytes, detail: NDArray[Any] | None) -> Bytes:
    """`picture` at the size of `detail`, with that detail in it; as it is without.

    Joint upsampling after Kopf et al. 2007, as bicubic enlargement plus the control's own Laplacian band.
    """
    if detail is None:
        return picture
    return _add_detail(cv2.resize(picture, detail.shape[::-1], interpolation=cv2.INTER_CUBIC), detail)


def _add_detail(picture: Bytes, detail: NDArray[Any]) -> Bytes:
    # One channel after the other: three of them in 16 bits would be the largest thing in memory at 2048 px.
    channels = [cv2.add(channel, detail, dtype=cv2.CV_8U) for channel in cv2.split(picture)]
    merged: Bytes = cv2.merge(channels)
    return merged
