"""Base colour: what every pixel would look like in even white light."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.colours import BASE_COLOURS
from rerender.engines.preview.fields import (
    Plane,
    Planes,
    add_into,
    linear,
    luminance,
    mix_into,
    percentiles,
    smoothstep,
    to_linear,
)
from rerender.engines.preview.hands import HANDS, side_by_side
from rerender.engines.preview.laying import Laying
from rerender.engines.preview.materials import MATERIALS, Material
from rerender.engines.preview.patterns import Texture
from rerender.engines.preview.plan import Colour, Surface
from rerender.engines.preview.scene import Scene


def base_colour(scene: Scene) -> Planes:
    """Linear (3, H, W): a photo's own colours, materials by slot, or the palette where regions are not sure."""
    if scene.is_photo:
        return _photo_colours(scene)
    if not scene.slots.sure:
        return _gradient_map(scene)
    return _painted(scene)


def surface_colour(scene: Scene, surface: Surface) -> Colour:
    """The surface's colour in sRGB: named, or its material's own, with the plan's small tint."""
    colour = surface.colour or BASE_COLOURS[surface.material]
    red, blue = scene.plan.tint
    shift = (0.03 * red, -0.012 * (red + blue), 0.03 * blue)
    return tuple(min(1.0, max(0.0, value + by)) for value, by in zip(colour, shift, strict=True))  # type: ignore[return-value]


def _painted(scene: Scene) -> Planes:
    planes = np.zeros((3, *scene.shape), np.float32)
    slots = [slot for slot in scene.masks if not (slot == "sky" and scene.outdoors)]
    lay = Laying(scene)
    # Two at a time, so that no more textures are held than are being added.
    for pair in (slots[at : at + HANDS] for at in range(0, len(slots), HANDS)):
        for slot, texture in zip(pair, side_by_side(lay.texture, pair), strict=True):
            surface = scene.plan.surfaces[slot]
            colour = linear(surface_colour(scene, surface))
            if texture is None:
                add_into(planes, colour, scene.mask(slot))
            else:
                _add_textured(planes, colour, MATERIALS[surface.material], texture, scene.mask(slot))
    return planes


def _add_textured(planes: Planes, colour: Colour, material: Material, texture: Texture, mask: Plane) -> None:
    """Add colour × (1 + variation × tone), with the accent's colour where the texture says, under the mask. In place.

    `texture` is written over.
    """
    shade = texture.tone
    shade *= np.float32(material.variation)
    shade += 1
    np.clip(shade, 0.2, 1.9, out=shade)
    shade *= mask
    if texture.accent is None:
        add_into(planes, colour, shade)
        return
    accent = texture.accent
    accent *= np.float32(material.accent_strength)
    for plane, value, other in zip(planes, colour, linear(material.accent), strict=True):
        # shade × (colour + accent × (other - colour)), so that a joint is lit and weathered as its wall is.
        step = accent * np.float32(other - value)
        step += np.float32(value)
        step *= shade
        plane += step


def _photo_colours(scene: Scene) -> Planes:
    """The photo itself; a slot takes a material only as far as the prompt named it."""
    photo = to_linear(scene.control.rgb)
    named = [slot for slot in scene.masks if slot != "sky" and scene.plan.surfaces[slot].weight > 0]
    if not named or scene.plan.setting != "exterior":
        return photo
    painted = _painted(scene)
    lightness = luminance(photo)
    lightness *= np.float32(2.2)
    lightness += np.float32(0.25)
    painted *= lightness
    strength = np.zeros(scene.shape, np.float32)
    for slot in named:
        weight = min(0.85, 0.6 * scene.plan.surfaces[slot].weight)
        strength += scene.masks[slot] * np.float32(weight)
    mix_into(photo, painted, strength)
    return photo


def _gradient_map(scene: Scene) -> Planes:
    """The palette, dark to light, along the control's luminance: needs no regions and never looks broken."""
    colours = np.array([linear(colour) for colour in scene.plan.palette], np.float32)
    if len(colours) < 3:
        colours = np.array([colours[0], (colours[0] + colours[-1]) / 2, colours[-1]], np.float32)
    stops = np.linspace(0, 1, len(colours))
    low, high = percentiles(scene.analysis.luma, 2, 96)
    place = smoothstep(float(low) - 0.05, float(high) + 0.05 + 1e-3, scene.luma)
    lookup = np.linspace(0, 1, 256)
    planes = np.empty((3, *scene.shape), np.float32)
    index = (place * 255).astype(np.uint8)
    for channel in range(3):
        ramp = np.interp(lookup, stops, colours[:, channel])
        # Light falls on the colours later, by the same luminance: lift the dark end so that it is not dark twice.
        lifted = ramp / np.maximum(0.25, lookup) ** 0.6
        planes[channel] = np.minimum(lifted, 1.0).astype(np.float32)[index]
    return planes
