"""Which part of a drawn room each region is: shell first, then openings and lamps, then furniture by whole pieces."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.analysis import Analysis
from rerender.engines.preview.fields import Plane, magnitude, median
from rerender.engines.preview.regions import Labels, PerRegion, Regions, fill_nearest
from rerender.engines.preview.room import BACK, CEILING, FLOOR, LEFT, RIGHT, SUPPORTED
from rerender.engines.preview.slot_codes import (
    GLASS,
    GROUND,
    LAMP,
    OBJECT,
    OBJECT2,
    RUG,
    SKY,
    VEGETATION,
    WALL,
    Codes,
    Mask,
)

UNDECIDED = 255
PLANE_SLOTS = np.array([WALL, SKY, GROUND, WALL, WALL], np.uint8)
"""The slot of each plane of a room's box: back, ceiling, floor, left and right."""
LEG = 0.01
"""How thick a leg of a table or a chair may be."""


def interior_codes(analysis: Analysis) -> Codes:
    """(h, w) slot codes of a room seen from inside."""
    r = analysis.regions
    slot = np.full(r.count, UNDECIDED, np.uint8)
    thickness, (boxiness, slanting) = _thickness(r), _boxes(r)
    shell = analysis.shell if analysis.shell is not None and analysis.shell.support >= SUPPORTED else None
    _shell(r, slot, thickness)
    planes = None if shell is None or analysis.kind != "clay" else shell.planes(r.labels.shape)
    box = np.zeros(r.count, bool) if planes is None else _box(r, slot, planes, boxiness)
    if planes is None:
        _openings(r, slot, boxiness)
    _hangings(r, slot, thickness, boxiness)
    if planes is None:
        _frames(r, slot)
    else:
        _leave_plain(r, slot)
    _bits_of_wall(r, slot)
    floor = 0.0 if shell is None else shell.bottom / r.labels.shape[0]
    _floor_coverings(r, slot, thickness, slanting, floor)
    if analysis.kind == "line":
        free = slot == UNDECIDED
        slot[free & (_leaves(r, free) | _in_thickets(r, analysis))] = VEGETATION
    _furniture(r, slot, thickness)
    codes: Codes = slot[r.labels]
    if planes is not None:
        flat = box[r.labels]
        codes[flat] = PLANE_SLOTS[planes[flat]]
        _trim(codes, planes)
    if analysis.alpha is not None:
        _see_through(codes, analysis.alpha)
    return codes


def _shell(r: Regions, slot: Codes, thickness: PerRegion) -> None:
    """Ceiling above, floor below, walls at the sides and behind."""
    ceiling = (r.touch_top > 0.2) & (r.centre_y < 0.33)
    touch_side = r.touch_left + r.touch_right
    floor = (r.touch_bottom > 0.03) & (r.centre_y > 0.62)
    floor |= (r.centre_y > 0.6) & (r.area > 0.004) & (r.bottom > 0.97)
    floor |= (touch_side > 0.02) & (r.centre_y > 0.66) & (thickness > 0.03)
    side_wall = (touch_side > 0.15) & (r.top < 0.5)
    back_wall = (r.area > 0.02) & (r.centre_y < 0.58) & (r.top < 0.5) & ((r.fill < 0.75) | (r.area > 0.12))
    for part, flags in ((WALL, back_wall | side_wall), (GROUND, floor), (SKY, ceiling)):
        slot[flags] = part


def _box(r: Regions, slot: Codes, planes: NDArray[np.uint8], boxiness: PerRegion) -> Mask:
    """Flags of the regions of clay that belong to the room's own box: they take their slots from its planes.

    In clay a shadow's edge looks like a wall's, and a wall may run on into the ceiling where both are as light.
    """
    seen = np.bincount((r.labels.astype(np.int64) * 5 + planes).ravel(), minlength=5 * r.count).reshape(-1, 5)
    share = seen / np.maximum(1, seen.sum(axis=1, keepdims=True))
    at_border = r.touch_left + r.touch_right + r.touch_top + r.touch_bottom > 0.01
    large = r.area > 0.012
    pane = _panes(r, planes, share, boxiness)
    raised = r.bottom * planes.shape[0] < np.nonzero((planes == BACK).any(axis=1))[0].max(initial=0) - 4
    back = share[:, BACK] > 0.6
    box: Mask = (back & (r.area > 0.02) & (raised | (r.area > 0.05))) | (r.area > 0.06)
    box |= back & (r.area > 0.006) & raised & _like_the_wall(r, planes)
    box |= back & (r.area > 0.002) & _under_ceiling(r, planes)
    box |= (share[:, [LEFT, RIGHT]].sum(axis=1) > 0.6) & (large | at_border)
    box |= (share[:, FLOOR] > 0.6) & (at_border | (r.area > 0.02))
    box |= (share[:, CEILING] > 0.6) & (large | at_border)
    box &= ~pane
    slot[:] = UNDECIDED
    slot[box] = PLANE_SLOTS[share.argmax(axis=1)[box]]
    slot[pane] = GLASS
    return box


def _like_the_wall(r: Regions, planes: NDArray[np.uint8]) -> Mask:
    """Flags of the regions that are as light as most of the back wall."""
    wall = planes == BACK
    flags: Mask = np.abs(r.luma - (median(r.luma[r.labels][wall]) if wall.any() else 0.0)) < 0.05
    return flags


def _under_ceiling(r: Regions, planes: NDArray[np.uint8]) -> Mask:
    """Flags of the regions that begin where the back wall does: light along the ceiling makes strips of it."""
    begins = np.nonzero((planes == BACK).any(axis=1))[0].min(initial=planes.shape[0]) / planes.shape[0]
    flags: Mask = r.top < begins + 0.035
    return flags


def _panes(r: Regions, planes: NDArray[np.uint8], share: PerRegion, boxiness: PerRegion) -> Mask:
    """Flags of the regions of a wall that are lighter than it, as day is behind a window, and nearly boxes."""
    luma = r.luma[r.labels]
    pane = np.zeros(r.count, bool)
    for plane in (BACK, LEFT, RIGHT):
        here = planes == plane
        if here.any():
            pane |= (share[:, plane] > 0.7) & (r.luma > median(luma[here]) + 0.1)
    high = r.centre_y < 0.56
    flags: Mask = pane & high & ~_under_ceiling(r, planes) & (boxiness > 0.72) & (r.area > 0.002) & (r.area < 0.08)
    return flags


def _trim(codes: Codes, planes: NDArray[np.uint8]) -> None:
    """No ceiling, floor or wall goes beyond its own plane: regions run on where an edge was too faint. In place."""
    wall = (planes == BACK) | (planes == LEFT) | (planes == RIGHT)
    codes[wall & ((codes == SKY) | (codes == GROUND) | (codes == RUG))] = WALL
    codes[(planes == CEILING) & ((codes == WALL) | (codes == GROUND))] = SKY
    codes[(planes == FLOOR) & ((codes == WALL) | (codes == SKY))] = GROUND


def _see_through(codes: Codes, alpha: Plane) -> None:
    """What is transparent inside a room is its windows, and where the roof was left off the ceiling. In place."""
    _, pieces = cv2.connectedComponents((alpha < 0.5).astype(np.uint8), connectivity=4)
    above = np.flatnonzero(np.bincount(pieces[0]))
    codes[codes == GLASS] = WALL
    codes[pieces > 0] = np.where(np.isin(pieces[pieces > 0], above), np.uint8(SKY), np.uint8(GLASS))


def _openings(r: Regions, slot: Codes, boxiness: PerRegion) -> None:
    """High up, large boxes are windows."""
    high = (slot == UNDECIDED) & (r.centre_y < 0.5)
    slot[high & (r.area > 0.007) & (boxiness > 0.8)] = GLASS


def _hangings(r: Regions, slot: Codes, thickness: PerRegion, boxiness: PerRegion) -> None:
    """High up, small boxes are pictures in wooden frames, and small tapered shapes lamps."""
    high = (slot == UNDECIDED) & (r.centre_y < 0.45) & (r.area > 0.0006) & (r.area < 0.006)
    slot[high & (boxiness >= 0.87)] = OBJECT2
    slot[_lamps(r, slot, thickness, boxiness)] = LAMP


def _frames(r: Regions, slot: Codes) -> None:
    """What is small and beside a window is its frame."""
    slot[(slot == UNDECIDED) & (_neighbours(r, slot)[:, GLASS] > 0.2) & (r.area < 0.012)] = OBJECT2


def _bits_of_wall(r: Regions, slot: Codes) -> None:
    """What furniture cut off a wall, and what reaches from the ceiling to the picture's side, is wall too."""
    beside = _neighbours(r, slot)
    cut_off = (r.aspect < 0.6) & (r.area > 0.0015) & (r.area < 0.02) & (beside[:, WALL] > 0.5)
    under_ceiling = (r.touch_left + r.touch_right > 0.05) & (beside[:, SKY] > 0.3)
    slot[(slot == UNDECIDED) & (cut_off | under_ceiling)] = WALL


def _lamps(r: Regions, slot: Codes, thickness: PerRegion, boxiness: PerRegion) -> Mask:
    """Flags of small tapered shapes before a wall or a window; lower down only of those that widen to their foot."""
    beside = _neighbours(r, slot)
    small = (slot == UNDECIDED) & (r.area > 0.0006) & (r.area < 0.006) & (thickness > 0.25 * np.sqrt(r.area))
    tapered = (boxiness > 0.55) & (boxiness < 0.87) & (r.aspect > 0.7) & (r.aspect < 2.8)
    hung = (r.centre_y < 0.53) & (beside[:, WALL] + beside[:, GLASS] > 0.5)
    standing = small & tapered & ~hung & (r.centre_y < 0.6) & (beside[:, WALL] > 0.7)
    flags: Mask = small & tapered & hung
    for region in np.nonzero(standing)[0]:
        flags[region] = _widens(r, int(region))
    return flags


def _widens(r: Regions, region: int) -> bool:
    """Whether a region is wider in its lower third than in its upper, its tips left out."""
    rows = r.points(region)[:, 1].astype(int)
    widths = np.bincount(rows - rows.min())
    body = widths[2 * widths > widths.max()]
    third = len(body) // 3
    return bool(body[:third].sum() < 0.92 * body[len(body) - third :].sum())


def _leave_plain(r: Regions, slot: Codes) -> None:
    """In clay, small shapes with hardly more than wall, ceiling and window around them are light and shade on these."""
    small = (r.area < 0.006) & (r.centre_y < 0.53)
    for _ in range(2):
        beside = _neighbours(r, slot)
        bright = r.luma > 0.9 * np.max(r.luma[slot == GLASS], initial=0.9)
        slot[(slot == UNDECIDED) & small & bright & (beside[:, GLASS] > 0.4)] = GLASS
        flat = beside[:, [WALL, SKY, GLASS]].sum(axis=1) > 0.6
        slot[(slot == UNDECIDED) & small & flat] = WALL


def _floor_coverings(r: Regions, slot: Codes, thickness: PerRegion, slanting: Mask, floor: float) -> None:
    """Slanting boards are floor, a large low region a rug with its border, a thin one along a wall a skirting."""
    open_ = slot == UNDECIDED
    beside = _neighbours(r, slot)
    strip = thickness < 0.35 * np.sqrt(r.area)
    long_ = thickness < 0.2 * np.sqrt(r.area)
    skirting = open_ & long_ & (thickness < 0.022) & (beside[:, WALL] > 0.3) & (r.centre_y > 0.5)
    slot[skirting] = WALL
    flat = (r.centre_y > 0.64) & (r.top > floor - 0.02) & (r.aspect > 1.5)
    slot[open_ & flat & (r.area > 0.02) & (thickness > 0.03)] = RUG
    boards = slanting & (thickness < 0.24 * np.sqrt(r.area)) & (r.centre_y > 0.64) & (r.area > 0.002)
    leg = (r.aspect < 0.6) & (thickness < LEG) & (r.area < 0.002)
    rug_top = r.top[slot == RUG].min() if (slot == RUG).any() else 1.0
    for _ in range(4):
        beside = _neighbours(r, slot)
        open_ = (slot == UNDECIDED) & (r.centre_y > rug_top + 0.02) & strip & ~leg
        slot[open_ & (beside[:, RUG] > 0.25) & (beside[:, RUG] + beside[:, GROUND] > 0.6)] = RUG
        at_side = (r.touch_left + r.touch_right > 0.01) & (r.centre_y > 0.64) & (beside[:, GROUND] > 0.3)
        slot[(slot == UNDECIDED) & (boards | at_side) & (beside[:, GROUND] + beside[:, RUG] > 0.15)] = GROUND


def _furniture(r: Regions, slot: Codes, thickness: PerRegion) -> None:
    """Regions that touch are one piece: tall pieces and those cut by the picture's edge are wood, the others `object`.

    Of those, what is thin and upright (legs) or flat in the lower half (a table before a sofa) is wood as well.
    """
    rest = slot == UNDECIDED
    count, piece_of = _pieces(r, rest)
    slot[rest] = OBJECT2
    height, width = r.labels.shape
    for number in range(1, count):
        members = rest & (piece_of == number)
        if not members.any():
            continue
        top, bottom = r.top[members].min(), r.bottom[members].max()
        left, right = r.left[members].min(), r.right[members].max()
        upright = (bottom - top) * height > 1.3 * (right - left) * width
        at_side = not 0.2 < (left + right) / 2 < 0.8 and (left < 0.01 or right > 0.99)
        slot[members] = OBJECT2 if upright or at_side else OBJECT
        low = r.centre_y > (top + bottom) / 2
        leg = (thickness < LEG) & (r.aspect < 0.6)
        table = (r.aspect > 3) & (thickness < 0.02) & (r.bottom - r.top < 0.4 * (bottom - top))
        slot[members & low & (leg | table)] = OBJECT2


def _pieces(r: Regions, rest: Mask) -> tuple[int, Labels]:
    """Pieces of furniture: one more than their number, and the nearest piece to each region, from 1 on."""
    # Eroded, so that a thin strip between two pieces does not make them one.
    core = cv2.erode(r.mask(rest & (r.area > 0.0006)).astype(np.uint8), np.ones((9, 9), np.uint8))
    near = cv2.dilate(core, np.ones((7, 7), np.uint8))
    count, pieces = cv2.connectedComponents(near)
    nearest: Labels = fill_nearest(pieces, pieces > 0)
    keys = r.labels.ravel().astype(np.int64) * count + nearest.ravel()
    counted = np.bincount(keys, minlength=r.count * count).reshape(-1, count)
    return count, counted.argmax(axis=1).astype(np.int32)


def _neighbours(r: Regions, slot: Codes) -> PerRegion:
    """(count, codes): which share of each region's border it has with each slot; undecided ones count half."""
    keys = []
    for first, second in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        a, b = r.labels[first], r.labels[second]
        differ = a != b
        a, b = a[differ].astype(np.int64), b[differ].astype(np.int64)
        keys += [a * 256 + slot[b], b * 256 + slot[a]]
    shared = np.bincount(np.concatenate(keys), minlength=256 * r.count).reshape(-1, 256).astype(float)
    shared[:, UNDECIDED] /= 2
    shared /= np.maximum(1, shared.sum(axis=1, keepdims=True))
    return shared


def _thickness(r: Regions) -> PerRegion:
    """The radius of the largest disc inside each region, as a share of the long side."""
    inner = np.ones(r.labels.shape, np.uint8)
    inner[:, 1:][r.labels[:, 1:] != r.labels[:, :-1]] = 0
    inner[1:][r.labels[1:] != r.labels[:-1]] = 0
    distance = cv2.distanceTransform(inner, cv2.DIST_L2, 5)
    flat = r.labels.ravel()
    order = np.argsort(flat.astype(np.uint16) if r.count < 1 << 16 else flat, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=r.count))[:-1]])
    largest: PerRegion = np.maximum.reduceat(distance.ravel()[order], first) / max(r.labels.shape)
    return largest


def _boxes(r: Regions) -> tuple[PerRegion, Mask]:
    """Each region's share of its smallest turned rectangle, 1 for a box, and whether that rectangle slants."""
    boxiness, slanting = np.zeros(r.count), np.zeros(r.count, bool)
    for region in range(r.count):
        points = r.points(region)
        _, (width, height), angle = cv2.minAreaRect(points)
        boxiness[region] = len(points) / ((width + 1) * (height + 1))
        slanting[region] = 8 < angle % 90 < 82
    return boxiness, slanting


def _leaves(r: Regions, free: Mask) -> Mask:
    """Slanting slivers that cluster are a plant's leaves, with the small gaps between them."""
    sliver = np.zeros(r.count, bool)
    small = free & (r.area < 0.0015)
    for region in np.nonzero(small & (r.area > 0.0001))[0]:
        _, sides, angle = cv2.minAreaRect(r.points(int(region)))
        slanting = 12 < angle % 90 < 78
        sliver[region] = slanting and max(sides) > 1.8 * min(sides)
    near = cv2.dilate(r.mask(sliver).astype(np.uint8), np.ones((7, 7), np.uint8))
    count, cluster = cv2.connectedComponents(near)
    leaves = np.zeros(r.count, bool)
    for number in range(1, count):
        inside = np.bincount(r.labels[cluster == number], minlength=r.count) > 0.5 * r.area * r.labels.size
        if (sliver & inside).sum() >= 3:
            leaves |= inside & small
    return leaves


def _in_thickets(r: Regions, analysis: Analysis) -> Mask:
    """Flags of the small regions where lines crowd in both slanting directions, as leaves do in a small drawing."""
    smooth = cv2.GaussianBlur(analysis.luma, (0, 0), 0.8)
    across, down = (cv2.Scharr(smooth, cv2.CV_32F, *direction) for direction in ((1, 0), (0, 1)))
    slope = magnitude(across, down) + 1e-6
    turn = across * down / (slope * slope)
    window = (17, 17)
    rising, falling = (cv2.blur(slope * (sign * turn > 0.2), window) for sign in (1, -1))
    mixed = np.minimum(rising, falling) > 0.18 * cv2.blur(slope, window)
    crowded = cv2.blur((analysis.edges > 0).astype(np.float32), window) > 0.42
    _, pieces, stats, _ = cv2.connectedComponentsWithStats((mixed & crowded).astype(np.uint8))
    large = stats[:, cv2.CC_STAT_AREA] > 0.0006 * pieces.size
    large[0] = False
    thicket = cv2.dilate(large[pieces].astype(np.uint8), np.ones(window, np.uint8)) > 0
    inside = np.bincount(r.labels[thicket], minlength=r.count) / (r.area * r.labels.size)
    flags: Mask = (inside > 0.5) & (r.area < 0.003)
    return flags
