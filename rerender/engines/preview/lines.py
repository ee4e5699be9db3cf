"""Structure lines of the control image, for the drawn media."""

from __future__ import annotations

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, blur, magnitude, smoothstep
from rerender.engines.preview.kinds import Kind


def line_map(luma: Plane, kind: Kind, unit: float, width: float = 0.75) -> Plane:
    """Lines as (H, W), 1 = full ink: differences of Gaussians in the XDoG family (Winnemöller et al. 2012).

    A drawing's own ink is taken as it is. Photos are normalised by the local density of lines, or foliage turns black.
    """
    if kind == "line":
        own_ink: Plane = np.clip((1 - luma) * np.float32(1.25) - np.float32(0.03), 0, 1)
        return own_ink
    photo = kind == "photo"
    if photo:
        luma = cv2.bilateralFilter(luma, max(3, round(7 * unit)) | 1, 0.12, 5 * unit)
    else:
        luma = np.float32(0.5) * luma + np.float32(0.5) * luma**5
    # Below this width a slanting line would break up into the steps of its pixels.
    scale = max(width * unit, 0.6)
    smooth = blur(luma, scale)
    wells: Plane = blur(smooth, 1.6 * scale) - smooth
    wells *= 18 if photo else 26
    np.clip(wells - np.float32(0.10), 0, 1, out=wells)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.25 * unit)
    slopes: Plane = magnitude(across, cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.25 * unit))
    if photo:
        wells /= blur(wells, 9 * unit) * 2.6 + 0.55
        slopes /= blur(slopes, 9 * unit) * 9 + 0.6
    slopes *= 9 if photo else 11
    np.clip(slopes - np.float32(0.22), 0, 1, out=slopes)
    slopes *= np.float32(0.85)
    lines: Plane = np.maximum(wells, slopes)
    if photo:
        lines *= 1 - np.float32(0.7) * smoothstep(0.25, 0.55, blur(lines, 12 * unit))
    return lines
