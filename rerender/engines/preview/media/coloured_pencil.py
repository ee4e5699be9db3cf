"""Coloured pencil."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.fields import Plane, Planes, filled, saturate, smoothstep
from rerender.engines.preview.media.strokes import drawn_lightness, hatching, kuwahara, paper_grain
from rerender.engines.preview.scene import Scene

PAPER = (0.982, 0.974, 0.955)
LAYERS = (("first", 40, 58, 0.0), ("second", -34, 64, 0.30), ("third", 72, 70, 0.58))
"""Name, angle in degrees, strokes' frequency, and the darkness from which on a layer is drawn."""


def coloured_pencil(scene: Scene, picture: Planes) -> Planes:
    """Layers of strokes in the picture's own colours, more of them and darker where it is deep, on toothed paper.

    Tonal layers as in Praun et al. 2001; pigment takes light away as often as it is laid over itself.
    """
    depth = 1 - drawn_lightness(scene, picture)
    pigment = kuwahara(picture, max(3, int(4 * scene.unit)))
    saturate(pigment, 1.45)
    np.clip(pigment, 0.02, 1, out=pigment)
    colourful = pigment.max(axis=0) - pigment.min(axis=0)
    load = np.clip(depth * np.float32(0.55) + colourful * np.float32(1.10) + np.float32(0.20), 0, 1)
    grain = paper_grain(scene, 1.3)
    drawing = filled(scene.shape, PAPER)
    drawing *= 1 + grain * np.float32(0.03)
    _deepen(pigment)
    for name, angle, frequency, from_depth in LAYERS:
        strokes = hatching(scene, f"coloured {name}", angle, frequency)
        strokes *= np.float32(0.24)
        strokes += np.float32(0.74) + np.float32(0.26) * depth
        strokes += grain * np.float32(0.65)
        np.clip(strokes, 0, 1, out=strokes)
        strokes *= load if from_depth == 0 else load * smoothstep(from_depth - 0.18, from_depth + 0.30, depth)
        strokes *= np.float32(0.92 if from_depth == 0 else 0.55)
        for plane, colour in zip(drawing, pigment, strict=True):
            plane *= 1 - strokes * (1 - colour)
    _outline(scene, drawing, pigment, grain)
    return drawing


def _deepen(pigment: Planes) -> None:
    """A light tint comes from little pigment, so the pigment itself is deeper than what it draws. In place."""
    np.power(pigment, np.float32(1.25), out=pigment)


def _outline(scene: Scene, drawing: Planes, pigment: Planes, grain: Plane) -> None:
    lines = scene.lines * np.clip(np.float32(0.85) + grain * np.float32(0.5), 0, 1)
    lines *= np.float32(0.82)
    for plane, colour in zip(drawing, pigment, strict=True):
        plane *= 1 - lines * (np.float32(0.88) - np.float32(0.38) * colour)
