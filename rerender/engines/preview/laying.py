"""Lays a material's tile where a slot is: along the walls, over the ground, on furniture."""

from __future__ import annotations

import math
import threading

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane
from rerender.engines.preview.materials import MATERIALS, Material
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
# A door or a bench before a house is drawn as if it were nearer, or its grain would not be seen.
FURNITURE_NEARER = 0.3


class Laying:
    """Lays the textures of one picture; the walls' perspective is found once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._walls: Layout | None = None
        self._lock = threading.Lock()

    def texture(self, slot: Slot) -> Texture | None:
        """The texture of the slot's material over the whole picture, (H, W); None where it is even."""
        scene = self._scene
        material = MATERIALS[scene.plan.surfaces[slot].material]
        if slot == "sky" or not material.variation:
            return None
        pattern, rng = material.pattern_on(slot), scene.rng(f"texture {slot}")
        layout = self._layout(slot)
        if layout is None:
            return _flat(scene, slot, material, pattern, rng)
        span = _span(scene, material, layout.pixel, SMALLEST_PAVER if slot == "ground" else SMALLEST_FEATURE)
        tile = _tile(pattern, round(span / layout.pixel), rng, fine=material.feature > 0)
        if scene.is_drawing and slot == "ground" and material.feature:
            # A drawn floor has joints of its own.
            tile = Texture(tile.tone)
        # Boards run away from the viewer.
        u, v = (layout.v, layout.u) if slot == "ground" and material.along else (layout.u, layout.v)
        return _mapped(tile, u, v, span, layout.fade)

    def _layout(self, slot: Slot) -> Layout | None:
        if slot == "ground":
            return ground_layout(self._scene)
        if slot not in ("wall", "roof") or self._scene.plan.setting == "product":
            return None
        with self._lock:
            if self._walls is None:
                self._walls = wall_layout(self._scene)
            return self._walls


def _span(scene: Scene, material: Material, pixel: float, smallest: float) -> float:
    """The edge of the tile in metres, larger than life where its features would be too small to see."""
    span_units = material.span / pixel / scene.unit
    larger = max(1.0, SMALLEST_TILE / span_units)
    if material.feature:
        larger = max(1.0, smallest * pixel * scene.unit / material.feature)
    return material.span * larger


def _flat(scene: Scene, slot: Slot, material: Material, pattern: Pattern, rng: np.random.RandomState) -> Texture:
    """As seen straight on. Furniture is of one piece: grain upright, as in legs, and no boards to part."""
    nearer = FURNITURE_NEARER if scene.outdoors and slot in ("object", "object2") else 1.0
    pixel = metres_per_pixel(scene) * nearer
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


def _tile(pattern: Pattern, side: int, rng: np.random.RandomState, *, fine: bool) -> Texture:
    """The pattern at about one texel a pixel. Fine joints are drawn large and reduced."""
    side = int(np.clip(side, 64, LARGEST_TILE if fine else LARGEST_TILE // 2))
    drawn = side * 2 if fine and side <= LARGEST_TILE // 2 else side
    texture = pattern(drawn, rng)
    if drawn == side:
        return texture
    return texture.mapped(lambda plane: cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA))


def _mapped(tile: Texture, u: Plane, v: Plane, span: float, fade: Plane | None) -> Texture:
    """The tile, repeated, at the coordinates; OpenCV's own wrapping border is five times as slow."""
    columns, rows = (_texels(coordinate, span, len(tile.tone)) for coordinate in (u, v))

    def laid(plane: Plane) -> Plane:
        padded = cv2.copyMakeBorder(plane, 0, 1, 0, 1, cv2.BORDER_WRAP)
        found: Plane = cv2.remap(padded, columns, rows, cv2.INTER_LINEAR)
        if fade is not None:
            found *= fade
        return found

    return tile.mapped(laid)


def _texels(coordinate: Plane, span: float, side: int) -> Plane:
    place: Plane = coordinate * np.float32(1 / span)
    place -= np.floor(place)
    place *= np.float32(side)
    return place
