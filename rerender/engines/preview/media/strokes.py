"""What several drawn media share: paper grain, hatching, the tone to draw, the Kuwahara filter."""

from __future__ import annotations

import math

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, Planes, blur, fbm, luminance, percentiles
from rerender.engines.preview.room import line_segments
from rerender.engines.preview.scene import Scene

LONGEST_RULED = 40
RULED_FROM = 0.06
"""A straight edge is ruled when it is at least this share of the long side."""
LIES_ON_LINES = 0.6
"""And when this share of it lies on a structure line."""


def paper_grain(scene: Scene, amount: float) -> Plane:
    """Paper relief around 0, within about ± half of `amount`."""
    rng = scene.rng("paper")
    grain = fbm(scene.shape, 150, 3, rng, gain=0.8)
    cv2.scaleAdd(fbm(scene.shape, 24, 2, rng), 0.5, grain, dst=grain)
    grain -= np.float32(0.75)
    grain *= np.float32(amount)
    return grain


def tooth(scene: Scene) -> Plane:
    """The fine relief that breaks up a dry stroke, mean 0, deviation 1."""
    return standardised(fbm(scene.shape, 260, 2, scene.rng("tooth"), gain=0.9))


def hatching(scene: Scene, stage: str, angle: float, frequency: float) -> Plane:
    """Strokes at `angle` degrees as noise of mean 0 and deviation 1 (in the spirit of Praun et al. 2001)."""
    height, width = scene.shape
    diagonal = int(math.hypot(height, width)) + 4
    noise = fbm((diagonal, diagonal), 16, 2, scene.rng(stage), stretch=(1, frequency * 6 / 16), gain=0.8)
    turn: Plane = cv2.getRotationMatrix2D((diagonal / 2, diagonal / 2), angle, 1)
    turn[:, 2] -= ((diagonal - width) / 2, (diagonal - height) / 2)
    strokes: Plane = cv2.warpAffine(noise, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    return standardised(strokes)


def turned_strokes(scene: Scene, stage: str, angle: float, frequency: float) -> Plane:
    """`hatching` in broad strokes: no fine bristle marks."""
    return standardised(blur(hatching(scene, stage, angle, frequency), 1.5 * scene.unit))


def standardised(plane: Plane) -> Plane:
    """The plane at mean 0 and deviation 1. In place."""
    plane -= plane.mean()
    plane /= plane.std() + np.float32(1e-6)
    return plane


def posterised(luma: Plane, steps: int, sharpness: float) -> Plane:
    """Lightness in levels 1 / `steps` apart; a higher `sharpness` makes harder borders (Winnemöller et al. 2006)."""
    scaled: Plane = luma * np.float32(steps)
    level = np.floor(scaled)
    scaled -= level
    scaled -= np.float32(0.5)
    scaled *= np.float32(sharpness)
    np.tanh(scaled, out=scaled)
    scaled *= np.float32(0.5)
    scaled += level
    scaled += np.float32(0.5)
    scaled *= np.float32(1 / steps)
    return scaled


def construction_lines(scene: Scene, overshoot: float) -> Plane:
    """The control's long straight edges, ruled past their ends by up to `overshoot` units, 1 where there is one."""
    segments = line_segments(scene.analysis.luma)
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    longest = np.argsort(-length, kind="stable")[:LONGEST_RULED]
    longest = longest[length[longest] > RULED_FROM * max(scene.analysis.luma.shape)]
    scale = max(scene.shape) / max(scene.analysis.luma.shape)
    rng = scene.rng("ruler")
    sheet = np.zeros(scene.shape, np.uint8)
    for x0, y0, x1, y1 in segments[longest] * scale:
        if _support(scene.lines, x0, y0, x1, y1) < LIES_ON_LINES:
            continue
        step = np.array([x1 - x0, y1 - y0]) / max(1e-3, math.hypot(x1 - x0, y1 - y0)) * overshoot * scene.unit
        first, last = rng.uniform(0.3, 1.0, 2)
        start, end = np.array([x0, y0]) - step * first, np.array([x1, y1]) + step * last
        ends = [tuple(round(float(part) * 16) for part in point) for point in (start, end)]
        cv2.line(sheet, ends[0], ends[1], 255, max(1, round(scene.unit)), cv2.LINE_AA, 4)
    return sheet.astype(np.float32) * np.float32(1 / 255)


def _support(lines: Plane, x0: float, y0: float, x1: float, y1: float) -> float:
    """How much of a segment lies on a structure line, 0 to 1."""
    height, width = lines.shape
    rows = np.clip(np.rint(np.linspace(y0, y1, 32)).astype(int), 0, height - 1)
    columns = np.clip(np.rint(np.linspace(x0, x1, 32)).astype(int), 0, width - 1)
    return float(np.mean(lines[rows, columns] > 0.2))


def drawn_lightness(scene: Scene, picture: Planes) -> Plane:
    """The lightness that a draughtsman would draw: the control's, evened out, with sky and ground left light."""
    tone = luminance(picture)
    if not scene.is_drawing:
        tone *= np.float32(0.45)
        cv2.scaleAdd(scene.luma, 0.55, tone, dst=tone)
    if scene.is_drawing:
        # Its regions are coloured by guess: as tone they count half, or a dark rug becomes a black hole.
        tone += (np.float32(0.85) - tone) * np.float32(0.55)
        return np.clip(tone, 0, 1, out=tone)
    low, high = percentiles(tone[::4, ::4], 2, 96)
    # An even picture is paper, not a black sheet.
    low = min(low, high - 0.25)
    tone -= np.float32(low)
    tone *= np.float32(1 / (high - low))
    np.clip(tone, 0, 1, out=tone)
    if scene.is_photo:
        tone /= blur(tone, 40 * scene.unit) * np.float32(0.9) + np.float32(0.28)
        np.clip(tone, 0, 1.15, out=tone)
        tone = np.power(tone / np.float32(1.15), np.float32(0.8))
    tone = blur(tone, 1.2 * scene.unit)
    tone += (1 - tone) * np.float32(0.45) * scene.mask("ground")
    far = (
        scene.mask("sky") if scene.outdoors or scene.plan.setting == "product" else scene.mask("sky") * np.float32(0.4)
    )
    tone += (np.float32(0.88) + np.float32(0.12) * tone - tone) * far
    return np.clip(tone, 0, 1, out=tone)


def kuwahara(picture: Planes, radius: int) -> Planes:
    """Flatten into patches with crisp edges: four box sectors, weighted against variance (after Papari et al. 2007)."""
    height, width = picture.shape[1:]
    luma = luminance(picture)
    # One box filter serves all four sectors: each is the same window, read from another place.
    spread, *means = (_boxes(plane, radius) for plane in (luma * luma, luma, *picture))
    spread -= means[0] * means[0]
    np.maximum(spread, 0, out=spread)
    spread *= 4000
    spread += np.float32(0.02)
    np.reciprocal(spread, out=spread)
    spread *= spread
    spread *= spread
    result, total = np.zeros_like(picture), np.zeros_like(luma)
    for top, left in ((0, 0), (0, radius), (radius, 0), (radius, radius)):
        sector = np.s_[top : top + height, left : left + width]
        for plane, mean in zip(result, means[1:], strict=True):
            plane += mean[sector] * spread[sector]
        total += spread[sector]
    result /= total
    return result


def _boxes(plane: Plane, radius: int) -> Plane:
    """The mean of the square of `radius` + 1 pixels that starts at each pixel, from `radius` pixels outside on."""
    padded = cv2.copyMakeBorder(plane, radius, radius, radius, radius, cv2.BORDER_REFLECT_101)
    boxes: Plane = cv2.blur(padded, (radius + 1, radius + 1), anchor=(0, 0))
    return boxes
