"""What lies behind the subject: a sky with clouds, sun or stars outdoors, a studio backdrop behind a product."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.base_colour import surface_colour
from rerender.engines.preview.fields import (
    Plane,
    Planes,
    add_into,
    blur,
    fbm,
    linear,
    mix_into,
    resize,
    shifted,
    smoothstep,
)
from rerender.engines.preview.light import Light, light_of
from rerender.engines.preview.scene import Scene

# A sky is smooth: it is drawn on this long side and enlarged.
SKY_SIDE = 640


def put_behind(scene: Scene, picture: Planes) -> Planes:
    """Put the sky or the backdrop where the control has one, with a little of its light on the silhouette."""
    if "sky" not in scene.masks:
        return picture
    if scene.plan.setting == "product":
        mix_into(picture, backdrop(scene), scene.mask("sky"))
        return picture
    if not scene.outdoors or scene.keeps_its_light:
        return picture
    behind = sky(scene)
    mask = scene.mask("sky")
    mix_into(picture, behind, mask)
    wrap = np.clip(blur(mask, 5 * scene.unit) - mask, 0, 1) * (1 - mask)
    wrap *= np.float32(0.18)
    for plane, light in zip(picture, behind, strict=True):
        plane += light * wrap
    return picture


def sky(scene: Scene) -> Planes:
    """A gradient with domain-warped clouds, the sun's glow, stars at night. Linear (3, H, W)."""
    height, width = scene.shape
    scale = min(1.0, SKY_SIDE / max(scene.shape))
    small = max(8, round(height * scale)), max(8, round(width * scale))
    light = light_of(scene)
    planes = _gradient(small, scene.slots.horizon, light)
    named = scene.plan.surfaces["sky"].colour
    if named is not None:
        planes *= np.float32(0.35)
        add_into(planes, [0.65 * value for value in linear(named)], np.ones(small, np.float32))
    cover = _clouds(scene, small, planes, light)
    _sun(scene, planes, light)
    planes = np.stack([resize(plane, scene.shape) for plane in planes])
    if scene.plan.time in ("night", "dusk"):
        add_into(planes, (1, 1, 1), _stars(scene) * (1 - resize(cover, scene.shape)) * np.float32(0.8))
    return planes


def _gradient(shape: tuple[int, int], horizon: float, light: Light) -> Planes:
    """Top, middle and horizon colours, the middle at 60 % of the way down to the horizon."""
    height, width = shape
    down = np.clip(np.arange(height, dtype=np.float32) / (height * max(horizon, 0.3)), 0, 1)
    return np.stack(
        [
            np.repeat(np.interp(down, (0, 0.6, 1), stops).astype(np.float32)[:, None], width, axis=1)
            for stops in zip(*light.sky, strict=True)
        ]
    )


def _clouds(scene: Scene, shape: tuple[int, int], planes: Planes, light: Light) -> Plane:
    """Mix clouds into the gradient, lit from the sun's side; returns their cover."""
    height, width = shape
    rng = scene.rng("sky")
    time = scene.plan.time
    amount = {"night": 0.35, "overcast": 0.95}.get(time, 0.45)
    body = fbm(shape, 4, 6, rng, stretch=(1, 2))
    patches = fbm(shape, 3, 3, rng) - np.float32(0.5)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x += (fbm(shape, 5, 4, rng) - np.float32(0.5)) * np.float32(width * 0.16)
    y += (fbm(shape, 5, 4, rng) - np.float32(0.5)) * np.float32(width * 0.07)
    body = cv2.remap(body, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    low, high = 0.60 - 0.24 * amount, 0.86 - 0.16 * amount
    cover = smoothstep(low, high, body - np.float32(0.16) * patches)
    cover *= 1 - np.float32(0.4) * np.linspace(0, 1, height, dtype=np.float32)[:, None]
    soft = cv2.GaussianBlur(body, (0, 0), 3 * max(shape) / 768)
    towards_sun = (round(9 * max(shape) / 768), round(-7 * max(shape) / 768) * scene.light_side)
    lit = np.clip(soft - shifted(soft, *towards_sun), -0.12, 0.12) * np.float32(2.6) + np.float32(0.88)
    lit -= np.float32(0.25) * smoothstep(0.6, 0.9, body)
    np.clip(lit, 0.35, 1.2, out=lit)
    strength = 1.25 if time in ("golden_hour", "dawn") else 0.45 if time == "dusk" else 1.0
    for plane, sun, middle, horizon in zip(planes, light.sun, light.sky[1], light.sky[2], strict=True):
        tint = 2.2 * middle if time == "night" else (0.75 * sun + 0.45 * horizon) * strength
        plane += (lit * np.float32(tint) - plane) * cover * np.float32(0.85)
    return cover


def _sun(scene: Scene, planes: Planes, light: Light) -> None:
    if not light.glow:
        return
    height, width = planes.shape[1:]
    x = np.arange(width, dtype=np.float32)[None] / width - np.float32(scene.sun[0])
    low = scene.plan.time in ("golden_hour", "dawn", "dusk")
    y = np.arange(height, dtype=np.float32)[:, None] / height - np.float32(
        scene.slots.horizon * (0.82 if low else 0.25)
    )
    distance = x * x + y * y * np.float32(1.6)
    glow = np.exp(distance * np.float32(-14)) * np.float32(0.5) + np.exp(distance * np.float32(-220)) * np.float32(0.8)
    add_into(planes, light.sun, glow * np.float32(light.glow))


def _stars(scene: Scene) -> Plane:
    height, width = scene.shape
    rng = scene.rng("stars")
    count = 260 if scene.plan.time == "night" else 60
    columns = rng.random_sample(count) * width
    rows = rng.random_sample(count) ** 1.3 * scene.slots.horizon * height
    brightness = rng.random_sample(count) ** 4
    stars = np.zeros(scene.shape, np.float32)
    for x, y, bright in zip(columns, rows, brightness, strict=True):
        radius = max(8, round((1.1 if bright > 0.3 else 0.6) * scene.unit * 16))
        cv2.circle(stars, (int(x * 16), int(y * 16)), radius, float(0.25 + bright), -1, cv2.LINE_AA, 4)
    return stars


def backdrop(scene: Scene) -> Planes:
    """A seamless studio paper: lighter behind the subject, turning into a floor that carries its shadow."""
    light = light_of(scene)
    colour = linear(surface_colour(scene, scene.plan.surfaces["sky"]))
    rows, columns = scene.rows(), scene.columns()
    pool = np.exp(-((columns - 0.5 - 0.18 * scene.light_side) ** 2) * 2.4 - (rows - 0.42) ** 2 * 2.2)
    floor = smoothstep(scene.slots.horizon - 0.22, 1.05, np.broadcast_to(rows, scene.shape))
    brightness = np.float32(0.52) + np.float32(0.42) * pool + np.float32(0.14) * floor
    brightness *= 1 - _cast_shadow(scene)
    lit = [s * light.sun_strength + a * light.ambient_strength for s, a in zip(light.sun, light.ambient, strict=True)]
    return np.stack([brightness * np.float32(value * shine) for value, shine in zip(colour, lit, strict=True)])


def _cast_shadow(scene: Scene) -> Plane:
    """The subject's own outline laid on the floor, softer with distance, and a dark contact where it stands."""
    height, width = scene.shape
    if scene.slots.shadow is not None:
        seen: Plane = 1 - resize(scene.slots.shadow, scene.shape)
        return np.clip(seen, 0, 0.75, out=seen)
    subject = 1 - scene.mask("sky")
    rows = np.nonzero(subject.max(axis=1) > 0.5)[0]
    if not rows.size:
        return np.zeros(scene.shape, np.float32)
    foot = float(rows[-1]) - 0.02 * height
    squash, lean = 0.22, -0.55 * scene.light_side
    matrix = np.array([[1, lean * squash, -lean * squash * foot], [0, squash, foot * (1 - squash)]], np.float32)
    laid = cv2.warpAffine(subject, matrix, (width, height), flags=cv2.INTER_LINEAR)
    shadow = blur(laid, 16 * scene.unit) * np.float32(0.42)
    low = subject * smoothstep(foot / height - 0.22, foot / height, np.broadcast_to(scene.rows(), scene.shape))
    contact = shifted(blur(low, 9 * scene.unit), int(5 * scene.unit), 0)
    shadow += contact * np.float32(0.5)
    return np.clip(shadow, 0, 0.75, out=shadow)
