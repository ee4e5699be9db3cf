"""The commands in this process, with a home of their own, and whatever they leave searched for the key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.exc import OperationalError

from rerender.cli import main
from rerender.studio.database import Database, sqlite_url
from rerender.studio.history import History
from rerender.studio.workspaces import LOCAL
from tests.fake_api import API_KEY, FakeApi, picture

REPOSITORY = Path(__file__).parents[2]
Cli = Callable[..., Result]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder of the commands, with a `clay.png` in it. At the end the key must be nowhere."""
    place = tmp_path / "place"
    place.mkdir()
    (place / "clay.png").write_bytes(picture(640, 512))
    monkeypatch.chdir(place)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))  # for the tests with processes
    monkeypatch.setenv("RERENDER_HOME", str(tmp_path / "home"))
    for name in ("GENLY_BASE_URL", "GENLY_WORKFLOW_ID", "RERENDER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    yield place
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in kept if API_KEY.encode() in path.read_bytes()]


@pytest.fixture
def cli() -> Cli:
    """Runs one command; no key may be in what it says, and nothing of it may be an error of ours."""

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(main, [*map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert API_KEY not in result.output
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def hosted(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    """A fake API that the environment names, whose renders are completed at the first look."""
    monkeypatch.setenv("GENLY_API_KEY", API_KEY)
    monkeypatch.setenv("GENLY_BASE_URL", api.base_url)
    api.state.phases = ["completed"]
    return api


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """What the app would show of the commands' runs."""
    (tmp_path / "home").mkdir(exist_ok=True)
    database = Database.open(sqlite_url(tmp_path / "home" / "studio.sqlite3"))
    yield History(database, LOCAL)
    database.close()


def broken(*_: object) -> NoReturn:
    """In place of a method of the history: its database does not answer."""
    raise OperationalError("SELECT", {}, Exception("disk I/O error"))


def document(result: Result) -> dict[str, Any]:
    """The one JSON document that a command printed."""
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["exit_code"] == result.exit_code
    return found
