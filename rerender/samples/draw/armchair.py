"""The armchair: a lounge chair with a wooden frame on a backdrop that the alpha channel leaves out."""

from __future__ import annotations

import numpy as np

from rerender.samples.draw.solids import Distances, Points, bounded, box, capsule, ground, leaned, shifted, union
from rerender.samples.draw.tracer import Camera, Scene

FRAME = 0.74


def _cushions(points: Points) -> Distances:
    seat = leaned(shifted(points, y=0.36, z=-0.02), -6)
    back = leaned(shifted(points, y=0.46, z=0.30), 20)
    pillow = leaned(shifted(points, y=0.52, z=0.17), 26)
    return union(
        _cushion(seat, (-0.36, 0.0, -0.40), (0.36, 0.17, 0.36)),
        _cushion(back, (-0.36, 0.02, -0.07), (0.36, 0.70, 0.10)),
        _cushion(pillow, (-0.21, 0.0, -0.055), (0.21, 0.29, 0.055)),
    )


def _cushion(points: Points, low: tuple[float, float, float], high: tuple[float, float, float]) -> Distances:
    """A stuffed box: rounded, its faces swelling a little towards their middle."""
    x, y, z = points
    middle = [(start + end) / 2 for start, end in zip(low, high, strict=True)]
    half = [(end - start) / 2 for start, end in zip(low, high, strict=True)]
    thin = half.index(min(half))
    wide = [
        np.clip(1 - ((axis - np.float32(middle[i])) / np.float32(half[i])) ** 2, 0, 1)
        for i, axis in enumerate((x, y, z))
        if i != thin
    ]
    swelling = np.float32(0.028) * wide[0] * wide[1]
    return np.asarray((box(points, low, high, 0.055) - swelling) * np.float32(0.85))


def _frame(points: Points) -> Distances:
    rods = []
    for side in (-0.43, 0.43):
        rods += [
            capsule(points, (side, 0.0, -0.40), (side, 0.575, -0.345), 0.017, 0.027),
            capsule(points, (side, 0.0, 0.50), (side, 0.56, 0.33), 0.017, 0.027),
            capsule(points, (side, 0.56, 0.33), (side * 0.99, 1.13, 0.56), 0.027, 0.019),
            capsule(points, (side, 0.315, -0.38), (side, 0.30, 0.42), 0.02),
            box(leaned(shifted(points, x=side, y=0.59), -2.5), (-0.045, -0.016, -0.44), (0.045, 0.016, 0.40), 0.015),
        ]
    crossbars = [
        capsule(points, (-0.43, y, z), (0.43, y, z), 0.019)
        for y, z in ((0.315, -0.38), (0.30, 0.41), (1.06, 0.53), (0.50, 0.35))
    ]
    return union(*rods, *crossbars)


def _chair(points: Points) -> Distances:
    low, high = (-0.5, 0.0, -0.5), (0.5, 1.2, 0.7)
    return bounded(points, low, high, lambda near: union(_frame(near), _cushions(near)))


def solid(points: Points) -> Distances:
    """The chair on its floor."""
    return union(ground(points), _chair(points))


def albedo(points: Points) -> Distances:
    """The frame a little darker than the upholstery."""
    return np.asarray(np.where(_frame(points) < 0.003, np.float32(FRAME), np.float32(0.97)))


SCENE = Scene(
    solid,
    Camera((1.65, 1.05, -2.75), (0.0, 0.55, 0.04), 27.5),
    sun=(-0.5, 0.8, -0.55),
    albedo=albedo,
    subject=_chair,
    haze=(3.2, 8.0),
    backdrop=(0.93, 0.90),
)
