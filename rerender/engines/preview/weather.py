"""Fog, rain and snow. Depth is a guess from the picture alone: sky far, ground nearer row by row, subject near."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import (
    Bytes,
    Plane,
    Planes,
    add_into,
    blur,
    fbm,
    luminance,
    mix_into,
    shifted,
    smoothstep,
)
from rerender.engines.preview.light import light_of
from rerender.engines.preview.reflections import mirror_in_water, wet_ground
from rerender.engines.preview.scene import Scene

NIGHT_FOG = (0.026, 0.048, 0.15)


def weather(scene: Scene, picture: Planes) -> Planes:
    """Lay snow, wet the ground, then veil all in haze and fog. Streaks and flakes come later, in `precipitation`."""
    if scene.weather("snow") > 0:
        _snow(scene, picture, scene.weather("snow"))
    elif scene.plan.surfaces["ground"].material == "water":
        mirror_in_water(scene, picture)
    if scene.weather("rain") > 0:
        wet_ground(scene, picture, scene.weather("rain"))
    if scene.outdoors:
        _haze(scene, picture)
    _fog(scene, picture)
    return picture


def precipitation(scene: Scene, picture: Planes) -> Planes:
    """Rain streaks or snow flakes over the finished picture, except on technical and line drawings."""
    if scene.plan.medium in ("pencil", "coloured_pencil", "ink", "charcoal", "blueprint", "clay"):
        return picture
    if scene.weather("rain") > 0:
        streaks = _streaks(scene)
        picture *= np.float32(1 - 0.06 * min(1.0, scene.weather("rain")))
        add_into(picture, (0.32, 0.32, 0.33), streaks * np.float32(min(1.5, scene.weather("rain"))))
    if scene.weather("snow") > 0:
        mix_into(picture, (0.97, 0.98, 1.0), _flakes(scene, scene.weather("snow")))
    return picture


def _depth(scene: Scene) -> Plane:
    horizon = np.float32(scene.slots.horizon)
    rows = scene.rows()
    sky, ground = scene.mask("sky"), scene.mask("ground")
    far = np.float32(0.55) + np.float32(0.45) * np.clip(rows / horizon, 0, 1)
    along = np.float32(0.8) * np.clip(1 - (rows - horizon) / (1 - horizon + np.float32(1e-4)), 0, 1)
    standing = np.float32(0.26) + np.float32(0.22) * np.clip(1 - rows / max(horizon, np.float32(0.2)), 0, 1)
    return blur(sky * far + ground * along + (1 - np.clip(sky + ground, 0, 1)) * standing, 4 * scene.unit)


def _fog(scene: Scene, picture: Planes) -> None:
    amount = scene.weather("fog")
    if scene.plan.weather.get("fog") != 0:
        amount = max(amount, 0.16 * scene.weather("rain"), 0.10 * scene.weather("snow"))
        if scene.outdoors and scene.plan.time in ("golden_hour", "dawn"):
            amount = max(amount, 0.05)
    if amount <= 0:
        return
    reduced = (scene.shape[0] // 4 + 1, scene.shape[1] // 4 + 1)
    banks = cv2.resize(fbm(reduced, 3, 4, scene.rng("fog"), stretch=(1, 2.5)), scene.shape[::-1])
    veil = _depth(scene)
    np.clip(veil, 0, 1, out=veil)
    veil *= np.float32(0.55) + np.float32(0.9) * banks
    veil *= np.float32(-1.9 * amount)
    np.expm1(veil, out=veil)
    np.negative(veil, out=veil)
    if light_of(scene).emission >= 1:
        # A lit window shines through.
        veil *= 1 - np.float32(0.6) * smoothstep(0.12, 0.5, luminance(picture))
    _, middle, horizon = light_of(scene).sky
    colour = [0.75 * h + 0.2 * m for h, m in zip(horizon, middle, strict=True)]
    mix_into(picture, NIGHT_FOG if scene.plan.time == "night" else colour, veil)


def _haze(scene: Scene, picture: Planes) -> None:
    """Where the ground meets the sky it takes the horizon's colour; a low sun lights the air around it."""
    light = light_of(scene)
    if scene.plan.time != "night" and "ground" in scene.masks and not scene.is_photo:
        band = np.exp(np.clip(scene.rows() - np.float32(scene.slots.horizon), 0, 1) * np.float32(-26))
        mix_into(picture, [0.8 * value for value in light.sky[2]], scene.mask("ground") * band * np.float32(0.6))
    if light.glow > 0.3:
        x = scene.columns() - np.float32(scene.sun[0])
        y = scene.rows() - np.float32(scene.slots.horizon * 0.82)
        glow = np.exp((x * x + y * y * np.float32(1.4)) * np.float32(-5)) * np.float32(0.10 * light.glow)
        add_into(picture, light.sun, glow)


def _snow(scene: Scene, picture: Planes, amount: float) -> None:
    """Caps on silhouettes, roofs and ledges, and a white ground, broken by noise."""
    sky = scene.mask("sky")
    unit = scene.unit
    cap = shifted(sky, max(1, int(7 * unit)), 0) * (1 - sky)
    cover = np.clip(cap * np.float32(1.2), 0, 1)
    ground = scene.mask("ground")
    if scene.is_photo:
        # Much of a photo's ground is trees: snow lies on what catches the light, between it leaves show.
        ground = ground * smoothstep(0.12, 0.42, blur(scene.luma, 2 * unit))
    np.maximum(cover, ground, out=cover)
    np.maximum(cover, scene.mask("roof"), out=cover)
    crowns = scene.mask("vegetation") * smoothstep(0.45, 0.75, blur(scene.luma, 6 * unit))
    np.maximum(cover, crowns * np.float32(0.75), out=cover)
    np.maximum(cover, _ledges(scene) * (1 - sky) * (1 - scene.mask("glass")) * np.float32(0.8), out=cover)
    cover *= np.float32(min(1.2, 0.55 + 0.5 * amount))
    cover += (fbm(scene.shape, 30, 3, scene.rng("snow")) - np.float32(0.5)) * np.float32(0.35)
    cover = smoothstep(0.38, 0.72, cover)
    cover *= np.float32(0.94)
    light = light_of(scene)
    dark = np.float32(0.62 if scene.is_photo else 0.35)
    shade = (dark + (1 - dark) * np.clip(scene.luma * np.float32(1.15), 0, 1)) * np.float32(0.78)
    for plane, white, sun, ambient in zip(picture, (0.90, 0.94, 1.0), light.sun, light.ambient, strict=True):
        lit = white * (sun * light.sun_strength + ambient * light.ambient_strength)
        plane += (shade * np.float32(lit) - plane) * cover


def _ledges(scene: Scene) -> Plane:
    """Edges that are lighter below than above: what faces up."""
    down = cv2.Sobel(blur(scene.luma, 1.2 * scene.unit), cv2.CV_32F, 0, 1, ksize=3)
    size = max(1, int(3 * scene.unit))
    return cv2.dilate(np.clip(down * 5 - np.float32(0.12), 0, 1), np.ones((size, size), np.uint8))


def _streaks(scene: Scene) -> Plane:
    unit = scene.unit
    height, width = scene.shape
    rng = scene.rng("rain")
    drops = np.zeros(scene.shape, np.float32)
    count = int(0.0022 * 1024 * 1024 * height * width / max(scene.shape) ** 2)
    # Drop by drop, so that a size with one more of them moves none of the others.
    rows, columns = (rng.random_sample((count, 2)) * scene.shape).astype(int).T
    drops[rows, columns] = 1
    length = max(5, int(34 * unit))
    kernel = np.zeros((length, length), np.float32)
    cv2.line(kernel, (int(length * 0.62), 0), (int(length * 0.38), length - 1), 1.0, 1, cv2.LINE_AA)
    kernel *= 6 / kernel.sum()
    return np.clip(cv2.filter2D(drops, -1, kernel), 0, 0.5)


def _flakes(scene: Scene, amount: float) -> Plane:
    """Three layers of flakes, the near ones large and out of focus."""
    height, width = scene.shape
    rng = scene.rng("flakes")
    layers = np.zeros(scene.shape, np.uint8)
    for count, radius, opacity in ((520, 1.2, 150), (170, 2.4, 170), (36, 5.5, 120)):
        layer: Bytes = np.zeros(scene.shape, np.uint8)
        number = int(count * min(amount, 1.6))
        places = zip(rng.random_sample(number), rng.random_sample(number), rng.uniform(0.6, 1.3, number), strict=True)
        for x, y, scale in places:
            size = max(8, int(radius * scale * scene.unit * 16))
            cv2.circle(layer, (int(x * width * 16), int(y * height * 16)), size, opacity, -1, cv2.LINE_AA, 4)
        if radius > 2:
            layer = cv2.GaussianBlur(layer, (0, 0), max(0.3, radius * scene.unit * 0.45))
        np.maximum(layers, layer, out=layers)
    return layers.astype(np.float32) / np.float32(255)
