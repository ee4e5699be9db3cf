"""What all tests share: no key, proxy or netrc of whoever runs them, and a fake API on request."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from rerender.client import Client
from tests.clients import client_at
from tests.fake_api import FakeApi, FakeTime
from tests.postgres import IS_MISSING, RUNNING, Databases, Server

# requirements.txt brings pytest, for whoever runs it without `make test`; what needs more is left out then, and said.
MISSING = [name for name in ("hypothesis", "playwright", "psutil", "schemathesis") if find_spec(name) is None]
NEEDS = [f"from {name} import" for name in MISSING]
if IS_MISSING:
    MISSING.append("PostgreSQL")
    NEEDS += ["import POSTGRESQL", "import Databases, Server"]


if "hypothesis" not in MISSING:
    from hypothesis import HealthCheck, settings

    # Machines are shared: how long an example took says nothing of the code.
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if collection_path.name == "e2e":
        return bool(MISSING) or None
    if collection_path.suffix == ".py" and NEEDS:
        return any(words in collection_path.read_text("utf-8") for words in NEEDS) or None
    return None


def pytest_report_header() -> str | None:
    return f"tests that need {', '.join(MISSING)} are left out; requirements-dev.txt has them" if MISSING else None


@pytest.fixture(autouse=True)
def _nobodys_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "GENLY_API_KEY",
        "GENLY_BASE_URL",
        "GENLY_WORKFLOW_ID",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server that the test may stop, if it starts it again."""
    server = Server()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Databases:
    """Where databases are made on a PostgreSQL server."""
    return Databases(RUNNING or request.getfixturevalue("server").url)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as api:
        yield api


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def client(api: FakeApi, time: FakeTime) -> Iterator[Client]:
    with client_at(api.base_url, time) as client:
        yield client
