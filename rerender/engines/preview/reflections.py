"""What the ground mirrors: wet paving in its puddles, water in its ripples."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, Planes, blur, fbm, smoothstep
from rerender.engines.preview.scene import Scene

# How much of the rain stands on a ground; what is not named lets it stand.
PUDDLES = {"grass": 0.3, "foliage": 0.3, "gravel": 0.35, "sand": 0.35}
DARKER_WHEN_WET = 0.35
WATER_SHARE = 0.72


def wet_ground(scene: Scene, picture: Planes, amount: float) -> None:
    """Darken the ground and mirror in its puddles what stands on it. In place."""
    ground = scene.mask("ground")
    if not ground.any():
        return
    amount = min(1.0, amount)
    stands = PUDDLES.get(scene.plan.surfaces["ground"].material, 1.0)
    puddles = smoothstep(0.38, 0.62, fbm(scene.shape, 5, 4, scene.rng("puddles"), stretch=(0.7, 3)))
    share = ground * (np.float32(0.25) + np.float32(0.6) * puddles) * np.float32(amount * stands)
    if scene.is_photo:
        share *= _calm(scene)
    window = max(1, int(5 * scene.unit)), max(1, int(31 * scene.unit))
    columns, rows = _mirrored(scene)
    darkening = 1 - np.float32(DARKER_WHEN_WET * amount) * ground
    for plane in picture:
        seen: Plane = cv2.blur(cv2.remap(plane, columns, rows, cv2.INTER_LINEAR), window)
        plane *= darkening
        seen *= np.float32(0.9)
        seen -= plane
        seen *= share
        plane += seen


def mirror_in_water(scene: Scene, picture: Planes) -> None:
    """Mirror in the water what stands behind it, broken by ripples, the more the flatter one looks at it. In place."""
    water = scene.mask("ground")
    if not water.any():
        return
    height = scene.shape[0]
    near = np.clip((scene.rows() - np.float32(scene.slots.horizon)) / np.float32(1 - scene.slots.horizon + 1e-3), 0, 1)
    columns, rows = _mirrored(scene)
    waves = fbm(scene.shape, 14, 4, scene.rng("ripples"), stretch=(0.5, 5), gain=0.7)
    waves -= np.float32(0.5)
    waves *= np.float32(0.25) + near
    columns += waves * np.float32(26 * scene.unit)
    rows += waves * np.float32(60 * scene.unit)
    np.clip(rows, 0, height - 1, out=rows)
    share = water * (np.float32(WATER_SHARE) - np.float32(0.3) * near)
    window = max(1, int(3 * scene.unit)), max(1, int(9 * scene.unit))
    for plane in picture:
        seen: Plane = cv2.blur(cv2.remap(plane, columns, rows, cv2.INTER_LINEAR), window)
        seen *= np.float32(0.92)
        seen -= plane
        seen *= share
        plane += seen


def _calm(scene: Scene) -> Plane:
    """1 where a photo's ground is smooth enough to be a street or a floor, 0 in its trees."""
    rough = np.abs(scene.luma - blur(scene.luma, 3 * scene.unit))
    return smoothstep(0.035, 0.015, blur(rough, 14 * scene.unit))


def _mirrored(scene: Scene) -> tuple[Plane, Plane]:
    """(columns, rows): where each pixel's mirror image is, about the line where each column meets the ground."""
    height, width = scene.shape
    solid = scene.mask("ground") > 0.5
    first = np.where(solid.any(axis=0), solid.argmax(axis=0), int(scene.slots.horizon * height)).astype(np.float32)
    contact = cv2.GaussianBlur(cv2.medianBlur(first[None], 5), (0, 0), max(1.0, 9 * scene.unit))
    rows: Plane = np.clip(2 * contact - np.arange(height, dtype=np.float32)[:, None], 0, height - 1)
    return np.repeat(np.arange(width, dtype=np.float32)[None], height, axis=0), rows
