"""Where textures lie: metres along every wall and over the ground, in the picture's own perspective."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.analysis import Analysis
from rerender.engines.preview.fields import Plane, median, smoothstep
from rerender.engines.preview.room import LEFT, RIGHT, SUPPORTED, Shell, line_segments
from rerender.engines.preview.scene import Scene
from rerender.engines.preview.slot_codes import GLASS, ROOF, WALL

# How tall a window and a room usually are, and from how high and how wide a viewer sees the ground, in metres.
WINDOW_HEIGHT = 1.4
ROOM_HEIGHT = 2.7
EYE_HEIGHT = 1.8
FOCAL_LENGTH = 0.75
"""As a share of the picture's width."""
PICTURE_WIDTH = {"exterior": 26.0, "interior": 4.5, "product": 1.2}
"""Metres across the picture where nothing in it tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """`u` and `v` (H, W) in metres, `pixel` the metres that one pixel of the working size spans where it is near.

    `fade` (broadcast to H, W) is 0 where a texture would be too fine to draw; None where it never is.
    """

    u: Plane
    v: Plane
    pixel: float
    fade: Plane | None = None


def metres_per_pixel(scene: Scene) -> float:
    """How much a pixel spans on a wall: told by the room's height or by its windows, else a usual view's."""
    analysis, width = scene.analysis, scene.shape[1]
    scale = analysis.luma.shape[1] / width
    if scene.plan.setting == "interior" and (shell := _shell(scene)) is not None:
        return float(ROOM_HEIGHT / max(shell.bottom - shell.top, 8.0) * scale)
    usual = PICTURE_WIDTH[scene.plan.setting] / width
    if scene.plan.setting != "exterior":
        return usual
    panes = (scene.slots.codes == GLASS).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(panes, connectivity=4)
    heights = stats[1:, cv2.CC_STAT_HEIGHT][stats[1:, cv2.CC_STAT_AREA] > 40]
    if len(heights) < 2:
        return usual
    return float(np.clip(WINDOW_HEIGHT / median(heights) * scale, 0.4 * usual, 2.5 * usual))


def wall_layout(scene: Scene) -> Layout:
    """Every wall's and roof's own perspective: a room's from its box, a building's from its vanishing points."""
    height, width = scene.shape
    pixel = metres_per_pixel(scene)
    shell = _shell(scene) if scene.plan.setting == "interior" else None
    if shell is not None:
        return _box_layout(scene, shell, pixel)
    x = np.arange(width, dtype=np.float32) * np.float32(pixel)
    y = np.arange(height, dtype=np.float32) * np.float32(pixel)
    u, v = np.empty(scene.shape, np.float32), np.empty(scene.shape, np.float32)
    u[:], v[:] = x[None], y[:, None]
    labels = scene.analysis.regions.labels
    ratio = width / labels.shape[1]
    for face in faces(scene.analysis, scene.slots.codes):
        rows, columns = np.nonzero(labels == face.region)
        top, bottom = int(rows.min() * ratio), min(height, int((rows.max() + 1) * ratio) + 1)
        left, right = int(columns.min() * ratio), min(width, int((columns.max() + 1) * ratio) + 1)
        box = np.s_[top:bottom, left:right]
        small = (labels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] == face.region).astype(np.uint8)
        inside = cv2.resize(small, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST) > 0
        along, down = _in_perspective(face, x[left:right], y[top:bottom], pixel * width)
        np.copyto(u[box], along[None], where=inside)
        np.copyto(v[box], down, where=inside)
    return Layout(u, v, pixel)


def ground_layout(scene: Scene) -> Layout:
    """The ground as a level plane below the horizon, a room's floor as the bottom of its box."""
    height, width = scene.shape
    shell = _shell(scene) if scene.plan.setting == "interior" else None
    if shell is None:
        start, middle = scene.slots.horizon * height, width / 2
        eye = EYE_HEIGHT if scene.outdoors else 0.6 * EYE_HEIGHT
    else:
        ratio = width / scene.analysis.luma.shape[1]
        start, middle = shell.vanishing[1] * ratio, shell.vanishing[0] * ratio
        eye = metres_per_pixel(scene) * max(shell.bottom * ratio - start, 1.0)
    below = np.maximum(np.arange(height, dtype=np.float32) - np.float32(start), np.float32(0.006 * height))
    lateral = np.float32(eye) / below
    u = (np.arange(width, dtype=np.float32) - np.float32(middle))[None] * lateral[:, None]
    v = np.empty_like(u)
    v[:] = (np.float32(FOCAL_LENGTH * width) * lateral)[:, None]
    nearness = below[:, None] / np.float32(max(1.0, height - start))
    return Layout(u, v, float(eye / max(1.0, 0.6 * (height - start))), smoothstep(0.03, 0.24, nearness))


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """How the courses of one region run: towards `vanishing` (shares of the width), or level with a `slope`."""

    region: int
    centre: NDArray[np.float64]
    vanishing: NDArray[np.float64] | None
    slope: float
    support: float


def _shell(scene: Scene) -> Shell | None:
    shell = scene.analysis.shell
    return shell if shell is not None and shell.support >= SUPPORTED else None


def _box_layout(scene: Scene, shell: Shell, pixel: float) -> Layout:
    """A room's walls: the back one straight on, the side ones running to the vanishing point."""
    height, width = scene.shape
    ratio = width / scene.analysis.luma.shape[1]
    planes = cv2.resize(shell.planes(scene.analysis.luma.shape), (width, height), interpolation=cv2.INTER_NEAREST)
    vx, vy = (np.float32(value * ratio) for value in shell.vanishing)
    x, y = np.arange(width, dtype=np.float32) - vx, np.arange(height, dtype=np.float32)[:, None] - vy
    u, v = np.empty(scene.shape, np.float32), np.empty(scene.shape, np.float32)
    u[:], v[:] = x * np.float32(pixel), y * np.float32(pixel)
    depth = np.float32(FOCAL_LENGTH * width * pixel)
    for side, reach in ((LEFT, shell.left * ratio - vx), (RIGHT, shell.right * ratio - vx)):
        out = np.maximum(x / np.float32(reach if abs(reach) > 1 else 1), np.float32(0.2))
        inside = planes == side
        np.copyto(u, (depth / out)[None], where=inside)
        np.copyto(v, y * (np.float32(pixel) / out)[None], where=inside)
    return Layout(u, v, pixel)


def _in_perspective(face: Face, x: Plane, y: Plane, across: float) -> tuple[Plane, Plane]:
    """(w,) metres along the face and (h, w) down it, for columns `x` and rows `y` in metres of the picture."""
    centre = np.float32(face.centre[0] * across)
    if face.vanishing is None:
        return x, y[:, None] - np.float32(face.slope) * (x - centre)[None]
    vx, vy = (np.float32(value * across) for value in face.vanishing)
    reach = centre - vx
    away = x - vx
    away = np.where(np.abs(away) < 0.05 * across, np.copysign(np.float32(0.05 * across), reach), away)
    return -reach * reach / away, (y - vy)[:, None] * (reach / away)[None] + vy


def faces(analysis: Analysis, codes: NDArray[np.uint8]) -> list[Face]:
    """One fit a large wall or roof region; regions on one side share the vanishing point of their family."""
    luma = analysis.luma
    segments = line_segments(0.5 * luma + 0.5 * luma**5 if analysis.kind == "clay" else luma)
    width = luma.shape[1]
    along = segments[:, 2:] - segments[:, :2]
    length = np.hypot(along[:, 0], along[:, 1])
    level = (length > 0.025 * width) & (np.abs(along[:, 1]) < 0.75 * np.abs(along[:, 0]))
    segments, along, length = segments[level], along[level], length[level]
    middle = (segments[:, :2] + segments[:, 2:]) / 2
    fits = []
    for region in np.nonzero(analysis.regions.area > 0.008)[0]:
        mask = analysis.regions.labels == region
        if int(np.argmax(np.bincount(codes[mask]))) not in (WALL, ROOF):
            continue
        nearby = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8))
        column = np.clip(middle[:, 0].astype(int), 0, width - 1)
        row = np.clip(middle[:, 1].astype(int), 0, mask.shape[0] - 1)
        chosen = nearby[row, column] > 0
        if chosen.sum() >= 2:
            fits.append(_fit(int(region), mask, middle[chosen], along[chosen], length[chosen]))
    return _agree(fits)


def _fit(
    region: int,
    mask: NDArray[np.bool_],
    middle: NDArray[np.float32],
    along: NDArray[np.float32],
    length: NDArray[np.float32],
) -> Face:
    """The point that the segments aim at: homogeneous least squares, reweighted against outliers."""
    width = mask.shape[1]
    rows, columns = np.nonzero(mask)
    centre = np.array([columns.mean(), rows.mean()], float)
    direction = along / length[:, None]
    normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1).astype(float)
    system = np.column_stack([normal, -(normal * (middle - centre) / width).sum(axis=1)])
    weight = length.astype(float)
    for _ in range(4):
        point = np.linalg.svd(system * weight[:, None])[2][-1]
        miss = np.abs(system @ point)
        weight = length / (1 + (miss / (0.004 + median(miss))) ** 2)
    support = float(length.sum())
    if abs(point[2]) < 0.12 * np.hypot(point[0], point[1]):
        slope = point[1] / point[0] if abs(point[0]) > 1e-6 else 0.0
        return Face(region, centre / width, None, float(np.clip(slope, -0.7, 0.7)), support)
    vanishing = point[:2] / point[2]
    if abs(vanishing[0]) < 0.55 * np.ptp(columns) / width:
        return Face(region, centre / width, None, 0.0, support)
    return Face(region, centre / width, centre / width + vanishing, 0.0, support)


def _agree(fits: list[Face]) -> list[Face]:
    """One vanishing point for each family, the faces that vanish to the same side: that of its best supported one."""
    agreed = []
    for fit in fits:
        if fit.vanishing is None:
            agreed.append(fit)
            continue
        towards = np.sign(fit.vanishing[0] - fit.centre[0])
        family = [
            other
            for other in fits
            if other.vanishing is not None and np.sign(other.vanishing[0] - other.centre[0]) == towards
        ]
        # A mean or median of two or three fits is no sounder than the one with the most and longest lines.
        best = max(family, key=lambda other: other.support)
        agreed.append(replace(fit, vanishing=best.vanishing))
    return agreed
