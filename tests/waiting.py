"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of `condition`; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        # Looked at first: what comes true while nobody may run is not too late.
        is_late = time.monotonic() > deadline
        if value := condition():
            return value
        assert not is_late, "waited too long"
        time.sleep(0.005)
