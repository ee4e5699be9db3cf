"""Procedural textures as square tiles that repeat: masonry, boards, veins, weaves, grains (Ebert et al. 2002).

A pattern is made for `side` pixels and looks the same at every side. Nothing in it knows where it will be laid.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from rerender.engines.preview.fields import Bytes, Plane, smoothstep


class Texture(NamedTuple):
    """`tone` (side, side) is lightness around 0, within about ±1; `accent` 0..1 is where the second colour shows.

    The second colour is mortar, a gap, a vein or a streak of rust; None where there is none.
    """

    tone: Plane
    accent: Plane | None = None

    def mapped(self, change: Callable[[Plane], Plane]) -> Texture:
        """The texture with `change` applied to each plane."""
        return Texture(change(self.tone), None if self.accent is None else change(self.accent))


Pattern = Callable[[int, np.random.RandomState], Texture]


class Units(NamedTuple):
    """Bricks, stones or boards laid in courses. `tone` is each one's own, -0.7..0.6; `x`, `y` 0..1 the place within.

    `width` is the unit's share of the tile's side, `course` the number of its course; all broadcast to (side, side).
    """

    tone: Plane
    x: Plane
    y: Plane
    width: Plane
    course: Bytes


def noise(
    side: int,
    cells: float,
    octaves: int,
    rng: np.random.RandomState,
    *,
    stretch: tuple[float, float] = (1.0, 1.0),
    gain: float = 0.5,
) -> Plane:
    """Value noise around 0 that repeats at the tile's edges; `cells` counts lattice cells along a side."""
    reduced = max(16, side // 4)
    total: Plane = np.zeros((reduced, reduced), np.float32)
    amplitude, weight = 1.0, 0.0
    for octave in range(octaves):
        columns, rows = (max(2, round(cells * 2**octave * along)) for along in stretch)
        if len(total) < side and max(columns, rows) > reduced // 6:
            # What is smooth was summed up small.
            total = _enlarged(total, side)
        lattice: Plane = rng.random_sample((rows, columns)).astype(np.float32)
        rows, columns = min(rows, len(total)), min(columns, len(total))
        if lattice.shape != (rows, columns):
            lattice = cv2.resize(lattice, (columns, rows), interpolation=cv2.INTER_AREA)
        cv2.scaleAdd(_enlarged(lattice, len(total)), amplitude, total, dst=total)
        weight += amplitude
        amplitude *= gain
    if len(total) < side:
        total = _enlarged(total, side)
    total *= np.float32(1 / weight)
    total -= np.float32(0.5)
    return total


def _enlarged(lattice: Plane, side: int) -> Plane:
    """A lattice that repeats as a tile that repeats, cubically interpolated."""
    rows, columns = lattice.shape
    padded = cv2.copyMakeBorder(lattice, 2, 2, 2, 2, cv2.BORDER_WRAP)
    width, height = round(side * (columns + 4) / columns), round(side * (rows + 4) / rows)
    left, top = (width - side) // 2, (height - side) // 2
    large = cv2.resize(padded, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(large[top : top + side, left : left + side])


def _units(
    side: int, rng: np.random.RandomState, courses: int, columns: int, *, bond: float = 0.5, ragged: float = 0.0
) -> Units:
    """`courses` rows of `columns` units, each row moved on by `bond`; `ragged` 0..1 lets their widths differ."""
    down = np.arange(side, dtype=np.float32) * np.float32(courses / side)
    course = np.minimum(down.astype(np.int32), courses - 1)
    along = np.arange(side, dtype=np.float32) / np.float32(side)
    tone, x, width = (np.empty((courses, side), np.float32) for _ in range(3))
    for row in range(courses):
        widths = 1 + ragged * rng.uniform(-0.6, 0.9, columns)
        ends = np.cumsum(widths) / widths.sum()
        start = rng.random_sample() if ragged else bond * (row % 2) / columns
        place = (along + np.float32(start)) % 1
        unit = np.minimum(np.searchsorted(ends, place, side="right"), columns - 1)
        share = widths / widths.sum()
        x[row] = (place - (ends - share)[unit]) / share[unit]
        width[row] = share[unit]
        tone[row] = rng.uniform(-0.7, 0.6, columns)[unit]
    within = (down - course.astype(np.float32))[:, None]
    return Units(tone[course], x[course], within, width[course], course)


def _gaps(units: Units, joint: float, courses: int) -> Plane:
    """1 in the joints, `joint` (share of a course's height) wide, with soft edges."""
    nearest = np.minimum(units.x, 1 - units.x)
    nearest *= units.width * np.float32(courses)
    np.minimum(nearest, np.minimum(units.y, 1 - units.y), out=nearest)
    return smoothstep(joint * 0.75, joint * 0.3, nearest)


def even(side: int, _rng: np.random.RandomState) -> Texture:
    """Without any texture."""
    return Texture(np.zeros((side, side), np.float32))


def mottled(side: int, rng: np.random.RandomState, *, cells: float = 6, gain: float = 0.62) -> Texture:
    """Clouds of all sizes: plaster, paint."""
    tone = noise(side, cells, 6, rng, gain=gain)
    tone *= np.float32(2.4)
    return Texture(tone)


def cast(side: int, rng: np.random.RandomState, *, courses: int = 4, columns: int = 2) -> Texture:
    """Concrete as it leaves its formwork: panels with fine joints and tie holes, clouds and small pores."""
    units = _units(side, rng, courses, columns, bond=0.0)
    tone = noise(side, 5, 6, rng, gain=0.66)
    tone *= np.float32(2.2)
    tone += units.tone * np.float32(0.35)
    pores = noise(side, 90, 2, rng)
    tone -= smoothstep(0.26, 0.34, pores) * np.float32(0.9)
    accent = _gaps(units, 0.022, courses)
    for row in range(2 * courses):
        for column in range(2 * columns):
            middle = (round((column + 0.5) * 8 * side / columns), round((row + 0.5) * 8 * side / courses))
            cv2.circle(accent, middle, max(8, round(side * 0.05)), 0.9, -1, cv2.LINE_AA, 4)
    return Texture(tone, accent)


def bricks(side: int, rng: np.random.RandomState, *, courses: int = 56, columns: int = 18) -> Texture:
    """Running bond with mortar set back; one brick in eight was burnt darker."""
    units = _units(side, rng, courses, columns)
    tone = noise(side, 70, 2, rng)
    tone *= np.float32(1.5)
    tone += units.tone
    tone -= (units.tone < np.float32(-0.53)) * np.float32(0.7)
    tone += smoothstep(0.75, 0.25, units.y) * np.float32(0.35)
    tone += noise(side, 3, 3, rng) * np.float32(0.8)
    return Texture(tone, _gaps(units, 0.14, courses))


def ashlar(
    side: int, rng: np.random.RandomState, *, courses: int = 18, columns: int = 9, joint: float = 0.055
) -> Texture:
    """Stones of differing widths laid in courses, each with its own bed and grain."""
    units = _units(side, rng, courses, columns, ragged=0.7)
    tone = noise(side, 14, 5, rng, gain=0.7)
    tone *= np.float32(2.0)
    tone += units.tone * np.float32(0.85)
    tone += smoothstep(0.6, 0.0, units.y) * np.float32(0.3)
    return Texture(tone, _gaps(units, joint, courses))


def boards(
    side: int,
    rng: np.random.RandomState,
    *,
    courses: int = 20,
    rings: float = 5.0,
    figure: float = 0.5,
    pores: float = 0.6,
) -> Texture:
    """Boards end to end: growth rings as stretched, bent bands, dark pores along the grain, gaps between boards."""
    units = _units(side, rng, courses, 2, ragged=0.8)
    bands = noise(side, 2, 3, rng, stretch=(1, 9), gain=0.55)
    bands *= np.float32(2 * math.pi * rings)
    grain = np.sin(bands, out=bands)
    grain *= np.float32(figure)
    fibre = noise(side, 7, 3, rng, stretch=(1, 24), gain=0.85)
    grain += fibre
    grain -= smoothstep(0.12, 0.3, noise(side, 12, 2, rng, stretch=(1, 18), gain=0.9)) * np.float32(pores)
    # Each board is cut from elsewhere in the log.
    starts = np.searchsorted(units.course, np.arange(courses + 1))
    for begin, end, by in zip(starts[:-1], starts[1:], rng.random_sample(courses) * side, strict=True):
        grain[begin:end] = np.roll(grain[begin:end], int(by), axis=1)
    grain += units.tone * np.float32(0.75)
    return Texture(grain, _gaps(units, 0.05, courses))


def shingles(side: int, rng: np.random.RandomState, *, courses: int = 20, columns: int = 15) -> Texture:
    """Slates in overlapping courses: each casts a shadow on the one below; some are of another bed of the quarry."""
    units = _units(side, rng, courses, columns, ragged=0.35)
    tone = noise(side, 30, 4, rng, gain=0.7)
    tone *= np.float32(1.4)
    tone += units.tone * np.float32(0.8)
    tone -= smoothstep(0.2, 0.0, units.y) * np.float32(1.1)
    tone -= smoothstep(0.06, 0.02, np.minimum(units.x, 1 - units.x)) * np.float32(0.8)
    accent = smoothstep(0.2, 0.55, units.tone)
    return Texture(tone, accent)


def pantiles(side: int, rng: np.random.RandomState, *, courses: int = 12, columns: int = 18) -> Texture:
    """Half-round roof tiles: lit on one flank, shaded on the other, a shadow under each course's edge."""
    units = _units(side, rng, courses, columns, bond=0.0)
    tone = np.sin(units.x * np.float32(2 * math.pi))
    tone *= np.float32(0.55)
    tone += units.tone * np.float32(0.8)
    tone += noise(side, 20, 4, rng, gain=0.6) * np.float32(1.2)
    shadow = np.broadcast_to(smoothstep(0.22, 0.0, units.y), tone.shape)
    tone -= shadow * np.float32(0.8)
    accent = smoothstep(0.1, 0.0, np.minimum(units.x, 1 - units.x))
    return Texture(tone, np.maximum(accent, shadow * np.float32(0.7)))


def squares(
    side: int, rng: np.random.RandomState, *, count: int = 10, joint: float = 0.04, unevenness: float = 0.5
) -> Texture:
    """A grid of square tiles with grout between."""
    units = _units(side, rng, count, count, bond=0.0)
    tone = noise(side, 8, 4, rng, gain=0.6)
    tone *= np.float32(0.9)
    tone += units.tone * np.float32(unevenness)
    return Texture(tone, _gaps(units, joint, count))


def veins(side: int, rng: np.random.RandomState, *, slabs: int = 0) -> Texture:
    """Marble: cloudy ground, a few bold veins and many faint ones as the zero lines of noise; `slabs` adds joints."""
    cloud = noise(side, 4, 5, rng, gain=0.55)
    bold = np.abs(noise(side, 2, 6, rng, gain=0.55, stretch=(1, 1.6)))
    faint = np.abs(noise(side, 5, 5, rng, gain=0.6))
    bold += np.maximum(noise(side, 3, 2, rng), 0) * np.float32(0.5)
    accent = np.exp(bold * np.float32(-42))
    accent += np.exp(faint * np.float32(-55)) * np.float32(0.35)
    accent += np.maximum(-cloud, 0) * np.float32(0.6)
    if slabs:
        np.maximum(accent, _gaps(_units(side, rng, slabs, slabs, bond=0.0), 0.03, slabs), out=accent)
    cloud *= np.float32(1.4)
    return Texture(cloud, np.clip(accent, 0, 1, out=accent))


def brushed(side: int, rng: np.random.RandomState) -> Texture:
    """Metal brushed in one direction, with soft clouds of light."""
    tone = noise(side, 3, 3, rng, stretch=(1, 60), gain=0.9)
    tone *= np.float32(1.5)
    tone += noise(side, 2, 3, rng) * np.float32(2)
    return Texture(tone)


def standing_seams(side: int, rng: np.random.RandomState, *, trays: int = 12) -> Texture:
    """Sheet metal in upright trays: each seam a light edge and its shadow, each tray slightly buckled."""
    across = np.arange(side, dtype=np.float32) * np.float32(trays / side) % 1
    tone = noise(side, 4, 4, rng, stretch=(2, 0.7))
    tone *= np.float32(1.8)
    tone += np.repeat(rng.uniform(-0.5, 0.5, trays), math.ceil(side / trays))[:side].astype(np.float32)
    tone += smoothstep(0.08, 0.0, across) * np.float32(1.6)
    accent = smoothstep(0.86, 1.0, across)
    return Texture(tone, np.ascontiguousarray(np.broadcast_to(accent, tone.shape)))


def rusted(side: int, rng: np.random.RandomState, *, courses: int = 3, columns: int = 4) -> Texture:
    """Weathering steel: sheets with fine joints, blooms of rust, and dark streaks where water ran down."""
    units = _units(side, rng, courses, columns, bond=0.0)
    tone = noise(side, 5, 7, rng, gain=0.72)
    tone *= np.float32(2.6)
    tone += units.tone * np.float32(0.4)
    streaks = noise(side, 26, 3, rng, stretch=(1.6, 0.12), gain=0.7)
    streaks += noise(side, 4, 3, rng) * np.float32(0.7)
    accent = smoothstep(0.02, 0.3, streaks)
    np.maximum(accent, _gaps(units, 0.012, courses), out=accent)
    return Texture(tone, accent)


def patina(side: int, rng: np.random.RandomState) -> Texture:
    """Copper that has begun to weather."""
    tone = noise(side, 5, 7, rng, gain=0.7)
    tone *= np.float32(3)
    return Texture(tone)


def curtain_wall(side: int, _rng: np.random.RandomState, *, rows: int = 2, columns: int = 5) -> Texture:
    """Panes between slim mullions."""
    place = np.arange(side, dtype=np.float32) / np.float32(side)
    down, along = place * rows % 1, place * columns % 1
    bars = np.maximum(smoothstep(0.035, 0.015, along)[None], smoothstep(0.03, 0.012, down)[:, None])
    return Texture(np.zeros((side, side), np.float32), bars)


def weave(side: int, rng: np.random.RandomState, *, threads: int = 150, slubs: float = 0.4) -> Texture:
    """Plain weave: warp over weft, over and under in turn; `slubs` are the thick places of linen's yarn."""
    place = np.arange(side, dtype=np.float32) * np.float32(threads / side)
    wave = np.sin(place * np.float32(math.pi))
    tone = wave[:, None] * wave[None] * np.float32(0.5)
    yarn = noise(side, threads / 18, 2, rng, stretch=(1, 12), gain=0.9)
    yarn += noise(side, threads / 18, 2, rng, stretch=(12, 1), gain=0.9)
    cv2.scaleAdd(yarn, 2.4 * slubs, tone, dst=tone)
    tone += noise(side, 3, 3, rng) * np.float32(0.6)
    return Texture(tone)


def nap(side: int, rng: np.random.RandomState) -> Texture:
    """Velvet's pile, stroked this way and that: broad soft patches, and a fine fuzz."""
    tone = noise(side, 3, 4, rng, stretch=(1, 1.6), gain=0.45)
    tone *= np.float32(3.2)
    tone += noise(side, 120, 2, rng) * np.float32(0.7)
    return Texture(tone)


def _cells(side: int, rng: np.random.RandomState, count: int) -> tuple[Plane, Plane]:
    """Grains about `count` random points (Worley 1996): each one's own tone -1..1, and 0..1 towards its rim."""
    number = count * count
    seeds: Bytes = np.full((side, side), 255, np.uint8)
    rows, columns = ((rng.random_sample(number) * side).astype(int) for _ in range(2))
    seeds[rows, columns] = 0
    distance, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    distance *= np.float32(count / side / 0.75)
    tones = np.zeros(number + 1, np.float32)
    # Labels count along the rows, which depends on the size; the points do not.
    tones[labels[rows, columns]] = rng.uniform(-1, 1, number)
    return tones[labels], np.minimum(distance, 1, out=distance)


def hide(side: int, rng: np.random.RandomState, *, count: int = 110) -> Texture:
    """Leather: a pebbled grain with darker creases, and broad wear."""
    own, rim = _cells(side, rng, count)
    tone = smoothstep(1.0, 0.2, rim)
    tone -= np.float32(0.5)
    cv2.scaleAdd(own, 0.25, tone, dst=tone)
    cv2.scaleAdd(noise(side, 3, 4, rng, gain=0.6), 1.9, tone, dst=tone)
    return Texture(tone)


def pebbles(side: int, rng: np.random.RandomState, *, count: int = 90) -> Texture:
    """Gravel: stones of many greys with dark gaps between."""
    own, rim = _cells(side, rng, count)
    tone = own * np.float32(0.8)
    tone += smoothstep(0.9, 0.1, rim) * np.float32(0.5)
    tone += noise(side, 5, 3, rng) * np.float32(0.8)
    return Texture(tone, smoothstep(0.62, 1.0, rim))


def specks(side: int, rng: np.random.RandomState, *, cells: float = 110) -> Texture:
    """Asphalt's aggregate: light and dark specks, worn in tracks."""
    tone = noise(side, cells, 2, rng, gain=0.9)
    tone *= np.float32(2.6)
    tone += noise(side, 3, 4, rng, stretch=(1.6, 0.5)) * np.float32(1.6)
    return Texture(tone)


def drifts(side: int, rng: np.random.RandomState, *, crests: float = 14) -> Texture:
    """Sand: fine grains over ripples that the wind drew."""
    phase = np.arange(side, dtype=np.float32)[:, None] * np.float32(2 * math.pi * round(crests) / side)
    bent = noise(side, 3, 4, rng) * np.float32(9)
    bent += phase
    tone = np.sin(bent, out=bent)
    tone *= np.float32(0.35)
    tone += noise(side, 120, 2, rng, gain=0.9) * np.float32(1.8)
    return Texture(tone)


def blades(side: int, rng: np.random.RandomState, *, cells: float = 80) -> Texture:
    """Grass and leaves: tufts, upright blades, and patches of straw."""
    tone = noise(side, 9, 5, rng, gain=0.7)
    tone *= np.float32(1.5)
    tone += noise(side, cells, 2, rng, stretch=(2.2, 0.55), gain=0.9) * np.float32(2.2)
    return Texture(tone, smoothstep(0.02, 0.32, noise(side, 5, 5, rng, gain=0.65)))


def leaves(side: int, rng: np.random.RandomState, *, count: int = 70) -> Texture:
    """Foliage: leaves that catch the light singly, in clumps with dark between them."""
    own, rim = _cells(side, rng, count)
    tone = noise(side, 12, 4, rng, gain=0.75)
    tone *= np.float32(2.4)
    cv2.scaleAdd(own, 0.45, tone, dst=tone)
    tone -= smoothstep(0.4, 1.0, rim) * np.float32(0.5)
    return Texture(tone, smoothstep(0.25, 0.9, own))


def ripples(side: int, rng: np.random.RandomState) -> Texture:
    """Water: long low waves across the view, shorter ones on them."""
    tone = noise(side, 4, 5, rng, stretch=(0.6, 4), gain=0.62)
    tone *= np.float32(2.6)
    return Texture(tone)


oak_boards = partial(boards, rings=4.0, figure=0.3, pores=1.0)
walnut_boards = partial(boards, rings=7.0, figure=0.6, pores=0.35)
linen_weave = partial(weave, threads=120, slubs=1.0)
paving = partial(ashlar, courses=6, columns=4, joint=0.05)
floor_tiles = partial(squares, count=8, joint=0.06, unevenness=0.8)
marble_slabs = partial(veins, slabs=4)
