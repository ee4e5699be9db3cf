"""Things on a table or a floor, to be drawn with their cast shadows on a plain backdrop."""

from __future__ import annotations

import itertools

import numpy as np

from tests.engines.held_out.raster import View
from tests.engines.held_out.shapes import Face, Part, box, lathe, prism, quad

Model = tuple[list[Part], View]
FLOOR = Part("sky", [quad((-40, 0, -20), (40, 0, -20), (40, 0, 40), (-40, 0, 40))], 0.9)
"""Drawn as the backdrop with the subject's shadow on it."""


def _view(height: float, distance: float, sun: tuple[float, float, float] = (-0.6, 0.7, -0.35)) -> View:
    return View(
        (0.25 * distance, 0.42 * height + 0.35 * distance, -0.93 * distance),
        (0, 0.44 * height, 0),
        28,
        sun=sun,
        softness=0.05 * height,
    )


def vase() -> Model:
    """A full-bellied vase with a narrow neck."""
    t = np.linspace(0, 1, 26)
    radius = 0.09 + 0.1 * np.sin(np.pi * t**0.8) - 0.035 * np.exp(-(((t - 0.88) / 0.1) ** 2))
    return [FLOOR, lathe([(0.001, 0.0), *zip(radius.tolist(), (0.42 * t).tolist(), strict=True)], albedo=0.95)], _view(
        0.42, 1.25
    )


def mug() -> Model:
    """A mug with its handle to the side."""
    turn = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 12)
    handle: list[Face] = []
    for a, b in itertools.pairwise(turn):
        ring = [
            (0.055 + r * float(np.cos(t)), 0.055 + 1.2 * r * float(np.sin(t)))
            for t, r in ((a, 0.032), (b, 0.032), (b, 0.022), (a, 0.022))
        ]
        handle += prism(ring, -0.007, 0.007, axis=2)
    profile = [(0.001, 0.0), (0.05, 0.0), (0.055, 0.01), (0.055, 0.11), (0.05, 0.11), (0.048, 0.02), (0.001, 0.018)]
    return [FLOOR, lathe(profile, albedo=0.97), Part("object2", handle, 0.97)], _view(0.11, 0.42)


def stool() -> Model:
    """A round stool on four legs with a ring."""
    seat = lathe([(0.001, 0.6), (0.17, 0.6), (0.18, 0.62), (0.17, 0.65), (0.001, 0.655)], albedo=0.95)
    legs: list[Face] = []
    for x in (-0.13, 0.1):
        for z in (-0.13, 0.1):
            legs += box((x, 0, z), (x + 0.03, 0.6, z + 0.03))
    ring = [(-0.12, 0.1), (0.12, -0.12)]
    for z in ring[0]:
        legs += box((-0.12, 0.22, z), (0.12, 0.24, z + 0.02))
    return [FLOOR, seat, Part("object2", legs, 0.8)], _view(0.65, 1.9)


def lamp() -> Model:
    """A table lamp: a shade on a slim stem and a round foot."""
    shade = lathe([(0.16, 0.36), (0.1, 0.58), (0.001, 0.582)], albedo=1.0)
    foot = lathe([(0.001, 0.0), (0.1, 0.0), (0.1, 0.015), (0.012, 0.03), (0.01, 0.4)], "object2", 0.75)
    return [FLOOR, shade, foot], _view(0.58, 1.7, sun=(0.55, 0.7, -0.45))


def bottle() -> Model:
    """A bottle with a long neck and a stopper, darker than what is behind it."""
    profile = [(0.001, 0.0), (0.045, 0.0), (0.048, 0.01), (0.048, 0.19), (0.04, 0.215), (0.018, 0.24), (0.016, 0.31)]
    stopper = lathe([(0.019, 0.31), (0.019, 0.335), (0.001, 0.336)], "object2", 0.9)
    return [FLOOR, lathe(profile, albedo=0.4), stopper], _view(0.335, 1.05)


def armchair() -> Model:
    """A boxy upholstered chair on four short legs."""
    parts = [FLOOR]
    for low, high in (
        ((-0.38, 0.16, -0.4), (0.38, 0.44, 0.3)),
        ((-0.38, 0.16, 0.22), (0.38, 0.86, 0.42)),
        ((-0.5, 0.16, -0.38), (-0.36, 0.62, 0.42)),
        ((0.36, 0.16, -0.38), (0.5, 0.62, 0.42)),
    ):
        parts.append(Part("object", box(low, high), 0.93))
    legs: list[Face] = []
    for x in (-0.46, 0.42):
        for z in (-0.34, 0.34):
            legs += box((x, 0, z), (x + 0.04, 0.16, z + 0.04))
    return [*parts, Part("object2", legs, 0.6)], _view(0.86, 2.9)


def table_and_chair() -> Model:
    """A round table with a chair beside it, before a wall that meets the floor in an edge."""
    top = lathe([(0.001, 0.72), (0.42, 0.72), (0.42, 0.75), (0.001, 0.751)], albedo=0.95)
    foot = lathe([(0.001, 0.0), (0.24, 0.0), (0.24, 0.02), (0.035, 0.05), (0.03, 0.72)], "object2", 0.8)
    chair: list[Face] = []
    for x in (0.62, 0.98):
        for z, height in ((-0.2, 0.45), (0.16, 0.9)):
            chair += box((x, 0, z), (x + 0.035, height, z + 0.035))
    seat = [*box((0.6, 0.43, -0.22), (1.03, 0.48, 0.2)), *box((0.64, 0.6, 0.165), (0.99, 0.88, 0.19))]
    room = [
        Part("sky", FLOOR.faces, 0.95),
        Part("sky", [quad((-9, 0, 1.1), (9, 0, 1.1), (9, 6, 1.1), (-9, 6, 1.1))], 0.85),
    ]
    moved = [part.moved(x=-0.35) for part in (top, foot, Part("object2", chair, 0.8), Part("object", seat, 0.9))]
    return [*room, *moved], _view(0.9, 3.3)


PRODUCTS: dict[str, Model] = {
    model.__name__: model() for model in (vase, mug, stool, lamp, bottle, armchair, table_and_chair)
}
