"""Watercolour."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, Planes, blur, fbm, luminance, resize, saturate, smoothstep
from rerender.engines.preview.media.strokes import kuwahara, paper_grain
from rerender.engines.preview.scene import Scene

PAPER = (0.985, 0.975, 0.95)
LINE = (0.22, 0.20, 0.28)


def watercolor(scene: Scene, picture: Planes) -> Planes:
    """Flat washes whose pigment gathers at edges and in the paper's grain (Bousseau et al. 2006), on ragged paper."""
    flat = kuwahara(picture, max(3, int(6 * scene.unit)))
    x, y = _wobble(scene)
    washes: Planes = np.stack(
        [cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT) for plane in flat]
    )
    saturate(washes, 1.25)
    washes *= np.float32(0.87)
    washes += np.float32(0.165)
    np.clip(washes, 0, 1, out=washes)
    grain = paper_grain(scene, 0.55)
    density = _pigment(scene, washes, grain)
    lines: Plane = cv2.remap(scene.lines, x, y, cv2.INTER_LINEAR)
    lines *= np.float32(0.5) + np.float32(0.9) * np.clip(grain + np.float32(0.5), 0, 1)
    lines *= np.float32(0.6 if scene.is_drawing else 0.42)
    for plane, colour in zip(washes, LINE, strict=True):
        plane -= (plane - plane * plane) * density
        plane *= 1 - lines * np.float32(1 - colour)
    return _on_paper(scene, washes, grain)


def _wobble(scene: Scene) -> tuple[Plane, Plane]:
    """Where each pixel is taken from: a hand that is not quite steady."""
    height, width = scene.shape
    rng = scene.rng("wobble")
    half = (height // 2 + 1, width // 2 + 1)
    amount = np.float32(2.0 * scene.unit)
    shifts = [resize(fbm(half, 16, 2, rng) - np.float32(0.5), scene.shape) * amount for _ in range(2)]
    shifts[0] += np.arange(width, dtype=np.float32)[None]
    shifts[1] += np.arange(height, dtype=np.float32)[:, None]
    return shifts[0], shifts[1]


def _pigment(scene: Scene, washes: Planes, grain: Plane) -> Plane:
    """How much more pigment than average lies here: turbulent flow, granulation, dark rims."""
    luma = luminance(washes)
    rim = cv2.GaussianBlur(luma, (0, 0), max(0.3, 1.2 * scene.unit))
    rim = np.abs(rim - blur(rim, 5 * scene.unit))
    density: Plane = np.clip(rim * 5, 0, 0.7)
    density += (fbm(scene.shape, 4, 5, scene.rng("wash")) - np.float32(0.5)) * np.float32(1.15)
    density += grain * np.float32(1.15) * (1 - np.float32(0.5) * luma)
    return density


def _on_paper(scene: Scene, washes: Planes, grain: Plane) -> Planes:
    """The painted area ends in a ragged edge a little inside the paper."""
    height, width = scene.shape
    x = np.minimum(np.arange(width), np.arange(width)[::-1]).astype(np.float32)[None]
    y = np.minimum(np.arange(height), np.arange(height)[::-1]).astype(np.float32)[:, None]
    inside = np.minimum(x, y) / np.float32(max(scene.shape))
    inside += (fbm(scene.shape, 7, 5, scene.rng("paper edge")) - np.float32(0.5)) * np.float32(0.055)
    painted = smoothstep(0.018, 0.026, inside)
    rim = 1 - np.float32(0.10) * np.exp(-(((inside - np.float32(0.027)) / np.float32(0.004)) ** 2))
    relief = 1 + grain * np.float32(0.06)
    for plane, white in zip(washes, PAPER, strict=True):
        paper = relief * np.float32(white)
        plane *= rim
        plane *= paper
        plane -= paper
        plane *= painted
        plane += paper
    return washes
