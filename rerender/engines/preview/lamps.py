"""What shines or reflects: glass by day, lit windows and lamps at dusk and night."""

from __future__ import annotations

import numpy as np

from rerender.engines.preview.fields import (
    Plane,
    Planes,
    add_into,
    blur,
    coarse_fbm,
    from_hex,
    linear,
    mix_into,
    smoothstep,
)
from rerender.engines.preview.light import LAMPLIGHT, light_of
from rerender.engines.preview.scene import Scene

LAMP_BULB = linear(from_hex("#ffcb7a"))
DARK_PANE = linear(from_hex("#24323a"))
DAY_OUTSIDE = linear(from_hex("#cfe3f2"))


def light_lamps(scene: Scene, colours: Planes, picture: Planes) -> Planes:
    """Add windows and lamps to the lit picture; `colours` are the base colours that their light falls on."""
    if scene.plan.setting == "interior":
        _window_view(scene, colours, picture)
        _room_lamps(scene, colours, picture)
    elif light_of(scene).emission > 0:
        _lit_windows(scene, colours, picture)
    elif "glass" in scene.masks and not scene.is_photo:
        _reflecting_glass(scene, picture)
    return picture


def _lit_windows(scene: Scene, colours: Planes, picture: Planes) -> None:
    """Windows shine with their own light and light what is around them, at two scales."""
    glass = _photo_windows(scene) if scene.is_photo else scene.mask("glass")
    emission = light_of(scene).emission
    if not glass.any() or (scene.is_photo and emission < 0.5):
        return
    glow = glass * (np.float32(0.55) + np.float32(0.45) * coarse_fbm(scene.shape, 10, 2, scene.rng("windows")))
    glow *= np.float32(emission)
    local: Plane
    if scene.is_photo:
        local = np.clip(0.25 + 0.75 * scene.luma / (blur(scene.luma, 8 * scene.unit) + 0.06), 0.2, 1.6)
    else:
        local = np.float32(0.35) + np.float32(0.65) * np.clip(scene.luma + np.float32(0.25), 0, 1)
    mix_into(picture, (0, 0, 0), glass * np.float32(0.6))
    add_into(picture, LAMPLIGHT, glow * local * np.float32(0.9))
    halo = blur(glow, 26 * scene.unit)
    halo += blur(glow, 90 * scene.unit) * np.float32(0.8)
    halo *= np.float32(0.9)
    for plane, colour, light in zip(picture, colours, LAMPLIGHT, strict=True):
        plane += colour * halo * np.float32(light)


def _photo_windows(scene: Scene) -> Plane:
    """A photo's windows are a guess: dark boxes of the subject, none near the foot of the picture."""
    if not scene.slots.sky_sure:
        return np.zeros(scene.shape, np.float32)
    dark = smoothstep(0.50, 0.28, blur(scene.luma, 2 * scene.unit))
    dark *= scene.mask("glass")
    dark *= smoothstep(0.8, 0.72, scene.rows())
    return dark


def _reflecting_glass(scene: Scene, picture: Planes) -> None:
    """By day a pane mirrors the sky above and is dark below."""
    glass = scene.mask("glass") * np.float32(0.8)
    _, middle, _ = light_of(scene).sky
    height = np.clip(1 - scene.rows() * np.float32(1.1), 0, 1) * np.float32(0.55)
    lightness = np.float32(0.35) + np.float32(0.65) * scene.luma
    reflection = np.stack(
        [(height * m + np.float32(0.35 * d)) * lightness for m, d in zip(middle, DARK_PANE, strict=True)]
    )
    mix_into(picture, reflection, glass)


def _window_view(scene: Scene, colours: Planes, picture: Planes) -> None:
    """What a room's windows show, and the daylight that they let in."""
    if "glass" not in scene.masks:
        return
    light = light_of(scene)
    dark = scene.plan.time in ("night", "dusk")
    glass = scene.mask("glass") * np.float32(0.93)
    lightness = np.float32(0.3) + np.float32(0.7) * scene.luma
    if scene.plan.time in ("indoor", "studio", "day", "overcast"):
        outside = [(np.float32(1.1) - np.float32(0.3) * scene.rows()) * value * lightness for value in DAY_OUTSIDE]
    else:
        falling = np.clip(scene.rows() * 2, 0, 1)
        top, middle, _ = light.sky
        outside = [
            (t + (m - t) * falling) * lightness * np.float32(0.8 if dark else 1.0)
            for t, m in zip(top, middle, strict=True)
        ]
    mix_into(picture, np.stack(outside), glass)
    if dark:
        return
    spill = blur(scene.mask("glass"), 70 * scene.unit)
    spill += blur(scene.mask("glass"), 22 * scene.unit) * np.float32(0.5)
    spill *= np.float32(0.55) * (1 - scene.mask("glass"))
    for plane, colour, sun in zip(picture, colours, light.sun, strict=True):
        plane += colour * spill * np.float32(sun)


def _room_lamps(scene: Scene, colours: Planes, picture: Planes) -> None:
    """Lamps burn at night, dusk and golden hour, or in a warm or moody room, and light the room around them."""
    dark = scene.plan.time in ("night", "dusk")
    asked = scene.mood("warm") or scene.mood("moody") or scene.plan.time == "golden_hour"
    if "lamp" not in scene.masks or not (dark or asked):
        return
    shine = scene.mask("lamp") * np.float32(1.0 if dark else 0.75)
    halo = blur(shine, 22 * scene.unit) * np.float32(2.2)
    halo += blur(shine, 85 * scene.unit) * np.float32(3.4)
    halo += blur(shine, 200 * scene.unit) * np.float32(3.0)
    halo *= np.float32(1.15 if dark else 0.55) * (np.float32(0.4) + np.float32(0.6) * scene.luma)
    mix_into(picture, (0, 0, 0), shine * np.float32(0.5))
    add_into(picture, LAMP_BULB, shine * (np.float32(0.52) + np.float32(0.98) * scene.luma))
    for plane, colour, lamp in zip(picture, colours, LAMP_BULB, strict=True):
        plane += colour * halo * np.float32(lamp)
