"""How surfaces shine: highlights on what is glossy, reflections in metal, the glow of pile seen at a grazing angle."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, blur, magnitude, smoothstep
from rerender.engines.preview.materials import MATERIALS
from rerender.engines.preview.scene import Scene

HIGHLIGHT = 0.5
# What polished metal mirrors of a studio, from its dark floor by a bright wall to a lamp: (light falling, light seen).
METAL_FALLS, METAL_SHOWS = (0.0, 0.3, 0.55, 0.75, 0.95, 1.1, 1.3), (0.05, 0.14, 1.0, 0.6, 0.42, 1.4, 1.7)
PILE_FACING, PILE_RIM = 0.38, 1.1


def shine(scene: Scene, sunlit: Plane) -> Plane | None:
    """Change `sunlit`, the light on every pixel, where metal or pile is; returns the highlights to add, if any."""
    gloss: Plane | None = None
    for slot, mask in scene.masks.items():
        material = MATERIALS[scene.plan.surfaces[slot].material]
        if slot in ("sky", "glass", "lamp"):
            continue
        if material.metal:
            _mirror(scene, sunlit, mask * np.float32(material.gloss))
        elif material.gloss:
            gloss = mask * np.float32(material.gloss) if gloss is None else gloss + mask * np.float32(material.gloss)
        if material.sheen:
            _glow(scene, sunlit, mask * np.float32(material.sheen))
    if gloss is not None:
        gloss *= smoothstep(0.85, 1.2, sunlit)
        gloss *= np.float32(HIGHLIGHT)
    return gloss


def _mirror(scene: Scene, sunlit: Plane, mask: Plane) -> None:
    """Metal has no shade of its own: what falls as light is seen as the surroundings. In place."""
    smooth = blur(sunlit, 1.5 * scene.unit)
    table = np.interp(np.linspace(0, 1.3, 256), METAL_FALLS, METAL_SHOWS).astype(np.float32)
    seen: Plane = cv2.LUT(cv2.convertScaleAbs(smooth, alpha=255 / 1.3), table)
    seen -= sunlit
    seen *= mask
    sunlit += seen


def _glow(scene: Scene, sunlit: Plane, mask: Plane) -> None:
    """Pile swallows light that falls straight into it and catches it where the surface turns away. In place."""
    smooth = blur(scene.luma, 4 * scene.unit)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125 * scene.unit)
    turning = magnitude(across, cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125 * scene.unit))
    rim = blur(smoothstep(0.0015, 0.014, turning), 2.5 * scene.unit)
    rim *= np.float32(PILE_RIM + PILE_FACING)
    rim -= np.float32(PILE_FACING)
    rim *= mask
    rim += 1
    sunlit *= rim
