"""Textures of units laid in courses: bricks, stones, boards, slates, tiles, slabs and panels, with the gaps between."""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from rerender.engines.preview.fields import Bytes, Plane, smoothstep
from rerender.engines.preview.patterns import Texture, noise


class Units(NamedTuple):
    """Bricks, stones or boards laid in courses. `tone` is each one's own, -0.7..0.6; `x`, `y` 0..1 the place within.

    `width` is the unit's share of the tile's side, `course` the number of its course; all broadcast to (side, side).
    """

    tone: Plane
    x: Plane
    y: Plane
    width: Plane
    course: Bytes


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


oak_boards = partial(boards, rings=4.0, figure=0.3, pores=1.0)
walnut_boards = partial(boards, rings=7.0, figure=0.6, pores=0.35)
paving = partial(ashlar, courses=6, columns=4, joint=0.05)
floor_tiles = partial(squares, count=8, joint=0.06, unevenness=0.8)
marble_slabs = partial(veins, slabs=4)
