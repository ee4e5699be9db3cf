"""What shines or reflects: glass by day, lit windows and lamps at dusk and night."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import (
    Plane,
    Planes,
    add_into,
    blur,
    coarse_fbm,
    linear,
    mix_into,
    percentiles,
    resize,
    smoothstep,
)
from rerender.engines.preview.light import LAMPLIGHT, light_of
from rerender.engines.preview.plan import from_hex
from rerender.engines.preview.scene import Scene
from rerender.engines.preview.slot_codes import GLASS

LAMP_BULB = linear(from_hex("#ffcb7a"))
DARK_PANE = linear(from_hex("#24323a"))
DAY_OUTSIDE = linear(from_hex("#cfe3f2"))
DIM_OUTSIDE = 0.6
MANY_WINDOWS = 9
LIT_SHARE = 0.7
# How much brighter than by day the glass next to the ground is while the sun is low.
LOW_SUN = 1.0


def light_lamps(scene: Scene, colours: Planes, picture: Planes) -> Planes:
    """Add windows and lamps to the lit picture; `colours` are the base colours that their light falls on."""
    if scene.plan.setting == "interior":
        _window_view(scene, colours, picture)
        _room_lamps(scene, colours, picture)
    elif light_of(scene).emission > 0:
        _lit_windows(scene, colours, picture)
    elif "glass" in scene.masks and not scene.is_photo:
        _reflecting_glass(scene, picture, scene.mask("glass"), 0.8)
    return picture


def _lit_windows(scene: Scene, colours: Planes, picture: Planes) -> None:
    """Windows shine with their own light and light what is around them, at two scales."""
    glass = _photo_windows(scene) if scene.is_photo else scene.mask("glass")
    emission = light_of(scene).emission
    if not glass.any() or (scene.is_photo and emission < 0.5):
        return
    glow = glass * (np.float32(0.7) + np.float32(0.3) * coarse_fbm(scene.shape, 24, 2, scene.rng("windows")))
    local: Plane
    if scene.is_photo:
        local = np.clip(0.25 + 0.75 * scene.luma / (blur(scene.luma, 8 * scene.unit) + 0.06), 0.2, 1.6)
    else:
        lit = _somebody_home(scene)
        # Lamps outshine the sky in a pane after dark; while the sun is up they only warm it.
        _reflecting_glass(scene, picture, glass * (1 - np.minimum(lit * np.float32(2 * emission), 1)), 0.9)
        glow *= lit
        local = np.float32(0.35) + np.float32(0.65) * np.clip(scene.luma + np.float32(0.25), 0, 1)
    glow *= np.float32(emission)
    mix_into(picture, (0, 0, 0), np.minimum(glow, 1) * np.float32(0.6))
    add_into(picture, LAMPLIGHT, glow * local * np.float32(0.9))
    halo = blur(glow, 26 * scene.unit)
    halo += blur(glow, 90 * scene.unit) * np.float32(0.8)
    halo *= np.float32(0.9)
    for plane, colour, light in zip(picture, colours, LAMPLIGHT, strict=True):
        plane += colour * halo * np.float32(light)


def _somebody_home(scene: Scene) -> Plane:
    """How brightly each window is lit, 0..1.1: in a house all of them, in a large building here and there one not."""
    panes = (scene.slots.codes == GLASS).astype(np.uint8)
    windows = cv2.morphologyEx(panes, cv2.MORPH_CLOSE, np.ones((7, 5), np.uint8))
    count, labels = cv2.connectedComponents(windows, connectivity=4)
    rng = scene.rng("somebody home")
    strength = rng.uniform(0.5, 1.1, count).astype(np.float32)
    if count > MANY_WINDOWS:
        strength[rng.random_sample(count) > LIT_SHARE] = 0.06
    else:
        strength = np.maximum(strength, np.float32(0.85))
    strength[0] = 0
    return resize(cv2.dilate(strength[labels], np.ones((7, 7), np.uint8)), scene.shape)


def _photo_windows(scene: Scene) -> Plane:
    """A photo's windows are a guess: dark boxes of the subject, none near the foot of the picture."""
    if not scene.slots.sky_sure:
        return np.zeros(scene.shape, np.float32)
    dark = smoothstep(0.50, 0.28, blur(scene.luma, 2 * scene.unit))
    dark *= scene.mask("glass")
    dark *= smoothstep(0.8, 0.72, scene.rows())
    return dark


def _reflecting_glass(scene: Scene, picture: Planes, glass: Plane, strength: float) -> None:
    """A pane mirrors the sky above, with its clouds, and is dark below, but for the glow of a low sun."""
    light, down = light_of(scene), _down_the_glass(scene)
    bright = np.clip(1 - scene.rows() * np.float32(1.1), 0, 1) * np.float32(0.55)
    if light.emission:
        bright += down * np.float32(LOW_SUN * light.glow)
    bright = bright + (coarse_fbm(scene.shape, 9, 2, scene.rng("reflection")) - np.float32(0.5)) * np.float32(0.5)
    np.clip(bright, 0.03, 1, out=bright)
    bright *= np.float32(0.35) + np.float32(0.65) * scene.luma
    glass = glass * np.float32(strength)
    for plane, sky, dark in zip(picture, zip(*light.sky, strict=True), DARK_PANE, strict=True):
        reflection = bright * np.interp(down, (0, 0.5, 1), sky).astype(np.float32)
        reflection += np.float32(0.3 * dark)
        reflection -= plane
        reflection *= glass
        plane += reflection


def _down_the_glass(scene: Scene) -> Plane:
    """(H, 1): from 0 at the highest pane to 1 at the lowest, along which the mirrored sky goes to its horizon."""
    glazed = np.nonzero(scene.slots.codes == GLASS)[0] / scene.slots.codes.shape[0]
    top, bottom = percentiles(glazed, 2, 98) if glazed.size else (0.0, 1.0)
    return smoothstep(float(top), float(bottom) + 1e-3, scene.rows())


def _window_view(scene: Scene, colours: Planes, picture: Planes) -> None:
    """What a room's windows show, and the daylight that they let in."""
    if "glass" not in scene.masks:
        return
    light = light_of(scene)
    dark = scene.plan.time in ("night", "dusk")
    glass = scene.mask("glass") * np.float32(0.93)
    lightness = np.float32(0.3) + np.float32(0.7) * scene.luma
    lightness *= np.float32(1 - DIM_OUTSIDE * min(1.0, scene.mood("moody")))
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
