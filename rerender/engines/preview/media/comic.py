"""Comic."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.fields import Plane, Planes, luminance, mix_into, saturate, smoothstep
from rerender.engines.preview.media.strokes import kuwahara, posterised
from rerender.engines.preview.scene import Scene

INK = (0.045, 0.04, 0.06)
TONES = 5
DOTS = 8
"""Spacing of the halftone dots, in units."""


def comic(scene: Scene, picture: Planes) -> Planes:
    """Flat, strong colours in few tones, printed dots in the shade, bold contours (Winnemöller et al. 2006)."""
    printed = kuwahara(picture, max(3, int(6 * scene.unit)))
    luma = luminance(printed)
    tones = posterised(luma, TONES, 9)
    tones += np.float32(0.05)
    tones /= luma + np.float32(0.05)
    printed *= tones
    saturate(printed, 1.45)
    printed *= np.float32(1.06)
    printed *= 1 - np.float32(0.26) * _dots(scene, luma)
    np.clip(printed, 0, 1, out=printed)
    contours = smoothstep(0.10, 0.38, scene.lines)
    mix_into(printed, INK, contours * np.float32(0.95))
    return printed


def _dots(scene: Scene, luma: Plane) -> Plane:
    """Halftone at 45 degrees: larger dots where it is darker, none in the lights; the seed shifts the sheet."""
    height, width = scene.shape
    spacing = max(5.0, DOTS * scene.unit)
    left, top = scene.rng("halftone").uniform(0, spacing, 2)
    pace = np.float32(2 * np.pi * 0.5**0.5 / spacing)
    x = (np.arange(width, dtype=np.float32) + np.float32(left)) * pace
    y = (np.arange(height, dtype=np.float32) + np.float32(top)) * pace
    # cos u · cos v with u, v along the diagonals is the mean of two cosines along the axes.
    dots: Plane = (np.cos(2 * x)[None] + np.cos(2 * y)[:, None]) * np.float32(0.5)
    dots -= (luma - np.float32(0.25)) * np.float32(2.2)
    dots = smoothstep(0.10, 0.35, dots)
    dots *= smoothstep(0.66, 0.58, luma)
    return dots
