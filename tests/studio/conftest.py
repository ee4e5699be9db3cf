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
from tests.postgres import IS_MISSING, Databases
from tests.studio.helpers import backend_at

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.proof)]


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


@pytest.fixture(scope="session")
def new_database(databases: Databases) -> Iterator[str]:
    """The same on a PostgreSQL server; its URL."""
    url = databases.create()
    Database.open(url).close()
    yield url
    databases.drop(url)


@pytest.fixture
def database_url(databases: Databases, new_database: str) -> Iterator[str]:
    url = databases.create(new_database)
    yield url
    databases.drop(url)


@pytest.fixture(params=BOTH if not IS_MISSING else ["sqlite"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The app's state: every test that has it runs on SQLite, and in `make proof` on PostgreSQL once more."""
    name = "database_file" if request.param == "sqlite" else "database_url"
    place = request.getfixturevalue(name)
    database = Database.open(sqlite_url(place) if isinstance(place, Path) else place)
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
