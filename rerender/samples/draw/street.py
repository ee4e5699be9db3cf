"""The street corner: a massing model of city blocks in perspective, with window grids, pavement and trees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from rerender.samples.draw.solids import Distances, Points, Position, bounded, box, ground, tree, union
from rerender.samples.draw.tracer import Camera, Scene

GLASS, LEAVES, ROADWAY = 0.58, 0.78, 0.86
RECESS = 0.22
POST = 0.045
"""Half the width of the upright between the two wings of a window."""
PARAPET = 0.9


@dataclass(frozen=True, slots=True)
class Block:
    """A building: its corners on the ground, its storeys, and its windows' rhythm, in metres."""

    left: float
    right: float
    near: float
    far: float
    storeys: int
    storey: float = 3.4
    bay: float = 2.6
    opening: float = 1.5
    shop: float = 4.4

    @property
    def height(self) -> float:
        """From the ground to the top of the parapet."""
        return self.shop + self.storeys * self.storey + PARAPET

    def bounds(self) -> tuple[Position, Position]:
        """Two corners of a box that holds it all, cornice included."""
        return (self.left - 0.4, 0.0, self.near - 0.4), (self.right + 0.4, self.height, self.far + 0.4)


BLOCKS = (
    Block(4.0, 21.0, 0.0, 17.0, 3, bay=2.83, opening=1.6),
    Block(4.0, 21.0, 17.6, 38.0, 4, bay=3.4, opening=2.3),
    Block(5.5, 24.0, 38.6, 62.0, 3, bay=2.6, opening=1.3),
    Block(-24.0, -9.0, 6.0, 26.0, 2, bay=2.5, opening=1.5),
    Block(-26.0, -9.0, 26.6, 46.0, 4, bay=3.2, opening=2.0),
    Block(-22.0, -10.0, 46.6, 74.0, 6, bay=3.0, opening=1.6),
    Block(21.6, 42.0, 0.8, 18.0, 5, bay=3.1, opening=1.9),
)


def _fold(axis: Distances, start: float, end: float, bay: float) -> Distances:
    """Distance along a façade to the middle of the nearest window; beyond the last bay it goes on growing."""
    count = max(1, round((end - start) / bay))
    width = (end - start) / count
    number = np.clip(np.floor((axis - np.float32(start)) / np.float32(width)), 0, count - 1)
    return np.asarray(np.abs(axis - np.float32(start) - (number + np.float32(0.5)) * np.float32(width)))


def _windows(points: Points, block: Block) -> Distances:
    """The window openings of the façades towards the street and towards the viewer, as one solid."""
    x, y, z = points
    half = np.float32(block.opening / 2)
    top = block.shop + block.storeys * block.storey
    upper = _fold(y, block.shop, top, block.storey) - np.float32(block.storey * 0.29)
    shop = np.abs(y - np.float32(block.shop * 0.44)) - np.float32(block.shop * 0.36)
    along_x = _fold(x, block.left, block.right, block.bay)
    along_z = _fold(z, block.near, block.far, block.bay)
    depth_front = np.abs(z - np.float32(block.near)) - np.float32(RECESS)
    street = block.left if block.left > 0 else block.right
    depth_side = np.abs(x - np.float32(street)) - np.float32(RECESS)
    shop_half = half * np.float32(1.28)
    openings = [
        np.maximum(np.maximum(np.maximum(along - half_width, POST - along), rows), depth)
        for along, depth in ((along_x, depth_front), (along_z, depth_side))
        for half_width, rows in ((half, upper), (shop_half, shop))
    ]
    return union(*openings)


def _block(points: Points, block: Block) -> Distances:
    low, high = (block.left, 0.0, block.near), (block.right, block.height, block.far)
    body = box(points, low, high)
    roof = box(points, (low[0] + 0.35, block.height - 0.7, low[2] + 0.35), (high[0] - 0.35, 99, high[2] - 0.35))
    band = box(
        points, (low[0] - 0.18, block.shop - 0.28, low[2] - 0.18), (high[0] + 0.18, block.shop - 0.05, high[2] + 0.18)
    )
    top = block.height - PARAPET
    cornice = box(points, (low[0] - 0.3, top + 0.12, low[2] - 0.3), (high[0] + 0.3, top + 0.42, high[2] + 0.3))
    walls = np.maximum(np.maximum(body, -_windows(points, block)), -roof)
    return union(walls, band, cornice)


def _blocks(points: Points) -> Distances:
    return union(*(bounded(points, *block.bounds(), partial(_block, block=block)) for block in BLOCKS))


def _pavement(points: Points) -> Distances:
    right = box(points, (0.9, -1, -3.4), (60, 0.16, 80), 0.05)
    left = box(points, (-60, -1, 2.6), (-5.9, 0.16, 90), 0.05)
    return union(right, left)


def _trees(points: Points) -> Distances:
    trees = [tree(points, (2.1, 4.0 + 8 * number), 5.4, 1.35, 21 + number) for number in range(5)]
    trees += [tree(points, (-7.2, 9.5 + 8 * number), 5.2, 1.3, 31 + number) for number in range(4)]
    return union(*trees)


def solid(points: Points) -> Distances:
    """The whole scene."""
    return union(ground(points), _pavement(points), _blocks(points), _trees(points))


def albedo(points: Points) -> Distances:
    """Glass, leaves and the roadway darker than clay."""
    shade = np.where(points[1] < 0.02, np.float32(ROADWAY), np.float32(1))
    shade[_trees(points) < 0.01] = LEAVES
    for block in BLOCKS:
        behind_wall = box(points, (block.left + 0.1, 0, block.near + 0.1), (block.right - 0.1, 99, block.far - 0.1))
        inside = np.maximum(_windows(points, block), behind_wall)
        shade = np.where(inside < 0.02, np.float32(GLASS), shade)
    return shade


SCENE = Scene(
    solid,
    Camera((-5.2, 1.75, -25.0), (1.4, 1.75, 6.0), 41, rise=0.50),
    sun=(-0.62, 0.74, -0.42),
    albedo=albedo,
    haze=(45.0, 150.0),
    backdrop=(0.955, 0.90),
)
