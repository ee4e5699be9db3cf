"""Solids made of flat faces, in metres: x to the right, y up, z away from the viewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rerender.engines.preview.plan import Slot

Point = tuple[float, float, float]
Face = np.ndarray
"""(corners, 3), convex."""


@dataclass(frozen=True, eq=False)
class Part:
    """Faces of one surface: the slot that it should be seen as, its grey, and its normals where it is round."""

    slot: Slot
    faces: Sequence[Face]
    albedo: float = 1.0
    normals: Callable[[np.ndarray], np.ndarray] | None = None
    casts_shadow: bool = True

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Part:
        """The same part elsewhere."""
        by = np.array([x, y, z])
        normals = self.normals and (lambda points, known=self.normals: known(points - by[:, None]))
        return Part(self.slot, [face + by for face in self.faces], self.albedo, normals, self.casts_shadow)


def quad(*corners: Point) -> Face:
    """One flat face."""
    return np.array(corners, float)


def box(low: Point, high: Point) -> list[Face]:
    """The six faces of an upright box."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    ring = [(x0, z0), (x1, z0), (x1, z1), (x0, z1)]
    sides = [
        quad((a[0], y0, a[1]), (b[0], y0, b[1]), (b[0], y1, b[1]), (a[0], y1, a[1]))
        for a, b in pairwise([*ring, ring[0]])
    ]
    return [*sides, *(quad(*((x, y, z) for x, z in ring)) for y in (y0, y1))]


def prism(outline: Sequence[tuple[float, float]], start: float, end: float, axis: int = 0) -> list[Face]:
    """An outline, (across, y), drawn out along x (`axis` 0) or z (2) from `start` to `end`."""

    def at(across: float, y: float, along: float) -> Point:
        return (along, y, across) if axis == 0 else (across, y, along)

    sides = [quad(at(*a, start), at(*b, start), at(*b, end), at(*a, end)) for a, b in pairwise([*outline, outline[0]])]
    return [*sides, quad(*(at(*p, start) for p in outline)), quad(*(at(*p, end) for p in outline))]


def wall(
    corner: Point,
    along: tuple[float, float],
    length: float,
    height: float,
    openings: Sequence[tuple[float, float, float, float]] = (),
    depth: float = 0.18,
) -> tuple[list[Face], list[Face]]:
    """A wall with recessed openings (left, right, sill, head), and the panes set back in them.

    `along` is the wall's direction on the ground; the recess goes to the left of it, which is away from a viewer
    who sees the wall run from left to right.
    """
    direction = np.array([along[0], 0.0, along[1]]) / np.hypot(*along)
    inwards = np.array([-direction[2], 0.0, direction[0]]) * depth

    def at(right: float, up: float, back: float = 0.0) -> np.ndarray:
        return np.array(corner) + direction * right + np.array([0, up, 0]) + inwards * back

    def rectangle(left: float, right: float, low: float, high: float, back: float = 0.0) -> Face:
        return np.array([at(left, low, back), at(right, low, back), at(right, high, back), at(left, high, back)])

    columns = sorted({0.0, length, *(edge for opening in openings for edge in opening[:2])})
    rows = sorted({0.0, height, *(edge for opening in openings for edge in opening[2:])})
    solid = [
        rectangle(left, right, low, high)
        for left, right in pairwise(columns)
        for low, high in pairwise(rows)
        if not any(o[0] <= left < o[1] and o[2] <= low < o[3] for o in openings)
    ]
    for left, right, low, high in openings:
        for (a, b), (c, d) in pairwise([(left, low), (right, low), (right, high), (left, high), (left, low)]):
            solid.append(np.array([at(a, b), at(c, d), at(c, d, 1), at(a, b, 1)]))
    return solid, [rectangle(*opening, back=1) for opening in openings]


def lathe(
    profile: Sequence[tuple[float, float]], slot: Slot = "object", albedo: float = 1.0, segments: int = 40
) -> Part:
    """A profile of (radius, height) turned about the y axis, smooth round it and along it."""
    radius, height = (np.array(values, float) for values in zip(*profile, strict=True))
    turn = np.linspace(0, 2 * np.pi, segments + 1)
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    faces = [
        np.array([(r * x, h, r * z) for r, h, (x, z) in ((r0, h0, a), (r0, h0, b), (r1, h1, b), (r1, h1, a))])
        for (r0, h0), (r1, h1) in pairwise(profile)
        for a, b in pairwise(ring)
    ]
    along = np.stack([np.diff(radius), np.diff(height)], axis=1)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.hypot(*along.T)[:, None]

    def normals(points: np.ndarray) -> np.ndarray:
        x, y, z = points
        around = np.hypot(x, z) + np.float32(1e-9)
        out, up = _profile_normal(around, y, radius, height, across)
        return np.stack([x / around * out, up, z / around * out])

    return Part(slot, faces, albedo, normals)


def _profile_normal(
    around: np.ndarray, y: np.ndarray, radius: np.ndarray, height: np.ndarray, across: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The normal (outwards, up) of the nearest piece of a profile, turning evenly where the profile is smooth."""
    nearest = np.full(y.shape, np.inf, np.float32)
    out, up = np.zeros((2, *y.shape), np.float32)
    last = len(across) - 1
    for piece, own in enumerate(across):
        start, end = (across[n] if own @ across[n] > 0.8 else own for n in (max(0, piece - 1), min(last, piece + 1)))
        dr, dh = radius[piece + 1] - radius[piece], height[piece + 1] - height[piece]
        share = np.clip(((around - radius[piece]) * dr + (y - height[piece]) * dh) / (dr * dr + dh * dh), 0, 1)
        miss = np.hypot(around - radius[piece] - share * dr, y - height[piece] - share * dh)
        closer = miss < nearest
        nearest[closer] = miss[closer]
        for axis, plane in enumerate((out, up)):
            first, second = (start[axis] + own[axis]) / 2, (own[axis] + end[axis]) / 2
            plane[closer] = (first + (second - first) * share)[closer]
    length = np.hypot(out, up) + np.float32(1e-9)
    return out / length, up / length


def ball(centre: Point, radius: float, slot: Slot = "vegetation", albedo: float = 1.0) -> Part:
    """A sphere."""
    turn = np.linspace(-np.pi / 2, np.pi / 2, 19)
    profile = [(max(1e-4, radius * float(np.cos(t))), radius * float(np.sin(t))) for t in turn]
    faces = lathe(profile, segments=28).faces
    middle = np.array(centre)
    return Part(slot, [face + middle for face in faces], albedo, lambda p: (p - middle[:, None]) / radius)
