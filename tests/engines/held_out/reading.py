"""What the analysis takes a control image for, against what is true of it: for the tests and the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from rerender.engines.preview.analysis import Analysis, analyse
from rerender.engines.preview.control import decode, fit
from rerender.engines.preview.slot_codes import OBJECT, RUG
from rerender.engines.preview.slots import assign, likely_setting
from tests.engines.controls import png
from tests.engines.held_out.makers import HeldOut, Picture

__all__ = ["Reading", "kind_of", "look", "read", "truth_for"]


@dataclass(frozen=True)
class Reading:
    """Whether the kind and, of a silent prompt, the setting are right; the share of right slots; whether it is sure."""

    kind: bool
    setting: bool
    slots: float
    sure: bool


def look(pixels: np.ndarray) -> Analysis:
    """The analysis of a picture of (H, W), (H, W, 3) or (H, W, 4), at 512 pixels on the long side."""
    height, width = pixels.shape[:2]
    scale = 512 / max(height, width)
    return analyse(fit(decode(png(pixels)), max(8, round(width * scale)), max(8, round(height * scale))))


def kind_of(analysis: Analysis) -> str:
    """The kind as the catalogues name it."""
    return "flat" if analysis.colours is not None else analysis.kind


def truth_for(picture: Picture, analysis: Analysis) -> np.ndarray:
    """(h, w): the true slot codes at the analysis size."""
    height, width = analysis.luma.shape
    return cv2.resize(picture.truth, (width, height), interpolation=cv2.INTER_NEAREST)


def read(control: HeldOut, side: int = 512) -> Reading:
    """What is right of a control image; its slots are those of its true setting, and a rug is a piece of furniture."""
    picture = control.draw(side)
    analysis = look(picture.pixels)
    slots = assign(analysis, control.setting)
    codes = np.where(slots.codes == RUG, OBJECT, slots.codes)
    right = float(np.mean(codes == truth_for(picture, analysis)))
    return Reading(
        kind_of(analysis) == control.kind, likely_setting(analysis) == control.setting, right, bool(slots.sure)
    )
