"""The palette of a plan: a few colours from dark to light that look chosen when a picture is mapped through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rerender.engines.preview.colours import BASE_COLOURS
from rerender.engines.preview.defaults import TIME_PALETTES
from rerender.engines.preview.plan import Colour, Slot, Surface, Time, from_hex

__all__ = ["palette_of"]

MAX_MIDDLES = 3
APART = 0.12
DARKEST, LIGHTEST = 0.18, 0.86


def palette_of(surfaces: Mapping[Slot, Surface], time: Time) -> tuple[Colour, ...]:
    """Two to five colours, dark to light.

    Named colours stand between the shadow and the highlight of the time of day, which take a little of them.
    """
    shadow, *middles, highlight = [from_hex(code) for code in TIME_PALETTES[time]]
    asked = sorted((surface for surface in surfaces.values() if surface.weight > 0), key=lambda s: -s.weight)
    named = any(surface.weight >= 1 for surface in asked)
    chosen = _apart([_colour(surface) for surface in asked if surface.weight >= (1 if named else 0)])
    if chosen:
        middles = [colour for colour in chosen if DARKEST < lightness(colour) < LIGHTEST] or middles
        darkest, lightest = chosen[0], chosen[-1]
        shadow = darkest if lightness(darkest) <= DARKEST else _mix(shadow, _scaled(darkest, 0.22), 0.5)
        tinge = 1.0 if lightness(lightest) >= LIGHTEST else 0.25 * lightness(lightest)
        highlight = _mix(highlight, lightest, tinge)
    return tuple(sorted([shadow, *middles, highlight], key=lightness))


def lightness(colour: Colour) -> float:
    """Luma of an sRGB colour, 0 to 1."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def _colour(surface: Surface) -> Colour:
    return surface.colour or BASE_COLOURS[surface.material]


def _apart(colours: Sequence[Colour]) -> list[Colour]:
    """The first few colours that differ enough in lightness to have a step of their own, dark to light."""
    kept: list[Colour] = []
    for colour in colours:
        if all(abs(lightness(colour) - lightness(other)) >= APART for other in kept):
            kept.append(colour)
    return sorted(kept[:MAX_MIDDLES], key=lightness)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def _scaled(colour: Colour, factor: float) -> Colour:
    return colour[0] * factor, colour[1] * factor, colour[2] * factor
