"""The materials a plan may name: textures and how they shine. Their base colours are in `colours`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rerender.engines.preview import masonry, patterns
from rerender.engines.preview.patterns import Pattern
from rerender.engines.preview.plan import Colour, Slot, from_hex


@dataclass(frozen=True, slots=True)
class Material:
    """How strongly `pattern` varies the lightness of the colour; `accent` (sRGB) shows where the pattern says.

    `span` is the edge of the pattern's tile in metres and `feature` the size of its smallest unit, which is never
    drawn too small to see. `elsewhere` has the patterns of slots where the material is laid in another way.
    `along` marks what furniture is cut from along its grain. `gloss` and `sheen` (0..1) are how it mirrors light,
    and how it glows at a grazing angle as pile does; `metal` colours its highlights.
    """

    variation: float
    pattern: Pattern
    accent: Colour = (0.0, 0.0, 0.0)
    accent_strength: float = 0.55
    span: float = 4.0
    feature: float = 0.0
    elsewhere: Mapping[Slot, Pattern] = field(default_factory=dict)
    along: bool = False
    gloss: float = 0.0
    sheen: float = 0.0
    metal: bool = False

    def pattern_on(self, slot: Slot) -> Pattern:
        """How it is laid there."""
        return self.elsewhere.get(slot, self.pattern)


MORTAR = from_hex("#b3a698")
GAP = from_hex("#3a2c22")
STRAW = from_hex("#a39a4e")


def _on(
    *,
    wall: Pattern | None = None,
    roof: Pattern | None = None,
    ground: Pattern | None = None,
    furniture: Pattern | None = None,
) -> dict[Slot, Pattern]:
    laid: dict[Slot, Pattern | None] = {
        "wall": wall, "roof": roof, "ground": ground, "object": furniture, "object2": furniture
    }  # fmt: skip
    return {slot: pattern for slot, pattern in laid.items() if pattern is not None}


MATERIALS: dict[str, Material] = {
    "plaster": Material(0.035, patterns.mottled, span=5),
    "paint": Material(0.015, patterns.mottled, span=5, gloss=0.08),
    "concrete": Material(
        0.075,
        masonry.cast,
        from_hex("#5c5b58"),
        span=5,
        elsewhere=_on(ground=patterns.mottled, furniture=patterns.mottled),
    ),
    "wood": Material(0.15, masonry.boards, GAP, span=3, feature=0.15, along=True, gloss=0.08),
    "oak": Material(0.15, masonry.oak_boards, GAP, span=3, feature=0.15, along=True, gloss=0.08),
    "walnut": Material(0.21, masonry.walnut_boards, GAP, span=3, feature=0.15, along=True, gloss=0.14),
    "brick": Material(0.22, masonry.bricks, MORTAR, span=4.2, feature=0.075),
    "stone": Material(
        0.15,
        masonry.ashlar,
        from_hex("#7a736a"),
        span=5.4,
        feature=0.3,
        elsewhere=_on(ground=masonry.paving, furniture=patterns.mottled),
    ),
    "slate": Material(
        0.15,
        masonry.shingles,
        from_hex("#5f5a6c"),
        0.4,
        span=4,
        feature=0.2,
        elsewhere=_on(ground=masonry.paving, furniture=patterns.mottled),
    ),
    "marble": Material(
        0.05,
        masonry.veins,
        from_hex("#8d8f93"),
        0.6,
        span=2.4,
        elsewhere=_on(ground=masonry.marble_slabs),
        gloss=0.35,
    ),
    "terracotta": Material(
        0.16,
        masonry.squares,
        from_hex("#8c7c70"),
        span=4,
        feature=0.22,
        elsewhere=_on(roof=masonry.pantiles, ground=masonry.floor_tiles, furniture=patterns.mottled),
    ),
    "glass": Material(
        0.05,
        patterns.even,
        from_hex("#3a4348"),
        0.8,
        span=6,
        elsewhere=_on(wall=patterns.curtain_wall, roof=patterns.curtain_wall),
        gloss=0.6,
    ),
    "steel": Material(
        0.07,
        patterns.brushed,
        from_hex("#4b5156"),
        span=5,
        feature=0.42,
        elsewhere=_on(wall=patterns.standing_seams, roof=patterns.standing_seams),
        gloss=0.85,
        metal=True,
    ),
    "corten": Material(
        0.20,
        masonry.rusted,
        from_hex("#4e2a1c"),
        0.6,
        span=5,
        elsewhere=_on(furniture=patterns.patina),
    ),
    "copper": Material(0.16, patterns.patina, gloss=0.7, metal=True),
    "gold": Material(0.06, patterns.brushed, gloss=0.9, metal=True),
    "ceramic": Material(0.0, patterns.even, gloss=0.5),
    "plastic": Material(0.0, patterns.even, gloss=0.35),
    "leather": Material(0.13, patterns.hide, span=0.9, gloss=0.3),
    "fabric": Material(0.08, patterns.weave, span=0.8),
    "linen": Material(0.12, patterns.linen_weave, span=0.8),
    "velvet": Material(0.13, patterns.nap, span=0.9, sheen=0.8),
    "grass": Material(0.24, patterns.blades, STRAW, 0.3, span=4),
    "foliage": Material(0.30, patterns.leaves, from_hex("#86a44c"), 0.3, span=5),
    "water": Material(0.10, patterns.ripples, span=6, gloss=0.5),
    "sand": Material(0.08, patterns.drifts, span=3),
    "gravel": Material(0.20, patterns.pebbles, from_hex("#4c4740"), 0.6, span=2.4),
    "asphalt": Material(0.11, patterns.specks, span=3),
    "tiles": Material(
        0.06,
        masonry.squares,
        from_hex("#8f887d"),
        0.6,
        span=2,
        feature=0.2,
        elsewhere=_on(ground=masonry.floor_tiles),
        gloss=0.3,
    ),
}
