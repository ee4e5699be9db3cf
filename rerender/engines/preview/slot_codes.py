"""Slot codes: small numbers for the plan's slots, as the maps of the analysis hold them."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from rerender.engines.preview.plan import SLOTS

Codes = NDArray[Any]
Mask = NDArray[Any]
SKY, GROUND, WALL, ROOF, GLASS, OBJECT, OBJECT2, VEGETATION, LAMP = range(len(SLOTS))
# No slot of the plan: a rug is a paler shade of the furniture, half `object`, half ceiling.
RUG = len(SLOTS)
