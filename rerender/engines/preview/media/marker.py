"""Marker."""

from __future__ import annotations

import math

import numpy as np

from rerender.engines.preview.fields import Plane, Planes, fbm, luminance, mix_into, saturate, smoothstep
from rerender.engines.preview.media.strokes import construction_lines, kuwahara, paper_grain, posterised
from rerender.engines.preview.scene import Scene

PAPER = (0.985, 0.982, 0.972)
PEN = (0.09, 0.09, 0.11)
TONES = 6
"""Steps of lightness: a set of markers has few."""
NIB = 30
"""Width of one pass, in units."""
SLANT = 9
"""Degrees from the level."""


def marker(scene: Scene, picture: Planes) -> Planes:
    """Flat fields of alcohol marker in level passes, darker where two overlap, with paper left white in the lights.

    Tones as in Winnemöller et al. 2006; a fine pen's lines over them run past the corners.
    """
    inked = kuwahara(picture, max(3, int(8 * scene.unit)))
    luma = luminance(inked)
    steps = posterised(luma, TONES, 7)
    steps += np.float32(0.06)
    steps /= luma + np.float32(0.06)
    inked *= np.clip(steps, 0.6, 1.5, out=steps)
    saturate(inked, 1.28)
    inked *= np.float32(0.84)
    inked += np.float32(0.16)
    passes, tips = _passes(scene)
    inked += inked * passes * (np.float32(1.15) - luma)
    np.clip(inked, 0, 1, out=inked)
    bare = _left_white(scene, luma, tips)
    grain = 1 + paper_grain(scene, 0.02)
    mix_into(inked, np.stack([grain * np.float32(white) for white in PAPER]), bare)
    lines = np.maximum(smoothstep(0.10, 0.50, scene.lines), construction_lines(scene, 24) * np.float32(0.5))
    mix_into(inked, PEN, np.clip(lines, 0, 1) * np.float32(0.88))
    return inked


def _passes(scene: Scene) -> tuple[Plane, Plane]:
    """How much each pass of the nib lightens or darkens its field, and how far along each row its tip ends, 0..1."""
    height, width = scene.shape
    slope = math.tan(math.radians(SLANT)) * scene.light_side
    x = np.arange(width, dtype=np.float32)[None]
    y = np.arange(height, dtype=np.float32)[:, None]
    waver = (fbm(scene.shape, 3, 2, scene.rng("marker hand")) - np.float32(0.5)) * np.float32(16 * scene.unit)
    place: Plane = (y + x * np.float32(slope) + waver) / np.float32(max(6.0, NIB * scene.unit))
    row = np.floor(place)
    place -= row
    rows = row.astype(np.int32) % 257
    strengths = scene.rng("marker passes").uniform(-0.06, 0.06, 257).astype(np.float32)
    darker: Plane = strengths[rows]
    darker -= np.float32(0.11) * smoothstep(0.14, 0.06, place)
    reach = scene.rng("marker tips").random_sample(257).astype(np.float32)
    tips: Plane = reach[rows] * np.float32(0.45)
    tips += fbm(scene.shape, 4, 3, scene.rng("marker ends"), stretch=(1, 1.5)) * np.float32(0.75)
    tips -= np.float32(0.10) * smoothstep(0.10, 0.02, np.abs(place - np.float32(0.5)) - np.float32(0.38))
    return darker, tips


def _left_white(scene: Scene, luma: Plane, tips: Plane) -> Plane:
    """Where no marker went: between passes in the sky and on the ground, and in the brightest lights."""
    vague = scene.mask("sky") if scene.outdoors else scene.mask("sky") * np.float32(0.6)
    vague = np.clip(vague + np.float32(0.45) * scene.mask("ground"), 0, 1)
    bare: Plane = smoothstep(0.60, 0.66, tips) * vague
    np.maximum(bare, smoothstep(0.86, 0.97, luma), out=bare)
    return bare
