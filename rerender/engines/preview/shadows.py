"""What the parts of a thing's picture before a plain backdrop are: lit backdrop, cast shadows, or the thing's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from rerender.engines.preview.fields import Bytes, Plane, median
from rerender.engines.preview.regions import Labels, PerRegion, borders, fill_nearest
from rerender.engines.preview.slot_codes import Mask

# How light a shadow may be and how dark, as a share of the backdrop; how even it is; how like another one.
LIGHTEST, DARKEST, EVENNESS, LIKENESS = 0.93, 0.2, 0.16, 0.07
# How near to full light the backdrop is, and what share of the picture a part must be to be taken for a shadow alone.
PLAIN, LARGE = 0.025, 0.004
# How many pixels from its rim what is above or below a part is looked up: past the edge between them.
AWAY = 7
# The numbers of the two parts of the backdrop that are reached from the picture's border.
LIT, SHADED = 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What is told of every part, one value each.

    `middle` and `spread` are of its share of the backdrop's light, unknown of `small` ones; `off` is how far from
    full light that is; `outline` and `all_round` are how softly it meets the lit backdrop and all parts.
    """

    labels: Labels
    area: PerRegion
    middle: PerRegion
    spread: PerRegion
    off: PerRegion
    outline: PerRegion
    all_round: PerRegion
    low: Mask
    small: Mask
    width: PerRegion
    height: PerRegion
    meetings: _Meetings

    @property
    def count(self) -> int:
        """How many numbers are in use, from 0 on."""
        return len(self.area)

    @property
    def flat_shade(self) -> Mask:
        """Flags of what is low down, evenly lit and darker than the backdrop, as shadows and many faces are."""
        return self.low & _is_dark(self.middle) & (self.spread < EVENNESS / 2)


def _is_dark(share: PerRegion) -> Mask:
    dark: Mask = (share < LIGHTEST) & (share > DARKEST)
    return dark


def measured(labels: Labels, ratios: list[Plane], sharp: Mask, edges: Bytes) -> Parts:
    """What is told of the parts numbered in `labels` (h, w), by each one's share of the light that a plane says."""
    count = max(SHADED, int(labels.max())) + 1
    middle, spread = _tones(labels, ratios[0], edges, count)
    for other in ratios[1:]:
        its_middle, its_spread = _tones(labels, other, edges, count)
        evener = its_spread < spread - 0.02
        middle[evener], spread[evener] = its_middle[evener], its_spread[evener]
    meetings = _Meetings(labels, count, sharp, edges)
    width, height = _extents(labels, count)
    return Parts(
        labels=labels,
        area=np.bincount(labels.ravel(), minlength=count) / labels.size,
        middle=middle,
        spread=spread,
        off=np.abs(middle - 1),
        outline=meetings.softness([LIT]),
        all_round=meetings.softness(range(count)),
        low=_low(labels, count),
        small=np.isinf(middle),
        width=width,
        height=height,
        meetings=meetings,
    )


def behind_the_thing(parts: Parts, floor_apart: bool) -> tuple[Mask, float]:
    """Flags of the parts that are backdrop, with lit gaps and shadows; and the share of light that shadows leave."""
    behind = _lit(parts, floor_apart)
    cast = _cast(parts, behind)
    # Shadows that leave the picture were reached: they tell as well how dark a shadow is here.
    reached = (np.arange(parts.count) == SHADED) & (parts.area > 0.002)
    known = parts.middle[(cast & parts.low & _is_dark(parts.middle)) | reached]
    behind |= cast
    if not known.size:
        return behind, LIGHTEST
    shade = median(known)
    unlike, flat = np.abs(parts.middle - shade), parts.flat_shade
    behind |= flat & (unlike < LIKENESS * 0.7) & (parts.area > LARGE) & (parts.width > parts.height)
    like = flat & (unlike < LIKENESS / 2)
    # The shade where a thing meets the floor, and what a thin shadow leaves of the light.
    faint = (parts.middle > LIGHTEST) & (parts.middle < 1.02) & (parts.spread < EVENNESS / 2)
    like |= parts.low & faint & (parts.all_round > 0.3)
    for _ in range(3):
        behind |= like & (parts.meetings.above(behind | (parts.off < PLAIN), ~parts.small) > 0.5)
    return behind, shade


def _lit(parts: Parts, floor_apart: bool) -> Mask:
    """Flags of the backdrop in full light: what was reached, and gaps through which it is seen."""
    lit = np.zeros(parts.count, bool)
    lit[[LIT, SHADED]] = True
    like = lit | (parts.off < PLAIN)
    # A seat as light as the backdrop has the backdrop above it, but not below.
    every = np.ones(parts.count, bool)
    lid = (parts.meetings.above(like, every) > 0.5) & (parts.meetings.below(like, every) < 0.5)
    # The larger it is the more grain and slow shade it may have.
    large = parts.area > LARGE
    near = (parts.off < np.where(large, PLAIN, PLAIN / 2)) & (parts.spread < np.where(large, 0.06, 0.04))
    lit |= near & (parts.all_round < 0.5) & ~(parts.outline < 0.25) & ~lid
    # Thin shadows part the floor as sharply as the bars of a chair do.
    lit |= (parts.off < 0.004) & (parts.spread < 0.018) & large & parts.low
    # The floor between a thing and the wall behind it meets that wall sharply.
    return lit | (floor_apart & (parts.off < 0.008) & (parts.spread < 0.05) & (parts.all_round < 0.5) & parts.low)


def _cast(parts: Parts, behind: Mask) -> Mask:
    """Flags of shadows that tell themselves: soft, or flat on the floor and leaving the picture or beside the thing."""
    soft = parts.low & (parts.middle < 0.98) & (parts.middle > DARKEST) & (parts.spread < 2 * EVENNESS)
    cast = soft & (parts.outline > 0.5) & ~((parts.height > 2 * parts.width) & (parts.area < 0.01))
    like, solid = behind | (parts.off < PLAIN), ~parts.small
    # Nothing stands on a shadow, and it has no side below it.
    over = parts.meetings.above(like, solid) > 0.5
    free = over & (parts.meetings.below(like, solid) > 0.5)
    first = _first_below(parts.labels, solid & ~like)
    beside = (parts.area > LARGE) & (first > 0.6 * parts.width)
    cast |= parts.flat_shade & free & (beside | leaving(parts.labels, parts.count))
    shadow: Mask = cast | (parts.flat_shade & over & (parts.area > LARGE) & (parts.all_round > 0.4))
    return shadow


def _extents(parts: Labels, count: int) -> tuple[PerRegion, PerRegion]:
    """On how many columns and on how many rows each part lies."""
    long_side = max(parts.shape)
    first = parts * np.int32(long_side)
    across, down = np.zeros((2, count * long_side), bool)
    across[first + np.arange(parts.shape[1], dtype=np.int32)] = True
    down[first + np.arange(parts.shape[0], dtype=np.int32)[:, None]] = True
    return across.reshape(count, -1).sum(axis=1), down.reshape(count, -1).sum(axis=1)


def leaving(parts: Labels, count: int) -> Mask:
    """Flags of the parts that the picture's sides or its foot cut."""
    cut = np.concatenate([parts[-1], parts[:, 0], parts[:, -1]])
    leaving: Mask = np.bincount(cut, minlength=count) > 5
    return leaving


def _first_below(parts: Labels, solid: Mask) -> PerRegion:
    """In how many columns each part is the first of the `solid` ones from above."""
    upper = np.argmax(solid[parts], axis=0)
    return np.bincount(parts[upper, np.arange(parts.shape[1])], minlength=len(solid))


def _tones(labels: Labels, ratio: Plane, edges: Bytes, count: int) -> tuple[PerRegion, PerRegion]:
    """Each part's median share of the backdrop's light, and how far it varies; nothing is known of small ones."""
    inner = (cv2.erode(1 - edges, np.ones((3, 3), np.uint8), borderValue=1) > 0) & (labels != LIT)
    # Sorted as one number each, which is much faster than by two keys.
    keys = np.sort(labels[inner] * 16.0 + np.minimum(ratio[inner], 15))
    first = np.searchsorted(keys, np.arange(count + 1) * 16.0)
    size = np.diff(first)
    known = np.nonzero(size >= 40)[0]
    middle, spread = np.full(count, np.inf), np.full(count, np.inf)
    middle[LIT], spread[LIT] = 1, 0
    low, mid, high = (keys[first[known] + (size[known] * at).astype(int)] - known * 16.0 for at in (0.1, 0.5, 0.9))
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
        upper, lower = whole[AWAY:] != whole[AWAY - 1 : -1], whole[:-AWAY] != whole[1 : 1 - AWAY]
        self._upper = whole[AWAY:][upper], whole[:-AWAY][upper]
        self._lower = whole[:-AWAY][lower], whole[AWAY:][lower]

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

    def above(self, others: Mask, known: Mask) -> PerRegion:
        """The share of a part's upper rim above which, a few pixels on, is one of the others, of what is known."""
        return self._share(*self._upper, others, known)

    def below(self, others: Mask, known: Mask) -> PerRegion:
        """The same of its lower rim."""
        return self._share(*self._lower, others, known)

    def _share(self, rim: Labels, beyond: Labels, others: Mask, known: Mask) -> PerRegion:
        facing = np.bincount(rim[others[beyond]], minlength=self._count)
        faced = np.bincount(rim[(others | known)[beyond] & (rim != beyond)], minlength=self._count)
        share: PerRegion = facing / np.maximum(1, faced)
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
