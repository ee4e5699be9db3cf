"""What several drawn media share: paper grain, hatching, the tone to draw, the Kuwahara filter."""

from __future__ import annotations

import math

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, Planes, blur, fbm, luminance
from rerender.engines.preview.scene import Scene


def paper_grain(scene: Scene, amount: float) -> Plane:
    """Paper relief around 0, within about ± half of `amount`."""
    rng = scene.rng("paper")
    grain = fbm(scene.shape, 150, 3, rng, gain=0.8)
    cv2.scaleAdd(fbm(scene.shape, 24, 2, rng), 0.5, grain, dst=grain)
    grain -= np.float32(0.75)
    grain *= np.float32(amount)
    return grain


def hatching(scene: Scene, stage: str, angle: float, frequency: float) -> Plane:
    """Strokes at `angle` degrees as noise of mean 0 and deviation 1 (in the spirit of Praun et al. 2001)."""
    height, width = scene.shape
    diagonal = int(math.hypot(height, width)) + 4
    noise = fbm((diagonal, diagonal), 16, 2, scene.rng(stage), stretch=(1, frequency * 6 / 16), gain=0.8)
    turn: Plane = cv2.getRotationMatrix2D((diagonal / 2, diagonal / 2), angle, 1)
    turn[:, 2] -= ((diagonal - width) / 2, (diagonal - height) / 2)
    strokes: Plane = cv2.warpAffine(noise, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    strokes -= strokes.mean()
    strokes /= strokes.std() + np.float32(1e-6)
    return strokes


def drawing_tone(scene: Scene, picture: Planes) -> Plane:
    """The lightness that a draughtsman would draw: the control's, evened out, with sky and ground left light."""
    tone = luminance(picture)
    if not scene.is_drawing:
        tone *= np.float32(0.45)
        cv2.scaleAdd(scene.luma, 0.55, tone, dst=tone)
    if scene.is_drawing:
        # Its regions are coloured by guess: as tone they count half, or a dark rug becomes a black hole.
        tone += (np.float32(0.85) - tone) * np.float32(0.55)
        return np.clip(tone, 0, 1, out=tone)
    low, high = (float(value) for value in np.percentile(tone[::4, ::4], (2, 96)))
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
    size = (radius + 1, radius + 1)
    luma = luminance(picture)
    squared = luma * luma
    result, total = np.zeros_like(picture), np.zeros_like(luma)
    for anchor in ((0, 0), (radius, 0), (0, radius), (radius, radius)):
        weight: Plane = cv2.blur(luma, size, anchor=anchor)
        weight *= weight
        np.subtract(cv2.blur(squared, size, anchor=anchor), weight, out=weight)
        np.maximum(weight, 0, out=weight)
        weight *= 4000
        weight += np.float32(0.02)
        np.reciprocal(weight, out=weight)
        weight *= weight
        weight *= weight
        for plane, source in zip(result, picture, strict=True):
            plane += cv2.blur(source, size, anchor=anchor) * weight
        total += weight
    result /= total
    return result
