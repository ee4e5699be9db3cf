"""Finds the windows of a building: closed cells of its edges, and what is set back in its walls."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.analysis import Analysis
from rerender.engines.preview.fields import Plane, median, percentile
from rerender.engines.preview.hands import side_by_side
from rerender.engines.preview.regions import scharr
from rerender.engines.preview.slot_codes import GLASS, ROOF, SKY, WALL, Codes

# A window is darker than the wall in a square of this many pixels of the analysis size around it.
SURROUNDINGS = (61, 141)
# The bars between panes of one window, down and across; in a tower whole windows are closer together.
WIDEST_BARS = (13, 9)


def glaze(analysis: Analysis, codes: Codes) -> None:
    """Closed, box-like cells of the edge map become glass; in clay, those that are darker than the wall around them."""
    on_wall: Codes = cv2.erode((codes == WALL).astype(np.uint8), np.ones((3, 3), np.uint8))
    if not on_wall.any():
        return
    if analysis.kind == "clay":
        below = _below_roofs(codes)
        # What is wide against its surroundings would be taken for them, what is small be lost in them.
        windows = side_by_side(lambda side: _windows(analysis.luma, on_wall, codes, below, side), SURROUNDINGS)
        codes[np.maximum(*windows) > 0] = GLASS
        return
    panes: Codes = _panes(analysis.edges) & _below_roofs(codes)
    codes[(cv2.morphologyEx(panes, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)) & on_wall) > 0] = GLASS


def _below_roofs(codes: Codes) -> Codes:
    """1 where no pane would be a roof's tile."""
    below: Codes = np.ones_like(codes)
    if (codes == ROOF).any():
        below[: int(percentile(np.nonzero(codes == ROOF)[0], 50))] = 0
    return below


def _windows(luma: Plane, on_wall: Codes, codes: Codes, below_roofs: Codes, side: int) -> Codes:
    """Panes and recesses that are close together make one window, with what is as dark in the box around them."""
    around = _around(luma, on_wall, side)
    plain_wall = _around(luma, on_wall & (luma >= around), side)
    dark: Codes = ((luma < plain_wall - 0.06) & (on_wall > 0)).astype(np.uint8)
    panes: Codes = _panes((scharr(luma) > 0.06).astype(np.uint8)) & below_roofs & dark
    panes = cv2.morphologyEx(panes, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    openings: Codes = panes | _recesses(luma, around, on_wall)
    windows: Codes = np.zeros_like(on_wall)
    for bars in (_bars(openings), WIDEST_BARS):
        windows |= _joined(luma, openings, dark, codes, bars)
    return windows & on_wall


def _joined(luma: Plane, openings: Codes, dark: Codes, codes: Codes, bars: tuple[int, int]) -> Codes:
    """Openings no farther apart than `bars` (pixels down and across) as one, where that makes a framed window."""
    found = cv2.morphologyEx(openings, cv2.MORPH_CLOSE, np.ones(bars, np.uint8))
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=4)
    windows: Codes = np.zeros_like(openings)
    for piece, (x, y, width, height, area) in enumerate(stats[1:], 1):
        if height > 8 * width or area < 0.0008 * luma.size:
            continue
        box = np.s_[y : y + height, x : x + width]
        inside: Codes = (pieces[box] == piece).astype(np.uint8)
        if area > 0.5 * width * height:
            filled: Codes = inside | dark[box]
            inside |= cv2.morphologyEx(filled, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        if not _is_framed(luma, x, y, width, height):
            continue
        if area < 0.003 * luma.size or not _is_shade(codes, x, y, (pieces[box] == piece).astype(np.uint8)):
            inside[: _shaded_rows(luma, x, y, width, height)] = 0
            windows[box] |= inside
    return windows


def _bars(openings: Codes) -> tuple[int, int]:
    """How far apart panes of one window may be, down and across: much less than the panes' own size."""
    sizes = cv2.connectedComponentsWithStats(openings, connectivity=4)[2][1:, [cv2.CC_STAT_HEIGHT, cv2.CC_STAT_WIDTH]]
    if not len(sizes):
        return 1, 1
    height, width = (median(column) for column in sizes.T)
    return int(np.clip(0.4 * height, 3, 13)), int(np.clip(0.4 * width, 3, 9))


def _around(luma: Plane, chosen: Codes, side: int) -> Plane:
    """The mean luma of the chosen pixels in a square of `side` around each pixel."""
    weight: Plane = chosen.astype(np.float32)
    mean: Plane = cv2.blur(luma * weight, (side, side)) / (cv2.blur(weight, (side, side)) + 1e-3)
    return mean


def _is_shade(codes: Codes, x: int, y: int, inside: Codes) -> bool:
    """Whether a large dark shape at (x, y) is a wall in the shade, which reaches the sky, or shade under a roof."""
    height, width = inside.shape
    top, left = max(0, y - 5), max(0, x - 5)
    around = codes[top : y + height + 5, left : x + width + 5]
    shape = np.zeros(around.shape, np.uint8)
    shape[y - top : y - top + height, x - left : x - left + width] = inside
    ring = cv2.dilate(shape, np.ones((11, 11), np.uint8)) > shape
    if float(np.mean(around[ring] == SKY)) > 0.04:
        return True
    above = codes[np.maximum(y + inside.argmax(axis=0) - 20, 0), np.arange(x, x + width)]
    return width > 1.2 * height and float(np.mean(above == ROOF)) > 0.5


def _is_framed(luma: Plane, x: int, y: int, width: int, height: int) -> bool:
    """Whether a box is darker than what lies below and on both sides of it; above there may be a roof's shade."""
    inside = median(luma[y : y + height, x : x + width])
    near, far = 2, 6
    sides = (
        luma[y + height + near : y + height + far, x : x + width],
        luma[y : y + height, max(0, x - far) : max(0, x - near)],
        luma[y : y + height, x + width + near : x + width + far],
    )
    return all(not side.size or median(side) > inside + 0.04 for side in sides)


def _shaded_rows(luma: Plane, x: int, y: int, width: int, height: int) -> int:
    """How many rows from a window's top are a roof's shade on the wall over it: as dark on both sides as inside."""
    near, far = 3, 9
    rows = np.s_[y : y + height // 3]
    left, right = luma[rows, max(0, x - far) : max(0, x - near)], luma[rows, x + width + near : x + width + far]
    if not (left.size and right.size):
        return 0
    inside = luma[rows, x : x + width].mean(axis=1)
    beside = np.minimum(left.mean(axis=1), right.mean(axis=1))
    framed = np.nonzero(beside > inside + 0.04)[0]
    return int(framed[0]) if len(framed) else 0


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
    """1 on the pieces that are boxes with upright sides, also where perspective slants their tops; wide ones too."""
    _, cells, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=4)
    x, y, width, height, area = stats.T
    share = area / dark.size
    boxes = (share > 0.0005) & (share < 0.04) & (height < 5 * width) & (width < 3.5 * height)
    boxes[0] = False
    for cell in np.nonzero(boxes & (area <= 0.8 * width * height))[0]:
        box = np.s_[y[cell] : y[cell] + height[cell], x[cell] : x[cell] + width[cell]]
        boxes[cell] = _has_upright_sides(cells[box] == cell, int(height[cell]))
    upright: Codes = boxes[cells].astype(np.uint8)
    return upright


def _has_upright_sides(inside: Codes, height: int) -> bool:
    """Whether a shape starts and ends in sides nearly as high as itself, with straight slopes between them."""
    columns = np.nonzero(inside.any(axis=0))[0]
    spans = inside[:, columns].sum(axis=0)
    if len(columns) < 4:
        return False
    straight = np.linspace(spans[1], spans[-2], len(spans))
    ends = min(int(spans[1]), int(spans[-2]))
    return ends > 0.45 * height and float(np.abs(spans - straight).mean()) < 0.08 * height


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
