"""Brush direction: fields that follow form, and line integral convolution along them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, blur, percentile


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Unit directions `x`, `y` as (H, W), and in 0..1 how surely an edge gave each of them."""

    x: Plane
    y: Plane
    certainty: Plane


def edge_flow(luma: Plane, sigma: float) -> Flow:
    """The direction along the edges of `luma`: its structure tensor, smoothed by `sigma` pixels (Kyprianidis 2009)."""
    across, down = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    horizontal, vertical = blur(across * across, sigma), blur(down * down, sigma)
    mixed = blur(across * down, sigma)
    angle = np.arctan2(2 * mixed, horizontal - vertical) * np.float32(0.5) + np.float32(np.pi / 2)
    energy = horizontal + vertical
    coherence = np.sqrt((horizontal - vertical) ** 2 + 4 * mixed * mixed) / (energy + np.float32(1e-6))
    strong = np.float32(percentile(energy[::4, ::4], 70) + 1e-6)
    return Flow(np.cos(angle), np.sin(angle), np.clip(energy / strong, 0, 1) * coherence)


def swayed(flow: Flow, angle: Plane, trust: float = 0.12) -> Flow:
    """The flow where it is sure, going over to `angle` (radians) where it is not; above `trust` the edges win."""
    weight = flow.certainty / (flow.certainty + np.float32(trust))
    # A direction has no sign, so it is its double that is mixed: opposite ones would cancel out.
    doubled_x = (flow.x * flow.x - flow.y * flow.y) * weight + np.cos(2 * angle) * (1 - weight)
    doubled_y = 2 * flow.x * flow.y * weight + np.sin(2 * angle) * (1 - weight)
    half = np.arctan2(doubled_y, doubled_x) * np.float32(0.5)
    return Flow(np.cos(half), np.sin(half), flow.certainty)


def reduced(flow: Flow, shape: tuple[int, int]) -> Flow:
    """The same flow on a smaller plane."""
    x, y, certainty = (
        cv2.resize(part, shape[::-1], interpolation=cv2.INTER_NEAREST) for part in (flow.x, flow.y, flow.certainty)
    )
    return Flow(x, y, certainty)


def along(flow: Flow, image: Plane, steps: int, pace: float) -> Plane:
    """`image`, (H, W) or (H, W, n), averaged along the flow, `steps` of `pace` pixels both ways.

    Line integral convolution (Cabral & Leedom 1993).
    """
    height, width = flow.x.shape
    total = image.copy()
    for sign in (1.0, -1.0):
        x = np.tile(np.arange(width, dtype=np.float32), (height, 1))
        y = np.tile(np.arange(height, dtype=np.float32)[:, None], (1, width))
        step_x, step_y = flow.x * np.float32(sign * pace), flow.y * np.float32(sign * pace)
        for step in range(steps):
            x += step_x
            y += step_y
            total += cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            if step % 2 and step < steps - 1:
                step_x, step_y = _next_step(flow, x, y, step_x, step_y, pace)
    total *= np.float32(1 / (2 * steps + 1))
    return total


def _next_step(flow: Flow, x: Plane, y: Plane, step_x: Plane, step_y: Plane, pace: float) -> tuple[Plane, Plane]:
    """The step at the place arrived at, turned so that it goes on forward."""
    next_x, next_y = (
        cv2.remap(part, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT) for part in (flow.x, flow.y)
    )
    onward: Plane = next_x * step_x
    onward += next_y * step_y
    onward = np.copysign(np.float32(pace), onward)
    next_x *= onward
    next_y *= onward
    return next_x, next_y
