"""What the tests of the studio share."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from rerender.models import RenderRequest
from rerender.studio.backends import Backend, api_backend
from rerender.studio.history import History
from rerender.studio.journal import Journal, new_run_id
from rerender.studio.runs import Run
from tests.fake_api import API_KEY, FakeApi, picture
from tests.waiting import wait_until

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For tests that are about the file itself."""
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""For tests that are about the server, and for a few that are worth it in `make test`."""


def backend_at(api: FakeApi, key: str = API_KEY) -> Backend:
    """The fake API as a backend that is looked at often."""
    return replace(api_backend(key, base_url=api.base_url), poll_floor=0.01)


def a_request(**changes: Any) -> RenderRequest:
    return RenderRequest(
        **{
            "prompt": "oak and glass",
            "control_image": picture(512, 512),
            "image_width": 512,
            "image_height": 512,
            "seed": 7,
            **changes,
        }
    )


def begin(journal: Journal, workspace: str, backend: Backend, request: RenderRequest) -> str:
    """Write down a new run; its id."""
    run_id = new_run_id()
    journal.begin(workspace, backend, [request], None, [run_id])
    return run_id


def read(history: History, run_id: str) -> Run:
    run = history.run(run_id)
    assert run is not None
    return run


def finished(history: History, run_id: str, seconds: float = 60.0) -> Run:
    """The run once nothing more happens to it by itself."""
    wait_until(lambda: not read(history, run_id).is_unfinished, seconds)
    return read(history, run_id)


class WallClock:
    """Seconds since the epoch, which stand still until a test moves them on."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._now = time.time()

    def __call__(self) -> float:
        return self._now + self.ahead
