"""What the preview engine takes control images for, against what is true of them.

The analysis was corrected against some of the images drawn while tuning; the unseen ones were drawn after it.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection

from benchmarks.engine_structure import DRAWN
from benchmarks.table import Row
from tests.engines.held_out import HeldOut
from tests.engines.held_out.reading import read


def measure() -> list[Row]:
    """Of each drawn set: right kinds, settings and parts, and how often the engine is not sure of the parts."""
    return [row for title, controls in DRAWN.items() for row in _rows(title, controls.values())]


def _rows(title: str, controls: Collection[HeldOut]) -> list[Row]:
    readings = [read(control) for control in controls]
    right = [reading.slots for reading in readings]
    of_all = f"of {len(readings)}"
    return [
        Row(f"kind right, {title}", f"{sum(reading.kind for reading in readings)} {of_all}"),
        Row(f"setting right where the prompt is silent, {title}", f"{sum(r.setting for r in readings)} {of_all}"),
        Row(
            f"pixels with the right slot, {title}",
            f"{statistics.median(right):.0%} in the middle picture (lowest {min(right):.0%})",
        ),
        Row(
            f"not sure of the parts, so coloured without them, {title}",
            f"{sum(not reading.sure for reading in readings)} {of_all}",
        ),
    ]
