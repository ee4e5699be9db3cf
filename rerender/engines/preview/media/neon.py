"""Neon at night."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.exposure import log_average
from rerender.engines.preview.fields import (
    Plane,
    Planes,
    add_into,
    blur,
    coarse_fbm,
    linear,
    luminance,
    saturate,
    smoothstep,
)
from rerender.engines.preview.plan import from_hex
from rerender.engines.preview.scene import Scene

TUBES = linear(from_hex("#ff2fb9")), linear(from_hex("#19e3ff"))
DARKNESS = 0.022
"""The log-average luminance that everything without a lamp of its own is brought down to."""
NIGHT_TINT = (0.80, 0.72, 1.18)
HALOS = ((5, 1.05), (26, 0.95), (90, 0.42))
"""Radius in units and strength of the light around a tube."""


def neon(scene: Scene, picture: Planes) -> Planes:
    """Night, with every contour a glowing tube, magenta to one side and cyan to the other, which also light the scene.

    Rim lights along structure lines (lines as in Winnemöller et al. 2012), halos as sums of Gaussians.
    """
    picture *= picture
    saturate(picture, 0.75)
    dark = min(1.0, DARKNESS / log_average(luminance(picture)))
    for plane, tint in zip(picture, NIGHT_TINT, strict=True):
        plane *= np.float32(dark * tint)
    tubes = _tubes(scene)
    glow = np.zeros(scene.shape, np.float32)
    for radius, strength in HALOS:
        cv2.scaleAdd(blur(tubes, radius * scene.unit), strength, glow, dst=glow)
    glow += _on_wet_ground(scene, tubes)
    fill = (np.float32(0.012) + np.float32(0.025 if scene.is_photo else 0.045) * np.clip(scene.luma, 0, 1)) * (
        1 - scene.mask("sky")
    )
    glow *= np.float32(0.50 if scene.is_photo else 0.85)
    glow += tubes * np.float32(0.75)
    glow += fill
    right = _right_share(scene)
    left_light = glow * (1 - right)
    glow *= right
    add_into(picture, TUBES[0], left_light)
    add_into(picture, TUBES[1], glow)
    tubes *= tubes
    add_into(picture, (0.30, 0.30, 0.30), tubes)
    picture *= np.float32(-1.67)
    np.expm1(picture, out=picture)
    np.negative(picture, out=picture)
    return np.sqrt(picture, out=picture)


def _tubes(scene: Scene) -> Plane:
    tubes = smoothstep(0.10, 0.50, scene.lines)
    tubes *= 1 - np.float32(0.7) * (scene.mask("sky") if scene.outdoors else 0)
    # Where lines are everywhere, in foliage or a façade of windows, as many tubes would be a fog of light.
    tubes *= 1 - np.float32(0.75 if scene.is_photo else 0.5) * smoothstep(0.15, 0.45, blur(tubes, 16 * scene.unit))
    return tubes


def _on_wet_ground(scene: Scene, tubes: Plane) -> Plane:
    """Light drawn out downwards on the ground, as on wet asphalt."""
    if "ground" not in scene.masks:
        return np.zeros((1, 1), np.float32)
    reach = max(3, int(120 * scene.unit)) | 1
    drawn_out: Plane = cv2.blur(blur(tubes, 5 * scene.unit), (1, reach), anchor=(0, reach - 1))
    drawn_out *= scene.mask("ground")
    drawn_out *= np.float32(2.2)
    return drawn_out


def _right_share(scene: Scene) -> Plane:
    """How far the second colour has taken over from the first, across the picture."""
    across = coarse_fbm(scene.shape, 2, 2, scene.rng("neon"))
    across -= np.float32(0.5)
    across *= np.float32(0.35)
    across += scene.columns()
    share = smoothstep(0.25, 0.75, across)
    return share if scene.light_side > 0 else 1 - share
