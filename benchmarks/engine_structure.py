"""How many of the control image's edges a picture keeps, before and after the structure lock.

Recall of its Canny edges within two pixels at 1024 px. The lock is made to keep the very edges that are counted, so
both figures are given. The engine was tuned on the samples and corrected against some of the control images drawn
meanwhile; the unseen ones were drawn after it.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Mapping

from benchmarks.table import Row
from rerender.engines.preview import PreviewEngine
from tests.engines.controls import SAMPLE_NAMES, edge_recall, request, sample
from tests.engines.held_out import CONTROLS, UNSEEN, HeldOut
from tests.engines.held_out.structure import held_out_recall

# Family → (prompts, floor of the median with the lock at its default).
FAMILIES: dict[str, tuple[tuple[str, ...], float]] = {
    "photo": (("daytime", "golden hour, brick walls", "night"), 0.92),
    "weather": (("(fog:1.2), overcast", "fog, night", "rain, dusk", "heavy snow"), 0.92),
    "painterly": (("watercolor", "oil painting", "gouache"), 0.92),
    "ink, comic, blueprint": (("ink drawing", "comic", "blueprint"), 0.75),
}

DRAWN: dict[str, Mapping[str, HeldOut]] = {
    "control images drawn while tuning": CONTROLS,
    "unseen control images": UNSEEN,
}

Measure = Callable[[PreviewEngine, str], list[float]]


def measure() -> list[Row]:
    """Each family on each of the three sets: the median before → after, and the lowest after."""
    unlocked, locked = PreviewEngine(lock=0.0), PreviewEngine()
    sets: dict[str, Measure] = {
        "samples": sample_recall,
        **{title: _recall_of(controls.values()) for title, controls in DRAWN.items()},
    }
    rows = []
    for family, (prompts, floor) in FAMILIES.items():
        for title, recall in sets.items():
            before, after = (
                [kept for prompt in prompts for kept in recall(engine, prompt)] for engine in (unlocked, locked)
            )
            figure = f"{statistics.median(before):.2f} → {statistics.median(after):.2f} (lowest {min(after):.2f})"
            rows.append(Row(f"edges kept, {family}, {title}", figure, f"median ≥ {floor}"))
    return rows


def sample_recall(engine: PreviewEngine, prompt: str) -> list[float]:
    """The share of each sample's edges that its render has."""
    kept = []
    for name in SAMPLE_NAMES:
        data, grey, size = sample(name)
        kept.append(edge_recall(grey, engine.render(request(prompt, data, size=size))[0]))
    return kept


def _recall_of(controls: Collection[HeldOut]) -> Measure:
    return lambda engine, prompt: list(held_out_recall(engine, prompt, controls).values())
