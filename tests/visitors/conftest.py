"""A hosted app for all tests of a module, and a visitor who has a history."""

from __future__ import annotations

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
    database = Database.open(url_of(app))
    for index in range(30):
        add_run(database, workspace=workspace_of(secret), created_at=1000.0 + index, note="a note")
    database.close()
    return secret
