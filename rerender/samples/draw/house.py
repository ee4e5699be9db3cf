"""The clay house: a gabled house with a flat-roofed wing, a porch and a garden."""

from __future__ import annotations

import numpy as np

from rerender.samples.draw.solids import (
    Distances,
    Points,
    bounded,
    box,
    capsule,
    crown,
    cut,
    gable,
    ground,
    tree,
    turned,
    union,
)
from rerender.samples.draw.tracer import Camera, Scene

GLASS, TILES, LEAVES = 0.58, 0.74, 0.78

# Openings: centre, half width, sill, head. The front looks to -z, the side to +x.
FRONT_WINDOWS = ((-3.1, 0.62, 0.95, 2.35), (-1.15, 0.62, 0.95, 2.35), (2.95, 0.85, 0.45, 2.35))
SIDE_WINDOWS = ((-1.35, 0.62, 0.95, 2.35), (1.35, 0.62, 0.95, 2.35), (0.0, 0.5, 3.35, 4.45))
DOOR = (1.0, 0.55, 0.28, 2.35)
WING_WINDOW = (-6.7, 1.35, 0.3, 2.15)


def _opening(points: Points, window: tuple[float, float, float, float], wall: float) -> Distances:
    centre, half, sill, head = window
    return box(points, (centre - half, sill, wall - 0.2), (centre + half, head, wall + 0.16))


def _pane(points: Points, window: tuple[float, float, float, float], wall: float) -> Distances:
    """Where the glass is: the back of the opening."""
    centre, half, sill, head = window
    return box(points, (centre - half, sill, wall + 0.155), (centre + half, head, wall + 0.3))


def _frame(points: Points, window: tuple[float, float, float, float], wall: float, bars: int = 2) -> Distances:
    """A window's casing, glazing bars and sill."""
    centre, half, sill, head = window
    casing = cut(
        box(points, (centre - half, sill, wall + 0.06), (centre + half, head, wall + 0.15)),
        box(points, (centre - half + 0.07, sill + 0.07, wall - 1), (centre + half - 0.07, head - 0.07, wall + 1)),
    )
    uprights = [
        box(points, (x - 0.025, sill, wall + 0.07), (x + 0.025, head, wall + 0.14))
        for x in np.linspace(centre - half, centre + half, bars + 1)[1:-1].tolist()
    ]
    middle = (sill + 2 * head) / 3
    across = box(points, (centre - half, middle - 0.025, wall + 0.07), (centre + half, middle + 0.025, wall + 0.14))
    ledge = box(points, (centre - half - 0.08, sill - 0.07, wall - 0.1), (centre + half + 0.08, sill, wall + 0.1))
    return union(casing, across, ledge, *uprights)


def _sideways(points: Points) -> Points:
    """Turns the right wall into a front wall: its z becomes x, the wall stands at z = -4.6."""
    return turned(points, -90)


def _main_house(points: Points) -> Distances:
    side = _sideways(points)
    body = union(box(points, (-4.6, 0, -3), (4.6, 3.0, 3)), gable(points, (-4.6, 3.0, -3), (4.6, 5.75, 3)))
    holes = [_opening(points, window, -3) for window in (*FRONT_WINDOWS, DOOR)]
    holes += [_opening(side, window, -4.6) for window in SIDE_WINDOWS]
    frames = [_frame(points, window, -3) for window in FRONT_WINDOWS] + [_frame(side, w, -4.6) for w in SIDE_WINDOWS]
    door = union(
        _frame(points, DOOR, -3, bars=1),
        box(points, (0.5, 0.28, -2.93), (1.5, 2.3, -2.86)),
        capsule(points, (1.36, 1.2, -2.99), (1.36, 1.5, -2.99), 0.02),
    )
    plinth = box(points, (-4.68, 0, -3.08), (4.68, 0.24, 3.08))
    return union(cut(body, *holes), door, plinth, *frames)


def _roof_slab(points: Points) -> Distances:
    return cut(gable(points, (-5.05, 2.72, -3.6), (5.05, 6.03, 3.6)), gable(points, (-9, 2.5, -3.6), (9, 5.81, 3.6)))


def _roof(points: Points) -> Distances:
    flue = box(points, (2.35, 6.6, 0.65), (2.85, 7.0, 1.0))
    chimney = cut(box(points, (2.2, 4.0, 0.5), (3.0, 6.75, 1.15)), flue)
    return union(_roof_slab(points), chimney, box(points, (2.1, 6.4, 0.4), (3.1, 6.54, 1.25)))


def _wing(points: Points) -> Distances:
    body = cut(box(points, (-8.6, 0, -2.2), (-4.6, 2.5, 2.6)), _opening(points, WING_WINDOW, -2.2))
    slab = box(points, (-9.0, 2.5, -2.9), (-4.6, 2.78, 2.9))
    return union(body, slab, _frame(points, WING_WINDOW, -2.2, bars=3))


def _porch(points: Points) -> Distances:
    roof = box(points, (0.05, 2.62, -4.5), (1.95, 2.78, -3))
    posts = [box(points, (x - 0.06, 0, -4.36), (x + 0.06, 2.62, -4.24)) for x in (0.2, 1.8)]
    steps = [box(points, (-0.1 - 0.2 * n, 0, -4.5 - 0.35 * n), (2.1 + 0.2 * n, 0.27 - 0.09 * n, -3)) for n in range(3)]
    return union(roof, *posts, *steps)


def _bushes(points: Points) -> Distances:
    hedge = box(points, (-8.4, 0, -3.5), (-5.2, 0.62, -2.95), 0.12)
    places = ((-4.3, -3.75, 0.44, 3), (-2.5, -3.8, 0.42, 5), (4.1, -3.85, 0.46, 8))
    return union(hedge, *(crown(points, (x, 0.3, z), radius, seed) for x, z, radius, seed in places))


def _trees(points: Points) -> Distances:
    return union(tree(points, (-10.6, 1.5), 5.6, 1.75, 11), tree(points, (5.0, 10.5), 5.6, 1.45, 13))


def _leaves(points: Points) -> Distances:
    return union(_trees(points), bounded(points, (-8.5, 0, -4.6), (4.9, 1.1, -2.9), _bushes))


def solid(points: Points) -> Distances:
    """The whole scene."""
    return union(
        ground(points),
        bounded(points, (-4.8, 0, -3.2), (4.8, 5.8, 3.2), _main_house),
        bounded(points, (-5.1, 2.3, -3.7), (5.1, 7.0, 3.7), _roof),
        bounded(points, (-9.1, 0, -3.0), (-4.6, 2.8, 3.0), _wing),
        bounded(points, (-0.6, 0, -5.4), (2.6, 2.8, -3.0), _porch),
        _leaves(points),
    )


def albedo(points: Points) -> Distances:
    """Glass, roof tiles and leaves darker than clay."""
    side = _sideways(points)
    panes = union(
        *(_pane(points, window, -3) for window in FRONT_WINDOWS),
        *(_pane(side, window, -4.6) for window in SIDE_WINDOWS),
        _pane(points, WING_WINDOW, -2.2),
    )
    slab = bounded(points, (-5.1, 2.3, -3.7), (5.1, 6.1, 3.7), _roof_slab)
    shade = np.ones_like(panes)
    for distances, tint in ((_leaves(points), LEAVES), (slab, TILES), (panes, GLASS)):
        shade[distances < 0.01] = tint
    return shade


SCENE = Scene(
    solid,
    Camera((9.2, 1.75, -20.5), (-0.7, 1.75, 0.0), 31.5, rise=0.34),
    sun=(0.42, 0.72, -0.72),
    albedo=albedo,
)
