"""Pencil."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.fields import Planes, filled, mix_into, shifted, smoothstep
from rerender.engines.preview.media.strokes import construction_lines, drawn_lightness, hatching, paper_grain
from rerender.engines.preview.scene import Scene

PAPER = (0.975, 0.965, 0.94)
GRAPHITE = (0.16, 0.16, 0.19)


def pencil(scene: Scene, picture: Planes) -> Planes:
    """Three layers of hatching by tone, the control's lines over them, graphite caught in the paper's grain."""
    tone = drawn_lightness(scene, picture)
    grain = paper_grain(scene, 1.3)
    graphite = np.clip(0.5 - tone, 0, 1) * np.float32(0.30)
    layers = (("first", 42, 0.80, 0.62, 0.52), ("second", -38, 0.50, 0.36, 0.34), ("third", 5, 0.27, 0.36, 0.34))
    for name, angle, level, weight, base in layers:
        strokes = hatching(scene, f"hatching {name}", angle, 72)
        strokes *= np.float32(0.33)
        strokes += np.float32(base)
        np.clip(strokes, 0, 1, out=strokes)
        strokes *= smoothstep(level + 0.14, level - 0.30, tone)
        strokes *= np.float32(weight)
        graphite += strokes
    graphite *= np.float32(0.72) + np.float32(0.75) * np.clip(grain + np.float32(0.4), 0, 1)
    stray = shifted(scene.lines, int(1.5 * scene.unit), -int(2 * scene.unit)) * np.float32(0.35)
    lines = np.maximum(scene.lines, stray)
    np.maximum(lines, construction_lines(scene, 30) * np.float32(0.38), out=lines)
    lines *= np.float32(0.74) + np.float32(0.4) * np.clip(grain + np.float32(0.3), 0, 1)
    np.maximum(graphite, lines, out=graphite)
    np.clip(graphite, 0, 1, out=graphite)
    drawing = filled(scene.shape, PAPER)
    drawing *= 1 + grain * np.float32(0.035)
    mix_into(drawing, GRAPHITE, graphite)
    return drawing
