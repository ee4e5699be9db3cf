"""Rooms seen from inside: a kitchen, a bedroom, a hall with a staircase and one of double height."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.engines.held_out.raster import View
from tests.engines.held_out.shapes import Face, Part, ball, box, lathe, quad, wall

Model = tuple[list[Part], View]
GLASS = 1.35
"""Panes are brighter than the walls: there is day behind them."""


def shell(
    width: float,
    height: float,
    depth: float,
    back: list[tuple[float, float, float, float]],
    left: list[tuple[float, float, float, float]],
    right: Sequence[tuple[float, float, float, float]] = (),
) -> list[Part]:
    """Floor, ceiling, two sides and a back wall, with windows in any of them; those on the right from the back on."""
    x0, x1, front = -width / 2, width / 2, -6.0
    solid, panes = wall((x0, 0, depth), (1, 0), width, height, back)
    side, more = wall((x0, 0, front), (0, 1), depth - front, height, left)
    other, rest = wall((x1, 0, depth), (0, -1), depth - front, height, right)
    floor = quad((x0, 0, front), (x1, 0, front), (x1, 0, depth), (x0, 0, depth))
    return [
        Part("wall", [*solid, *side, *other], 0.93),
        Part("glass", [*panes, *more, *rest], GLASS),
        Part("ground", [floor], 0.8),
        Part("sky", [floor + np.array([0, height, 0])], 0.98, casts_shadow=False),
    ]


def kitchen() -> Model:
    """A run of cabinets along the back wall under a window, an island with stools, two pendants."""
    parts = shell(6.4, 2.8, 4.5, [(2.2, 4.4, 1.15, 2.15)], [])
    fronts: list[Face] = []
    for number in range(6):
        left = -3.2 + 1.06 * number
        fronts += box((left + 0.02, 0.1, 3.9), (left + 1.04, 0.86, 4.5))
    parts += [Part("object2", fronts, 0.85), Part("object2", box((-3.2, 0.86, 3.85), (3.2, 0.92, 4.5)), 0.7)]
    parts += [Part("object2", box((2.1, 0, 3.8), (3.2, 2.2, 4.5)), 0.8)]
    parts += [
        Part("object", box((-1.5, 0, 1.4), (1.5, 0.88, 2.3)), 0.85),
        Part("object2", box((-1.6, 0.88, 1.3), (1.6, 0.94, 2.4)), 0.65),
    ]
    for x in (-0.9, 0.1, 1.0):
        seat = lathe([(0.01, 0.62), (0.19, 0.62), (0.19, 0.67), (0.01, 0.67)], "object2", 0.6, 20).moved(x=x, z=0.9)
        parts += [
            seat,
            *(
                Part("object2", box((x + a, 0, 0.9 + b), (x + a + 0.03, 0.62, 0.93 + b)), 0.6)
                for a in (-0.13, 0.1)
                for b in (-0.13, 0.1)
            ),
        ]
    for x in (-0.7, 0.8):
        parts += [lathe([(0.22, 1.75), (0.16, 1.9), (0.03, 2.0)], "lamp", 0.9, 24).moved(x=x, z=1.8)]
        parts += [Part("lamp", box((x - 0.01, 2.0, 1.79), (x + 0.01, 2.8, 1.81)), 0.5)]
    return parts, View(
        (0.5, 1.5, -3.6), (0.25, 1.25, 4), 52, sun=(-0.3, 0.8, -0.6), softness=0.25, ambient=(0.58, 0.06)
    )


def bedroom() -> Model:
    """A bed against the back wall, bedside tables with lamps, a wardrobe, a rug, a window on the left."""
    parts = shell(5.2, 2.7, 4.0, [], [(6.6, 8.8, 0.85, 2.2)])
    parts += [
        Part("object", box((-0.9, 0.0, 1.7), (0.9, 0.32, 3.9)), 0.7),
        Part("object", box((-0.95, 0.32, 1.65), (0.95, 0.58, 3.85)), 1.0),
    ]
    parts += [Part("object", box((-1.0, 0.3, 3.86), (1.0, 1.15, 3.98)), 0.75)]
    parts += [Part("object", box((x, 0.58, 3.2), (x + 0.7, 0.74, 3.75)), 0.95) for x in (-0.8, 0.1)]
    for x in (-1.55, 1.05):
        parts += [Part("object2", box((x, 0.12, 3.4), (x + 0.5, 0.55, 3.9)), 0.65)]
        parts += [lathe([(0.17, 0.78), (0.1, 1.02)], "lamp", 1.0, 24).moved(x=x + 0.25, z=3.65)]
        parts += [lathe([(0.07, 0.55), (0.02, 0.6), (0.02, 0.8)], "lamp", 0.6, 16).moved(x=x + 0.25, z=3.65)]
    parts += [
        Part("object2", box((1.95, 0, 0.6), (2.6, 2.2, 2.6)), 0.85),
        Part("object", box((-1.7, 0, 0.5), (1.6, 0.02, 2.2)), 0.6),
    ]
    return parts, View(
        (0.3, 1.5, -3.4), (-0.05, 1.2, 3), 50, sun=(-0.4, 0.75, -0.55), softness=0.25, ambient=(0.58, 0.06)
    )


def staircase() -> Model:
    """A hall with a straight flight of stairs along the right wall and a door behind."""
    parts = shell(4.4, 3.2, 5.0, [], [(7.2, 8.6, 0.9, 2.4)])
    steps: list[Face] = []
    for number in range(12):
        steps += box((0.8, 0, 0.6 + 0.28 * number), (2.2, 0.2 * (number + 1), 0.88 + 0.28 * number))
    parts += [Part("object2", steps, 0.75), Part("object2", box((-1.5, 0, 4.9), (-0.5, 2.1, 4.98)), 0.7)]
    parts += [
        Part("object2", box((0.76, 0.28 * n, 0.7 + 0.42 * n), (0.8, 0.9 + 0.3 * n, 0.73 + 0.42 * n)), 0.5)
        for n in range(8)
    ]
    parts += [Part("object2", box((-2.1, 0, 1.4), (-1.7, 0.8, 2.8)), 0.7), ball((-1.9, 1.0, 2.1), 0.2, "object", 0.8)]
    return parts, View(
        (-0.4, 1.55, -4.2), (0.0, 1.45, 3), 50, sun=(-0.5, 0.8, -0.4), softness=0.25, ambient=(0.58, 0.06)
    )


def double_height() -> Model:
    """A loft five metres high with tall windows, a gallery and a low sofa."""
    tall = [(0.8 + 1.7 * n, 2.1 + 1.7 * n, 0.5, 4.3) for n in range(3)]
    parts = shell(8.0, 5.2, 7.0, tall, [])
    parts += [Part("wall", box((2.0, 2.5, 1.0), (4.0, 2.75, 7.0)), 0.9)]
    parts += [Part("object2", box((2.0, 2.75, z), (2.04, 3.7, z + 0.04)), 0.5) for z in np.arange(1.1, 7, 0.5).tolist()]
    parts += [Part("object2", box((1.98, 3.7, 1.0), (2.06, 3.76, 7.0)), 0.5)]
    parts += [
        Part("object", box((-1.9, 0.1, 3.6), (0.9, 0.45, 4.6)), 0.7),
        Part("object", box((-1.9, 0.45, 4.3), (0.9, 0.9, 4.6)), 0.7),
    ]
    parts += [Part("object", box((x, 0.1, 3.6), (x + 0.25, 0.65, 4.6)), 0.7) for x in (-2.1, 0.85)]
    parts += [Part("object2", box((-1.2, 0.3, 2.3), (0.3, 0.36, 3.0)), 0.55)]
    parts += [
        Part("object2", box((x, 0, z), (x + 0.05, 0.3, z + 0.05)), 0.55) for x in (-1.15, 0.2) for z in (2.35, 2.9)
    ]
    return parts, View((-0.3, 1.6, -4.4), (0.0, 2.1, 5), 52, sun=(-0.3, 0.8, -0.5), softness=0.25, ambient=(0.58, 0.06))


ROOMS: dict[str, Model] = {model.__name__: model() for model in (kitchen, bedroom, staircase, double_height)}
