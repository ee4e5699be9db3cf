"""Rooms of the unseen set: a study before a wall of windows, a bathroom, an attic and a dining room."""

from __future__ import annotations

import numpy as np

from tests.engines.held_out.houses import Model, row
from tests.engines.held_out.raster import View
from tests.engines.held_out.rooms import GLASS, shell
from tests.engines.held_out.shapes import Face, Part, ball, box, lathe, quad, wall


def _view(eye: tuple[float, float, float], target: tuple[float, float, float], angle: float, sun: float) -> View:
    """A camera held level or nearly; the light comes from the right where `sun` is positive."""
    return View(eye, target, angle, sun=(sun, 0.8, -0.5), softness=0.25, ambient=(0.58, 0.06))


def _legs(left: float, right: float, near: float, far: float, height: float, side: float = 0.05) -> list[Face]:
    """Four square posts below the corners of something."""
    places = [(x, z) for x in (left, right - side) for z in (near, far - side)]
    return [face for x, z in places for face in box((x, 0, z), (x + side, height, z + side))]


def _chair(x: float, z: float, back: float) -> Part:
    """A dining chair in the middle of (x, z), its back on the side that `back` (-1 or 1) says, along x."""
    faces = [
        *box((x - 0.22, 0.43, z - 0.22), (x + 0.22, 0.48, z + 0.22)),
        *_legs(x - 0.22, x + 0.22, z - 0.22, z + 0.22, 0.43, 0.04),
    ]
    edge = x + back * 0.2
    return Part("object2", [*faces, *box((edge - 0.02, 0.48, z - 0.22), (edge + 0.02, 0.95, z + 0.22))], 0.65)


def study() -> Model:
    """A desk with a lamp and a chair before a wall of windows, shelves on the left."""
    parts = shell(6.0, 2.8, 4.2, row(4, 6.0, 1.3, 0.25, 2.5), [])
    desk = [*box((-0.9, 0.71, 1.7), (1.3, 0.76, 2.6)), *box((0.75, 0.1, 1.75), (1.25, 0.71, 2.55))]
    parts += [Part("object", desk, 0.75), Part("object", _legs(-0.86, 0.7, 1.75, 2.55, 0.71), 0.6)]
    screen = [*box((-0.2, 0.92, 2.25), (0.6, 1.36, 2.29)), *box((0.17, 0.76, 2.24), (0.23, 0.95, 2.3))]
    parts += [Part("object2", screen, 0.35)]
    seat = [*box((-0.35, 0.44, 0.85), (0.2, 0.52, 1.4)), *box((-0.33, 0.52, 0.83), (0.18, 1.02, 0.9))]
    foot = lathe([(0.3, 0.02), (0.06, 0.08), (0.04, 0.44)], "object2", 0.5, 20).moved(x=-0.08, z=1.12)
    parts += [Part("object2", seat, 0.55), foot]
    lamp = [lathe([(0.09, 0.76), (0.09, 0.78), (0.012, 0.79), (0.012, 1.2)], "lamp", 0.5, 20)]
    lamp += [lathe([(0.16, 1.16), (0.06, 1.32)], "lamp", 1.0, 24)]
    parts += [part.moved(x=-0.65, z=2.2) for part in lamp]
    boards = [face for y in (0.05, 0.5, 0.95, 1.4, 1.85, 2.3) for face in box((-3.0, y, 0.2), (-2.66, y + 0.04, 3.4))]
    uprights = [face for z in (0.2, 1.25, 2.3, 3.36) for face in box((-3.0, 0, z), (-2.66, 2.34, z + 0.04))]
    books = [
        face
        for n, (y, z) in enumerate([(0.54, 0.4), (0.99, 1.4), (1.44, 0.5), (0.54, 2.5), (1.44, 2.4), (1.89, 1.5)])
        for face in box((-3.0, y, z), (-2.74, y + 0.26 + 0.02 * (n % 3), z + 0.6))
    ]
    parts += [Part("object2", [*boards, *uprights], 0.7), Part("object2", books, 0.5)]
    return parts, _view((1.5, 1.5, -3.7), (-0.35, 1.3, 4), 50, 0.35)


def bathroom() -> Model:
    """A tub on the right, a basin on a cabinet below a mirror on the left, a small window high in the back."""
    parts = shell(3.4, 2.5, 3.6, [(1.9, 2.9, 1.3, 2.2)], [])
    rim = [
        ((0.85, 0.0, 0.4), (0.95, 0.58, 3.5)),
        ((1.6, 0.0, 0.4), (1.7, 0.58, 3.5)),
        ((0.95, 0.0, 0.4), (1.6, 0.58, 0.5)),
    ]
    rim += [((0.95, 0.0, 3.4), (1.6, 0.58, 3.5)), ((0.95, 0.0, 0.5), (1.6, 0.2, 3.4))]
    parts += [Part("object", [face for low, high in rim for face in box(low, high)], 1.0)]
    parts += [Part("object2", box((-1.7, 0.3, 1.2), (-1.15, 0.82, 2.5)), 0.7)]
    parts += [
        lathe([(0.1, 0.82), (0.2, 0.9), (0.22, 0.98), (0.19, 0.98), (0.02, 0.86)], "object", 1.0).moved(x=-1.42, z=1.85)
    ]
    parts += [Part("object2", [quad((-1.67, 1.2, 1.3), (-1.67, 1.2, 2.4), (-1.67, 2.0, 2.4), (-1.67, 2.0, 1.3))], 0.8)]
    bowl = lathe([(0.12, 0.0), (0.12, 0.2), (0.2, 0.38), (0.21, 0.42), (0.02, 0.43)], "object", 1.0).moved(
        x=-0.2, z=3.1
    )
    parts += [bowl, Part("object", box((-0.42, 0.36, 3.3), (0.02, 0.85, 3.55)), 1.0)]
    bars = [face for y in np.arange(0.7, 1.7, 0.16).tolist() for face in box((-1.2, y, 3.52), (-0.7, y + 0.05, 3.58))]
    parts += [Part("object2", bars, 0.55), lathe([(0.16, 2.38), (0.18, 2.5)], "lamp", 1.0, 24).moved(z=1.6)]
    return parts, _view((-0.5, 1.45, -2.6), (0.0, 1.2, 3), 56, 0.3)


def attic() -> Model:
    """A bedroom below a ridge: low side walls, sloping ceilings, a window in the gable and one in the roof."""
    depth, near, knee, ridge, half = 4.8, -6.0, 1.0, 3.3, 3.0
    gable, panes = wall((-half, 0, depth), (1, 0), 2 * half, ridge, [(2.3, 3.7, 0.7, 2.1)])
    sides = [quad((x, 0, near), (x, 0, depth), (x, knee, depth), (x, knee, near)) for x in (-half, half)]
    slopes = [quad((x, knee, near), (x, knee, depth), (0, ridge, depth), (0, ridge, near)) for x in (-half, half)]

    def on_slope(share: float, z: float) -> tuple[float, float, float]:
        return (half * (1 - share) - 0.03, knee + share * (ridge - knee) - 0.03, z)

    skylight = quad(on_slope(0.25, 1.4), on_slope(0.25, 2.6), on_slope(0.7, 2.6), on_slope(0.7, 1.4))
    floor = quad((-half, 0, near), (half, 0, near), (half, 0, depth), (-half, 0, depth))
    parts = [
        Part("wall", [*gable, *sides], 0.93),
        Part("glass", [*panes, skylight], GLASS),
        Part("ground", [floor], 0.75),
    ]
    parts += [Part("sky", slopes, 0.98, casts_shadow=False)]
    parts += [Part("object2", [f for z in (0.2, 3.0) for f in box((-1.35, 2.2, z), (1.35, 2.34, z + 0.16))], 0.6)]
    bed = [*box((-2.7, 0.12, 1.6), (-0.9, 0.34, 4.2)), *box((-2.75, 0.12, 4.1), (-0.85, 0.95, 4.2))]
    parts += [Part("object", bed, 0.65), Part("object", box((-2.65, 0.34, 1.65), (-0.95, 0.56, 4.1)), 1.0)]
    chest = [*box((1.5, 0.0, 2.2), (2.3, 0.8, 3.6)), *box((0.9, 0.0, 0.6), (1.5, 0.4, 1.2))]
    parts += [Part("object2", chest, 0.7), Part("object", box((-0.7, 0, 0.3), (1.3, 0.02, 2.0)), 0.55)]
    parts += [lathe([(0.08, 0.8), (0.02, 0.84), (0.02, 1.0)], "lamp", 0.6, 16).moved(x=1.9, z=3.1)]
    parts += [lathe([(0.15, 0.98), (0.09, 1.2)], "lamp", 1.0, 24).moved(x=1.9, z=3.1)]
    return parts, _view((-0.6, 1.5, -2.9), (0.15, 1.35, 4), 54, 0.4)


def dining_room() -> Model:
    """A long table with six chairs below a wide shade, a sideboard behind, windows on the right."""
    parts = shell(5.8, 2.9, 5.0, [], [], [(0.8, 2.2, 0.4, 2.4), (3.0, 4.4, 0.4, 2.4), (5.2, 6.6, 0.4, 2.4)])
    top = [*box((-0.6, 0.71, 0.6), (0.5, 0.76, 3.0)), *_legs(-0.55, 0.45, 0.68, 2.92, 0.71, 0.07)]
    parts += [Part("object", top, 0.75)]
    parts += [_chair(side * 0.72 - 0.05, z, side) for side in (-1.0, 1.0) for z in (1.0, 1.8, 2.6)]
    shade = lathe([(0.38, 1.62), (0.3, 1.85), (0.03, 1.95)], "lamp", 0.9, 28)
    parts += [
        part.moved(x=-0.05, z=1.8) for part in (shade, Part("lamp", box((-0.01, 1.95, -0.01), (0.01, 2.9, 0.01)), 0.5))
    ]
    board = [*box((-1.6, 0.18, 4.5), (0.9, 0.85, 4.98)), *_legs(-1.55, 0.85, 4.55, 4.95, 0.18)]
    parts += [Part("object2", board, 0.7), Part("object2", box((-1.0, 1.25, 4.95), (0.3, 2.15, 4.99)), 0.45)]
    parts += [
        lathe([(0.02, 0.85), (0.1, 0.87), (0.13, 1.0), (0.05, 1.15), (0.07, 1.2)], "object2", 0.9).moved(x=0.5, z=4.75)
    ]
    parts += [
        lathe([(0.18, 0.0), (0.24, 0.45)], "object2", 0.7, 20).moved(x=2.2, z=4.3),
        ball((2.2, 1.0, 4.3), 0.5, albedo=0.6),
    ]
    return parts, _view((-1.7, 1.55, -3.2), (0.35, 1.25, 4), 46, 0.45)


UNSEEN_ROOMS: dict[str, Model] = {model.__name__: model() for model in (study, bathroom, attic, dining_room)}
