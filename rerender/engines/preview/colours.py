"""The base colour of every material that a plan may name.

Apart from their textures, so that a prompt can be understood without the libraries that draw.
"""

from __future__ import annotations

from collections.abc import Mapping

from rerender.engines.preview.plan import Colour, from_hex

__all__ = ["BASE_COLOURS"]

BASE_COLOURS: Mapping[str, Colour] = {
    name: from_hex(code)
    for name, code in {
        "plaster": "#efebe3",
        "paint": "#ece7dd",
        "concrete": "#a9a8a4",
        "wood": "#b2875a",
        "oak": "#b79468",
        "walnut": "#5e3d28",
        "brick": "#9c4e38",
        "stone": "#a89f92",
        "slate": "#5d646c",
        "marble": "#ebe8e3",
        "terracotta": "#bf6a45",
        "glass": "#8fb1c0",
        "steel": "#8f979d",
        "corten": "#96502c",
        "copper": "#a85f3a",
        "gold": "#c79c45",
        "ceramic": "#eef0ee",
        "plastic": "#d9dadb",
        "leather": "#8a4f2c",
        "fabric": "#b9ad9c",
        "linen": "#c9bda8",
        "velvet": "#5f6b63",
        "grass": "#6b8a3d",
        "foliage": "#557a35",
        "water": "#3f7a8a",
        "sand": "#d8c092",
        "gravel": "#b4aca0",
        "asphalt": "#5b5d61",
        "tiles": "#cfc8bb",
    }.items()
}
