"""Which part of an outdoor picture each region is: sky and ground first, then roofs, plants and windows."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.analysis import Analysis
from rerender.engines.preview.fields import Plane, magnitude, median, percentile, percentiles
from rerender.engines.preview.plan import SLOTS
from rerender.engines.preview.regions import PerRegion, Regions, fill_nearest
from rerender.engines.preview.slot_codes import GLASS, GROUND, ROOF, SKY, VEGETATION, WALL, Codes, Mask
from rerender.engines.preview.windows import glaze


def exterior_codes(analysis: Analysis) -> Codes:
    """(h, w) slot codes of a building out of doors."""
    sky, ground = _open_air(analysis)
    regions = analysis.regions
    if analysis.kind == "clay" and sky.any():
        sky |= _enclosed_sky(regions, analysis.luma, sky)
    if analysis.kind == "photo" and sky.any():
        sky |= _more_sky(regions, sky)
    both = regions.mask(sky | ground)
    codes = np.full(both.shape, WALL, np.uint8)
    codes[regions.mask(sky)] = SKY
    codes[regions.mask(ground)] = GROUND
    undecided = regions.mask(sky & ground)
    if analysis.kind != "photo":
        below = np.arange(both.shape[0])[:, None] >= _horizon_row(both)
        undecided |= (codes == SKY) & below
        if _fades_into(analysis.luma, codes == SKY, codes == GROUND):
            undecided |= both
        codes[undecided] = np.where(np.broadcast_to(below, codes.shape), GROUND, SKY)[undecided]
    subject = ~(sky | ground)
    if analysis.alpha is not None:
        _cut_sky(codes, analysis.alpha)
    if analysis.kind == "photo":
        _dark_boxes(analysis, codes, subject)
        return codes
    for region in np.nonzero(subject)[0]:
        if _is_roof(analysis, codes, int(region)):
            codes[regions.labels == region] = ROOF
    if analysis.kind == "clay":
        _lay_shadows(analysis, codes, subject)
        _plant(analysis, codes)
    _raise_walls(codes, regions)
    glaze(analysis, codes)
    return codes


def _cut_sky(codes: Codes, alpha: Plane) -> None:
    """What is transparent is sky, below the foot of a house that was cut out ground; nothing else is sky. In place."""
    clear = alpha < 0.5
    opaque_sky = ~clear & (codes == SKY)
    if opaque_sky.any():
        codes[:] = fill_nearest(codes, ~(opaque_sky | clear)).astype(np.uint8)
    codes[clear] = SKY
    if float(np.mean(clear[-1])) > 0.75:
        below = np.arange(codes.shape[0])[:, None] >= _horizon_row(clear)
        codes[clear & below] = GROUND


def _raise_walls(codes: Codes, regions: Regions) -> None:
    """Ground that rises above the horizon is a wall as light as it; it stands on the feet of what is beside it."""
    meets = (codes[:-1] == SKY) & (codes[1:] == GROUND)
    rows = np.nonzero(meets)[0]
    if rows.size < 0.05 * codes.shape[1]:
        return
    horizon = int(percentile(rows, 20))
    ground = codes == GROUND
    below = ground & (np.arange(codes.shape[0])[:, None] >= horizon)
    size, low = (np.bincount(regions.labels[part], minlength=regions.count) for part in (ground, below))
    # A front that the picture's lower edge cuts off.
    codes[regions.mask((low < 0.6 * size) & (size > 0.02 * codes.size)) & ground] = WALL
    standing = (codes != SKY) & (codes != GROUND)
    too_high = codes[: max(0, horizon - 4)] == GROUND
    rising = too_high.sum(axis=0) > 3
    known = standing.any(axis=0) & ~rising
    if not rising.any() or not known.any():
        return
    feet = codes.shape[0] - 1 - standing[::-1].argmax(axis=0)
    foot = np.interp(np.arange(codes.shape[1]), np.nonzero(known)[0], feet[known])
    walls = rising & (np.arange(codes.shape[0])[:, None] <= foot) & (codes == GROUND)
    codes[walls] = WALL


def _open_air(analysis: Analysis) -> tuple[Mask, Mask]:
    """Flags of the regions that are sky and that are ground; a white sky over white ground is both."""
    r = analysis.regions
    sky = (r.touch_top > 0.12) & (r.top < 0.02) & (r.area > 0.03)
    if analysis.kind == "photo":
        red, green, blue = r.colour.T
        sky &= (r.luma > 0.35) & ((r.luma > 0.55) | (blue > red + 0.03)) & (blue > green - 0.12) & (r.centre_y < 0.6)
        # What also lies below is the backdrop of a thing.
        sky &= r.touch_bottom < 0.5
    else:
        # Ink that hangs into it, as a tree's, makes a narrow strip of a drawing's sky less even than a shaded one.
        sky &= r.luma_spread < (0.16 if analysis.kind == "line" else 0.12)
    ground = (r.touch_bottom > 0.08) & (r.bottom > 0.98) & (r.area > 0.02)
    ground &= (r.centre_y > 0.72) | ((r.centre_y > 0.6) | sky if analysis.kind != "photo" else False)
    return sky, ground


def _enclosed_sky(regions: Regions, luma: Plane, sky: Mask) -> Mask:
    """Regions as light as the sky, seen between a tree and a house."""
    lightness = median(luma[regions.mask(sky)])
    like = regions.labels[np.abs(luma - lightness) < 0.04]
    share = np.bincount(like, minlength=regions.count) / (regions.area * luma.size)
    flags: Mask = (share > 0.75) & (regions.area > 0.002) & (lightness > 0.8)
    return flags


def _more_sky(regions: Regions, sky: Mask) -> Mask:
    """Regions of the sky's own colour: noise and clouds part it into many."""
    colour = np.average(regions.colour[sky], axis=0, weights=regions.area[sky])
    alike: Mask = np.abs(regions.colour - colour).max(axis=1) < 0.06
    return alike & (regions.centre_y < 0.5) & (regions.bottom < 0.75)


def _fades_into(luma: Plane, sky: Mask, ground: Mask) -> bool:
    """Whether sky and ground meet without an edge, as where a clay render's ground fades into white."""
    reach = max(3, luma.shape[0] // 40)
    above, below = sky[:-reach] & ground[reach:], np.abs(luma[:-reach] - luma[reach:])
    beside, across = sky[:, :-reach] & ground[:, reach:], np.abs(luma[:, :-reach] - luma[:, reach:])
    steps = np.concatenate([below[above], across[beside]])
    return bool(steps.size and median(steps) < 0.03)


def _horizon_row(open_air: Mask) -> float:
    """The row that parts sky from ground where no edge does: a little above where the subject stands."""
    height: int = open_air.shape[0]
    rows = np.nonzero(~open_air)[0]
    if not rows.size:
        return 0.66 * height
    foot = float(np.clip(percentile(rows, 88) / height, 0.5, 0.9))
    return height * float(np.clip(0.5 * foot + 0.31, 0.5, 0.75))


def _is_roof(analysis: Analysis, codes: Codes, region: int) -> bool:
    """A wide, high region with sky above it that does not stand on the ground; a smaller, lower one if it is flat."""
    r = analysis.regions
    flat = analysis.kind == "clay" and r.luma_spread[region] < 0.03
    least, lowest = (0.015, 0.55) if flat else (0.02, 0.5)
    if r.area[region] < least or r.centre_y[region] > lowest or r.top[region] > 0.5 or r.aspect[region] < 1.1:
        return False
    mask = r.labels == region
    columns = np.nonzero(mask.any(axis=0))[0]
    top = mask.argmax(axis=0)[columns]
    bottom = mask.shape[0] - 1 - mask[::-1].argmax(axis=0)[columns]
    above = codes[np.maximum(top - 6, 0), columns]
    below = codes[np.minimum(bottom + 6, mask.shape[0] - 1), columns]
    return bool(np.mean(above == SKY) > 0.5 and np.mean((below == GROUND) | (below == SKY)) < 0.35)


def _lay_shadows(analysis: Analysis, codes: Codes, subject: Mask) -> None:
    """A flat region with open ground before it, a wall's shadow or a paving stone, belongs to the ground.

    So does, behind such a shadow, what is as light as the ground with nothing standing behind it.
    """
    r = analysis.regions
    low = subject & (r.centre_y > 0.58) & (r.aspect > 1.8) & (r.area > 0.0004)
    for region in np.nonzero(low)[0]:
        above, below = _shares_beside(r, int(region), codes)
        if below[GROUND] > 0.6 and above[WALL] + above[GROUND] > 0.5:
            codes[r.labels == region] = GROUND
    if (codes == GROUND).any():
        low &= np.abs(r.luma - median(analysis.luma[codes == GROUND])) < 0.03
    for region in np.nonzero(low)[0]:
        above, below = _shares_beside(r, int(region), codes)
        if below[GROUND] > 0.6 and above[SKY] + above[GROUND] > 0.5:
            codes[r.labels == region] = GROUND
    _take_islands(codes)


def _shares_beside(r: Regions, region: int, codes: Codes) -> tuple[PerRegion, PerRegion]:
    """(slots,) twice: which share of a region has each slot a little above it, and below it."""
    rows, columns = r.box(region)
    mask = r.labels[rows, columns] == region
    across = np.arange(columns.start, columns.stop)
    above = codes[np.maximum(rows.start + mask.argmax(axis=0) - 5, 0), across]
    below = codes[np.minimum(rows.stop - mask[::-1].argmax(axis=0) + 4, codes.shape[0] - 1), across]
    shares = [np.bincount(found, minlength=len(SLOTS)) / len(across) for found in (above, below)]
    return shares[0], shares[1]


def _take_islands(codes: Codes) -> None:
    """Specks of wall with nothing but ground around them are ground."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats((codes == WALL).astype(np.uint8), connectivity=4)
    for piece in 1 + np.nonzero(stats[1:, cv2.CC_STAT_AREA] < 0.002 * codes.size)[0]:
        x, y, width, height = stats[piece, :4]
        near = np.s_[max(0, y - 1) : y + height + 1, max(0, x - 1) : x + width + 1]
        speck = (pieces[near] == piece).astype(np.uint8)
        ring = cv2.dilate(speck, np.ones((3, 3), np.uint8)) > speck
        if np.mean(codes[near][ring] == GROUND) > 0.7:
            codes[near][speck > 0] = GROUND


def _plant(analysis: Analysis, codes: Codes) -> None:
    """Balls of clay are trees and bushes: even shading in many directions is no flat face."""
    luma = cv2.GaussianBlur(analysis.luma, (0, 0), 1.2)
    x, y = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    slope: Plane = magnitude(x, y)
    window = (7, 7)
    average: Plane = cv2.blur(slope, window) + 1e-4
    agreement = magnitude(cv2.blur(x, window), cv2.blur(y, window)) / average
    even = cv2.erode(slope, np.ones((5, 5), np.uint8)) > 0.45 * average
    curved = (even & (average > 0.015) & (agreement > 0.85) & (codes == WALL)).astype(np.uint8)
    curved = cv2.morphologyEx(curved, cv2.MORPH_OPEN, _disc(5))
    joined = cv2.morphologyEx(curved, cv2.MORPH_CLOSE, _disc(13))
    _, number, stats, _ = cv2.connectedComponentsWithStats(joined)
    for blob, (left, top, width, height, area) in enumerate(stats[1:], 1):
        box = np.s_[top : top + height, left : left + width]
        here = (number[box] == blob) & (curved[box] > 0)
        if area < 0.0003 * codes.size or here.sum() < 0.0003 * codes.size:
            continue
        turn = np.hypot(x[box][here].sum(), y[box][here].sum()) / slope[box][here].sum()
        if turn < 0.94 and float(luma[box][here].std()) > 0.035:
            inside = np.zeros(codes.shape, bool)
            inside[box] = here
            _grow_crown(analysis, codes, inside)
    _plant_bushes(analysis, codes)
    _take_rims(analysis.luma, codes)


def _plant_bushes(analysis: Analysis, codes: Codes) -> None:
    """Small roundish shapes on the ground, light above and dark below, are bushes."""
    r, luma = analysis.regions, analysis.luma
    height = codes.shape[0]
    standing = (codes == WALL) | (codes == VEGETATION)
    roundish = (r.fill > 0.55) & (r.aspect > 0.6) & (r.aspect < 1.8) & (r.luma_spread > 0.08)
    for region in np.nonzero(roundish & (r.area > 0.0008) & (r.area < 0.02) & (r.centre_y > 0.55))[0]:
        mask = (r.labels == region) & standing
        if mask.sum() < 0.0008 * codes.size:
            continue
        rows, columns = np.nonzero(mask)
        upper, lower = percentiles(rows, 35, 65)
        lit = float(luma[mask & (np.arange(height)[:, None] < upper)].mean())
        dark = float(luma[mask & (np.arange(height)[:, None] > lower)].mean())
        foot = codes[np.minimum(rows.max() + 6, height - 1), np.flatnonzero(np.bincount(columns))]
        if lit > dark + 0.12 and np.mean(foot == GROUND) > 0.4:
            (x, y), radius = cv2.minEnclosingCircle(np.column_stack([columns, rows]).astype(np.float32))
            disc = np.zeros(codes.shape, np.uint8)
            cv2.circle(disc, (round(x), round(y)), round(1.1 * radius + 1), 1, -1)
            codes[(disc > 0) & (codes == WALL)] = VEGETATION


def _take_rims(luma: Plane, codes: Codes) -> None:
    """What beside a crown is not as light as the sky is its rim, and so are small bits of wall that touch it."""
    if (codes == SKY).any():
        beside = cv2.dilate((codes == VEGETATION).astype(np.uint8), _disc(23)) > 0
        unlike = np.abs(luma - median(luma[codes == SKY])) > 0.03
        rim: Codes = ((codes == VEGETATION) | (beside & unlike & (codes == SKY))).astype(np.uint8)
        rim = cv2.morphologyEx(cv2.morphologyEx(rim, cv2.MORPH_OPEN, _disc(7)), cv2.MORPH_CLOSE, _disc(9))
        outlines, _ = cv2.findContours(rim, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        hulls = [cv2.convexHull(outline) for outline in outlines]
        whole: Codes = cv2.drawContours(np.zeros_like(rim), hulls, -1, 1, cv2.FILLED)
        codes[(whole > 0) & (codes == SKY)] = VEGETATION
    near = cv2.dilate((codes == VEGETATION).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    count, pieces, stats, _ = cv2.connectedComponentsWithStats((codes == WALL).astype(np.uint8), connectivity=4)
    touching = np.bincount(pieces[near], minlength=count) > 0
    small = touching & (stats[:, cv2.CC_STAT_AREA] < 0.006 * codes.size)
    small[0] = False
    codes[small[pieces]] = VEGETATION


def _grow_crown(analysis: Analysis, codes: Codes, inside: Mask) -> None:
    """Paint a crown: the blob's hull, its light top where shading is blown out to white, and regions mostly in these.

    The light top ends at an edge: behind a tree there may be a wall that is as light.
    """
    hull = cv2.convexHull(np.argwhere(inside)[:, ::-1].astype(np.int32))
    outline = np.zeros(codes.shape, np.uint8)
    cv2.fillConvexPoly(outline, hull, 1)
    crown: Codes = cv2.dilate(outline, _disc(9))
    reach = round(0.6 * float(np.sqrt(inside.sum())))
    shifted = np.zeros_like(crown)
    shifted[:-reach] = crown[reach:]
    light = ((analysis.luma > percentile(analysis.luma[inside], 70)) & (analysis.edges == 0)).astype(np.uint8)
    count, tops = cv2.connectedComponents(cv2.morphologyEx(shifted & light, cv2.MORPH_OPEN, _disc(5)))
    joined = np.isin(np.arange(count), tops[inside])
    joined[0] = False
    crown |= joined[tops]
    r = analysis.regions
    share = np.bincount(r.labels[crown > 0], minlength=r.count) / (r.area * codes.size)
    whole = (share > 0.5) & (r.fill > 0.6) & (r.area > 0.002) & (r.area < 0.05)
    crown |= r.mask(whole | (share > 0.8))
    codes[(crown > 0) & (codes == WALL)] = VEGETATION


def _disc(size: int) -> Codes:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))


def _dark_boxes(analysis: Analysis, codes: Codes, subject: Mask) -> None:
    """In a photo, dark box-like regions of the subject are taken for windows."""
    r = analysis.regions
    if not subject.any():
        return
    dark = r.luma < np.average(r.luma[subject], weights=r.area[subject]) - 0.06
    boxy = (r.fill > 0.7) & (r.aspect > 0.3) & (r.aspect < 2.6) & (r.area > 0.0008) & (r.area < 0.02)
    codes[r.mask(subject & dark & boxy)] = GLASS
