"""Furnishes the slots: defaults, then the season, then styles and moods, then what the prompt says itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import dist
from typing import cast

from rerender.engines.preview.colours import BASE_COLOURS
from rerender.engines.preview.defaults import (
    BUNDLES,
    DEFAULTS,
    HARD,
    HOMES,
    ORDERS,
    SEASON_SURFACES,
    SLOT_CHANGES,
    SOFT,
    UNFIT,
    surface_of,
)
from rerender.engines.preview.finishes import Binding, Finish, is_place, look, toned
from rerender.engines.preview.plan import SLOTS, Colour, Setting, Slot, Surface
from rerender.engines.preview.prompt import Phrase
from rerender.engines.preview.things import kind_of

__all__ = ["Furnishing", "Refused", "furnish"]

INDIRECT = 0.5
"""Weight of what a style, a mood or a season brings, beside 1 for what the prompt names."""

Furnishing = list[tuple[Phrase, Slot]]
"""Which phrase furnished which slot."""

NEUTRALS = ("concrete", "plaster", "wood", "paint")
"""What stands in for a default that the prompt refuses."""

SAME_COLOUR = 0.18
"""How far apart two sRGB colours may be that one would call by the same name."""

ROOFING = {"stone": "slate", "tiles": "terracotta"}


@dataclass(frozen=True, slots=True)
class _Claim:
    """A finish and where it wants to go: to the slot of a noun, or wherever there is room."""

    slot: Slot | None
    finish: Finish | None
    noun: Phrase | None = None
    made_of: Surface | None = None

    def rank(self) -> int:
        """Who goes first: "white walls" before "red house" before what was given to no noun."""
        if self.noun is None:
            return 3 if self.slot is None else 2
        return 1 if is_place(self.noun) else 0

    def weight(self) -> float:
        """The emphasis on the finish, or on the noun that is its own finish."""
        if self.finish:
            return self.finish.weight
        return self.noun.weight if self.noun else 1.0

    def phrases(self) -> tuple[Phrase, ...]:
        return (*(self.finish.phrases if self.finish else ()), *((self.noun,) if self.noun else ()))


@dataclass(frozen=True, slots=True)
class Refused:
    """What the prompt says it does not want: materials and colours."""

    materials: frozenset[str] = frozenset()
    colours: tuple[Colour, ...] = ()

    def covers(self, surface: Surface) -> bool:
        """Whether the surface is of such a material or, for the eye, of such a colour."""
        if not (self.materials or self.colours):
            return False
        if self.materials & {surface.material, kind_of(surface.material)}:
            return True
        colour = surface.colour or BASE_COLOURS[surface.material]
        return any(dist(colour, other) < SAME_COLOUR for other in self.colours)


def furnish(
    setting: Setting,
    bindings: Iterable[Binding],
    themes: Mapping[str, float],
    season: str | None,
    refused: Refused,
) -> tuple[dict[Slot, Surface], Furnishing]:
    """One surface for every slot, and which phrase furnished which of them.

    `themes` are the styles and moods with their weights. What is refused may still be named: "brick walls, no red".
    """
    surfaces = _background(setting, themes, season, refused)
    placed: dict[Slot, _Claim] = {}
    claims = sorted(_claims(setting, bindings), key=lambda claim: claim.rank())
    for claim in _split_by_hardness(setting, claims):
        slot: Slot | None = claim.slot
        if slot is None or slot in placed:
            slot = _next_slot(setting, claim, placed)
        if slot is not None:
            placed[slot] = claim
            surfaces[slot] = _surface(setting, slot, claim, surfaces[slot])
    if setting == "product" and "object" in placed and "object2" not in placed:
        surfaces["object2"] = _legs(surfaces["object"], surfaces["object2"])
    return surfaces, [(phrase, slot) for slot, claim in placed.items() for phrase in claim.phrases()]


def _background(
    setting: Setting, themes: Mapping[str, float], season: str | None, refused: Refused
) -> dict[Slot, Surface]:
    """The surfaces before the prompt's own finishes."""
    surfaces = {slot: surface_of(DEFAULTS[setting][slot]) for slot in SLOTS}
    if season and setting == "exterior":
        surfaces |= {slot: surface_of(text, INDIRECT) for slot, text in SEASON_SURFACES[season].items()}
    for theme, weight in themes.items():
        for slot, text in BUNDLES[theme].get(setting, {}).items():
            surface = surface_of(text, min(INDIRECT * weight, 0.99))
            if not refused.covers(surface):
                surfaces[slot] = surface
    substitutes = [Surface(material) for material in NEUTRALS]
    substitute = next((other for other in substitutes if not refused.covers(other)), substitutes[-1])
    return {
        slot: replace(substitute, weight=surface.weight) if refused.covers(surface) else surface
        for slot, surface in surfaces.items()
    }


def _claims(setting: Setting, bindings: Iterable[Binding]) -> Iterator[_Claim]:
    for binding in bindings:
        noun = binding.noun
        finishes = binding.own_finishes()
        if noun is None:
            yield from (_Claim(_home(setting, finish), finish) for finish in finishes)
        elif noun.says("thing"):
            slot, _, made_of = noun.values("thing")[0].partition(" ")
            if setting == ("product" if slot == "sky" else "exterior"):
                yield _Claim(cast(Slot, slot), finishes[0] if finishes else None, noun, _made_of(made_of))
        elif finishes:
            yield from _noun_claims(setting, noun, finishes)


def _noun_claims(setting: Setting, noun: Phrase, finishes: tuple[Finish, ...]) -> Iterator[_Claim]:
    """The first finish goes to the noun; of several, glass and the like go where they are at home."""
    slot = _slot(setting, noun)
    host = next((finish for finish in finishes if _home(setting, finish) in (None, slot)), finishes[0])
    for finish in finishes:
        if finish is host:
            frame = slot == "glass" and finish.material not in (None, "glass")
            yield _Claim("object2" if frame else slot, finish, noun)
        else:
            yield _Claim(_home(setting, finish), finish)


def _made_of(text: str) -> Surface:
    material, _, code = text.partition(" ")
    drawn, shade = look(material)
    return surface_of(" ".join(part for part in (drawn, code or shade) if part))


def _slot(setting: Setting, noun: Phrase) -> Slot:
    slot = cast(Slot, noun.values("noun")[0])
    if setting == "product" and ("product" in noun.values("setting") or slot == "lamp"):
        return "object"
    return SLOT_CHANGES[setting].get(slot, slot)


def _home(setting: Setting, finish: Finish) -> Slot | None:
    material = finish.material or ""
    return HOMES[setting].get(material) or HOMES[setting].get(kind_of(material))


def _split_by_hardness(setting: Setting, claims: list[_Claim]) -> list[_Claim]:
    """Where a thing is both hard and soft, the soft is its body and the hard its legs."""
    if setting == "exterior":
        return claims

    def among(claim: _Claim, materials: frozenset[str]) -> bool:
        return (
            claim.finish is not None
            and kind_of(claim.finish.material or "") in materials
            and claim.slot in (None, "object")
        )

    if not (any(among(claim, SOFT) for claim in claims) and any(among(claim, HARD) for claim in claims)):
        return claims
    split = [replace(claim, slot="object") if among(claim, SOFT) else claim for claim in claims]
    return [replace(claim, slot="object2") if among(claim, HARD) else claim for claim in split]


def _next_slot(setting: Setting, claim: _Claim, placed: Mapping[Slot, _Claim]) -> Slot | None:
    """Where a finish goes whose slot is taken: a second thing becomes the smaller one, the rest goes down the order."""
    if claim.noun is not None or claim.finish is None:
        return "object2" if claim.slot == "object" and "object2" not in placed else None
    material = kind_of(claim.finish.material or "paint")
    free = (slot for slot in ORDERS[setting] if slot not in placed and material not in UNFIT.get(slot, "").split())
    return next(free, None)


def _surface(setting: Setting, slot: Slot, claim: _Claim, before: Surface) -> Surface:
    """What a claim makes of a slot; the sky and the leaves keep what they are and take only the colour."""
    named = claim.finish.material if claim.finish else None
    own = claim.made_of
    material = named or (own or before).material
    if slot == "roof":
        material = ROOFING.get(material, material)
    colour = (claim.finish.colour if claim.finish else None) or (own.colour if own and not named else None)
    tone = claim.finish.tone if claim.finish else None
    only_colour = slot == "vegetation" or (slot == "sky" and setting == "exterior")
    if colour is None and (only_colour or not (named or own) or tone):
        base = None if named or own else before.colour
        colour = toned(base or BASE_COLOURS[material], tone)
    elif colour and slot == "vegetation" and max(colour) == colour[1]:
        # No leaf is as green as paint.
        red, green, blue = ((a + b) / 2 for a, b in zip(colour, BASE_COLOURS["foliage"], strict=True))
        colour = red, green, blue
    return Surface(before.material if only_colour else material, colour, claim.weight())


def _legs(body: Surface, before: Surface) -> Surface:
    """The smaller parts of a product of one hard material are of that material too."""
    return body if kind_of(body.material) in HARD or body.material == "ceramic" else before
