"""Which slot of the plan each part of the control image fills, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rerender.engines.preview.analysis import Analysis
from rerender.engines.preview.exterior import exterior_codes
from rerender.engines.preview.interior import interior_codes
from rerender.engines.preview.plan import SLOTS, Setting
from rerender.engines.preview.product import product_codes
from rerender.engines.preview.slot_codes import GROUND, SKY, WALL, Codes, Mask


@dataclass(frozen=True, slots=True, eq=False)
class SlotMap:
    """`codes` (h, w): each pixel's index into `SLOTS`. `horizon` is a share of the height.

    `sure` says whether the regions can be trusted with colours of their own; `sky_sure` whether the sky alone can.
    """

    codes: Codes
    horizon: float
    sure: bool
    sky_sure: bool


def assign(analysis: Analysis, setting: Setting) -> SlotMap:
    """Slots for every pixel of the analysis size, with the confidence that they are right."""
    if setting == "product":
        return _product(analysis)
    codes = interior_codes(analysis) if setting == "interior" else exterior_codes(analysis)
    share = np.bincount(codes.ravel(), minlength=len(SLOTS)) / codes.size
    ground_rows = np.nonzero(codes == GROUND)[0]
    known = share[GROUND] > 0.01
    if setting == "interior":
        horizon = 0.55
        sure = analysis.kind == "line" and share[GROUND] + share[SKY] > 0.06 and share[WALL] > 0.02
    else:
        horizon = float(np.clip(np.percentile(ground_rows, 2) / codes.shape[0], 0.4, 0.85)) if known else 0.8
        subject = 1 - share[SKY] - share[GROUND]
        sure = share[SKY] > 0.04 and 0.06 < subject < 0.93
    calm = analysis.regions.count < (1500 if analysis.kind == "photo" else 500) and float(analysis.edges.mean()) < 0.5
    sky_sure = setting == "exterior" and calm and bool(sure) and _calm_sky(analysis, codes == SKY)
    return SlotMap(codes, horizon, bool(sure) and calm, sky_sure)


def _calm_sky(analysis: Analysis, sky: Mask) -> bool:
    return not sky.any() or float(analysis.edges[sky].mean()) < 0.12


def _product(analysis: Analysis) -> SlotMap:
    """Exact with an alpha channel: the backdrop is `sky`, thick parts are `object`, thin ones `object2`."""
    height, width = analysis.luma.shape
    if analysis.alpha is None:
        return SlotMap(np.full((height, width), SKY, np.uint8), 0.7, False, False)
    codes = product_codes(analysis, analysis.alpha)
    foot = np.nonzero(codes != SKY)[0]
    horizon = float(np.clip(np.percentile(foot, 90) / height - 0.08, 0.3, 0.9)) if foot.size else 0.7
    return SlotMap(codes, horizon, bool(foot.size), False)
