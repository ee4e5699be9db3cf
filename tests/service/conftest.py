from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rerender.service.server import LocalServer
from tests.service.calls import KEY, Caller
from tests.service.engines import FlatEngine


@pytest.fixture
def engine() -> Iterator[FlatEngine]:
    engine = FlatEngine()
    yield engine
    engine.gate.set()


@pytest.fixture
def server(tmp_path: Path, engine: FlatEngine) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path / "service", engine, [KEY, "other-key"])
    server.start()
    yield server
    server.close()


@pytest.fixture
def api(server: LocalServer) -> Caller:
    return Caller(server.base_url)


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """One service for the tests of a module that change nothing in it."""
    server = LocalServer(tmp_path_factory.mktemp("shared"), FlatEngine(), [KEY])
    server.start()
    yield Caller(server.base_url)
    server.close()
