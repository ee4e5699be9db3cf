"""Texture coordinates: wall courses that run to the wall's vanishing point, patterns that lie on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.analysis import Analysis
from rerender.engines.preview.fields import Plane
from rerender.engines.preview.room import line_segments
from rerender.engines.preview.scene import Scene
from rerender.engines.preview.slot_codes import ROOF, WALL

TEXTURE_SIDE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class _Plane3D:
    """How the courses of one region run: towards `vanishing` (shares of the width), or level with a `slope`."""

    region: int
    centre: NDArray[np.float64]
    vanishing: NDArray[np.float64] | None
    slope: float
    support: float


def wall_coordinates(scene: Scene) -> tuple[Plane, Plane]:
    """Texture coordinates (u, v) in texels, each (H, W), following every wall's and roof's own perspective."""
    height, width = scene.shape
    labels = cv2.resize(
        scene.analysis.regions.labels.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST
    )
    x = np.broadcast_to(np.arange(width, dtype=np.float32)[None] / width, scene.shape)
    y = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None] / width, scene.shape)
    u, v = x.copy(), y.copy()
    for plane in _planes(scene.analysis, scene.slots.codes):
        inside = labels == plane.region
        if plane.vanishing is None:
            v[inside] = y[inside] - np.float32(plane.slope) * (x[inside] - np.float32(plane.centre[0]))
            continue
        reach = np.float32(plane.centre[0] - plane.vanishing[0])
        away = x[inside] - np.float32(plane.vanishing[0])
        away = np.where(np.abs(away) < 0.05, np.copysign(np.float32(0.05), reach), away)
        v[inside] = (y[inside] - np.float32(plane.vanishing[1])) / away * reach
        u[inside] = -reach * reach / away
    scale = np.float32(TEXTURE_SIDE * min(1.0, width / height))
    u *= scale
    v *= scale
    return u, v


def lay_on_ground(texture: Plane, horizon: float) -> Plane:
    """A flat texture seen in perspective below `horizon` (a share of the height); it fades where it gets too fine."""
    height, width = texture.shape
    row = np.arange(height, dtype=np.float32) / height
    near = np.clip((row - horizon) / max(1e-3, 1 - horizon), 0.02, 1).astype(np.float32)[:, None]
    depth = 1 / near
    columns = np.arange(width, dtype=np.float32)[None] - width / 2
    across = width / 2 + columns * np.minimum(depth, 12) * np.float32(0.6)
    along = np.broadcast_to((depth - 1) * np.float32(0.45 * height), across.shape)
    laid: Plane = cv2.remap(
        texture, across.astype(np.float32), np.ascontiguousarray(along), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    laid *= np.clip(near * 5 - np.float32(0.15), 0, 1)
    return laid


def _planes(analysis: Analysis, codes: NDArray[np.uint8]) -> list[_Plane3D]:
    """One fit a large wall or roof region; regions on one side share the median vanishing point of their family."""
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
) -> _Plane3D:
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
        weight = length / (1 + (miss / (0.004 + np.median(miss))) ** 2)
    support = float(length.sum())
    if abs(point[2]) < 0.12 * np.hypot(point[0], point[1]):
        slope = point[1] / point[0] if abs(point[0]) > 1e-6 else 0.0
        return _Plane3D(region, centre / width, None, float(np.clip(slope, -0.7, 0.7)), support)
    vanishing = point[:2] / point[2]
    if abs(vanishing[0]) < 0.55 * np.ptp(columns) / width:
        return _Plane3D(region, centre / width, None, 0.0, support)
    return _Plane3D(region, centre / width, centre / width + vanishing, 0.0, support)


def _agree(fits: list[_Plane3D]) -> list[_Plane3D]:
    """Replace a fit that strays from its family, the regions that vanish to the same side, by the family's median."""
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
        best = max(family, key=lambda other: other.support)
        stray = best.vanishing is not None and np.hypot(*(best.vanishing - fit.vanishing)) > 0.35
        # The strongest member stands for the family: a median of two or three fits is no sounder than it.
        vanishing = best.vanishing if stray else fit.vanishing
        agreed.append(_Plane3D(fit.region, fit.centre, vanishing, 0.0, fit.support))
    return agreed
