"""Lays a material's tile where a slot is: along the walls, over the ground, on furniture."""

from __future__ import annotations

import math

import cv2
import numpy as np

from rerender.engines.preview.fields import Bytes, Plane
from rerender.engines.preview.materials import Material
from rerender.engines.preview.patterns import Pattern, Texture
from rerender.engines.preview.perspective import Layout, ground_layout, metres_per_pixel, wall_layout
from rerender.engines.preview.plan import Slot
from rerender.engines.preview.scene import Scene

# Units 1/1024 of the long side: a brick drawn smaller than this is only noise.
SMALLEST_FEATURE = 5.0
# On the ground, where it is foreshortened.
SMALLEST_PAVER = 10.0
# A tile is never drawn so small that one sees it repeat.
SMALLEST_TILE = 300.0
LARGEST_TILE = 1024
# Tiles are kept as bytes: tone from -TONE_RANGE to TONE_RANGE.
TONE_RANGE = 2.5
FURNITURE_SHARE = {"exterior": 0.16, "interior": 1.0, "product": 1.0}
"""How much nearer than the walls the things that stand before them are, in what a pixel spans."""


def laid_texture(scene: Scene, slot: Slot, material: Material, layouts: dict[Slot, Layout]) -> Texture:
    """The material's texture over the whole picture as it lies on that slot, (H, W). `layouts` keeps what was made."""
    pattern, rng = material.pattern_on(slot), scene.rng(f"texture {slot}")
    accented = not (scene.is_drawing and slot == "ground" and material.feature)
    if slot == "ground":
        layout = ground_layout(scene)
    elif slot in ("wall", "roof") and scene.plan.setting != "product":
        if "wall" not in layouts:
            layouts["wall"] = wall_layout(scene)
        layout = layouts["wall"]
    else:
        return _flat(scene, material, pattern, rng)
    span = _span(scene, material, layout.pixel, SMALLEST_PAVER if slot == "ground" else SMALLEST_FEATURE)
    # Boards run away from the viewer.
    u, v = (layout.v, layout.u) if slot == "ground" and material.along else (layout.u, layout.v)
    tile = _tile(pattern, round(span / layout.pixel), rng, accented)
    return _mapped(tile, u, v, span, layout.fade)


def _span(scene: Scene, material: Material, pixel: float, smallest: float) -> float:
    """The edge of the tile in metres, larger than life where its features would be too small to see."""
    span_units = material.span / pixel / scene.unit
    larger = max(1.0, SMALLEST_TILE / span_units)
    if material.feature:
        larger = max(1.0, smallest * pixel * scene.unit / material.feature)
    return material.span * larger


def _flat(scene: Scene, material: Material, pattern: Pattern, rng: np.random.RandomState) -> Texture:
    """As seen straight on. Furniture is of one piece: grain upright, as in legs, and no boards to part."""
    pixel = metres_per_pixel(scene) * FURNITURE_SHARE[scene.plan.setting]
    side = min(LARGEST_TILE, round(_span(scene, material, pixel, SMALLEST_FEATURE) / pixel))
    texture = pattern(max(16, side), rng)
    if material.along:
        texture = Texture(np.ascontiguousarray(texture.tone.T))
    elif material.feature:
        texture = Texture(texture.tone)
    height, width = scene.shape
    return texture.mapped(lambda plane: _repeated(plane, height, width))


def _repeated(plane: Plane, height: int, width: int) -> Plane:
    rows, columns = math.ceil(height / plane.shape[0]), math.ceil(width / plane.shape[1])
    return np.ascontiguousarray(np.tile(plane, (rows, columns))[:height, :width])


def _tile(pattern: Pattern, side: int, rng: np.random.RandomState, accented: bool) -> Bytes:
    """(side, side, 1 or 2) uint8: tone, and accent where there is one. Small tiles are drawn large and reduced."""
    side = int(np.clip(side, 64, LARGEST_TILE))
    drawn = side * 2 if side <= LARGEST_TILE // 2 else side
    tone, accent = pattern(drawn, rng)
    layers = [cv2.convertScaleAbs(tone + np.float32(TONE_RANGE), alpha=127.5 / TONE_RANGE)]
    if accent is not None and accented:
        layers.append(cv2.convertScaleAbs(accent, alpha=255))
    tile = cv2.merge(layers)
    return cv2.resize(tile, (side, side), interpolation=cv2.INTER_AREA) if drawn > side else tile


def _mapped(tile: Bytes, u: Plane, v: Plane, span: float, fade: Plane | None) -> Texture:
    texels = np.float32(tile.shape[0] / span)
    laid = cv2.remap(tile, u * texels, v * texels, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    layers = cv2.split(laid)
    tone: Plane = layers[0].astype(np.float32)
    tone *= np.float32(TONE_RANGE / 127.5)
    tone -= np.float32(TONE_RANGE)
    accent: Plane | None = None
    if len(layers) > 1:
        accent = layers[1].astype(np.float32)
        accent *= np.float32(1 / 255)
    if fade is not None:
        tone *= fade
        if accent is not None:
            accent *= fade
    return Texture(tone, accent)
