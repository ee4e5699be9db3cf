"""Buildings: a flat-roofed villa, an L-shaped house, a tower, a barn and a row of town houses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from tests.engines.held_out.raster import View
from tests.engines.held_out.shapes import Face, Part, Point, ball, box, lathe, prism, quad, wall

GLASS, TILES, LEAVES = 0.5, 0.72, 0.7
Opening = tuple[float, float, float, float]
Model = tuple[list[Part], View]


def lawn() -> Part:
    """Level ground that reaches far."""
    return Part("ground", [quad((-60, 0, -60), (60, 0, -60), (60, 0, 90), (-60, 0, 90))], 0.9)


def block(
    low: Point, high: Point, front: Sequence[Opening], right: Sequence[Opening], left: Sequence[Opening] = ()
) -> list[Part]:
    """A box of a house: its front (towards the viewer) and its sides have windows."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    faces, panes = wall((x0, y0, z0), (1, 0), x1 - x0, y1 - y0, front)
    side, more = wall((x1, y0, z0), (0, 1), z1 - z0, y1 - y0, right)
    other, rest = wall((x0, y0, z1), (0, -1), z1 - z0, y1 - y0, left)
    back = quad((x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1))
    return [Part("wall", [*faces, *side, *other, back]), Part("glass", [*panes, *more, *rest], GLASS)]


def row(count: int, length: float, width: float, sill: float, head: float) -> list[Opening]:
    """Equal openings, evenly along a wall of this length."""
    middles = (np.arange(count) + 0.5) * length / count
    return [(float(m) - width / 2, float(m) + width / 2, sill, head) for m in middles]


def gable(left: float, right: float, near: float, far: float, low: float, ridge: float, axis: int) -> list[Part]:
    """Two roof slabs and the gable walls below them; the ridge runs along x (0) or z (2)."""
    start, end, across = (left, right, (near, far)) if axis == 0 else (near, far, (left, right))
    middle, over = sum(across) / 2, 0.4
    rise = (ridge - low) / (middle - across[0])
    eaves = low - rise * over
    slab = 0.22
    outline = [(across[0] - over, eaves), (middle, ridge), (across[1] + over, eaves)]
    upper = [(x, y + slab) for x, y in outline]
    roof: list[Face] = []
    for (a, b), (c, d) in zip(pairwise(outline), pairwise(upper), strict=True):
        roof += prism([a, b, d, c], start - over, end + over, axis)
    gables = prism([(across[0], low), (middle, ridge), (across[1], low)], start, end, axis)
    return [Part("roof", roof, TILES), Part("wall", gables)]


def tree(x: float, z: float, height: float, radius: float) -> list[Part]:
    """A trunk and a round crown."""
    trunk = lathe([(0.14, 0.0), (0.1, height)], "vegetation", 0.8, 12).moved(x=x, z=z)
    crown = [
        ball((x + dx * radius, height + dy * radius, z + dz * radius), radius * size, albedo=LEAVES)
        for dx, dy, dz, size in ((0, 0, 0, 1), (0.7, -0.2, -0.3, 0.6), (-0.6, 0.1, -0.4, 0.65), (0.1, 0.6, -0.2, 0.6))
    ]
    return [trunk, *crown]


def villa() -> Model:
    """Two flat-roofed boxes, the upper one shifted, wide panes, a terrace."""
    parts = [lawn()]
    parts += block(
        (-5, 0, 0),
        (5, 3.1, 7),
        [(0.6, 4.6, 0.3, 2.7), (5.6, 6.8, 0.1, 2.5), (7.4, 9.4, 1.0, 2.6)],
        row(2, 7, 2.2, 0.4, 2.6),
    )
    parts += [Part("roof", box((-5.4, 3.1, -0.6), (5.4, 3.4, 7.4)), 0.95)]
    parts += block(
        (-1.5, 3.4, 0.6), (6.2, 6.3, 6.4), [(0.6, 3.4, 0.5, 2.5), (4.2, 7.2, 0.5, 2.5)], row(2, 5.8, 1.6, 0.5, 2.5)
    )
    parts += [Part("roof", box((-1.8, 6.3, 0.3), (6.5, 6.6, 6.7)), 0.95)]
    parts += [Part("ground", box((-6, 0, -3.2), (6, 0.18, 0)), 0.97), *tree(-9.5, 4, 3.6, 1.8)]
    return parts, View((8.5, 1.7, -15.5), (-0.4, 1.7, 2), 40, rise=0.35, sun=(0.35, 0.75, -0.6))


def l_house() -> Model:
    """A gabled house with a gabled wing towards the viewer."""
    parts = [lawn()]
    parts += block((-6, 0, 2), (4, 3, 8), row(4, 10, 1.0, 0.9, 2.3)[:3], row(2, 6, 1.1, 0.9, 2.3))
    parts += gable(-6, 4, 2, 8, 3, 6, 0)
    parts += block((1.5, 0, -3), (6.5, 2.8, 3), row(2, 5, 1.3, 0.8, 2.2), row(3, 6, 1.0, 0.9, 2.2))
    parts += gable(1.5, 6.5, -3, 3, 2.8, 5.2, 2)
    parts += [
        ball((-2.2, 0.45, 0.6), 0.55, albedo=LEAVES),
        ball((-4.4, 0.45, 0.4), 0.6, albedo=LEAVES),
        *tree(-10, 6, 3.4, 1.7),
    ]
    return parts, View((11.5, 1.7, -15), (0.2, 1.7, 2), 36, rise=0.38, sun=(-0.3, 0.7, -0.7))


def tower() -> Model:
    """A tower of eleven storeys with many windows beside a low block."""
    storeys = [o for floor in range(11) for o in row(5, 14, 1.7, 1.2 + 3 * floor, 3.1 + 3 * floor)]
    side = [o for floor in range(11) for o in row(4, 12, 1.7, 1.2 + 3 * floor, 3.1 + 3 * floor)]
    parts = [
        lawn(),
        *block((-7, 0, 0), (7, 34.5, 12), storeys, side),
        Part("roof", box((-7.3, 34.5, -0.3), (7.3, 35.1, 12.3))),
    ]
    low = [o for floor in range(2) for o in row(4, 15, 2.4, 1.0 + 3.2 * floor, 3.0 + 3.2 * floor)]
    parts += [*block((-23, 0, 2), (-8, 7.2, 14), low, []), Part("roof", box((-23.3, 7.2, 1.7), (-7.8, 7.7, 14.3)))]
    parts += [*tree(11.5, -4, 3.8, 2.0), *tree(-14, -6, 3.4, 1.7)]
    return parts, View((19, 1.7, -42), (-2.4, 1.7, 4), 48, rise=0.66, sun=(0.5, 0.7, -0.6))


def barn() -> Model:
    """A long barn with a steep roof, a gate and a few small windows, a silo beside it."""
    gate = [(4.6, 7.4, 0.0, 3.0), (1.2, 2.2, 1.5, 2.4), (9.8, 10.8, 1.5, 2.4)]
    parts = [
        lawn(),
        *block((-6, 0, 0), (6, 3.4, 9), gate, row(3, 9, 1.0, 1.5, 2.4)),
        *gable(-6, 6, 0, 9, 3.4, 8.2, 0),
    ]
    parts += [lathe([(1.7, 0), (1.7, 7.0), (1.2, 7.9), (0.02, 8.4)], "wall", 0.95, 28).moved(x=-9.4, z=4)]
    return parts, View((9.5, 1.7, -19), (-1.0, 1.7, 2), 36, rise=0.34, sun=(-0.45, 0.7, -0.55))


def townhouses() -> Model:
    """Five narrow houses side by side, of different heights, gables to the street."""
    parts = [lawn(), Part("ground", box((-30, 0, -3.5), (30, 0.14, 0)), 0.97)]
    left = -14.0
    for number, (width, storeys) in enumerate(((5.2, 2), (6.0, 3), (5.0, 3), (6.4, 2), (5.6, 3))):
        height = 3.1 * storeys + 0.5
        count = 2 if width < 5.5 else 3
        openings = [
            o for floor in range(storeys) for o in row(count, width, 0.95, 0.95 + 3.1 * floor, 2.55 + 3.1 * floor)
        ]
        front, panes = wall((left, 0, 0), (1, 0), width, height, openings)
        body = box((left, 0, 0.3), (left + width, height, 10))
        parts += [Part("wall", [*front, *body], 1 - 0.05 * (number % 3)), Part("glass", panes, GLASS)]
        parts += gable(left, left + width, 0, 10, height, height + 2.6, 2)
        left += width
    return parts, View((-3, 1.7, -22), (0.4, 1.7, 0), 44, rise=0.42, sun=(-0.6, 0.6, -0.5))


HOUSES: dict[str, Model] = {model.__name__: model() for model in (villa, l_house, tower, barn, townhouses)}
