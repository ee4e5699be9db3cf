"""From `completed` at the server to the pictures in the database, by the app's runner, without anybody looking."""

from __future__ import annotations

import math
import statistics

from benchmarks.studio import studio
from benchmarks.table import Row, show
from benchmarks.timed_api import serving

RENDERS = 96
SECONDS = (1.0, 20.0)


def measure() -> list[Row]:
    """How late, and what it took to be no later."""
    with serving(SECONDS, spread=RENDERS) as api, studio(api.base_url) as app:
        runs = app.finish(RENDERS)
        facts = api.facts()
    late = sorted((run.stored_at or 0.0) - facts.completed_at[run.render_id or ""] for run in runs)
    # A loop looks at once, then each second until the render is completed.
    took = [facts.completed_at[run.render_id or ""] - (run.submitted_at or 0.0) for run in runs]
    plain = statistics.mean(1 + math.ceil(seconds) for seconds in took)
    what = f"{RENDERS} renders of {SECONDS[0]:g} to {SECONDS[1]:g} s, by the app's runner at the 1 s floor"
    return [
        Row(f"{what}: completed at the server → stored, median", f"{statistics.median(late):.2f} s", "≤ 1.5 s"),
        Row("the latest of them", f"{late[-1]:.2f} s"),
        Row("GETs a render; a loop that looks each second needs", f"{facts.gets / RENDERS:.1f}; {plain:.1f}"),
    ]


if __name__ == "__main__":
    show(measure())
