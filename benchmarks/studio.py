"""The app's runner over a new database, without its pages."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import URL

from benchmarks.timed_api import KEY, SIDE
from rerender import images, samples
from rerender.models import RenderRequest
from rerender.studio.backends import Backend, api_backend
from rerender.studio.database import Database, sqlite_url
from rerender.studio.history import History
from rerender.studio.runner import Runner
from rerender.studio.runs import Run
from rerender.studio.workspaces import LOCAL


@dataclass(frozen=True)
class Studio:
    """A runner, and what a page reads of its runs."""

    runner: Runner
    history: History
    backend: Backend

    def finish(self, count: int) -> list[Run]:
        """That many runs, submitted at once as one click with as many lines does, when nothing more happens to them."""
        self.runner.submit_series(LOCAL, self.backend, [a_request(seed) for seed in range(count)])
        while self.history.unfinished():
            time.sleep(0.5)
        return self.history.recent(count)


@contextmanager
def new_database() -> Iterator[tuple[URL, Database]]:
    """An empty database, and its URL for another process."""
    with tempfile.TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder) / "studio.sqlite3")
        with closing(Database.open(url)) as database:
            yield url, database


@contextmanager
def studio(base_url: str) -> Iterator[Studio]:
    """A studio over a new database, whose backend is at `base_url` with the poll floor that an API has."""
    backend = api_backend(KEY, base_url=base_url)
    with (
        new_database() as (_, database),
        closing(Runner(database, lambda _name, _workspace: backend)) as runner,
    ):
        yield Studio(runner, History(database, LOCAL), backend)


@cache
def control_image() -> bytes:
    """A sample of 1024 px, as it is sent."""
    return images.prepare(samples.load(samples.SAMPLES[0].name), SIDE, SIDE)


def a_request(seed: int) -> RenderRequest:
    """What the benchmarks ask for."""
    return RenderRequest("oak and glass", control_image(), image_width=SIDE, image_height=SIDE, seed=seed)
