"""The control image's greys put right before anything is read from them: paper made white, dull pictures spread."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from rerender.engines.preview.fields import Plane, blur, median, percentile, percentiles, resize

# A stroke is thinner than this many pixels of the analysis size.
STROKE = 11
# Below this spread a picture is dull; a shaded one is then stretched between these two greys.
LEAST_SPREAD, LEAST_WHITE = 0.40, 0.55
STRETCHED = (0.18, 0.96)
INK = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """How the luma of a control image is read, at any size.

    `inverted` turns a light-on-dark drawing round; `paper` (h, w) is the lightness of a drawing's sheet, by which
    it is divided; then `black` becomes `floor` and `white` becomes `ceiling`.
    """

    inverted: bool = False
    paper: Plane | None = None
    black: float = 0.0
    white: float = 1.0
    floor: float = 0.0
    ceiling: float = 1.0

    def applied(self, luma: Plane) -> Plane:
        """`luma` (H, W) 0..1 as it should be read; the given plane itself where there is nothing to do."""
        if self.inverted:
            luma = 1 - luma
        if self.paper is not None:
            luma = luma / resize(self.paper, luma.shape)
        if (self.black, self.white) == (0.0, 1.0):
            return luma
        scale = (self.ceiling - self.floor) / (self.white - self.black)
        stretched: Plane = luma * np.float32(scale)
        stretched += np.float32(self.floor - self.black * scale)
        return np.clip(stretched, 0, 1, out=stretched)


def drawing_tone(luma: Plane) -> Tone | None:
    """How to read `luma` (h, w) if it is a drawing on light or on dark paper, else None.

    A drawing is thin strokes on a sheet that is even apart from slow shade: closing over the strokes leaves the sheet.
    """
    if median(luma) < 0.5:
        reading = _ink_on_paper(1 - luma)
        return None if reading is None else Tone(True, *reading)
    reading = _ink_on_paper(luma)
    return None if reading is None else Tone(False, *reading)


def shaded_tone(luma: Plane, subject: Plane | None) -> Tone:
    """How to read a shaded picture: as it is, or stretched when it is very dark or has hardly any contrast."""
    shown = None if subject is None else luma[subject > 0.5]
    # The crop may show nothing of the subject but its thinnest parts.
    sample = luma if shown is None or not shown.size else shown
    low, high = percentiles(sample, 0.5, 99.5)
    plain = high - low < 0.02
    if plain or (high - low >= LEAST_SPREAD and high >= LEAST_WHITE):
        return Tone()
    return Tone(black=low, white=high, floor=STRETCHED[0], ceiling=STRETCHED[1])


def denoised(luma: Plane, tone: Tone) -> Plane:
    """`luma` as `tone` reads it, without grain and without the steps of a stretched picture; a clean one as it is."""
    step = (tone.ceiling - tone.floor) / (tone.white - tone.black) / 255
    read = tone.applied(luma)
    if step > 2 / 255:
        return cv2.bilateralFilter(cv2.GaussianBlur(read, (0, 0), 1.0), 9, 1.2 * step, 4)
    if noise(luma) < 0.002:
        return read
    grey = cv2.medianBlur(cv2.convertScaleAbs(read, alpha=255), 5)
    smooth: Plane = cv2.bilateralFilter(grey.astype(np.float32) / 255, 9, 0.08, 4)
    return smooth


def noise(luma: Plane) -> float:
    """The grain of a picture as a standard deviation (Immerkær 1996), by the median, which edges do not move."""
    corners = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return median(np.abs(cv2.filter2D(luma, cv2.CV_32F, corners))) / (6 * 0.6745)


def _ink_on_paper(luma: Plane) -> tuple[Plane | None, float, float, float, float] | None:
    """The sheet (None where it is white), its black and white, and the greys that they become; None for no drawing."""
    sheet = cv2.morphologyEx(luma, cv2.MORPH_CLOSE, np.ones((STROKE, STROKE), np.uint8))
    paper = blur(sheet, 24) + np.float32(1e-3)
    # Faces of a shaded picture meet in steps; the shade of a sheet is slow.
    step = cv2.morphologyEx(blur(sheet, 1.5), cv2.MORPH_GRADIENT, np.ones((9, 9), np.uint8))
    uneven = float(np.mean(np.abs(sheet - paper) > 0.08 * paper)) > 0.05 or float(np.mean(step > 0.06 * paper)) > 0.1
    tint = luma / paper
    strokes = float(np.mean(tint < 0.86))
    if uneven or median(paper) < 0.35 or not 0.004 < strokes < 0.35:
        return None
    ink = percentile(tint[tint < 0.86], 5)
    if float(paper.min()) > 0.93 and ink < 0.5:
        return None, 0.0, 1.0, 0.0, 1.0
    return paper, ink, 0.955, INK, 1.0
