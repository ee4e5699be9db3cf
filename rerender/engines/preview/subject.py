"""A thing before a plain backdrop, without an alpha channel: which pixels are its own, and which its cast shadow."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from rerender.engines.preview.fields import Bytes, Plane, blur, median, resize
from rerender.engines.preview.regions import Labels, fill_nearest, scharr, trapped_ball
from rerender.engines.preview.shadows import (
    DARKEST,
    LIGHTEST,
    LIKENESS,
    LIT,
    SHADED,
    behind_the_thing,
    leaving,
    measured,
)
from rerender.engines.preview.slot_codes import Mask

# The least slope that is an edge, and how much steeper than its surroundings a sharp one is.
EDGE, SHARP = 0.012, 2.2
# A ball of this radius, in pixels of the analysis size, does not leak through the gaps of an outline.
BALL = 8
BITE = 6
# How long the gaps are that are mended in a bar.
MENDED = 45


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """`mask` (h, w) is 1 on the subject; `shadow` (h, w) is how much of the backdrop's light is left, 1 in full light.

    `confidence` runs from 0 to 1.
    """

    mask: Bytes
    shadow: Plane
    confidence: float


def find_subject(luma: Plane) -> Subject:
    """Part a thing from its backdrop in a shaded picture.

    The backdrop is what even paths from the picture's border reach. What is left is parted by edges; which parts are
    shadow is told by `shadows`.
    """
    slope = scharr(cv2.GaussianBlur(luma, (0, 0), 0.8))
    # Grain has a slope of its own everywhere.
    edges: Bytes = (slope > max(EDGE, 3.5 * median(slope))).astype(np.uint8)
    reached = _reached(edges)
    ratios = [luma / np.maximum(light, np.float32(0.02)) for light in _lit_backdrop(luma, reached)]
    ratio: Plane = ratios[0]
    sharp = (slope >= SHARP * scharr(cv2.GaussianBlur(luma, (0, 0), 4))) & (edges > 0)
    parts = np.where(reached > 0, np.where(ratio < LIGHTEST, SHADED, LIT), trapped_ball(edges) + 2)
    mask = _tidied(parts, ratios, sharp, edges)
    shadow = _filled(np.clip(ratio, 0.1, 1), mask == 0)
    return Subject(mask, shadow, _confidence(mask, reached, slope))


def stands_free(luma: Plane) -> bool:
    """Whether one even backdrop goes all the way round what is shown, along all four borders."""
    slope = scharr(cv2.GaussianBlur(luma, (0, 0), 0.8))
    reached = _reached((slope > max(EDGE, 3.5 * median(slope))).astype(np.uint8))
    _, pieces = cv2.connectedComponents(reached, connectivity=4)
    largest = int(np.bincount(pieces[pieces > 0], minlength=1).argmax())
    around = [pieces[3], pieces[-4], pieces[:, 3], pieces[:, -4]]
    # A shadow may leave the picture.
    return largest > 0 and all(np.mean(side > 0) > 0.75 and np.mean(side == largest) > 0.5 for side in around)


def find_drawn_subject(luma: Plane) -> Subject:
    """Part a drawn thing from its paper: all that lies inside its outline."""
    edges: Bytes = (luma < 0.85).astype(np.uint8)
    reached = _reached(edges)
    inside: Bytes = cv2.morphologyEx(1 - reached, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    mask = _large_pieces(inside)
    return Subject(mask, np.ones_like(luma), _confidence(mask, reached, 1 - luma))


def _reached(edges: Bytes) -> Bytes:
    """1 where a ball rolls to from the border without crossing an edge."""
    free = cv2.erode(1 - edges, _disc(BALL), borderValue=1)
    count, pieces = cv2.connectedComponents(free, connectivity=4)
    border = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    outer = np.bincount(border, minlength=count) > 20
    outer[0] = False
    rolled: Bytes = cv2.dilate(outer[pieces].astype(np.uint8), _disc(BALL)) & (1 - edges)
    return rolled


def _lit_backdrop(luma: Plane, reached: Bytes) -> list[Plane]:
    """The backdrop's lightness everywhere without its shadows, as near by; and as the floor's, if that is another.

    Shadows that leave the picture are reached as well: darker pieces beside lighter ones.
    """
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(reached, connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]
    mean = np.bincount(pieces.ravel(), luma.ravel(), count) / np.maximum(1, area)
    lit = np.zeros(count, bool)
    for piece in np.argsort(-area[1:]) + 1:
        around = _ring(pieces == piece, reached)
        darker = around.any() and mean[piece] < LIGHTEST * median(luma[around])
        lit[piece] = not darker or area[piece] > 0.25 * luma.size
    if not lit.any():
        return [_filled(luma, np.ones(luma.shape, bool))]
    slow = _slow(luma, lit[pieces])
    planes = [slow + _filled(luma - slow, lit[pieces])]
    below = np.bincount(pieces[-1], minlength=count) * lit
    if below.any() and lit.sum() > 1:
        floor = pieces == int(np.argmax(below))
        slow = _slow(luma, floor)
        planes.append(slow + _filled(luma - slow, floor))
    return planes


def _slow(luma: Plane, known: Mask) -> Plane:
    """(h, w): the quadratic surface nearest to `luma` where it is known: how a backdrop's light falls off."""
    height, width = luma.shape
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)[None]
    step = np.s_[::8, ::8]
    at, values = known[step], luma[step]
    rows, columns = np.broadcast_arrays(y[::8], x[:, ::8])
    v, u = rows[at], columns[at]
    terms = np.stack([np.ones_like(u), u, u * u, v, u * v, v * v])
    # A little is added to the diagonal, so that a strip of backdrop gives a level and no steep slope.
    weights = np.linalg.solve(terms @ terms.T + 0.01 * np.eye(6, dtype=np.float32), terms @ values[at])
    surface: Plane = (weights[0] + weights[1] * x + weights[2] * x * x) + y * (weights[3] + weights[4] * x)
    surface += weights[5] * y * y
    return surface


def _ring(piece: Mask, reached: Bytes) -> Mask:
    """Reached pixels near a piece that belong to others."""
    near: Mask = (cv2.dilate(piece.astype(np.uint8), _disc(12)) > 0) & (reached > 0) & ~piece
    return near


def _tidied(parts: Labels, ratios: list[Plane], sharp: Mask, edges: Bytes) -> Bytes:
    """The subject's mask: penumbras go to their shadow, thin bars to the subject, other edge pixels to what is near."""
    told = measured(parts, ratios, sharp, edges)
    behind, shade = behind_the_thing(told, len(ratios) > 1)
    small, upright = told.small, told.small & ((told.height > 2 * told.width) | ~told.low)
    clear = (edges == 0) & ~small[parts]
    back: Bytes = (behind[parts] & clear).astype(np.uint8)
    penumbra = (~clear & ~upright[parts] & ~sharp & (ratios[0] < 1.01) & (ratios[0] > shade - LIKENESS)).astype(
        np.uint8
    )
    for _ in range(10):
        back |= cv2.dilate(back, np.ones((3, 3), np.uint8)) & penumbra
    back |= _spilled(back, (~behind & (~small | upright))[parts], ratios[0])
    open_: Bytes = (~clear & (back == 0)).astype(np.uint8)
    # The edges of an outline are no wider than this; where they are, a bar or a wire lies between them.
    bar = (cv2.distanceTransform(open_, cv2.DIST_L2, 3) > 2.6) & sharp
    sides: Labels = np.where(back > 0, 1, 2).astype(np.int32)
    mask: Bytes = (fill_nearest(sides, (open_ == 0) | bar) == 2).astype(np.uint8)
    # Where the outline is as light as the backdrop bites are taken out of it.
    whole = cv2.morphologyEx(_large_pieces(mask | _mended(mask, clear)), cv2.MORPH_CLOSE, _disc(BITE))
    return _large_pieces(cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))


def _mended(mask: Bytes, clear: Mask) -> Bytes:
    """1 in the gaps of upright bars: between two ends one below the other, and too narrow for a gap between bars."""
    upright = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((MENDED, 1), np.uint8))
    gaps: Bytes = upright & (1 - mask) & (~clear).astype(np.uint8)
    mended: Bytes = gaps & (1 - cv2.morphologyEx(gaps, cv2.MORPH_OPEN, np.ones((1, 2 * BALL), np.uint8)))
    return mended


def _spilled(back: Bytes, firm: Mask, ratio: Plane) -> Bytes:
    """1 where it is darker than the backdrop, away from `firm` parts, and hangs together with a shadow or leaves."""
    near = cv2.dilate(firm.astype(np.uint8), _disc(3)) > 0
    foot = np.nonzero(firm.any(axis=1))[0]
    dark = (ratio < 0.97) & (ratio > DARKEST) & ~near
    if foot.size:
        dark[: int(foot[0] + 0.4 * (foot[-1] - foot[0]))] = False
    count, pieces = cv2.connectedComponents(dark.astype(np.uint8), connectivity=4)
    shaded = np.bincount(pieces[(back > 0) & (ratio < LIGHTEST)], minlength=count) > 40
    shadow = (shaded | leaving(pieces, count)) & (np.arange(count) > 0)
    spilled: Bytes = shadow[pieces].astype(np.uint8)
    return spilled


def _large_pieces(mask: Bytes) -> Bytes:
    """Without pieces much smaller than the largest, and without pinholes."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0
    kept: Bytes = (area > max(0.04 * area.max(), 0.0008 * mask.size))[pieces].astype(np.uint8)
    _, holes, hole_stats, _ = cv2.connectedComponentsWithStats(1 - kept, connectivity=4)
    kept[(hole_stats[:, cv2.CC_STAT_AREA] < 0.0004 * mask.size)[holes]] = 1
    return kept


def _filled(values: Plane, known: Mask) -> Plane:
    """`values` carried smoothly from where they are known to where they are not: from near, else from farther."""
    weight: Plane = known.astype(np.float32)
    small_shape = (max(2, values.shape[0] // 4), max(2, values.shape[1] // 4))
    top = cv2.resize(values * weight, small_shape[::-1], interpolation=cv2.INTER_AREA)
    bottom = cv2.resize(weight, small_shape[::-1], interpolation=cv2.INTER_AREA)
    total, trust = np.zeros(small_shape, np.float32), np.zeros(small_shape, np.float32)
    for sigma in (1.5, 4, 10, 24, 64):
        near, share = blur(top, sigma), blur(bottom, sigma)
        gain = np.clip(share * 30, 0, 1) * (1 - trust)
        total += near / (share + np.float32(1e-6)) * gain
        trust += gain
    filled: Plane = resize(total / (trust + np.float32(1e-6)), values.shape)
    return np.where(known, values, filled)


def _confidence(mask: Bytes, reached: Bytes, slope: Plane) -> float:
    """How far this looks like one thing on a plain backdrop."""
    area = float(mask.mean())
    if not 0.01 < area < 0.75:
        return 0.0
    border = np.concatenate([reached[2], reached[-3], reached[:, 2], reached[:, -3]])
    cut = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    outline = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    near = cv2.dilate(slope, np.ones((7, 7), np.uint8))
    clear = float(np.mean(near[outline] > EDGE))
    pieces = cv2.connectedComponents(mask, connectivity=8)[0] - 1
    plain = float(np.clip((border.mean() - 0.45) / 0.4, 0, 1))
    whole = float(np.clip(1 - 2.5 * cut.mean(), 0, 1))
    single = 1.0 if pieces <= 4 else 4 / pieces
    return plain * whole * single * clear


def _disc(radius: int) -> Bytes:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
