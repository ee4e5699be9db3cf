"""How well the engine keeps the lines of control images drawn here: for the benchmarks and the long proof."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from rerender.engines.base import Engine
from tests.engines.controls import edge_recall, request
from tests.engines.held_out.makers import HeldOut

__all__ = ["held_out_recall", "over_backdrop"]


def held_out_recall(
    engine: Engine, prompt: str, controls: Iterable[HeldOut], *, side: int = 1024, seed: int = 7
) -> dict[str, float]:
    """By name, the share of each control's edges that the picture has within two pixels, at `side` pixels' length."""
    kept = {}
    for control in controls:
        pixels = control.draw(side).pixels
        # No side of an output may be shorter; one alone made longer would cut the picture.
        scale = max(1.0, 512 / min(pixels.shape[:2]))
        height, width = (round(length * scale / 8) * 8 for length in pixels.shape[:2])
        picture = engine.render(request(prompt, pixels, size=(width, height), seed=seed))[0]
        grey = cv2.resize(over_backdrop(pixels), (width, height), interpolation=cv2.INTER_AREA)
        kept[control.name] = edge_recall(grey, picture)
    return kept


def over_backdrop(pixels: np.ndarray) -> np.ndarray:
    """Grey (H, W) uint8 of a control image, a transparent one over the even grey that the engine puts behind it."""
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] == 4:
        alpha = pixels[..., 3:] / 255
        pixels = (pixels[..., :3] * alpha + 232 * (1 - alpha)).astype(np.uint8)
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
