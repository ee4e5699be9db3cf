from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rerender.studio import sql
from rerender.studio.backends import Backend
from rerender.studio.database import Database, sqlite_url
from rerender.studio.history import History
from rerender.studio.runner import Runner
from rerender.studio.tracker import FindBackend
from tests.fake_api import FakeApi
from tests.postgres import IS_MISSING, Databases
from tests.studio.archives import PICTURES, STORED, a_database, everything, exported, store
from tests.studio.helpers import WallClock, backend_at


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of the tests is there; what takes long is the machine."""
    monkeypatch.setitem(sql._PATIENCE, "connect_timeout", 60)


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


@pytest.fixture(params=["sqlite"] if IS_MISSING else ["sqlite", pytest.param("postgresql", marks=pytest.mark.proof)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database without a row, of either kind: PostgreSQL's turn is in `make proof`."""
    if request.param == "sqlite":
        yield str(sqlite_url(request.getfixturevalue("database_file")))
        return
    databases: Databases = request.getfixturevalue("databases")
    url = databases.create(request.getfixturevalue("new_database"))
    yield url
    databases.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def stored(new_database_file: Path) -> tuple[bytes, dict[str, list[Any]]]:
    """An archive, and the rows that it was exported from."""
    with a_database(new_database_file) as database:
        store(database, STORED, PICTURES[0], {0: PICTURES[1]})
        return exported(database), everything(database)


@pytest.fixture(scope="session")
def archive(stored: tuple[bytes, object]) -> bytes:
    return stored[0]


@pytest.fixture
def history(database: Database) -> History:
    return History(database, "ours")


@pytest.fixture
def start_runner(database: Database, backend: Backend) -> Iterator[Callable[..., Runner]]:
    """Makes runners that already take up what others left; closed at the end of the test."""
    started: list[Runner] = []

    def start(find_backend: FindBackend = lambda _: backend, **options: Any) -> Runner:
        # That a lease is over may not stand in for what lets others go on at once.
        runner = Runner(database, find_backend, **{"lease": 600.0, **options})
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
