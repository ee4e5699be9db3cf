"""Which slot of the plan each part of the control image fills, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from rerender.engines.preview.analysis import Analysis
from rerender.engines.preview.exterior import exterior_codes
from rerender.engines.preview.fields import Plane, percentile
from rerender.engines.preview.interior import interior_codes
from rerender.engines.preview.material_map import mapped_codes
from rerender.engines.preview.plan import SLOTS, Setting
from rerender.engines.preview.product import product_codes
from rerender.engines.preview.regions import PerRegion
from rerender.engines.preview.slot_codes import GLASS, GROUND, ROOF, SKY, WALL, Codes
from rerender.engines.preview.subject import find_drawn_subject, find_subject, stands_free

# From this confidence on regions are painted as what they are taken for; below it stands what never looks broken.
SURE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class SlotMap:
    """`codes` (h, w): each pixel's index into `SLOTS`. `horizon` is a share of the height.

    `confidence` runs from 0 to 1: from `SURE` on the regions are trusted with colours of their own, by
    `sky_confidence` the sky alone. Before a plain backdrop `subject` (h, w) is 1 on the thing that was found, and
    `shadow` (h, w) the share of light that its shadows leave to the backdrop.
    """

    codes: Codes
    horizon: float
    confidence: float
    sky_confidence: float = 0.0
    subject: Plane | None = None
    shadow: Plane | None = None

    @property
    def sure(self) -> bool:
        """Whether every region may be painted as what it is taken for."""
        return self.confidence >= SURE

    @property
    def sky_sure(self) -> bool:
        """Whether the sky may be replaced."""
        return self.sky_confidence >= SURE


# Another prompt for the same control image changes nothing here, and this is a third of a small picture's time.
@lru_cache(maxsize=4)
def assign(analysis: Analysis, setting: Setting) -> SlotMap:
    """Slots for every pixel of the analysis size, with the confidence that they are right."""
    if setting == "product":
        return _product(analysis)
    if analysis.colours is not None:
        codes = mapped_codes(analysis.regions, analysis.colours, setting)
    else:
        codes = interior_codes(analysis) if setting == "interior" else exterior_codes(analysis)
    share = np.bincount(codes.ravel(), minlength=len(SLOTS)) / codes.size
    calm = min(
        _calm(analysis.regions.count, 1500 if analysis.kind == "photo" else 500), _calm(analysis.edges.mean(), 0.5)
    )
    if setting == "interior":
        return SlotMap(codes, 0.55, min(calm, _room_confidence(analysis, share)))
    ground_rows = np.nonzero(codes == GROUND)[0]
    known = share[GROUND] > 0.01
    horizon = float(np.clip(percentile(ground_rows, 2) / codes.shape[0], 0.4, 0.85)) if known else 0.8
    subject = 1 - share[SKY] - share[GROUND]
    sure = min(calm, _above(share[SKY], 0.04), _above(subject, 0.06), _above(1 - subject, 0.07))
    sky = codes == SKY
    calm_sky = _calm(analysis.edges[sky].mean(), 0.12) if sky.any() else 1.0
    return SlotMap(codes, horizon, sure, min(sure, calm_sky))


def likely_setting(analysis: Analysis) -> Setting:
    """The setting of a picture whose prompt names none: a thing that stands free and is no house is a product."""
    if analysis.setting != "exterior" or analysis.kind == "photo" or analysis.alpha is not None:
        return analysis.setting
    if analysis.colours is not None or not stands_free(analysis.luma):
        return "exterior"
    codes = exterior_codes(analysis)
    windows = cv2.connectedComponents((codes == GLASS).astype(np.uint8))[0] - 1
    return "exterior" if windows > 2 or float(np.mean(codes == ROOF)) > 0.06 else "product"


def _room_confidence(analysis: Analysis, share: PerRegion) -> float:
    """A photo keeps its colours; a room needs walls, and floor or ceiling."""
    if analysis.kind == "photo":
        return 0.0
    return min(_above(share[GROUND] + share[SKY], 0.06), _above(share[WALL], 0.02))


def _above(value: float, limit: float) -> float:
    """`SURE` at the limit, 0 at none, 1 from twice the limit on."""
    return float(np.clip(value / limit * SURE, 0, 1))


def _calm(value: float, limit: float) -> float:
    """`SURE` at the limit, 1 at none, 0 from twice the limit on."""
    return float(np.clip(1 - value / limit * (1 - SURE), 0, 1))


def _product(analysis: Analysis) -> SlotMap:
    """The backdrop is `sky`, thick parts are `object`, thin ones `object2`: exact with an alpha channel."""
    height, width = analysis.luma.shape
    if analysis.alpha is not None:
        codes = product_codes(analysis, analysis.alpha)
        return SlotMap(codes, _floor(codes), 1.0 if (codes != SKY).any() else 0.0)
    if analysis.kind == "photo":
        return SlotMap(np.full((height, width), SKY, np.uint8), 0.7, 0.0)
    drawn = analysis.kind == "line"
    found = find_drawn_subject(analysis.luma) if drawn else find_subject(analysis.luma)
    if found.confidence < SURE:
        return SlotMap(np.full((height, width), SKY, np.uint8), 0.7, found.confidence)
    mask: Plane = found.mask.astype(np.float32)
    codes = product_codes(analysis, mask)
    return SlotMap(codes, _floor(codes), found.confidence, subject=mask, shadow=None if drawn else found.shadow)


def _floor(codes: Codes) -> float:
    """Where the backdrop turns into the floor: a little above the subject's foot, as a share of the height."""
    foot = np.nonzero(codes != SKY)[0]
    return float(np.clip(percentile(foot, 90) / codes.shape[0] - 0.08, 0.3, 0.9)) if foot.size else 0.7
