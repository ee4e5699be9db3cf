"""Light: sun and ambient by time of day, shading from the control image, lit windows and lamps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from rerender.engines.preview.fields import (
    Plane,
    Planes,
    blur,
    linear,
    percentiles,
    resize,
    shifted,
    smoothstep,
    stage_rng,
)
from rerender.engines.preview.plan import Colour, Time, from_hex
from rerender.engines.preview.scene import Scene
from rerender.engines.preview.shine import shine


@dataclass(frozen=True, slots=True)
class Light:
    """One time of day. Colours are linear; `sky` runs top, middle, horizon.

    `emission` is how brightly windows shine, `glow` how much haze the sun lights, `key` the exposure aimed at.
    """

    sun: Colour
    sun_strength: float
    ambient: Colour
    ambient_strength: float
    sky: tuple[Colour, Colour, Colour]
    emission: float
    glow: float
    key: float


def _light(
    sun: str,
    sun_strength: float,
    ambient: str,
    ambient_strength: float,
    sky: str,
    emission: float,
    glow: float,
    key: float,
) -> Light:
    top, middle, horizon = (linear(from_hex(code)) for code in sky.split())
    sun_colour, ambient_colour = linear(from_hex(sun)), linear(from_hex(ambient))
    return Light(
        sun_colour, sun_strength, ambient_colour, ambient_strength, (top, middle, horizon), emission, glow, key
    )


LIGHTS: dict[Time, Light] = {
    "day": _light("#fff4df", 1.0, "#a9c6f2", 0.42, "#3f86d0 #8dbbe8 #dcebf5", 0, 0.25, 0.36),
    "golden_hour": _light("#ffbf78", 1.45, "#9a9ccc", 0.46, "#4f86c6 #f7ad78 #ffd27f", 0.08, 1.0, 0.27),
    "dawn": _light("#ffc7a8", 0.85, "#a3a8d6", 0.46, "#6f86bd #e7b3b4 #ffe2c4", 0.08, 0.7, 0.30),
    "dusk": _light("#7f92d8", 0.34, "#5c6fc0", 0.50, "#17306a #5b6fb2 #e2a58c", 1.0, 0.3, 0.13),
    "night": _light("#7d9be0", 0.26, "#2b3f78", 0.40, "#050a1e #0f1c42 #27386a", 1.3, 0.0, 0.055),
    "overcast": _light("#eef2f5", 0.55, "#d3dae0", 0.62, "#a9b4bf #c6ced5 #e0e4e6", 0, 0, 0.36),
    "studio": _light("#ffffff", 0.80, "#eef0f4", 0.52, "#c9ccd0 #dcdee0 #eceded", 0, 0, 0.36),
    "indoor": _light("#fff1dc", 0.72, "#e6e8ee", 0.56, "#f3efe8 #f3efe8 #f3efe8", 0.3, 0.3, 0.34),
}
# A room after dark, lit by its own lamps and their reflections.
LAMPLIT_ROOM = _light("#ffdcae", 0.62, "#d8b48c", 0.46, "#050a1e #0f1c42 #27386a", 0, 0, 0.22)
LAMPLIGHT = linear(from_hex("#ffba5e"))
BOUNCED = 0.7
# How far bad weather takes a time of day to an overcast one; dusk and night are dark either way.
CLOUDING: dict[Time, float] = {"day": 0.9, "golden_hour": 0.45, "dawn": 0.5}


def light_of(scene: Scene) -> Light:
    """The light of the plan's time of day under its weather; in a studio or a lit room it only tints what is there."""
    light = LIGHTS[scene.plan.time]
    if scene.plan.setting == "product":
        return _softened(light, LIGHTS["studio"], 0.5)
    if scene.plan.setting == "interior":
        return _softened(light, LAMPLIT_ROOM if scene.plan.time in ("night", "dusk") else LIGHTS["indoor"], 0.5)
    return _clouded(light, overcast(scene) * CLOUDING.get(scene.plan.time, 0.0))


def overcast(scene: Scene) -> float:
    """How far rain, snow and fog have covered the sky, 0 to 1."""
    cover = max(0.9 * scene.weather("rain"), 0.9 * scene.weather("snow"), 0.7 * scene.weather("fog"))
    return float(min(1.0, cover))


def _clouded(light: Light, cover: float) -> Light:
    grey = _softened(light, LIGHTS["overcast"], cover)
    stops = zip(light.sky, LIGHTS["overcast"].sky, strict=True)
    top, middle, horizon = (_between(own, other, cover) for own, other in stops)
    return replace(grey, sky=(top, middle, horizon), glow=light.glow * (1 - cover))


def _softened(light: Light, towards: Light, share: float) -> Light:
    return replace(
        light,
        sun=_between(light.sun, towards.sun, share),
        sun_strength=light.sun_strength + (towards.sun_strength - light.sun_strength) * share,
        ambient=_between(light.ambient, towards.ambient, share),
        ambient_strength=light.ambient_strength + (towards.ambient_strength - light.ambient_strength) * share,
        key=light.key + (towards.key - light.key) * share,
    )


def _between(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def relight(scene: Scene, colours: Planes) -> Planes:
    """Light the base colours in place: warm sun where the control is light, cool ambient elsewhere (Gooch 1998)."""
    if scene.keeps_its_light:
        return colours
    light = light_of(scene)
    sunlit, skylit = _photo_light(scene) if scene.is_photo else _form_light(scene)
    highlight = None if scene.is_photo or scene.is_drawing else shine(scene, sunlit)
    for plane, sun, ambient in zip(colours, light.sun, light.ambient, strict=True):
        factor = sunlit * np.float32(sun * light.sun_strength)
        cv2.scaleAdd(skylit, ambient * light.ambient_strength, factor, dst=factor)
        plane *= factor
        if highlight is not None:
            cv2.scaleAdd(highlight, sun * light.sun_strength, plane, dst=plane)
    return colours


def shading(scene: Scene) -> Plane:
    """How much light falls on each pixel, 0..1.3, from the control's own shading or from a drawing's planes."""
    if scene.is_drawing:
        return _drawn_shading(scene)
    low, high = percentiles(scene.subject_luma(), 3, 92)
    low *= 0.6
    shade = (scene.luma - np.float32(low)) / np.float32(max(high - low, 0.12))
    np.clip(shade, 0, 1.15, out=shade)
    if scene.plan.setting == "interior":
        # Walls throw light back at one another, and at the ceiling, which clay renders often leave out.
        return shade * (np.float32(1 - BOUNCED) * shade + np.float32(BOUNCED))
    return shade * shade


def _photo_light(scene: Scene) -> tuple[Plane, Plane]:
    """A photo keeps its shading: the sun only adds where it was already light."""
    sunlit = smoothstep(0.25, 0.75, blur(scene.luma, 3 * scene.unit))
    sunlit *= np.float32(0.55)
    sunlit += np.float32(0.45)
    sunlit *= _across(scene)
    sunlit *= np.float32(1.31)
    return sunlit, np.full(scene.shape, 1.56, np.float32)


def _form_light(scene: Scene) -> tuple[Plane, Plane]:
    shade = shading(scene)
    sunlit = shade * _across(scene)
    sunlit += _relief(scene)
    np.clip(sunlit, 0, 1.3, out=sunlit)
    skylit = _occlusion(scene) * np.float32(0.55)
    np.sqrt(shade, out=shade)
    cv2.scaleAdd(shade, 0.45, skylit, dst=skylit)
    return sunlit, skylit


def _across(scene: Scene) -> Plane:
    """A gentle ramp across the picture, brighter on the side of the light."""
    ramp: Plane = np.float32(0.32 * scene.light_side) * (scene.columns() - np.float32(0.5))
    return ramp + np.float32(1) - np.float32(0.05) * scene.rows()


def _relief(scene: Scene) -> Plane:
    """An emboss towards the light, which gives even clay its edges."""
    smooth = blur(scene.luma, 2.2 * scene.unit)
    relief = smooth - shifted(smooth, int(3 * scene.unit), -int(4 * scene.unit) * scene.light_side)
    relief *= np.float32(1.2)
    return np.clip(relief, -0.12, 0.12, out=relief)


def _occlusion(scene: Scene) -> Plane:
    """Ambient occlusion as a multi-scale unsharp mask of luma (Luft et al. 2006)."""
    occlusion = np.ones(scene.shape, np.float32)
    for radius, strength in ((10, 2.2), (36, 1.2)):
        well = blur(scene.luma, radius * scene.unit) - scene.luma
        np.maximum(well, 0, out=well)
        cv2.scaleAdd(well, -strength, occlusion, dst=occlusion)
    return np.clip(occlusion, 0.35, 1, out=occlusion)


def _drawn_shading(scene: Scene) -> Plane:
    """A drawing's regions as planes turned to or from the light, darker near ink (after Lumo, Johnston 2002)."""
    regions, edges = scene.analysis.regions, scene.analysis.edges
    height, width = edges.shape
    tone = np.full(regions.count, 0.86)
    # The same for every seed: one that moves the sun must not turn the walls.
    variation = stage_rng(0, "planes").uniform(-0.10, 0.06, regions.count)
    tone += variation * (regions.area < 0.15)
    tone += 0.14 * scene.light_side * (0.5 - regions.centre_x) * (regions.area > 0.005)
    tone[regions.centre_y > 0.62] -= 0.05
    planes = tone.astype(np.float32)[regions.labels]
    inside = 1 - np.exp(-cv2.distanceTransform((edges == 0).astype(np.uint8), cv2.DIST_L2, 5) / 10)
    ink = edges.astype(np.float32)
    occluded = (blur(ink, 4) + blur(ink, 14)) * np.float32(0.5)
    x = np.linspace(0, 1, width, dtype=np.float32)[None]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    pool = np.exp(-(((x - scene.sun[0]) ** 2) * 2.2 + ((y - 0.42) ** 2) * 2.6))
    shade = planes * (np.float32(0.62) + np.float32(0.12) * inside + np.float32(0.42) * pool) - occluded
    shade = resize(cv2.GaussianBlur(np.clip(shade, 0.05, 1.1), (0, 0), 0.7), scene.shape)
    shade *= np.float32(0.5) + np.float32(0.5) * np.clip(scene.luma * np.float32(1.05), 0, 1)
    return shade
