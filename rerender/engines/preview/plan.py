"""The plan: what a prompt asks for, in the engine's own few words. Made by `prompt`, followed by the stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Setting = Literal["exterior", "interior", "product"]
Time = Literal["day", "golden_hour", "dawn", "dusk", "night", "overcast", "studio", "indoor"]
Medium = Literal[
    "photo", "watercolor", "oil", "gouache", "pencil", "coloured_pencil", "ink", "charcoal", "marker", "pastel",
    "comic", "blueprint", "clay", "neon",
]  # fmt: skip
Season = Literal["spring", "summer", "autumn", "winter"]
Slot = Literal["sky", "ground", "wall", "roof", "glass", "object", "object2", "vegetation", "lamp"]

Colour = tuple[float, float, float]
"""sRGB, each channel from 0 to 1."""

SLOTS: tuple[Slot, ...] = ("sky", "ground", "wall", "roof", "glass", "object", "object2", "vegetation", "lamp")
"""In interiors `sky` is the ceiling; around a product `sky` is the backdrop. `object2` is its thin or smaller parts."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What one slot is made of.

    `material` is a name from `materials`, `colour` overrides its base colour, and `weight` says how strongly
    the prompt itself asked for it: 0 for a default, 1 for a plain mention, up to 2 for an emphasised one.
    """

    material: str
    colour: Colour | None = None
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the stages need to know of the prompt. Weights run from 0 (absent) over 1 to 2 (emphasised)."""

    setting: Setting = "exterior"
    setting_named: bool = False
    time: Time = "day"
    time_named: bool = False
    season: Season | None = None
    medium: Medium = "photo"
    medium_weight: float = 1.0
    weather: Mapping[str, float] = field(default_factory=dict)
    """Weights of "fog", "rain" and "snow"; one that is denied, though the rest of the prompt implies it, is 0."""
    moods: Mapping[str, float] = field(default_factory=dict)
    """Weights of grading moods: "warm", "cool", "moody", "pastel", "vintage", "vibrant", "muted", "monochrome"."""
    surfaces: Mapping[Slot, Surface] = field(default_factory=dict)
    """One surface for every slot, defaults included."""
    palette: tuple[Colour, ...] = ()
    """Dark to light, at least two colours: what the gradient map uses when regions are not sure."""
    tint: tuple[float, float] = (0.0, 0.0)
    """A small, even, repeatable shift (red-cyan, blue-yellow) from the words not understood."""
    understood: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    taken_for: Mapping[str, str] = field(default_factory=dict)
    """Each understood phrase and what it was taken for: "red brick" → "walls: brick"."""


def from_hex(code: str) -> Colour:
    """`#rrggbb` or `rrggbb` as a colour."""
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return red / 255, green / 255, blue / 255
