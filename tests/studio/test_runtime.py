"""The whole of one process, with the real local service and an engine that only fills pictures with a colour."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rerender.engines.base import Description
from rerender.errors import ConfigurationError
from rerender.models import RenderRequest
from rerender.studio import embedded
from rerender.studio.backends import PREVIEW, api_backend, choose
from rerender.studio.runtime import Runtime, home_from
from tests.fake_api import API_KEY, FakeApi
from tests.studio.helpers import a_request, finished
from tests.waiting import wait_until


class FlatEngine:
    """One colour a picture. Waits between two stages until `gate` is set."""

    name, version = "flat", "1"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()

    def describe(self, request: RenderRequest) -> Description:
        return {"engine": self.name, "version": "1", "plan": {}, "understood": ["oak"], "not_understood": ["and"]}

    def render(self, request: RenderRequest, *, on_stage: Callable[[str], None] | None = None) -> list[np.ndarray]:
        self.begun.set()
        while not self.gate.wait(0.01):
            if on_stage:
                on_stage("waiting")
        size = (request.image_height, request.image_width, 3)
        return [np.full(size, 40 * index, np.uint8) for index in range(request.batch_size)]


@pytest.fixture
def engine() -> FlatEngine:
    return FlatEngine()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def open_runtime(home: Path, engine: FlatEngine) -> Iterator[Callable[..., Runtime]]:
    opened: list[Runtime] = []

    def open_one(where: Path = home, **options: Any) -> Runtime:
        runtime = Runtime.open(where, make_engine=lambda: engine, **options)
        opened.append(runtime)
        return runtime

    yield open_one
    engine.gate.set()
    for runtime in opened:
        runtime.close()


def submit(runtime: Runtime, **changes: Any) -> str:
    return runtime.runner.submit("local", runtime.ready(PREVIEW, "local"), a_request(**changes))


def test_a_preview_is_stored_here_and_then_forgotten_by_its_service(
    open_runtime: Callable[..., Runtime], home: Path
) -> None:
    runtime = open_runtime()
    run = finished(runtime.history("local"), submit(runtime, batch_size=2))
    assert (run.backend, run.is_preview, run.cost, run.error) == ("embedded", True, 0.0, None)
    assert (run.misc["understood"], run.misc["not_understood"]) == (["oak"], ["and"])
    assert [(output.width, output.height) for output in runtime.history("local").outputs(run.run_id)] == [
        (512, 512)
    ] * 2
    wait_until(lambda: not list((home / "service" / "renders").iterdir()))


def test_a_preview_goes_on_after_a_restart_at_another_address(
    open_runtime: Callable[..., Runtime], engine: FlatEngine
) -> None:
    engine.gate.clear()
    first = open_runtime()
    run_id, address = submit(first), first.ready(PREVIEW, "local").base_url
    assert engine.begun.wait(60)
    first.close()
    engine.gate.set()
    # Else the system may give the same one again.
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))):
        second = open_runtime()
        assert second.ready(PREVIEW, "local").base_url != address
    assert finished(second.history("local"), run_id).stored_at


def test_a_second_process_gets_a_private_service_that_leaves_nothing(
    open_runtime: Callable[..., Runtime], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first, second = open_runtime(), open_runtime()
    assert finished(first.history("local"), submit(first)).stored_at
    (home / "service" / "pid").write_text("1")  # as if the first were another process
    private = second.ready(PREVIEW, "local").base_url
    assert private != first.ready(PREVIEW, "local").base_url
    assert finished(second.history("local"), submit(second, seed=8)).stored_at
    assert list(tmp_path.glob("rerender-service-*"))
    second.close()
    assert not list(tmp_path.glob("rerender-service-*"))
    assert finished(first.history("local"), submit(first, seed=9)).stored_at


def test_after_a_hot_reload_the_service_moves_to_the_new_runtime(
    open_runtime: Callable[..., Runtime], engine: FlatEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "PREDECESSOR_ENDS_WITHIN", 60.0)
    engine.gate.clear()
    old = open_runtime()
    run_id = submit(old)
    assert engine.begun.wait(60)
    new = open_runtime()  # Streamlit makes the new one before it releases the old one
    new.warm_up()
    old.close()
    engine.gate.set()
    assert finished(new.history("local"), run_id).stored_at
    assert finished(new.history("local"), submit(new, seed=8)).stored_at


def test_a_preview_that_its_service_has_lost_ends_and_says_so(
    open_runtime: Callable[..., Runtime], engine: FlatEngine, home: Path
) -> None:
    engine.gate.clear()
    first = open_runtime()
    run_id = submit(first)
    assert engine.begun.wait(60)
    first.close()
    shutil.rmtree(home / "service")
    run = finished(open_runtime().history("local"), run_id)
    assert (run.stored_at, run.cost) == (None, 0.0)
    assert "cost nothing" in str(run.error)


def test_a_hosted_run_is_taken_up_with_the_key_of_the_settings(
    open_runtime: Callable[..., Runtime], api: FakeApi
) -> None:
    settings = {"GENLY_API_KEY": API_KEY, "GENLY_BASE_URL": api.base_url}
    api.state.phases = ["processing"]
    first = open_runtime(sources=[settings.get])
    run_id = first.runner.submit("local", choose([settings.get], "local"), a_request())
    wait_until(lambda: api.state.get_count)
    first.close()
    api.state.phases = ["completed"]
    without_key = open_runtime()
    history = without_key.history("local")
    wait_until(lambda: "waiting for the key" in str(history.recent()[0].error), 20)
    without_key.close()
    assert finished(open_runtime(sources=[settings.get]).history("local"), run_id).stored_at
    assert api.state.submit_count == 1


def test_a_key_is_not_used_for_a_run_of_another_origin(open_runtime: Callable[..., Runtime], api: FakeApi) -> None:
    api.state.phases = ["processing"]
    first = open_runtime()
    first.runner.submit("local", api_backend(API_KEY, base_url=api.base_url), a_request())
    wait_until(lambda: api.state.get_count)
    first.close()
    with FakeApi() as elsewhere:
        settings = {"GENLY_API_KEY": "another-key", "GENLY_BASE_URL": elsewhere.base_url}
        history = open_runtime(sources=[settings.get]).history("local")
        wait_until(lambda: "waiting for the key" in str(history.recent()[0].error), 20)
    assert {request.auth for request in api.state.requests} == {f"Bearer {API_KEY}"}
    assert elsewhere.state.requests == []


def test_a_home_that_cannot_be_written_is_replaced_until_the_end(
    open_runtime: Callable[..., Runtime], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    runtime = open_runtime(tmp_path / "file" / "home")
    assert runtime.ephemeral
    assert finished(runtime.history("local"), submit(runtime)).stored_at
    runtime.close()
    assert not runtime.home.exists()


def test_closing_twice_is_closing_once(open_runtime: Callable[..., Runtime]) -> None:
    runtime = open_runtime()
    runtime.warm_up()
    runtime.close()
    runtime.close()
    wait_until(lambda: not [t.name for t in threading.enumerate() if t.name.startswith("rerender-")])
    with pytest.raises(RuntimeError):
        runtime.ready(PREVIEW, "local")


def test_the_home_is_named_by_the_first_source_that_names_one(tmp_path: Path) -> None:
    assert home_from([{}.get, {"RERENDER_HOME": str(tmp_path)}.get]) == tmp_path
    assert home_from([{}.get]) == Path.home() / ".rerender"


def test_a_database_that_cannot_be_read_is_said_in_one_sentence(home: Path) -> None:
    home.mkdir()
    (home / "studio.sqlite3").write_bytes(b"this is no database " * 100)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Runtime.open(home)


@pytest.mark.parametrize(
    "url", ["no address: s3cret", "postgresql+nodriver://me:s3cret@db/studio", "sqlite:////no/such/folder/s3cret"]
)
def test_a_database_url_that_cannot_be_used_is_said_without_its_password(home: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="RERENDER_DATABASE_URL cannot be used") as raised:
        Runtime.open(home, database_url=url)
    assert "s3cret" not in str(raised.value)


def test_the_history_is_kept_where_the_database_url_says(
    open_runtime: Callable[..., Runtime], tmp_path: Path, home: Path
) -> None:
    runtime = open_runtime(database_url=f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}")
    assert finished(runtime.history("local"), submit(runtime)).stored_at
    assert not (home / "studio.sqlite3").exists()
