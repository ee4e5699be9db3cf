"""A thing before a plain backdrop, without an alpha channel: which pixels are its own, and which its cast shadow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from rerender.engines.preview.fields import Bytes, Plane, blur, median, resize
from rerender.engines.preview.regions import Labels, PerRegion, borders, fill_nearest, scharr, trapped_ball
from rerender.engines.preview.slot_codes import Mask

# The least slope that is an edge, and how much steeper than its surroundings a sharp one is.
EDGE, SHARP = 0.012, 2.2
# A ball of this radius, in pixels of the analysis size, does not leak through the gaps of an outline.
BALL = 8
BITE = 6
# How light a shadow may be and how dark, as a share of the backdrop; how even it is; how like another one.
LIGHTEST, DARKEST, EVENNESS, LIKENESS = 0.93, 0.2, 0.16, 0.07
# The numbers of the two parts of the backdrop that are reached from the picture's border.
LIT, SHADED = 0, 1


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

    The backdrop is what even paths from the picture's border reach. What is left, parted by edges, is shadow where
    it is an even share of the backdrop's light and its outline is soft, or like a shadow that was found so.
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
    planes = [_filled(luma, lit[pieces])]
    below = np.bincount(pieces[-1], minlength=count) * lit
    if below.any() and lit.sum() > 1:
        planes.append(_filled(luma, pieces == int(np.argmax(below))))
    return planes


def _ring(piece: Mask, reached: Bytes) -> Mask:
    """Reached pixels near a piece that belong to others."""
    near: Mask = (cv2.dilate(piece.astype(np.uint8), _disc(12)) > 0) & (reached > 0) & ~piece
    return near


def _behind(parts: Labels, ratios: list[Plane], sharp: Mask, edges: Bytes) -> tuple[Mask, Mask, float]:
    """Flags of the parts that are backdrop, with lit gaps and shadows; of those too small to tell; the shade."""
    count = max(SHADED, int(parts.max())) + 1
    area = np.bincount(parts.ravel(), minlength=count) / parts.size
    middle, spread = _tones(parts, ratios[0], edges, count)
    for other in ratios[1:]:
        its_middle, its_spread = _tones(parts, other, edges, count)
        evener = its_spread < spread - 0.02
        middle[evener], spread[evener] = its_middle[evener], its_spread[evener]
    meetings = _Meetings(parts, count, sharp, edges)
    outline, all_round = meetings.softness([LIT]), meetings.softness(range(count))
    behind = np.zeros(count, bool)
    behind[[LIT, SHADED]] = True
    low = _low(parts, count)
    behind |= (spread < 0.06) & (np.abs(middle - 1) < 0.025) & (all_round < 0.5) & ~(outline < 0.25)
    # The floor between a thing and the wall behind it meets that wall sharply.
    behind |= (spread < 0.05) & (np.abs(middle - 1) < 0.015) & (all_round < 0.5) & low & (len(ratios) > 1)
    dark = (middle < LIGHTEST) & (middle > DARKEST) & low
    cast = dark & (spread < 2 * EVENNESS) & (outline > 0.5)
    # Shadows that leave the picture were reached: they tell as well how dark a shadow is here.
    known = middle[cast | ((np.arange(count) == SHADED) & (area > 0.002))]
    if not known.size:
        return behind, np.isinf(middle), LIGHTEST
    behind |= cast
    shade = median(known)
    unlike = np.abs(middle - shade)
    hard = dark & (spread < EVENNESS / 2) & (unlike < LIKENESS * 0.7) & (area > 0.004)
    alike = dark & ~(outline < 0.4) & (spread < EVENNESS) & (unlike < 1.4 * LIKENESS)
    behind |= hard
    for _ in range(3):
        behind |= alike & (meetings.softness(np.nonzero(behind)[0]) > 0.4)
    return behind, np.isinf(middle), shade


def _tones(parts: Labels, ratio: Plane, edges: Bytes, count: int) -> tuple[PerRegion, PerRegion]:
    """Each part's median share of the backdrop's light, and how far it varies; nothing is known of small ones."""
    inner = cv2.erode(1 - edges, np.ones((3, 3), np.uint8), borderValue=1) > 0
    number, values = parts[inner], ratio[inner]
    order = np.lexsort((values, number))
    number, values = number[order], values[order]
    first = np.searchsorted(number, np.arange(count + 1))
    size = np.diff(first)
    known = np.nonzero(size >= 40)[0]
    middle, spread = np.full(count, np.inf), np.full(count, np.inf)
    low, mid, high = (values[first[known] + (size[known] * share).astype(int)] for share in (0.1, 0.5, 0.9))
    middle[known], spread[known] = mid, (high - low) / np.maximum(mid, 0.05)
    return middle, spread


class _Meetings:
    """How softly parts meet, from the edges that they share."""

    def __init__(self, parts: Labels, count: int, sharp: Mask, edges: Bytes) -> None:
        self._count = count
        whole = fill_nearest(parts, edges == 0)
        # The border may run beside the steepest line of a wide edge.
        soft: Plane = 1 - cv2.dilate(sharp.astype(np.float32), np.ones((5, 5), np.uint8))
        pairs, self._softness, self._length = borders(whole, soft, self._count)
        self._sides = pairs // self._count, pairs % self._count

    def softness(self, others: Iterable[int]) -> PerRegion:
        """0 where a part's edges against others are all sharp, 1 where all are soft; NaN where they hardly meet."""
        faced_by = np.zeros(self._count, bool)
        faced_by[list(others)] = True
        total, length = np.zeros(self._count), np.zeros(self._count)
        for own, other in (self._sides, self._sides[::-1]):
            faced = faced_by[other]
            total += np.bincount(own[faced], (self._softness * self._length)[faced], self._count)
            length += np.bincount(own[faced], self._length[faced], self._count)
        share: PerRegion = total / np.maximum(1, length)
        share[length < 12] = np.nan
        return share


def _low(parts: Labels, count: int) -> Mask:
    """Flags of the parts whose middle is below the upper third of all that is not backdrop."""
    rows = np.nonzero((parts > SHADED).any(axis=1))[0]
    if not rows.size:
        return np.zeros(count, bool)
    limit = rows[0] + 0.4 * (rows[-1] - rows[0])
    area = np.maximum(1, np.bincount(parts.ravel(), minlength=count))
    row = np.repeat(np.arange(parts.shape[0]), parts.shape[1])
    low: Mask = np.bincount(parts.ravel(), row, count) / area > limit
    return low


def _tidied(parts: Labels, ratios: list[Plane], sharp: Mask, edges: Bytes) -> Bytes:
    """The subject's mask: penumbras go to their shadow, thin bars to the subject, other edge pixels to what is near."""
    behind, small, shade = _behind(parts, ratios, sharp, edges)
    clear = (edges == 0) & ~small[parts]
    back: Bytes = (behind[parts] & clear).astype(np.uint8)
    penumbra = (~clear & ~sharp & (ratios[0] < 1.01) & (ratios[0] > shade - LIKENESS)).astype(np.uint8)
    for _ in range(10):
        back |= cv2.dilate(back, np.ones((3, 3), np.uint8)) & penumbra
    open_: Bytes = (~clear & (back == 0)).astype(np.uint8)
    # The edges of an outline are no wider than this; where they are, a bar or a wire lies between them.
    bar = (cv2.distanceTransform(open_, cv2.DIST_L2, 3) > 2.6) & sharp
    sides: Labels = np.where(back > 0, 1, 2).astype(np.int32)
    mask: Bytes = (fill_nearest(sides, (open_ == 0) | bar) == 2).astype(np.uint8)
    # Where the outline is as light as the backdrop bites are taken out of it.
    whole = cv2.morphologyEx(_large_pieces(mask), cv2.MORPH_CLOSE, _disc(BITE))
    return _large_pieces(cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))


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
