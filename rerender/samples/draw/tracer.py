"""Draws solids as a clay render: sphere tracing (Hart 1996), soft shadows and occlusion from distances (Quilez)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.samples.draw.solids import MARGIN, Distances, Points, Position, Solid

Plane = NDArray[np.float32]

CHUNK = 1 << 14
MAX_STEPS = 160
OCCLUSION_RAYS = 20
OCCLUSION_REACH = (0.1, 0.35, MARGIN)


@dataclass(frozen=True, slots=True)
class Camera:
    """A view camera at eye height: uprights stay upright, `rise` shifts the picture by so many half heights."""

    eye: Position
    target: Position
    field_of_view: float
    rise: float = 0.0

    def rays(self, columns: Plane, rows: Plane, width: int, height: int) -> Points:
        """Unit directions through image positions in pixels."""
        forward = np.subtract(self.target, self.eye).astype(np.float64)
        forward /= np.linalg.norm(forward)
        right = np.cross((0.0, 1.0, 0.0), forward)
        right /= np.linalg.norm(right)
        up = np.cross(forward, right)
        scale = np.tan(np.radians(self.field_of_view) / 2) / (height / 2)
        across = (columns - width / 2) * scale
        upward = (height / 2 - rows) * scale + self.rise * scale * height / 2
        directions = forward[:, None] + right[:, None] * across + up[:, None] * upward
        return np.asarray(directions / np.linalg.norm(directions, axis=0)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Scene:
    """Solids, how light or dark each point of their surface is (1 is white clay), the sun and the air."""

    solid: Solid
    camera: Camera
    sun: Position
    albedo: Callable[[Points], Distances] | None = None
    subject: Solid | None = None
    """What the alpha channel keeps; None keeps everything."""
    haze: tuple[float, float] = (26.0, 70.0)
    """Distances between which things fade into the backdrop."""
    backdrop: tuple[float, float] = (0.955, 0.90)
    """Grey of the sky at the horizon and at the zenith."""


def draw(scene: Scene, width: int, height: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Grey and alpha, both (height, width) uint8. Pixels with an edge in them are sampled five times."""
    rows, columns = (plane.ravel() + np.float32(0.5) for plane in np.mgrid[0:height, 0:width].astype(np.float32))
    grey, cover = _sample(scene, columns, rows, width, height)
    edges = _edges(grey.reshape(height, width), cover.reshape(height, width))
    picked = np.flatnonzero(edges)
    totals = np.stack([grey[picked], cover[picked]])
    # A rotated grid: no two samples share a row or a column, so both upright and level edges get four steps.
    for right, down in ((-0.375, -0.125), (0.125, -0.375), (0.375, 0.125), (-0.125, 0.375)):
        totals += _sample(scene, columns[picked] + np.float32(right), rows[picked] + np.float32(down), width, height)
    grey[picked], cover[picked] = totals / 5
    to_bytes = [np.round(np.clip(plane, 0, 1) * 255).astype(np.uint8).reshape(height, width) for plane in (grey, cover)]
    return to_bytes[0], to_bytes[1]


def _edges(grey: Plane, cover: Plane) -> NDArray[np.bool_]:
    """Where neighbouring pixels differ enough for a jagged edge to show."""
    kernel = np.ones((3, 3), np.uint8)
    contrast = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, kernel) + cv2.morphologyEx(cover, cv2.MORPH_GRADIENT, kernel)
    return np.asarray(contrast > 0.035)


def _sample(scene: Scene, columns: Plane, rows: Plane, width: int, height: int) -> NDArray[np.float32]:
    """Grey and cover at image positions, as a (2, N) array."""
    result = np.empty((2, len(columns)), np.float32)
    for start in range(0, len(columns), CHUNK):
        part = slice(start, start + CHUNK)
        directions = scene.camera.rays(columns[part], rows[part], width, height)
        result[:, part] = _trace(scene, directions)
    return result


def _trace(scene: Scene, directions: Points) -> NDArray[np.float32]:
    eye = np.array(scene.camera.eye, np.float32)[:, None]
    far = scene.haze[1]
    distance, hit = _march(scene.solid, eye, directions, far)
    low, high = scene.backdrop
    grey = low + (high - low) * np.clip(directions[1] * 1.6, 0, 1)
    cover = np.zeros_like(grey)
    found = np.flatnonzero(hit)
    if len(found):
        points = eye + directions[:, found] * distance[found]
        fade = np.clip((distance[found] - scene.haze[0]) / (far - scene.haze[0]), 0, 1)
        fade = fade * fade * (3 - 2 * fade)
        grey[found] = _shade(scene, points) * (1 - fade) + low * fade
        cover[found] = 1 if scene.subject is None else scene.subject(points) < 0.002
    return np.stack([grey, cover])


def _march(solid: Solid, eye: Points, directions: Points, far: float) -> tuple[Distances, NDArray[np.bool_]]:
    """Distance along each ray to the surface, and whether there was one."""
    count = directions.shape[1]
    travelled = np.full(count, 0.05, np.float32)
    hit = np.zeros(count, bool)
    active = np.arange(count)
    for _ in range(MAX_STEPS):
        gap = solid(eye + directions[:, active] * travelled[active])
        touching = gap < 0.0004 * travelled[active]
        hit[active[touching]] = True
        travelled[active] += np.where(touching, 0, gap * np.float32(0.95))
        active = active[~touching & (travelled[active] < far)]
        if not len(active):
            break
    for _ in range(2):
        travelled[hit] += solid(eye + directions[:, hit] * travelled[hit])
    return travelled, hit


def _shade(scene: Scene, points: Points) -> Distances:
    """Display grey of clay at the points: sun, sky and a little light back from the ground."""
    normals = _normals(scene.solid, points)
    sun = np.array(scene.sun, np.float32)[:, None] / np.float32(np.linalg.norm(scene.sun))
    facing = np.clip(np.sum(normals * sun, axis=0), 0, 1)
    lit = np.zeros_like(facing)
    towards = np.flatnonzero(facing > 0)
    lit[towards] = _sunlight(scene.solid, points[:, towards] + normals[:, towards] * np.float32(0.006), sun)
    sky = (0.33 + 0.12 * normals[1]) * _openness(scene.solid, points, normals)
    light = 0.60 * facing * lit + sky
    if scene.albedo is not None:
        light *= scene.albedo(points)
    return np.asarray(np.clip(light * 1.03, 0, 1) ** np.float32(1 / 1.7))


def _normals(solid: Solid, points: Points) -> Points:
    """Gradients of the distance by four taps on a tetrahedron."""
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)
    gradient = np.zeros_like(points)
    for corner in corners[:, :, None]:
        gradient += corner * solid(points + corner * np.float32(0.0012))
    return np.asarray(gradient / (np.linalg.norm(gradient, axis=0) + np.float32(1e-9)), np.float32)


def _sunlight(solid: Solid, points: Points, sun: Points) -> Distances:
    """1 in the sun, 0 in shadow, in between where a ray only just passes something."""
    light = np.ones_like(points[0])
    travelled = np.full_like(light, 0.015)
    active = np.arange(len(light))
    for _ in range(70):
        gap = solid(points[:, active] + sun * travelled[active])
        light[active] = np.minimum(light[active], np.clip(16 * gap / travelled[active], 0, 1))
        travelled[active] += np.clip(gap, 0.012, 0.8)
        active = active[(light[active] > 0.01) & (travelled[active] < 16)]
        if not len(active):
            break
    return np.asarray(light * light * (3 - 2 * light))


def _openness(solid: Solid, points: Points, normals: Points) -> Distances:
    """How much of the sky a point sees: distances ahead in directions spread evenly over its hemisphere."""
    index = np.arange(OCCLUSION_RAYS) + 0.5
    height, turn = 1 - 2 * index / OCCLUSION_RAYS, np.pi * (1 + 5**0.5) * index
    ring = np.sqrt(1 - height**2)
    ball = np.stack([ring * np.cos(turn), height, ring * np.sin(turn)]).astype(np.float32)
    seen = np.zeros_like(points[0])
    for number, direction in enumerate(ball.T[:, :, None]):
        # A normal plus a unit vector is a cosine-weighted direction.
        ahead = normals * np.float32(1.02) + direction
        ahead /= np.sqrt(np.sum(ahead * ahead, axis=0))
        reach = np.float32(OCCLUSION_REACH[number % 3])
        facing = np.maximum(np.sum(ahead * normals, axis=0), np.float32(0.2))
        seen += np.clip(solid(points + ahead * reach) / (reach * facing), 0, 1)
    return np.asarray((seen / OCCLUSION_RAYS) ** np.float32(1.35))
