"""Buildings of the unseen set: an A-frame cabin, a church, an office slab, a terrace, a pavilion and a factory."""

from __future__ import annotations

import numpy as np

from tests.engines.held_out.houses import GLASS, LEAVES, TILES, Model, block, gable, lawn, row
from tests.engines.held_out.raster import View
from tests.engines.held_out.shapes import Part, Point, box, lathe, prism, quad, wall


def _spruce(x: float, z: float, height: float, radius: float) -> list[Part]:
    """A trunk and three cones, one above the other."""
    trunk = lathe([(0.16, 0.0), (0.12, 0.3 * height)], "vegetation", 0.8, 12)
    cones = [
        lathe([(radius * (1 - 0.22 * n), height * (0.2 + 0.22 * n)), (0.02, height * (0.56 + 0.22 * n))], "vegetation")
        for n in range(3)
    ]
    return [part.moved(x=x, z=z) for part in (trunk, *(Part("vegetation", c.faces, LEAVES, c.normals) for c in cones))]


def a_frame() -> Model:
    """A cabin whose roof reaches the ground, its gable glazed, spruces about it."""
    roof = [
        face
        for side in (-1, 1)
        for face in prism([(side * 4.7, 0.0), (0.0, 8.7), (0.0, 8.0), (side * 4.25, 0.0)], -0.3, 9.4, 2)
    ]
    gables = prism([(-4.2, 0.0), (0.0, 7.9), (4.2, 0.0)], 0.8, 9.0, 2)
    z = 0.76
    panes = [
        quad(*((side * x, y, z) for x, y in outline))
        for side in (-1, 1)
        for outline in (
            [(0.75, 0.45), (2.75, 0.45), (2.0, 2.7), (0.75, 2.7)],
            [(0.12, 3.1), (2.1, 3.1), (0.5, 6.3), (0.12, 6.3)],
        )
    ]
    door = box((-0.5, 0.35, 0.7), (0.5, 2.5, 0.8))
    parts = [lawn(), Part("roof", roof, TILES), Part("wall", gables, 0.95), Part("glass", panes, GLASS)]
    parts += [Part("wall", [*door, *box((1.5, 5.0, 5.4), (2.2, 9.0, 6.1))], 0.8)]
    parts += [Part("ground", box((-4.4, 0.0, -2.6), (4.4, 0.35, 0.8)), 0.97)]
    parts += [*_spruce(-9.0, 7.0, 9.5, 2.2), *_spruce(8.0, 9.0, 8.0, 2.0), *_spruce(11.5, 4.0, 6.0, 1.6)]
    return parts, View((-8.5, 1.7, -15.5), (0.3, 1.7, 2), 42, rise=0.42, sun=(0.6, 0.65, -0.5))


def church() -> Model:
    """A nave with tall windows behind a tower with a pointed spire."""
    tall = row(5, 16, 1.1, 1.6, 4.3)
    parts = [lawn(), *block((-4.5, 0, 4), (4.5, 5.6, 20), [], tall, tall), *gable(-4.5, 4.5, 4, 20, 5.6, 10.4, 2)]
    front = [(1.4, 3.0, 0.0, 2.9), (1.75, 2.65, 5.0, 7.2), (1.2, 3.2, 10.4, 12.6)]
    belfry = [(1.2, 3.2, 10.4, 12.6)]
    parts += block((-2.2, 0, 0), (2.2, 13.6, 4.4), front, belfry, belfry)
    corners: list[Point] = [(-2.5, 13.6, -0.3), (2.5, 13.6, -0.3), (2.5, 13.6, 4.7), (-2.5, 13.6, 4.7)]
    tip: Point = (0.0, 20.2, 2.2)
    spire = [quad(corners[n - 1], corners[n], tip) for n in range(4)]
    parts += [
        Part("roof", [*spire, quad(*corners)], TILES),
        *_spruce(7.5, 9.0, 8.0, 2.2),
        *_spruce(-11.0, 17.0, 7.0, 2.0),
    ]
    return parts, View((-14, 1.7, -17), (0.2, 1.7, 5), 56, rise=0.62, sun=(-0.7, 0.55, -0.5))


def office_slab() -> Model:
    """Three storeys with ribbon windows and a flat roof about two sides of a court."""

    def ribbons(length: float) -> list[tuple[float, float, float, float]]:
        pitch = length / round(length / 2)
        heads = (0.9, 4.6, 8.3)
        return [opening for sill in heads for opening in row(round(length / 2), length, pitch - 0.16, sill, sill + 1.7)]

    parts = [lawn(), Part("ground", [quad((-26, 0.04, -18), (8, 0.04, -18), (8, 0.04, 10), (-26, 0.04, 10))], 0.97)]
    parts += block((-26, 0, 10), (20, 11.4, 22), ribbons(46), [], ribbons(12))
    parts += block((8, 0, -12), (20, 11.4, 10), ribbons(12), [], ribbons(22))
    slabs = [box((-26.4, 11.4, 9.6), (20.4, 12.0, 22.4)), box((7.6, 11.4, -12.4), (20.4, 12.0, 9.6))]
    parts += [Part("roof", [face for slab in slabs for face in slab], 0.9)]
    parts += [*_spruce(-14, 3, 6.5, 1.7), *_spruce(-4, -2, 5.0, 1.4), *_spruce(2, 5, 7.0, 1.8)]
    return parts, View((-19, 1.7, -36), (1.0, 1.7, 6), 34, rise=0.42, sun=(-0.3, 0.7, -0.65))


def hillside() -> Model:
    """Five houses that climb a street, eaves to the front, a chimney each."""
    slope = 0.16
    parts = [Part("ground", [quad(*((x, slope * x, z) for x, z in ((-60, -60), (60, -60), (60, 90), (-60, 90))))], 0.9)]
    street = quad(*((x, slope * x + 0.04, z) for x, z in ((-60, -9), (60, -9), (60, -3), (-60, -3))))
    parts += [Part("ground", [street], 0.75)]
    for number in range(5):
        left = -14.0 + 5.6 * number
        foot = slope * left
        openings = [(0.6, 1.6, 2.0, 3.5), (2.3, 3.3, 1.1, 3.5), (4.0, 5.0, 2.0, 3.5), *row(3, 5.6, 1.0, 5.0, 6.5)]
        side = [(3.2, 4.4, 5.0, 6.5)] if number == 0 else []
        low, high = (left, foot - 0.6, 0.0), (left + 5.6, foot + 7.0, 8.0)
        albedo = 1 - 0.06 * ((2 * number) % 3)
        walls, panes = block(low, high, openings, [], side)
        parts += [Part("wall", walls.faces, albedo), panes, *gable(left, left + 5.6, 0, 8, foot + 7.0, foot + 9.4, 0)]
        parts += [Part("wall", box((left + 4.9, foot + 8.0, 3.4), (left + 5.5, foot + 10.6, 4.4)), 0.85)]
    return parts, View((-14.5, 0.2, -21), (1.0, 0.2, 1), 44, rise=0.36, sun=(0.65, 0.6, -0.45))


def pavilion() -> Model:
    """A glazed hall behind round columns under one flat roof, on a plinth with a step, seen from above the eye."""
    parts = [lawn(), Part("ground", [*box((-11, 0, -1), (11, 0.8, 13)), *box((-4, 0, -2), (4, 0.4, -1))], 0.97)]
    places = [(x, z) for x in np.linspace(-9.6, 9.6, 6).tolist() for z in (0.4, 11.6)]
    places += [(x, z) for x in (-9.6, 9.6) for z in (4.1, 7.9)]
    column = lathe([(0.32, 0.8), (0.28, 5.5)], "wall", 0.98, 20)
    parts += [column.moved(x=x, z=z) for x, z in places]
    sides = row(3, 7, 2.1, 0.15, 4.3)
    parts += block((-6.6, 0.8, 2.6), (6.6, 5.5, 9.6), row(6, 13.2, 2.0, 0.15, 4.3), sides, sides)
    parts += [Part("roof", box((-11.2, 5.5, -1.2), (11.2, 6.2, 13.2)), 0.95), *_spruce(-15, 12, 7.5, 2.1)]
    return parts, View((11.0, 5.4, -24), (0.2, 3.4, 3), 31, rise=0.02, sun=(0.2, 0.75, -0.65))


def factory() -> Model:
    """A hall with a saw-tooth roof, a low office before it and a chimney, from the height of a crane."""
    far = quad((-50, 0, -45), (130, 0, -45), (130, 0, 110), (-50, 0, 110))
    gate = [(4.0, 9.0, 0.0, 4.6), *((x, x + 2.2, 2.4, 4.4) for x in (14.0, 19.0, 24.0, 29.0))]
    parts = [Part("ground", [far], 0.9), *block((-18, 0, 0), (18, 6, 24), gate, [], row(5, 24, 2.6, 2.4, 4.4))]
    for left in np.arange(-18.0, 18.0, 9.0).tolist():
        tooth = prism([(left, 6.0), (left, 9.4), (left + 9.0, 6.0)], 0.0, 24.0, 2)
        slab = prism([(left - 0.2, 9.5), (left + 9.0, 6.05), (left + 9.0, 6.2), (left - 0.2, 9.7)], -0.2, 24.2, 2)
        solid, panes = wall((left - 0.02, 6.3, 24.0), (0, -1), 24.0, 2.9, row(8, 24.0, 2.6, 0.4, 2.6), 0.1)
        parts += [Part("wall", [*tooth, *solid]), Part("glass", panes, GLASS), Part("roof", slab, TILES)]
    parts += block((-17, 0, -9), (-4, 3.6, 0), row(5, 13, 1.6, 1.0, 2.6), [], row(3, 9, 1.6, 1.0, 2.6))
    parts += [Part("roof", box((-17.3, 3.6, -9.3), (-3.7, 3.9, 0)), 0.92)]
    parts += [lathe([(1.3, 0.0), (0.9, 21.0), (1.0, 21.6)], "wall", 0.85, 28).moved(x=22.5, z=14)]
    return parts, View((-15, 13, -40), (1.0, 5.4, 6), 40, rise=0.05, sun=(-0.5, 0.65, -0.55), softness=0.14)


UNSEEN_HOUSES: dict[str, Model] = {
    model.__name__: model() for model in (a_frame, church, office_slab, hillside, pavilion, factory)
}
