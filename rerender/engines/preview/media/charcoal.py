"""Charcoal."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.fields import Plane, Planes, blur, filled, mix_into, smoothstep
from rerender.engines.preview.media.strokes import drawn_lightness, hatching, tooth
from rerender.engines.preview.scene import Scene

PAPER = (0.905, 0.885, 0.845)
COAL = (0.085, 0.08, 0.085)
CHALK = (0.985, 0.975, 0.955)
# A drawing's tone is a guess and comes pale; charcoal lives by its darks.
DRAWN_DEPTH = 1.6


def charcoal(scene: Scene, picture: Planes) -> Planes:
    """Smudged masses, broad strokes that the paper's tooth breaks up, soft heavy lines, a few lights in chalk.

    Tone by layers (in the spirit of Praun et al. 2001), each caught by the paper as far as its relief reaches.
    """
    tone = drawn_lightness(scene, picture)
    depth = 1 - tone
    if scene.is_drawing:
        depth = np.clip(depth * np.float32(DRAWN_DEPTH), 0, 0.9)
    grain = tooth(scene)
    drawing = filled(scene.shape, PAPER)
    drawing *= 1 + grain * np.float32(0.018)
    smudge = blur(depth, 7 * scene.unit)
    smudge *= np.sqrt(smudge)
    smudge *= np.float32(0.78) + np.float32(0.05) * grain
    strokes = _broken_strokes(scene, depth, grain)
    np.maximum(strokes, smudge, out=strokes)
    lines = blur(scene.lines, 1.1 * scene.unit) * np.float32(1.25)
    lines *= np.clip(np.float32(0.86) + np.float32(0.16) * grain, 0, 1)
    np.maximum(strokes, np.clip(lines, 0, 1), out=strokes)
    np.clip(strokes, 0, 0.97, out=strokes)
    mix_into(drawing, CHALK, _chalk(scene, tone, grain))
    mix_into(drawing, COAL, strokes)
    return drawing


def _broken_strokes(scene: Scene, depth: Plane, grain: Plane) -> Plane:
    """The stick's own marks: where the tone reaches up to the paper's relief, as dark as it is pressed."""
    pressed = depth * np.float32(1.18) - np.float32(0.16)
    pressed += hatching(scene, "charcoal", 48, 30) * np.float32(0.06)
    pressed += hatching(scene, "charcoal edge", 40, 60) * np.float32(0.05)
    reached: Plane = smoothstep(-0.30, 0.38, pressed - np.float32(0.28) + np.float32(0.13) * grain)
    reached *= np.clip(np.float32(0.36) + np.float32(0.70) * depth, 0, 1)
    return reached


def _chalk(scene: Scene, tone: Plane, grain: Plane) -> Plane:
    """White on the lightest parts of the subject, not on the sky or the ground."""
    lights = smoothstep(0.90, 0.99, tone)
    lights *= 1 - np.clip(scene.mask("sky") + scene.mask("ground"), 0, 1)
    lights *= np.clip(np.float32(0.55) + np.float32(0.22) * grain, 0, 1)
    return lights * np.float32(0.85)
