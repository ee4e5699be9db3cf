"""Gouache."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, Planes, blur, fbm, luminance, mix_into, saturate, smoothstep
from rerender.engines.preview.media.strokes import hatching, kuwahara, paper_grain, posterised, turned_strokes
from rerender.engines.preview.scene import Scene

PAPER = (0.972, 0.958, 0.925)
FLATTEN = 9
"""Radius of the flattening filter, in units."""
TONES = 8
"""Steps of lightness that a poster painter mixes."""
MARGIN = 0.021
"""The masked border, as a share of the long side."""


def gouache(scene: Scene, picture: Planes) -> Planes:
    """Opaque, matt poster paint: few mixed tones, dry-brushed where they meet, on paper masked with tape.

    Tones are laid as in Winnemöller et al. 2006, with brush marks instead of a constant for the thresholds.
    """
    painted = kuwahara(picture, max(3, int(FLATTEN * scene.unit)))
    dry = hatching(scene, "dry brush", 12 * scene.light_side, 34)
    luma = luminance(painted)
    steps = posterised(luma + dry * np.float32(0.005), TONES, 4.5)
    steps += np.float32(0.05)
    steps /= luma + np.float32(0.05)
    np.clip(steps, 0.7, 1.35, out=steps)
    painted *= steps
    saturate(painted, 1.14)
    painted *= np.float32(0.97)
    painted += np.float32(0.045)
    marks = _brush_marks(scene, dry, luma)
    edges = scene.lines * np.float32(0.5 if scene.is_drawing else 0.30)
    for plane in painted:
        plane *= marks
        plane *= 1 - edges
        np.clip(plane, 0, 1, out=plane)
    return _unmasked(scene, painted)


def _brush_marks(scene: Scene, dry: Plane, luma: Plane) -> Plane:
    """Streaks of the brush and pigment that lies thicker here and thinner there; lighter rims where paint overlaps."""
    marks = turned_strokes(scene, "wide brush", 78 * scene.light_side, 11)
    marks *= np.float32(0.008)
    marks += dry * np.float32(0.007)
    marks += (fbm(scene.shape, 5, 4, scene.rng("body colour")) - np.float32(0.5)) * np.float32(0.09)
    marks += paper_grain(scene, 0.05)
    smooth: Plane = cv2.GaussianBlur(luma, (0, 0), max(0.3, 1.2 * scene.unit))
    smooth -= blur(smooth, 4 * scene.unit)
    marks += np.clip(smooth, 0, 0.08)
    marks += 1
    return marks


def _unmasked(scene: Scene, painted: Planes) -> Planes:
    """The tape is off: a clean edge where paint crept under it in places."""
    height, width = scene.shape
    x = np.minimum(np.arange(width), np.arange(width)[::-1]).astype(np.float32)[None]
    y = np.minimum(np.arange(height), np.arange(height)[::-1]).astype(np.float32)[:, None]
    inside = np.minimum(x, y) / np.float32(max(scene.shape))
    inside += (fbm(scene.shape, 60, 3, scene.rng("tape")) - np.float32(0.5)) * np.float32(0.0055)
    bare = smoothstep(MARGIN + 0.0012, MARGIN - 0.0012, inside)
    relief = 1 + paper_grain(scene, 0.05)
    mix_into(painted, np.stack([relief * np.float32(white) for white in PAPER]), bare)
    return painted
