"""Solids as signed distances (after Inigo Quilez): negative inside, zero on the surface, positive outside.

Points are (3, N) float32 in metres, x to the right, y up, z away from the viewer; distances are (N,) float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Distances = NDArray[np.float32]
Solid = Callable[[Points], Distances]
Position = tuple[float, float, float]

# Shadows and occlusion look no further than this, so beyond it a bounding box may stand for what it holds.
MARGIN = 0.9


def box(points: Points, low: Position, high: Position, radius: float = 0.0) -> Distances:
    """An axis-aligned box between two corners, its edges rounded by `radius`."""
    offsets = [
        np.abs(axis - np.float32((start + end) / 2)) - np.float32((end - start) / 2 - radius)
        for axis, start, end in zip(points, low, high, strict=True)
    ]
    inside = np.minimum(np.maximum(np.maximum(offsets[0], offsets[1]), offsets[2]), 0)
    return np.asarray(_length(*(np.maximum(offset, 0) for offset in offsets)) + inside - np.float32(radius))


def sphere(points: Points, centre: Position, radius: float) -> Distances:
    """A ball."""
    offsets = (axis - np.float32(at) for axis, at in zip(points, centre, strict=True))
    return np.asarray(_length(*offsets) - np.float32(radius))


def capsule(points: Points, start: Position, end: Position, radius: float, tip: float | None = None) -> Distances:
    """A round rod between two points, tapering to the radius `tip`."""
    rod = [np.float32(to - from_) for from_, to in zip(start, end, strict=True)]
    offsets = [axis - np.float32(from_) for axis, from_ in zip(points, start, strict=True)]
    dot = offsets[0] * rod[0] + offsets[1] * rod[1] + offsets[2] * rod[2]
    along = np.clip(dot / np.float32(sum(part * part for part in rod)), 0, 1)
    thickness = np.float32(radius) + along * np.float32((radius if tip is None else tip) - radius)
    return np.asarray(_length(*(offset - along * part for offset, part in zip(offsets, rod, strict=True))) - thickness)


def cylinder(points: Points, base: Position, radius: float, height: float) -> Distances:
    """An upright cylinder standing on `base`."""
    around = np.hypot(points[0] - np.float32(base[0]), points[2] - np.float32(base[2])) - np.float32(radius)
    above = np.abs(points[1] - np.float32(base[1] + height / 2)) - np.float32(height / 2)
    outside = np.hypot(np.maximum(around, 0), np.maximum(above, 0))
    return np.asarray(outside + np.minimum(np.maximum(around, above), 0))


def gable(points: Points, low: Position, high: Position) -> Distances:
    """A triangular prism in a box, its ridge along x at the top."""
    rise, half_depth = high[1] - low[1], (high[2] - low[2]) / 2
    run = float(np.hypot(rise, half_depth))
    depth = np.abs(points[2] - np.float32((low[2] + high[2]) / 2))
    slope = (points[1] - np.float32(high[1])) * np.float32(half_depth / run) + depth * np.float32(rise / run)
    ends = np.abs(points[0] - np.float32((low[0] + high[0]) / 2)) - np.float32((high[0] - low[0]) / 2)
    return np.asarray(np.maximum(np.maximum(slope, ends), np.float32(low[1]) - points[1]))


def ground(points: Points) -> Distances:
    """Everything below y = 0."""
    return np.array(points[1])


def union(*distances: Distances) -> Distances:
    """All the solids together."""
    return reduce(np.minimum, distances)


def cut(distances: Distances, *holes: Distances) -> Distances:
    """A solid without the holes."""
    return np.maximum(distances, -reduce(np.minimum, holes))


def blend(distances: Sequence[Distances], softness: float) -> Distances:
    """The solids together, flowing into one another (polynomial smooth minimum)."""
    result = distances[0]
    for other in distances[1:]:
        share = np.clip(0.5 + 0.5 * (other - result) / np.float32(softness), 0, 1)
        result = other + (result - other) * share - np.float32(softness) * share * (1 - share)
    return result


def bounded(points: Points, low: Position, high: Position, solid: Solid) -> Distances:
    """A solid that lies between two corners; points far from there are not asked."""
    distances = box(points, low, high)
    near = distances < MARGIN
    if near.all():
        return solid(points)
    if near.any():
        distances[near] = solid(points[:, near])
    return distances


def shifted(points: Points, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Points:
    """The points as seen from a place: what is drawn at the origin appears at (x, y, z)."""
    return points - np.array([[x], [y], [z]], np.float32)


def turned(points: Points, degrees: float) -> Points:
    """The points before a turn about the y axis: what is drawn along x appears turned by `degrees` towards -z."""
    angle = np.radians(degrees)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    x, y, z = points
    return np.stack([x * cosine - z * sine, y, x * sine + z * cosine])


def leaned(points: Points, degrees: float) -> Points:
    """The points before a lean about the x axis: what stands upright leans backwards (to +z) by `degrees`."""
    angle = np.radians(degrees)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    x, y, z = points
    return np.stack([x, y * cosine + z * sine, z * cosine - y * sine])


def crown(points: Points, centre: Position, radius: float, seed: int) -> Distances:
    """Foliage as a model maker would shape it: a few balls around a big one, grown together."""
    random = np.random.RandomState(seed)
    balls = [sphere(points, centre, radius)]
    for turn in np.linspace(0, 2 * np.pi, 6, endpoint=False) + random.uniform(0, 1):
        size = radius * random.uniform(0.5, 0.68)
        reach, lift = radius * random.uniform(0.55, 0.75), radius * random.uniform(-0.25, 0.55)
        offset = (reach * np.cos(turn), lift, reach * np.sin(turn))
        balls.append(sphere(points, (centre[0] + offset[0], centre[1] + offset[1], centre[2] + offset[2]), size))
    return blend(balls, 0.4 * radius)


def tree(points: Points, foot: tuple[float, float], height: float, radius: float, seed: int) -> Distances:
    """A tree on the ground at (x, z); `radius` is its crown's."""
    x, z = foot
    reach = 1.5 * radius

    def solid(near: Points) -> Distances:
        trunk = capsule(near, (x, 0.0, z), (x, height - radius, z), 0.035 * height, 0.022 * height)
        return union(trunk, crown(near, (x, height - radius, z), radius, seed))

    return bounded(points, (x - reach, 0.0, z - reach), (x + reach, height + 0.4 * radius, z + reach), solid)


def _length(x: Distances, y: Distances, z: Distances) -> Distances:
    return np.asarray(np.sqrt(x * x + y * y + z * z))
