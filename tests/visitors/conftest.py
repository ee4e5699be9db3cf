"""A hosted app for all tests of a module, and a visitor who has a history."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from rerender.studio.database import Database
from rerender.studio.workspaces import new_secret, workspace_of
from tests.e2e.app import App
from tests.studio.rows import add_run
from tests.visitors.forging import url_of


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    home = tmp_path_factory.mktemp("forged")
    running = App(home, extra_environment={"RERENDER_MODE": "hosted", "HTTPS_PROXY": "http://127.0.0.1:9"})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def secret(app: App) -> str:
    """Of a visitor who has a history of two pages."""
    secret = new_secret()
    # Not so old that it would be deleted as such.
    database, now = Database.open(url_of(app)), time.time() - 100
    for when in range(int(now), int(now) + 30):
        times = {"created_at": when, "finished_at": when + 1, "stored_at": when + 1}
        add_run(database, workspace=workspace_of(secret), note="a note", **times)
    database.close()
    return secret
