"""Soft pastel."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.fields import Plane, Planes, blur, filled, luminance, mix_into, saturate, smoothstep
from rerender.engines.preview.media.strokes import hatching, kuwahara, tooth
from rerender.engines.preview.scene import Scene

PAPER = (0.60, 0.56, 0.52)
LINE = (0.24, 0.21, 0.25)


def pastel(scene: Scene, picture: Planes) -> Planes:
    """Chalk rubbed into toned paper, then fresh strokes over it that only its tooth takes.

    Tonal strokes in the spirit of Praun et al. 2001, each caught by the paper as far as its relief reaches.
    """
    chalk = kuwahara(picture, max(3, int(8 * scene.unit)))
    saturate(chalk, 1.30)
    chalk *= np.float32(0.90)
    chalk += np.float32(0.09)
    np.clip(chalk, 0, 1, out=chalk)
    grain = tooth(scene)
    drawing = filled(scene.shape, PAPER)
    drawing *= 1 + grain * np.float32(0.03)
    rubbed = np.clip(np.float32(0.90) + np.float32(0.055) * grain, 0, 1)
    mix_into(drawing, chalk, rubbed)
    _fresh_strokes(scene, drawing, chalk, grain)
    lines = blur(scene.lines, 0.9 * scene.unit)
    lines *= np.clip(np.float32(0.80) + np.float32(0.20) * grain, 0, 1)
    lines *= np.float32(0.72)
    mix_into(drawing, LINE, np.clip(lines, 0, 1))
    return drawing


def _fresh_strokes(scene: Scene, drawing: Planes, chalk: Planes, grain: Plane) -> None:
    """Two directions of strokes: a lighter stick in the lights, a deeper one in the shade. In place."""
    luma = luminance(chalk)
    light = smoothstep(0.35, 0.85, luma)
    for name, angle, toward, share in (("light", 32, 1.0, light), ("deep", -40, 0.0, 1 - light)):
        strokes = hatching(scene, f"pastel {name}", angle * scene.light_side, 30)
        caught: Plane = smoothstep(-0.1, 1.2, strokes * np.float32(0.55) + grain * np.float32(0.38))
        caught *= share
        caught *= np.float32(0.85)
        stick = chalk + (np.float32(toward) - chalk) * np.float32(0.16 if toward else 0.22)
        mix_into(drawing, stick, caught)
