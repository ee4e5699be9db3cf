"""Control images that nothing was tuned on: drawn by code of their own, with what should be seen in them."""

from __future__ import annotations

from tests.engines.held_out.catalogue import CONTROLS, HeldOut, Picture

__all__ = ["CONTROLS", "HeldOut", "Picture"]
