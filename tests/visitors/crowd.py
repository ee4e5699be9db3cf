"""Many visitors at once, and what they do to the process that serves them: its memory, and how soon it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil
import requests

from tests.e2e.app import App
from tests.visitors.visitor import Visitor


def resident(app: App) -> float:
    """Megabytes that the app takes now, its children included."""
    process = psutil.Process(app.process.pid)
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 1e6


@dataclass
class Watch:
    """What was seen of an app over a while: MB, the seconds of each answer, and what began, each with its time."""

    app: App
    begun: float = field(default_factory=time.monotonic)
    memory: list[tuple[float, float]] = field(default_factory=list)
    health: list[tuple[float, float]] = field(default_factory=list)
    page: list[float] = field(default_factory=list)
    marks: list[tuple[float, str]] = field(default_factory=list)

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.begun

    @property
    def peak(self) -> float:
        return max(megabytes for _, megabytes in self.memory)

    def mark(self, what: str) -> None:
        """Note that something begins now, for the table."""
        self.marks.append((self.now, what))

    def table(self, rows: int = 24) -> str:
        """A small table of slices of time: the most memory within each, its slowest answer, and what began in it."""
        width = self.memory[-1][0] / rows
        lines = ["seconds    most MB   slowest answer"]
        for index in range(rows):
            megabytes, seconds, began = (
                [what for when, what in seen if index * width <= when < (index + 1) * width]
                for seen in (self.memory, self.health, self.marks)
            )
            if megabytes:
                figures = f"{index * width:7.0f} {max(megabytes):10.0f} {max(seconds, default=0):14.2f} s"
                lines.append(f"{figures}  {'#' * int(max(megabytes) / 20)} {', '.join(began)}")
        return "\n".join(lines)


@asynccontextmanager
async def watched(app: App, every: float = 0.5) -> AsyncIterator[Watch]:
    """Look at the app's memory, its health and its render page over and over until the end."""
    watch = Watch(app)
    looking = [asyncio.create_task(look(watch, every)) for look in (_memory, _health, _pages)]
    try:
        yield watch
    finally:
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)


async def _memory(watch: Watch, every: float) -> None:
    while True:
        watch.memory.append((watch.now, await asyncio.to_thread(resident, watch.app)))
        await asyncio.sleep(every)


async def _health(watch: Watch, every: float) -> None:
    def seconds() -> float:
        # In the thread, so that nothing that the visitors do here counts as the app's.
        begun = time.perf_counter()
        assert requests.get(f"{watch.app.url}/_stcore/health", timeout=60).ok
        return time.perf_counter() - begun

    while True:
        watch.health.append((watch.now, await asyncio.to_thread(seconds)))
        await asyncio.sleep(every)


async def _pages(watch: Watch, every: float) -> None:
    # Seldom: Streamlit keeps each session for two minutes after its end, and these are visitors too.
    while True:
        async with Visitor(watch.app.url) as visitor:
            begun = time.perf_counter()
            await visitor.open()
            watch.page.append(time.perf_counter() - begun)
        await asyncio.sleep(20 * every)
