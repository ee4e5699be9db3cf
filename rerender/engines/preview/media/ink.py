"""Pen and ink."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.fields import Plane, Planes, blur, fbm, filled, mix_into, smoothstep
from rerender.engines.preview.media.strokes import drawn_lightness, paper_grain
from rerender.engines.preview.scene import Scene

PAPER = (0.96, 0.93, 0.86)
INK = (0.07, 0.06, 0.09)


def ink(scene: Scene, picture: Planes) -> Planes:
    """Firm lines, hatching whose width follows the tone, a second direction in shadow, solid blacks, a pale wash."""
    tone = drawn_lightness(scene, picture)
    strokes = smoothstep(0.12, 0.42, scene.lines)
    np.maximum(strokes, smoothstep(0.24, 0.17, blur(tone, 2 * scene.unit)), out=strokes)
    width = np.clip((np.float32(0.80) - blur(tone, 3 * scene.unit)) * np.float32(0.95), 0, 0.72)
    # The pen is pressed harder here and there, and lifted.
    width *= np.float32(0.66) + np.float32(0.68) * fbm(scene.shape, 26, 2, scene.rng("pressure"))
    first, second = _cross_hatching(scene)
    hatched = np.clip((width + np.float32(0.12) - first) * np.float32(1 / 0.24), 0, 1)
    np.maximum(strokes, hatched * (width > 0.06), out=strokes)
    crossed = np.clip((width - np.float32(0.22) - second) * np.float32(1 / 0.2), 0, 1)
    np.maximum(strokes, crossed * (width > 0.34), out=strokes)
    drawing = filled(scene.shape, PAPER)
    drawing *= np.float32(0.86) + np.float32(0.14) * blur(tone, 6 * scene.unit)
    drawing *= 1 + paper_grain(scene, 0.03)
    mix_into(drawing, INK, strokes)
    return drawing


def _cross_hatching(scene: Scene) -> tuple[Plane, Plane]:
    """The distance from the nearest stroke, 0 on it to 1 between two, for two crossing directions."""
    height, width = scene.shape
    x = np.arange(width, dtype=np.float32)[None]
    y = np.arange(height, dtype=np.float32)[:, None]
    period = np.float32(max(6.0, 7.6 * scene.unit))
    waver = (fbm(scene.shape, 8, 2, scene.rng("hand")) - np.float32(0.5)) * np.float32(12 * scene.unit)
    distances = []
    for direction in (1, -1):
        place = (x + direction * y + waver) / period
        distances.append(np.abs(place - np.floor(place) - np.float32(0.5)) * 2)
    return distances[0], distances[1]
