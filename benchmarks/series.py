"""A series in a real browser: how long it takes from the click to the last picture, over the engine's own time."""

from __future__ import annotations

import statistics
import time

from playwright.sync_api import Page

from benchmarks.app import page_of, running_app
from benchmarks.table import Row
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.workspaces import LOCAL
from tests.e2e import steps

SERIES = 5
PROMPTS = ("night, warm lit windows, brick walls", "heavy snow, winter, overcast", "watercolor, spring, red roof")


def measure() -> list[Row]:
    """The ratio of wall time to the engine's own total."""
    ratios = _ratios()
    return [
        Row(
            f"click → last of {len(PROMPTS)} pictures shown, over the engine's own total ({SERIES} series, embedded)",
            f"× {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            "≤ 1.3",
        )
    ]


def _ratios() -> list[float]:
    ratios = []
    with running_app() as app, page_of(app) as page:
        database = Database.open(f"sqlite:///{app.home / 'studio.sqlite3'}")
        history = History(database, LOCAL)
        steps.write_lines(page, *PROMPTS)
        for index in range(SERIES + 1):
            page.get_by_role("button", name="New seed").click()
            page.wait_for_timeout(1500)
            taken = _one_series(page)
            engine = sum(run.misc["seconds"] for run in history.recent(len(PROMPTS)))
            if index:  # the first series also warms the engine up
                ratios.append(taken / engine)
        database.close()
    return ratios


def _one_series(page: Page) -> float:
    unfinished = page.get_by_text(f"of {len(PROMPTS)} ready")
    begun = time.perf_counter()
    steps.render_button(page).click()
    unfinished.wait_for()
    unfinished.wait_for(state="hidden")
    return time.perf_counter() - begun
