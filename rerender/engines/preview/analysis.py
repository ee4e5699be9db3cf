"""What a control image shows: its kind, edges and regions, always looked at with 512 px on the long side."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.control import ControlImage
from rerender.engines.preview.fields import Bytes, Plane
from rerender.engines.preview.plan import Setting
from rerender.engines.preview.regions import Labels, Regions, measure, merge_small, merge_weak_borders, trapped_ball

ANALYSIS_SIDE = 512

Kind = Literal["photo", "clay", "line"]


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The control image as regions. `luma`, `edges` and `regions.labels` are of the analysis size.

    `inverted` marks a light-on-dark drawing; `luma` is then already turned round. `edges` is 1 on an edge.
    `setting` is the guess for prompts that name none.
    """

    kind: Kind
    inverted: bool
    luma: Plane
    alpha: Plane | None
    edges: Bytes
    regions: Regions
    setting: Setting


class AnalysisCache:
    """The last few analyses, by the control image's digest and the analysis size."""

    def __init__(self, limit: int = 4) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, int, int], Analysis] = OrderedDict()

    def get(self, key: tuple[str, int, int]) -> Analysis | None:
        """The kept analysis, or None."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: tuple[str, int, int], analysis: Analysis) -> None:
        """Keep one more, dropping the longest unused."""
        self._kept[key] = analysis
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)


def analyse(control: ControlImage) -> Analysis:
    """Find the kind, edges and regions of a control image already fitted to the analysis size."""
    kind, inverted = _kind(control)
    luma = 1 - control.luma if inverted else control.luma
    if kind == "line":
        edges, labels = _line_regions(luma)
    else:
        edges, labels = _shaded_regions(luma, kind)
    regions = measure(labels, luma, control.rgb)
    return Analysis(kind, inverted, luma, control.alpha, edges, regions, _setting(kind, control, luma, regions))


def _kind(control: ControlImage) -> tuple[Kind, bool]:
    """Photo by its mean chroma, line by much white that closing over thin dark strokes restores; else clay."""
    luma = control.luma
    chroma = control.rgb.max(axis=2).astype(np.int16) - control.rgb.min(axis=2)
    subject = chroma if control.alpha is None else chroma[control.alpha > 0.5]
    if subject.size and float(subject.mean()) > 255 * 0.05:
        return "photo", False
    if control.alpha is not None:
        return "clay", False
    if float(np.median(luma)) < 0.25 and 0.002 < float(np.mean(luma > 0.5)) < 0.25:
        without_strokes = cv2.morphologyEx(luma, cv2.MORPH_OPEN, np.ones((11, 11), np.uint8))
        if float(np.mean(without_strokes > 0.4)) < 0.03:
            return "line", True
    without_strokes = cv2.morphologyEx(luma, cv2.MORPH_CLOSE, np.ones((11, 11), np.uint8))
    strokes = float(np.mean(without_strokes - luma > 0.12))
    if float(np.mean(luma > 0.86)) > 0.6 and float(np.mean(without_strokes < 0.6)) < 0.03 and strokes > 0.004:
        return "line", False
    return "clay", False


def _line_regions(luma: Plane) -> tuple[Bytes, Labels]:
    ink = np.clip((0.96 - luma) * 1.6, 0, 1)
    edges = (ink > 0.18).astype(np.uint8)
    labels = trapped_ball(edges)
    border = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    labels = merge_weak_borders(labels, border, luma, strength_limit=0.42, luma_limit=9)
    return edges, merge_small(labels, 36)


def _shaded_regions(luma: Plane, kind: Kind) -> tuple[Bytes, Labels]:
    gradient = _gradient(luma, kind)
    edge_level, border_level, luma_limit = (0.022, 0.020, 0.11) if kind == "clay" else (0.05, 0.05, 0.12)
    edges = (gradient > edge_level).astype(np.uint8)
    border = (cv2.dilate(gradient, np.ones((3, 3), np.uint8)) > border_level).astype(np.float32)
    labels = trapped_ball(edges)
    labels = merge_weak_borders(labels, border, luma, strength_limit=0.45, luma_limit=luma_limit)
    labels = merge_small(labels, 30)
    labels = merge_weak_borders(labels, border, luma, strength_limit=0.55, luma_limit=luma_limit * 0.7)
    labels = merge_weak_borders(labels, border, luma, strength_limit=0.85, luma_limit=0.16, small_share=0.0022)
    return edges, labels


def _gradient(luma: Plane, kind: Kind) -> Plane:
    """Scharr magnitude of the smoothed luma; for clay also of its highlights, where white meets near-white."""
    if kind == "photo":
        return scharr(cv2.bilateralFilter(luma, 9, 0.12, 6))
    highlights = scharr(cv2.bilateralFilter(luma**6, 5, 0.06, 3))
    return np.maximum(scharr(cv2.bilateralFilter(luma, 7, 0.08, 4)), np.float32(0.55) * highlights)


def scharr(luma: Plane) -> Plane:
    """The slope of luma, as its change over two pixels."""
    across = cv2.Scharr(luma, cv2.CV_32F, 1, 0, scale=1 / 16)
    down = cv2.Scharr(luma, cv2.CV_32F, 0, 1, scale=1 / 16)
    return cv2.magnitude(across, down)


def _setting(kind: Kind, control: ControlImage, luma: Plane, regions: Regions) -> Setting:
    if control.alpha is not None:
        return "product"
    return "interior" if kind == "line" and _looks_into_a_room(luma, regions) else "exterior"


def _looks_into_a_room(luma: Plane, regions: Regions) -> bool:
    """Whether lines run from all four corners towards one point, under a ceiling that ends well above it."""
    segments = line_segments(luma)
    if len(segments) < 8:
        return False
    height, width = luma.shape
    start, along = segments[:, :2], segments[:, 2:] - segments[:, :2]
    length = np.hypot(along[:, 0], along[:, 1])
    slope = np.abs(along[:, 1]) / (np.abs(along[:, 0]) + 1e-6)
    oblique = (slope > 0.18) & (slope < 6) & (length > 0.05 * max(height, width))
    start, along, length = start[oblique], along[oblique] / length[oblique, None], length[oblique]
    best = (0.0, 0.5)
    for y in np.linspace(0.3, 0.7, 21):
        for x in np.linspace(0.3, 0.7, 21):
            offset = np.array([x * width, y * height]) - start
            miss = np.abs(offset[:, 0] * along[:, 1] - offset[:, 1] * along[:, 0])
            aimed = miss < 0.012 * max(height, width)
            outside = start[aimed] + along[aimed] * length[aimed, None] / 2 - (x * width, y * height)
            quadrants = np.bincount((outside[:, 0] > 0) * 2 + (outside[:, 1] > 0), length[aimed], 4)
            best = max(best, (float(quadrants.min()), float(y)))
    support, vanishing_row = best
    ceiling = int(regions.labels[1, width // 2])
    return support > 0.08 * max(height, width) and bool(regions.bottom[ceiling] < vanishing_row - 0.04)


def line_segments(luma: Plane) -> NDArray[Any]:
    """Straight segments as (n, 4): x0, y0, x1, y1 in pixels (LSD, von Gioi et al. 2010)."""
    found = cv2.createLineSegmentDetector(0).detect((np.clip(luma, 0, 1) * 255).astype(np.uint8))[0]
    return np.zeros((0, 4), np.float32) if found is None else found.reshape(-1, 4)
