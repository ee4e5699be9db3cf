"""What kind of picture a control image is, and what a modelling program drew over it."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from rerender.engines.preview.control import ControlImage
from rerender.engines.preview.fields import Bytes

Kind = Literal["photo", "clay", "line"]

# Chroma, as a share of full scale: of a picture that is coloured, of a mark that stands out.
COLOURED, GAUDY = 0.05, 0.20
# Axes and outlines are thinner than this many pixels of the analysis size, a gizmo's balls hardly thicker.
MARK = 17


def chroma_of(rgb: Bytes) -> Bytes:
    """(h, w) uint8: how far each pixel is from grey."""
    red, green, blue = cv2.split(rgb)
    return cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))


def is_coloured(chroma: Bytes, subject: NDArray[np.bool_] | None) -> bool:
    """Whether a picture, or its subject, has colours of its own to keep."""
    sample = chroma if subject is None else chroma[subject]
    return bool(sample.size and float(sample.mean()) > 255 * COLOURED)


def without_marks(control: ControlImage) -> ControlImage:
    """A grey viewport without its axes, gizmo and coloured outlines, filled from around; else the same image."""
    chroma = chroma_of(control.rgb)
    gaudy = (chroma > 255 * GAUDY).astype(np.uint8)
    share = float(gaudy.mean())
    if not 0 < share < 0.08 or float(chroma[gaudy == 0].mean()) > 255 * COLOURED * 0.8:
        return control
    body = cv2.morphologyEx(gaudy, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (MARK, MARK)))
    if float(body.mean()) > 0.004:
        return control
    # Their soft rims are less gaudy than they are.
    marks = cv2.dilate(gaudy, np.ones((5, 5), np.uint8))
    rgb = cv2.inpaint(control.rgb, marks, 3, cv2.INPAINT_TELEA)
    # The lines of the ground's grid go with them.
    rgb = cv2.morphologyEx(rgb, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    luma /= 255
    return ControlImage(rgb, luma, control.alpha)
