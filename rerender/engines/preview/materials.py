"""The materials a plan may name: base colours and procedural textures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rerender.engines.preview.fields import Plane, fbm, from_hex
from rerender.engines.preview.plan import Colour

Shape = tuple[int, int]


class Texture(NamedTuple):
    """`tone` (H, W) is lightness around 0, within about ±1; `joint` 0..1 is where mortar or a gap shows, if any."""

    tone: Plane
    joint: Plane | None = None

    def mapped(self, change: Callable[[Plane], Plane]) -> Texture:
        """The texture with `change` applied to each plane."""
        return Texture(change(self.tone), None if self.joint is None else change(self.joint))


Pattern = Callable[[Shape, np.random.RandomState], Texture]


@dataclass(frozen=True, slots=True)
class Material:
    """A base colour (sRGB), how strongly the pattern varies it, and what shows in the joints.

    `courses` marks patterns with a direction, which must follow the perspective of a wall.
    """

    colour: Colour
    variation: float
    pattern: Pattern
    joint: Colour = (0.0, 0.0, 0.0)
    courses: bool = False


def _even(shape: Shape, _rng: np.random.RandomState) -> Texture:
    return Texture(np.zeros(shape, np.float32))


def _mottled(shape: Shape, rng: np.random.RandomState) -> Texture:
    return Texture((fbm(shape, 6, 6, rng, gain=0.62) - np.float32(0.5)) * np.float32(2.4))


def _grain(shape: Shape, rng: np.random.RandomState) -> Texture:
    return Texture((fbm(shape, 40, 4, rng, gain=0.9) - np.float32(0.5)) * np.float32(3))


def _blades(shape: Shape, rng: np.random.RandomState) -> Texture:
    patches = fbm(shape, 10, 6, rng, gain=0.75) - np.float32(0.5)
    blades = fbm(shape, 140, 2, rng, stretch=(1.6, 0.6), gain=0.9) - np.float32(0.5)
    return Texture(patches * np.float32(2) + blades * np.float32(1.6))


def _planks(shape: Shape, rng: np.random.RandomState) -> Texture:
    figure = fbm(shape, 3, 5, rng, stretch=(1, 14), gain=0.6) - np.float32(0.5)
    fibre = fbm(shape, 8, 3, rng, stretch=(1, 26), gain=0.8) - np.float32(0.5)
    row, within = _courses(shape, 30)
    tone = rng.uniform(-0.5, 0.5, 64).astype(np.float32)[row % 64]
    gap = (np.abs(within - 0.5) > 0.47).astype(np.float32) * np.ones((1, shape[1]), np.float32)
    return Texture(figure * np.float32(2.2) + fibre * np.float32(1.2) + tone, gap)


def _bricks(shape: Shape, rng: np.random.RandomState) -> Texture:
    tone, joint = _masonry(shape, rng, courses=84, columns=30, gap=(0.05, 0.15))
    tone += (fbm(shape, 60, 3, rng) - np.float32(0.5)) * np.float32(1.3)
    return Texture(tone, joint)


def _ashlar(shape: Shape, rng: np.random.RandomState) -> Texture:
    tone, joint = _masonry(shape, rng, courses=30, columns=15, gap=(0.03, 0.05))
    tone *= np.float32(0.8)
    tone += (fbm(shape, 14, 5, rng, gain=0.7) - np.float32(0.5)) * np.float32(1.9)
    return Texture(tone, joint)


def _shingles(shape: Shape, rng: np.random.RandomState) -> Texture:
    tone, _ = _masonry(shape, rng, courses=40, columns=46, gap=(0.0, 0.0))
    _, within = _courses(shape, 40)
    tone += (within - np.float32(0.5)) * np.float32(0.9)
    return Texture(tone)


def _squares(shape: Shape, rng: np.random.RandomState) -> Texture:
    tone, joint = _masonry(shape, rng, courses=22, columns=22, gap=(0.05, 0.05), bond=0.0)
    return Texture(tone * np.float32(0.5), joint)


def _veins(shape: Shape, rng: np.random.RandomState) -> Texture:
    broad = np.abs(fbm(shape, 4, 5, rng) - np.float32(0.5))
    fine = np.abs(fbm(shape, 3, 6, rng, gain=0.6) - np.float32(0.5))
    cloud = fbm(shape, 5, 4, rng, gain=0.5) - np.float32(0.5)
    return Texture(
        np.float32(0.3)
        + np.float32(0.8) * cloud
        - np.float32(1.6) * np.exp(-55 * fine)
        - np.float32(0.8) * np.exp(-40 * broad)
    )


def _brushed(shape: Shape, rng: np.random.RandomState) -> Texture:
    clouds = fbm(shape, 2, 3, rng) - np.float32(0.5)
    strokes = fbm(shape, 3, 3, rng, stretch=(1, 60), gain=0.9) - np.float32(0.5)
    return Texture(clouds * np.float32(2) + strokes * np.float32(1.5))


def _patina(shape: Shape, rng: np.random.RandomState) -> Texture:
    return Texture((fbm(shape, 5, 7, rng, gain=0.7) - np.float32(0.5)) * np.float32(3))


def _weave(shape: Shape, rng: np.random.RandomState) -> Texture:
    step = np.float32(160 / max(shape) * 2 * np.pi)
    weft = np.sin(np.arange(shape[0], dtype=np.float32) * step)[:, None]
    warp = np.sin(np.arange(shape[1], dtype=np.float32) * step)[None]
    return Texture(weft * warp * np.float32(0.6) + fbm(shape, 90, 2, rng) - np.float32(0.5))


def _ripples(shape: Shape, rng: np.random.RandomState) -> Texture:
    return Texture((fbm(shape, 5, 5, rng, stretch=(0.6, 5)) - np.float32(0.5)) * np.float32(3))


def _courses(shape: Shape, count: int) -> tuple[np.ndarray, Plane]:
    """Rows of a pattern with `count` courses along the long side: each pixel row's course, and its place within it."""
    position = np.arange(shape[0], dtype=np.float32)[:, None] / np.float32(max(shape)) * np.float32(count)
    course = np.floor(position)
    return course.astype(np.int32), position - course


def _masonry(
    shape: Shape, rng: np.random.RandomState, *, courses: int, columns: int, gap: tuple[float, float], bond: float = 0.5
) -> tuple[Plane, Plane]:
    """Units laid in courses, each with a tone of its own; `gap` is the joint's share of a unit along x and y."""
    row, y = _courses(shape, courses)
    position = np.arange(shape[1], dtype=np.float32)[None] / np.float32(max(shape)) * np.float32(columns)
    position = position + np.float32(bond) * (row % 2).astype(np.float32)
    column = np.floor(position)
    x = position - column
    tones = rng.uniform(-0.7, 0.6, 509).astype(np.float32)
    tone = tones[(row * 131 + column.astype(np.int32) * 71) % 509]
    joint = ((x < gap[0]) | (y < gap[1])).astype(np.float32)
    return tone, joint


GREY_MORTAR = from_hex("#b3a698")
DARK_GAP = from_hex("#3a2c22")

MATERIALS: dict[str, Material] = {
    "plaster": Material(from_hex("#efebe3"), 0.03, _mottled),
    "paint": Material(from_hex("#ece7dd"), 0.015, _mottled),
    "concrete": Material(from_hex("#a9a8a4"), 0.06, _mottled),
    "wood": Material(from_hex("#b98552"), 0.16, _planks, DARK_GAP, courses=True),
    "walnut": Material(from_hex("#5e3d28"), 0.20, _planks, DARK_GAP, courses=True),
    "brick": Material(from_hex("#9c4e38"), 0.22, _bricks, GREY_MORTAR, courses=True),
    "stone": Material(from_hex("#a89f92"), 0.14, _ashlar, from_hex("#7d766c"), courses=True),
    "slate": Material(from_hex("#5d646c"), 0.14, _shingles, courses=True),
    "marble": Material(from_hex("#e9e6e1"), 0.10, _veins),
    "terracotta": Material(from_hex("#bf6a45"), 0.15, _shingles, courses=True),
    "glass": Material(from_hex("#8fb1c0"), 0.0, _even),
    "steel": Material(from_hex("#8f979d"), 0.06, _brushed),
    "copper": Material(from_hex("#a85f3a"), 0.18, _patina),
    "gold": Material(from_hex("#c79c45"), 0.06, _brushed),
    "ceramic": Material(from_hex("#eef0ee"), 0.0, _even),
    "plastic": Material(from_hex("#d9dadb"), 0.0, _even),
    "leather": Material(from_hex("#8a4f2c"), 0.10, _mottled),
    "fabric": Material(from_hex("#b9ad9c"), 0.08, _weave),
    "grass": Material(from_hex("#6b8a3d"), 0.26, _blades),
    "foliage": Material(from_hex("#557a35"), 0.34, _blades),
    "water": Material(from_hex("#4f8c9c"), 0.12, _ripples),
    "sand": Material(from_hex("#d8c092"), 0.09, _grain),
    "asphalt": Material(from_hex("#5b5d61"), 0.10, _grain),
    "tiles": Material(from_hex("#cfc8bb"), 0.08, _squares, from_hex("#a49c90"), courses=True),
}
