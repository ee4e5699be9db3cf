from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rerender.studio.backends import Backend
from rerender.studio.database import Database, sqlite_url
from rerender.studio.history import History
from rerender.studio.runner import Runner
from tests.fake_api import FakeApi
from tests.studio.helpers import WallClock, backend_at


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as api:
        yield api


@pytest.fixture
def backend(api: FakeApi) -> Backend:
    return backend_at(api)


@pytest.fixture(scope="session")
def new_database_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without a row, made once: copying is quicker than migrating."""
    file = tmp_path_factory.mktemp("database") / "new.sqlite3"
    Database.open(sqlite_url(file)).close()
    return file


@pytest.fixture
def database_file(new_database_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(new_database_file, tmp_path / "studio.sqlite3"))


@pytest.fixture
def database(database_file: Path) -> Iterator[Database]:
    database = Database.open(sqlite_url(database_file))
    yield database
    database.close()


@pytest.fixture
def history(database: Database) -> History:
    return History(database, "ours")


@pytest.fixture
def start_runner(database: Database, backend: Backend) -> Iterator[Callable[..., Runner]]:
    """Makes runners that already take up what others left; closed at the end of the test."""
    started: list[Runner] = []

    def start(find_backend: Callable[[str, str], Backend | None] = lambda *_: backend, **options: Any) -> Runner:
        runner = Runner(database, find_backend, **options)
        started.append(runner)
        runner.resume()
        return runner

    yield start
    for runner in started:
        runner.close()


@pytest.fixture
def runner(start_runner: Callable[..., Runner]) -> Runner:
    return start_runner()


@pytest.fixture
def wall() -> WallClock:
    return WallClock()
