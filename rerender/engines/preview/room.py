"""Whether a picture looks into a room, by the lines that run from its corners to one point."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.fields import Plane
from rerender.engines.preview.regions import Regions


def looks_into_a_room(luma: Plane, regions: Regions) -> bool:
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
