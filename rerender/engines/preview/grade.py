"""The grade: what moods do to the whole picture, and the small tint of words not understood."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.fields import Planes, luminance, saturate
from rerender.engines.preview.scene import Scene

WARM = (1.05, 1.0, 0.90)
COOL = (0.92, 1.0, 1.07)
SEPIA_LIFT = (0.08, 0.069, 0.05)
PASTEL_LIFT = (0.36, 0.35, 0.356)


def grade(scene: Scene, picture: Planes) -> Planes:
    """Apply the plan's moods to a picture in sRGB, 0..1. In place."""
    for mood, gains in (("warm", WARM), ("cool", COOL)):
        weight = min(1.5, scene.mood(mood))
        for plane, gain in zip(picture, gains, strict=True):
            plane *= np.float32(1 + (gain - 1) * weight)
    for mood, scale, lift in (("vintage", 0.86, SEPIA_LIFT), ("pastel", 0.64, PASTEL_LIFT)):
        weight = min(1.0, scene.mood(mood))
        for plane, up in zip(picture, lift, strict=True):
            plane *= np.float32(1 - (1 - scale) * weight)
            plane += np.float32(up * weight)
    saturation = 1 + 0.45 * scene.mood("vibrant")
    for mood, loss in (("muted", 0.35), ("moody", 0.25), ("monochrome", 1.0), ("vintage", 0.2)):
        saturation -= loss * scene.mood(mood)
    if saturation != 1:
        saturate(picture, max(0.0, saturation))
    if scene.mood("moody"):
        _deepen(picture, min(1.0, scene.mood("moody")))
    _tint(scene, picture)
    return np.clip(picture, 0, 1, out=picture)


def _deepen(picture: Planes, weight: float) -> None:
    """Towards an S-curve, a little darker."""
    for plane in picture:
        np.clip(plane, 0, 1, out=plane)
        curve = plane * plane * (3 - 2 * plane)
        plane *= np.float32(1 - 0.58 * weight)
        plane += curve * np.float32(0.55 * weight)


def _tint(scene: Scene, picture: Planes) -> None:
    red, blue = scene.plan.tint
    if not (red or blue) or scene.mood("monochrome"):
        return
    middle = np.float32(1) - np.abs(2 * luminance(picture) - 1)
    for plane, shift in zip(picture, (red, -0.5 * (red + blue), blue), strict=True):
        plane += middle * np.float32(0.05 * shift)
