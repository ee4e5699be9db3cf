"""Base colour: what every pixel would look like in even white light."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import (
    Plane,
    Planes,
    add_into,
    linear,
    luminance,
    mix_into,
    smoothstep,
    to_linear,
)
from rerender.engines.preview.materials import MATERIALS, Material, Texture
from rerender.engines.preview.perspective import TEXTURE_SIDE, lay_on_ground, wall_coordinates
from rerender.engines.preview.plan import Colour, Slot, Surface
from rerender.engines.preview.scene import Scene

JOINT_STRENGTH = 0.55


def base_colour(scene: Scene) -> Planes:
    """Linear (3, H, W): a photo's own colours, materials by slot, or the palette where regions are not sure."""
    if scene.is_photo:
        return _photo_colours(scene)
    if not scene.slots.sure:
        return _gradient_map(scene)
    return _painted(scene)


def surface_colour(scene: Scene, surface: Surface) -> Colour:
    """The surface's colour in sRGB: named, or its material's own, with the plan's small tint."""
    colour = surface.colour or MATERIALS[surface.material].colour
    red, blue = scene.plan.tint
    shift = (0.03 * red, -0.012 * (red + blue), 0.03 * blue)
    return tuple(min(1.0, max(0.0, value + by)) for value, by in zip(colour, shift, strict=True))  # type: ignore[return-value]


def _painted(scene: Scene) -> Planes:
    planes = np.zeros((3, *scene.shape), np.float32)
    coordinates: tuple[Plane, Plane] | None = None
    for slot, mask in scene.masks.items():
        if slot == "sky" and scene.outdoors:
            continue
        surface = scene.plan.surfaces[slot]
        material = MATERIALS[surface.material]
        colour = linear(surface_colour(scene, surface))
        if not material.variation or slot == "sky":
            add_into(planes, colour, mask)
            continue
        if material.courses and slot in ("wall", "roof") and scene.plan.setting != "product":
            coordinates = coordinates or wall_coordinates(scene)
        texture = _texture(scene, slot, material, coordinates)
        _add_textured(planes, colour, material.variation, linear(material.joint), texture, mask)
    return planes


def _texture(scene: Scene, slot: Slot, material: Material, coordinates: tuple[Plane, Plane] | None) -> Texture:
    """The material's texture at the working size, along the walls' perspective or laid on the ground."""
    rng = scene.rng(f"texture {slot}")
    if slot == "ground":
        return _on_the_ground(scene, material, rng)
    if material.courses and slot in ("wall", "roof") and coordinates is not None:
        u, v = coordinates
        tile = material.pattern((TEXTURE_SIDE, TEXTURE_SIDE), rng)
        return tile.mapped(lambda plane: cv2.remap(plane, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))
    if material.courses and slot in ("object", "object2"):
        # Furniture is of one piece: the grain runs along it, upright in legs, and there are no boards to part.
        return Texture(np.ascontiguousarray(material.pattern(scene.shape[::-1], rng).tone.T))
    return material.pattern(scene.shape, rng)


def _on_the_ground(scene: Scene, material: Material, rng: np.random.RandomState) -> Texture:
    """Laid flat, boards running away from the viewer. A drawing has joints of its own, so none are added."""
    if material.courses:
        flat = material.pattern(scene.shape[::-1], rng).mapped(lambda plane: np.ascontiguousarray(plane.T))
    else:
        flat = material.pattern(scene.shape, rng)
    if scene.is_drawing:
        flat = Texture(flat.tone)
    return flat.mapped(lambda plane: lay_on_ground(plane, scene.slots.horizon))


def _add_textured(
    planes: Planes, colour: Colour, variation: float, joint_colour: Colour, texture: Texture, mask: Plane
) -> None:
    """Add colour × (1 + variation × tone), with the joint's colour in the joints, under the mask. In place."""
    shade = texture.tone * np.float32(variation)
    shade += 1
    np.clip(shade, 0.2, 1.9, out=shade)
    shade *= mask
    if texture.joint is None:
        add_into(planes, colour, shade)
        return
    joint = texture.joint * mask
    joint *= np.float32(JOINT_STRENGTH)
    shade *= 1 - texture.joint * np.float32(JOINT_STRENGTH)
    add_into(planes, colour, shade)
    add_into(planes, joint_colour, joint)


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
    low, high = np.percentile(scene.analysis.luma, (2, 96))
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
