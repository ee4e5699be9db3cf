"""Things of the unseen set: a teapot, a bench, a shelf, a mushroom lamp and a sofa."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from tests.engines.held_out.houses import Model
from tests.engines.held_out.products import FLOOR
from tests.engines.held_out.raster import View
from tests.engines.held_out.shapes import Face, Part, ball, box, lathe, quad


def _view(height: float, distance: float, across: float, above: float, sun: tuple[float, float, float]) -> View:
    """From `across` (left is negative) and `above`, as shares of the distance, at the middle of a thing's height."""
    ahead = -float(np.sqrt(1 - across**2 - above**2))
    eye = (across * distance, 0.45 * height + above * distance, ahead * distance)
    return View(eye, (0, 0.45 * height, 0), 26, sun=sun, softness=0.05 * height)


def _tube(path: Sequence[tuple[float, float]], radii: Sequence[float], segments: int = 16) -> list[Face]:
    """A round rod along a path of (x, y) at z = 0, its radius at each point."""
    turn = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    along = np.gradient(np.array(path), axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.hypot(*along.T)[:, None]
    rings = [
        [(x + r * np.cos(t) * ux, y + r * np.cos(t) * uy, r * np.sin(t)) for t in turn]
        for (x, y), (ux, uy), r in zip(path, across, radii, strict=True)
    ]
    return [quad(one[n - 1], one[n], other[n], other[n - 1]) for one, other in pairwise(rings) for n in range(segments)]


def teapot() -> Model:
    """A round pot with a lid, a knob, a spout to the left and a handle to the right."""
    t = np.linspace(0, 1, 18)
    belly = [(0.05 + 0.055 * float(np.sin(np.pi * (0.12 + 0.78 * v))), 0.13 * float(v)) for v in t]
    lid = lathe([(belly[-1][0] + 0.002, 0.131), (0.05, 0.145), (0.012, 0.152)], albedo=0.95)
    u = np.linspace(0, 1, 12)
    bow = [(-0.075 - 0.1 * float(v), 0.04 + 0.035 * float(v) + 0.055 * float(v) ** 3) for v in u]
    spout = _tube(bow, (0.024 - 0.013 * u).tolist())
    angle = np.linspace(0.5 * np.pi, -0.5 * np.pi, 16)
    handle = _tube([(0.075 + 0.06 * float(np.cos(a)), 0.072 + 0.045 * float(np.sin(a))) for a in angle], [0.009] * 16)
    pot = lathe([(0.001, 0.0), *belly], albedo=0.95)
    knob = ball((0, 0.163, 0), 0.014, "object", 0.95)
    thin = [Part("object2", faces, 0.95) for faces in (spout, handle)]
    return [FLOOR, pot, lid, knob, *thin], _view(0.17, 0.85, -0.12, 0.3, (0.5, 0.7, -0.45))


def bench() -> Model:
    """A garden bench of slats on two frames."""
    slats = [face for z in (-0.2, -0.06, 0.08) for face in box((-0.75, 0.42, z), (0.75, 0.45, z + 0.12))]
    slats += [face for y in (0.56, 0.71) for face in box((-0.75, y, 0.235), (0.75, y + 0.11, 0.26))]
    frames: list[Face] = []
    for x in (-0.66, 0.61):
        frames += box((x, 0, -0.19), (x + 0.05, 0.42, -0.14)) + box((x, 0, 0.26), (x + 0.05, 0.84, 0.31))
        frames += box((x, 0.37, -0.19), (x + 0.05, 0.42, 0.31)) + box((x, 0.62, -0.22), (x + 0.05, 0.65, 0.26))
        frames += box((x, 0.42, -0.19), (x + 0.05, 0.62, -0.15))
    return [FLOOR, Part("object", slats, 0.9), Part("object2", frames, 0.6)], _view(
        0.84, 4.0, -0.42, 0.28, (-0.2, 0.75, -0.6)
    )


def shelf() -> Model:
    """An open shelf with five boards, books, a box and a jar."""
    boards = [face for y in (0.08, 0.5, 0.92, 1.34, 1.76) for face in box((-0.45, y, -0.16), (0.45, y + 0.03, 0.16))]
    uprights = [
        face for x in (-0.48, 0.45) for z in (-0.16, 0.13) for face in box((x, 0, z), (x + 0.03, 1.86, z + 0.03))
    ]
    books = [
        face
        for board, start, count in ((0.53, -0.4, 5), (0.95, 0.0, 6), (1.37, -0.35, 4))
        for n in range(count)
        for face in box(
            (start + 0.055 * n, board, -0.1), (start + 0.055 * n + 0.045, board + 0.22 + 0.03 * (n % 3), 0.1)
        )
    ]
    rest = [*box((0.05, 0.53, -0.12), (0.36, 0.72, 0.12)), *box((-0.35, 0.11, -0.13), (0.3, 0.34, 0.13))]
    jar = lathe([(0.001, 1.37), (0.08, 1.37), (0.09, 1.5), (0.05, 1.58), (0.055, 1.6)], "object", 0.9).moved(x=0.25)
    parts = [Part("object", boards, 0.85), Part("object2", uprights, 0.6), Part("object", books, 0.7)]
    return [FLOOR, *parts, Part("object", rest, 0.8), jar], _view(1.86, 5.6, 0.34, 0.27, (-0.55, 0.65, -0.5))


def mushroom_lamp() -> Model:
    """A table lamp with a domed shade on a stem that widens to its foot."""
    turn = np.linspace(0, 0.5 * np.pi, 14)
    dome = [(0.001, 0.27)] + [(0.17 * float(np.cos(t)) + 0.001, 0.27 + 0.13 * float(np.sin(t))) for t in turn]
    stem = [(0.001, 0.0), (0.095, 0.0), (0.095, 0.012), (0.06, 0.05), (0.04, 0.12), (0.034, 0.2), (0.034, 0.3)]
    parts = [FLOOR, lathe(dome, albedo=1.0), lathe(stem, "object2", 0.8)]
    return parts, _view(0.41, 1.55, -0.3, 0.3, (-0.5, 0.7, -0.4))


def sofa() -> Model:
    """Two seats, two cushions behind, round arms, four short legs."""
    base = [*box((-0.9, 0.14, -0.42), (0.9, 0.3, 0.42)), *box((-0.9, 0.3, 0.26), (0.9, 0.8, 0.42))]
    seats = [box((x, 0.3, -0.44), (x + 0.88, 0.46, 0.26)) for x in (-0.89, 0.01)]
    cushions = [box((x, 0.46, 0.1), (x + 0.84, 0.86, 0.27)) for x in (-0.87, 0.03)]
    parts = [FLOOR, Part("object", base, 0.85)]
    parts += [Part("object", faces, 0.93) for faces in (*seats, *cushions)]
    for x in (-1.02, 1.02):
        arm = lathe([(0.14, -0.45), (0.14, 0.42), (0.001, 0.421)], albedo=0.9, segments=24)
        lying = [face[:, [0, 2, 1]] + (x, 0.52, 0) for face in arm.faces]
        front = quad(
            *(
                (x + 0.14 * float(np.cos(t)), 0.52 + 0.14 * float(np.sin(t)), -0.45)
                for t in np.arange(24) / 24 * 2 * np.pi
            )
        )
        parts += [Part("object", [*lying, front, *box((x - 0.12, 0.14, -0.43), (x + 0.12, 0.52, 0.42))], 0.9)]
    legs = [face for x in (-1.05, 1.0) for z in (-0.4, 0.34) for face in box((x, 0, z), (x + 0.05, 0.14, z + 0.05))]
    return [*parts, Part("object2", legs, 0.5)], _view(0.86, 4.0, 0.3, 0.3, (0.6, 0.65, -0.4))


UNSEEN_PRODUCTS: dict[str, Model] = {model.__name__: model() for model in (teapot, bench, shelf, mushroom_lamp, sofa)}
