"""Finds the windows of a building: closed cells of its edges, and what is set back in its walls."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.analysis import Analysis
from rerender.engines.preview.fields import Plane
from rerender.engines.preview.regions import scharr
from rerender.engines.preview.slot_codes import GLASS, ROOF, WALL, Codes


def glaze(analysis: Analysis, codes: Codes) -> None:
    """Closed, box-like cells of the edge map become glass; in clay, those that are darker than the wall around them."""
    on_wall: Codes = cv2.erode((codes == WALL).astype(np.uint8), np.ones((3, 3), np.uint8))
    if not on_wall.any():
        return
    if analysis.kind == "clay":
        codes[_windows(analysis.luma, on_wall, _below_roofs(codes)) > 0] = GLASS
        return
    panes: Codes = _panes(analysis.edges) & _below_roofs(codes)
    codes[(cv2.morphologyEx(panes, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)) & on_wall) > 0] = GLASS


def _below_roofs(codes: Codes) -> Codes:
    """1 where no pane would be a roof's tile."""
    below: Codes = np.ones_like(codes)
    if (codes == ROOF).any():
        below[: int(np.percentile(np.nonzero(codes == ROOF)[0], 50))] = 0
    return below


def _windows(luma: Plane, on_wall: Codes, below_roofs: Codes) -> Codes:
    """Panes and recesses that are close together make one window, with what is as dark in the box around them."""
    around = _around(luma, on_wall)
    plain_wall = _around(luma, on_wall & (luma >= around))
    dark: Codes = ((luma < plain_wall - 0.06) & (on_wall > 0)).astype(np.uint8)
    panes: Codes = _panes((scharr(luma) > 0.06).astype(np.uint8)) & below_roofs & dark
    panes = cv2.morphologyEx(panes, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    openings: Codes = panes | _recesses(luma, around, on_wall)
    found = cv2.morphologyEx(openings, cv2.MORPH_CLOSE, np.ones((13, 9), np.uint8))
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=4)
    windows: Codes = np.zeros_like(on_wall)
    for piece, (x, y, width, height, area) in enumerate(stats[1:], 1):
        box = np.s_[y : y + height, x : x + width]
        inside: Codes = (pieces[box] == piece).astype(np.uint8)
        if area > 0.5 * width * height:
            filled: Codes = inside | dark[box]
            inside |= cv2.morphologyEx(filled, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        if area > 0.0008 * luma.size and _is_framed(luma, x, y, width, height):
            windows[box] |= inside
    return windows & on_wall


def _around(luma: Plane, chosen: Codes) -> Plane:
    """The mean luma of the chosen pixels around each pixel."""
    weight: Plane = chosen.astype(np.float32)
    mean: Plane = cv2.blur(luma * weight, (61, 61)) / (cv2.blur(weight, (61, 61)) + 1e-3)
    return mean


def _is_framed(luma: Plane, x: int, y: int, width: int, height: int) -> bool:
    """Whether a box is darker than what lies below and on both sides of it; above there may be a roof's shade."""
    inside = float(np.median(luma[y : y + height, x : x + width]))
    near, far = 2, 6
    sides = (
        luma[y + height + near : y + height + far, x : x + width],
        luma[y : y + height, max(0, x - far) : max(0, x - near)],
        luma[y : y + height, x + width + near : x + width + far],
    )
    return all(not side.size or float(np.median(side)) > inside + 0.04 for side in sides)


def _recesses(luma: Plane, around: Plane, on_wall: Codes) -> Codes:
    """Upright boxes that are darker than the wall around them: windows and doors set back in it.

    Several levels of dark are tried, as a window in the shadow of a porch parts from it only at a deep one.
    """
    bright, _ = cv2.threshold((luma[on_wall > 0] * 255).astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    recesses: Codes = np.zeros_like(on_wall)
    for depth in (0.04, 0.08, 0.12, 0.17):
        dark: Codes = ((luma < np.minimum(around - depth, bright / 255)) & (on_wall > 0)).astype(np.uint8)
        dark = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        recesses |= _upright_boxes(cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)))
    return recesses


def _upright_boxes(dark: Codes) -> Codes:
    _, cells, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=4)
    _, _, width, height, area = stats.T
    share = area / dark.size
    boxes = (share > 0.0005) & (share < 0.02) & (area > 0.8 * width * height)
    boxes &= (width < 1.2 * height) & (height < 3.2 * width)
    boxes[0] = False
    upright: Codes = boxes[cells].astype(np.uint8)
    return upright


def _panes(edges: Codes) -> Codes:
    """1 on the free components of an edge map that are nearly rectangles of a window pane's size, and on their rims."""
    height, width = edges.shape
    _, cells, stats, _ = cv2.connectedComponentsWithStats(1 - edges, connectivity=4)
    # Without any edge the background component is empty, with sides of 0.
    x, y, w, h, area = np.maximum(stats, [0, 0, 1, 1, 0]).T
    share = area / (height * width)
    panes = (share > 0.00022) & (share < 0.02) & (area / (w * h) > 0.62) & (w / h > 0.22) & (w / h < 3.2)
    panes &= (x > 2) & (y > 2) & (x + w < width - 2) & (y + h < height - 2)
    panes[0] = False
    for cell in np.nonzero(panes)[0]:
        box = np.s_[y[cell] : y[cell] + h[cell], x[cell] : x[cell] + w[cell]]
        contours, _ = cv2.findContours((cells[box] == cell).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        outline = max(contours, key=cv2.contourArea)
        (long_side, short_side) = cv2.minAreaRect(outline)[1]
        corners = cv2.approxPolyDP(outline, 0.07 * cv2.arcLength(outline, True), True)
        panes[cell] = cv2.contourArea(outline) > 0.8 * long_side * short_side and len(corners) <= 5
    flags: Codes = cv2.dilate(panes[cells].astype(np.uint8), np.ones((3, 3), np.uint8))
    return flags
