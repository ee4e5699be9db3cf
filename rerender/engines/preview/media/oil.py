"""Oil on canvas."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, Planes, coarse_fbm, fbm, luminance, resize, saturate, shifted
from rerender.engines.preview.media.flow import Flow, along, edge_flow, reduced, swayed
from rerender.engines.preview.media.strokes import kuwahara, standardised
from rerender.engines.preview.scene import Scene

FLATTEN = 8
"""Radius of the flattening filter, in units."""
BRISTLE_SIDE = 640
"""Bristles are no finer than a picture of this long side (pixels) can show."""
STROKE_SIDE = 384
"""And whole strokes need no more than this."""
NEAR, FAR = 6, 36
"""How far around edges turn the brush, in units."""
RELIEF = 0.033
"""How much the light from one side picks out of the paint's thickness."""
WEAVE = 4.2
"""The canvas's thread, in units."""


def oil(scene: Scene, picture: Planes) -> Planes:
    """Brush strokes along form, each of its own mix of paint, with bristle marks in relief on canvas.

    Patches by the Kuwahara filter (Papari et al. 2007), strokes along the smoothed structure tensor (Kyprianidis
    et al. 2009) drawn by line integral convolution (Cabral & Leedom 1993).
    """
    flat = kuwahara(picture, max(3, int(FLATTEN * scene.unit)))
    flow = _brush_flow(scene, luminance(flat))
    painted = _smeared(scene, flat, flow)
    saturate(painted, 1.18)
    bristles = _bristles(scene, flow)
    _mix_paint(scene, painted, reduced(flow, _within(scene.shape, STROKE_SIDE)))
    relief = bristles - shifted(bristles, 1, scene.light_side)
    np.clip(relief, -2.4, 2.4, out=relief)
    relief *= np.float32(0.5 * RELIEF)
    contours = 1 - np.float32(0.28) * scene.lines
    bristles *= np.float32(0.025)
    bristles += _canvas(scene)
    for plane in painted:
        plane *= bristles
        plane += relief
        plane *= contours
        np.clip(plane, 0, 1, out=plane)
        plane += (plane * plane * (3 - 2 * plane) - plane) * np.float32(0.3)
    return painted


def _brush_flow(scene: Scene, luma: Plane) -> Flow:
    """Along the nearest edge, else along those further off, and in wide sweeps where there are none."""
    shape = _within(scene.shape, BRISTLE_SIDE)
    small = cv2.resize(luma, shape[::-1], interpolation=cv2.INTER_AREA)
    sweep = fbm(shape, 1.6, 2, scene.rng("brush sweep"))
    sweep -= np.float32(0.5)
    sweep *= np.float32(4.5)
    sweep += np.float32(0.35 * scene.light_side)
    unit = max(shape) / 1024
    around = swayed(edge_flow(small, FAR * unit), sweep)
    return swayed(edge_flow(small, NEAR * unit), np.arctan2(around.y, around.x))


def _smeared(scene: Scene, flat: Planes, flow: Flow) -> Planes:
    """The paint dragged along the brush, but not across the contours. In place."""
    shape = flow.x.shape
    unit = max(shape) / 1024
    small = [cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_AREA) for plane in flat]
    dragged = along(flow, cv2.merge(small), 4, 1.6 * unit + 0.3)
    keep = 1 - np.float32(0.75) * scene.lines
    for plane, smear in zip(flat, cv2.split(dragged), strict=True):
        step: Plane = cv2.resize(smear, scene.shape[::-1], interpolation=cv2.INTER_CUBIC)
        step -= plane
        step *= keep
        plane += step
    return flat


def _bristles(scene: Scene, flow: Flow) -> Plane:
    """Fine furrows along the flow, mean 0, deviation 1."""
    shape = flow.x.shape
    unit = max(shape) / 1024
    noise = fbm(shape, 420, 1, scene.rng("bristles"))
    furrows = along(flow, noise, 7, 2.2 * unit + 0.4)
    return standardised(cv2.resize(furrows, scene.shape[::-1], interpolation=cv2.INTER_CUBIC))


def _mix_paint(scene: Scene, painted: Planes, flow: Flow) -> None:
    """No two strokes are mixed alike: lightness and hue change a little from one to the next. In place."""
    luma = luminance(painted)
    shape = flow.x.shape
    unit = max(shape) / 1024
    rng = scene.rng("paint")
    noise = cv2.merge([fbm(shape, 120, 1, rng) for _ in range(3)])
    strokes = along(flow, noise, 8, 4 * unit)
    light, warm, cool = (
        resize(standardised(np.tanh(standardised(stroke))), scene.shape) for stroke in cv2.split(strokes)
    )
    middle = luma - luma * luma
    light *= np.float32(0.12)
    # A grey wall takes less of a hue than a lawn, or it turns into a rainbow.
    colourful = np.float32(0.035) + np.float32(0.22) * (painted.max(axis=0) - painted.min(axis=0))
    for plane, hue in zip(painted, (warm, -(warm + cool) / 3, cool), strict=True):
        hue *= colourful
        hue += light
        hue *= middle
        plane += hue


def _canvas(scene: Scene) -> Plane:
    height, width = scene.shape
    pace = np.float32(2 * np.pi / max(3.4, WEAVE * scene.unit))
    warp = np.sin(np.arange(width, dtype=np.float32) * pace)[None]
    weft = np.sin(np.arange(height, dtype=np.float32) * pace)[:, None]
    weave: Plane = warp * weft * np.float32(0.014)
    weave += 1
    weave += (coarse_fbm(scene.shape, 3, 3, scene.rng("ground")) - np.float32(0.5)) * np.float32(0.05)
    return weave


def _within(shape: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(shape))
    return max(8, round(shape[0] * scale)), max(8, round(shape[1] * scale))
