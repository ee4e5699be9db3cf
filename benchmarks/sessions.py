"""One app with 1, 10 and 50 sessions at once: how soon a page is ready and a rerun is over, and their memory."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.table import Row, show
from tests.e2e.app import App
from tests.visitors.crowd import resident
from tests.visitors.visitor import Visitor

SESSIONS = (1, 10, 50)
# Of one session alone there would be one figure only.
AT_LEAST = 10
IDEAS = ("night, red brick", "heavy snow", "watercolor, spring", "pencil sketch")


@dataclass(frozen=True)
class Figures:
    """Seconds of each page and each rerun, and the megabytes that each session adds to the first."""

    pages: list[float]
    reruns: list[float]
    megabytes: float


def measure() -> list[Row]:
    """Every visitor of a hosted app opens the render page at once, then all of them change their prompts at once."""
    rows = []
    for count in SESSIONS:
        figures = _measured(count)
        name = f"{count} sessions" if count > 1 else "1 session"
        rows += [
            Row(f"{name}: page ready", _spread(figures.pages)),
            Row(f"{name}: rerun after a changed prompt", _spread(figures.reruns)),
        ]
        if count > 1:
            rows.append(Row(f"{name}: memory a session", f"{figures.megabytes:.1f} MB"))
    return rows


def _measured(count: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder), extra_environment={"RERENDER_MODE": "hosted"})
        app.start()
        try:
            return asyncio.run(_figures(app, count))
        finally:
            app.stop()


async def _figures(app: App, count: int) -> Figures:
    rounds = -(-AT_LEAST // count)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Visitor(app.url))
        await first.open()
        await asyncio.sleep(3)  # until the preview service is warm
        alone = resident(app)
        visitors = [await stack.enter_async_context(Visitor(app.url)) for _ in range(count)]
        pages = [seconds for _ in range(rounds) for seconds in await _all_at_once([v.open for v in visitors])]
        megabytes = (resident(app) - alone) / count
        reruns = []
        for index in range(max(2, rounds)):
            changes = [lambda v=v: v.set(IDEAS[index % len(IDEAS)], key="form.prompt") for v in visitors]  # noqa: B023
            reruns += await _all_at_once(changes)
    return Figures(pages, reruns, megabytes)


async def _all_at_once(actions: Sequence[Callable[[], Awaitable[None]]]) -> list[float]:
    """How many seconds each of these took, begun at the same moment."""

    async def timed(action: Callable[[], Awaitable[None]]) -> float:
        begun = time.perf_counter()
        await action()
        return time.perf_counter() - begun

    return await asyncio.gather(*map(timed, actions))


def _spread(seconds: list[float]) -> str:
    slowest = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
    return f"{statistics.median(seconds):.2f} s, p95 {slowest:.2f} s"


if __name__ == "__main__":
    show(measure())
