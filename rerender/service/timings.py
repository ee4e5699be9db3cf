"""How long a render takes, by its stages."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class Stopwatch:
    """Runs from the moment that it is made. `timer` gives seconds from any moment on."""

    def __init__(self, queued: float, timer: Callable[[], float] = time.perf_counter) -> None:
        self._timer = timer
        self._queued = max(0.0, queued)
        self._started = self._since = timer()
        self._stage = ""
        self._stages: dict[str, float] = {}

    def stage(self, name: str) -> None:
        """A stage begins, which ends the one before. A stage may come again, for each item of a batch."""
        now = self._timer()
        if self._stage:
            self._stages[self._stage] = self._stages.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = name, now

    def stop(self, *, storing: str) -> dict[str, Any]:
        """The last stage ends. `seconds` in all and the `timings`, in which the stage `storing` stands by itself."""
        self.stage("")
        stages = {name: round(seconds, 3) for name, seconds in self._stages.items()}
        stored = stages.pop(storing, 0.0)
        timings = {"queued": round(self._queued, 3), "stages": stages, "storing": stored}
        return {"seconds": round(self._since - self._started, 3), "timings": timings}
