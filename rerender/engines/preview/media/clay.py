"""Clay model."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.exposure import expose
from rerender.engines.preview.fields import Plane, Planes, blur, guided_filter, linear, mix_into, percentiles
from rerender.engines.preview.light import light_of, shading
from rerender.engines.preview.plan import Colour
from rerender.engines.preview.scene import Scene

CLAY = linear((0.87, 0.845, 0.815))
BACKDROP = linear((0.86, 0.86, 0.865))
LIFT = 0.32
OCCLUSION = ((8, 1.6), (40, 1.0))
"""Radius in units and strength of the soft shadows in corners (Luft et al. 2006)."""


def clay(scene: Scene, picture: Planes) -> Planes:
    """One matt material in the light of the hour, soft shadows in the corners, before a plain backdrop.

    What the prompt says of materials does not show, as on an architect's model. Warm light and cool shade after
    Gooch et al. 1998.
    """
    light = light_of(scene)
    shade = _form(scene)
    corners = np.ones(scene.shape, np.float32)
    for radius, strength in OCCLUSION:
        well = blur(shade, radius * scene.unit)
        well -= shade
        np.maximum(well, 0, out=well)
        well *= np.float32(strength)
        corners -= well
    np.clip(corners, 0.4, 1, out=corners)
    ramp = np.float32(0.30 * scene.light_side) * (scene.columns() - np.float32(0.5)) + np.float32(1)
    model = picture
    for plane, value in zip(model, CLAY, strict=True):
        plane.fill(value)
    backdrop = blur(scene.mask("sky"), 1.0) if scene.mask("sky").any() else None
    if backdrop is not None:
        mix_into(model, BACKDROP, backdrop)
        shade += (np.float32(0.97) - np.float32(0.20) * scene.rows() - shade) * backdrop
        corners += (1 - corners) * backdrop
    sunlit = shade * ramp
    for plane, sun, sky in zip(model, _calmed(light.sun), _calmed(light.ambient), strict=True):
        plane *= sunlit * np.float32(sun * light.sun_strength) + corners * np.float32(sky * light.ambient_strength)
    return _finished(scene, model)


def _form(scene: Scene) -> Plane:
    """The control's own shading, its textures smoothed away where it is a photo."""
    if scene.is_drawing:
        planes: Plane = np.sqrt(np.clip(shading(scene), 0, 1))
        planes *= np.float32(1.1)
        return planes
    if not scene.is_photo:
        return shading(scene)
    broad = guided_filter(scene.luma, scene.luma, round(8 * scene.unit), 4e-3)
    shade: Plane = np.float32(0.8) * broad + np.float32(0.2) * scene.luma
    low, high = percentiles(shade[::4, ::4], 3, 97)
    shade -= np.float32(low)
    shade *= np.float32(1.05 / max(0.3, high - low))
    shade = np.clip(shade, 0, 1.1)
    shade *= shade
    return shade


def _calmed(colour: Colour) -> Colour:
    """The hour's colour, halfway to grey: a model stands indoors."""
    red, green, blue = colour
    grey = (red + green + blue) / 3
    return (red + grey) / 2, (green + grey) / 2, (blue + grey) / 2


def _finished(scene: Scene, model: Planes) -> Planes:
    finished = expose(scene, model)
    across, down = 2 * scene.columns() - 1, 2 * scene.rows() - 1
    vignette = 1 - np.float32(0.10) * np.clip(across * across + down * down - np.float32(0.35), 0, 2)
    vignette *= 1 - np.float32(0.38 if scene.is_drawing else 0.14) * scene.lines
    # Clay is a light material; the hour's exposure leaves it at middle grey.
    finished += (finished - finished * finished) * np.float32(LIFT)
    finished *= vignette
    return finished
