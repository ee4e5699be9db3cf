from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
import requests

from rerender.errors import ConfigurationError
from rerender.service.server import CannotListen, LocalServer, _listen
from rerender.service.storage import FolderInUse
from tests.service.calls import KEY, Caller, body
from tests.service.engines import FlatEngine


def test_a_started_server_answers_at_its_base_url(server: LocalServer) -> None:
    assert requests.get(server.base_url + "/openapi.json", timeout=60).status_code == 200


def test_a_restarted_server_serves_what_was_completed_and_completes_what_was_not(
    tmp_path: Path, server: LocalServer, api: Caller, engine: FlatEngine
) -> None:
    done = api.wait(api.submit(seed=1))
    engine.gate.clear()
    engine.working.clear()
    interrupted, waiting = api.submit(seed=2), api.submit(seed=3)
    assert engine.working.wait(30)
    server.close()
    engine.gate.set()
    again = LocalServer(tmp_path / "service", engine, [KEY])
    again.start()
    try:
        api = Caller(again.base_url)
        assert [api.wait(render_id)["phase"] for render_id in (interrupted, waiting)] == ["completed", "completed"]
        outputs = api.get(done["_id"]).json()["outputs"]
        assert requests.get(outputs[0]["cover_src"], timeout=60).content[:4] == b"\x89PNG"
    finally:
        again.close()


def test_closing_frees_the_port_and_the_folder_and_leaves_no_thread(tmp_path: Path, engine: FlatEngine) -> None:
    before = set(threading.enumerate())
    for _ in range(2):
        server = LocalServer(tmp_path, engine, [KEY])
        server.start()
        server.close()
        server.close()
        with pytest.raises(requests.ConnectionError):
            requests.get(server.base_url, timeout=60)
    assert set(threading.enumerate()) <= before


def test_a_folder_in_use_is_refused_and_the_first_server_is_not_disturbed(
    tmp_path: Path, server: LocalServer, api: Caller, engine: FlatEngine
) -> None:
    second = LocalServer(tmp_path / "service", engine, [KEY])
    with pytest.raises(FolderInUse):
        second.start()
    second.close()
    assert api.post(body()).status_code == 200


def test_a_port_in_use_is_said_in_a_sentence_and_the_folder_is_free_again(tmp_path: Path, engine: FlatEngine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"port {port}: Address already in use. "):
            LocalServer(tmp_path, engine, [KEY], port=port).start()
    server = LocalServer(tmp_path, engine, [KEY])
    server.start()
    server.close()


def test_no_answer_waits_for_the_client_to_acknowledge_its_head() -> None:
    with _listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("keys", [[], [""], [KEY, ""], ["two words"], ["line\n"], ["clé"]])
def test_a_key_that_could_never_be_sent_is_refused_at_once(tmp_path: Path, engine: FlatEngine, keys: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        LocalServer(tmp_path, engine, keys)


def test_forgetting_a_render_removes_its_pictures_from_the_web(server: LocalServer, api: Caller) -> None:
    render = api.wait(api.submit())
    server.forget(render["_id"])
    assert api.get(render["_id"]).status_code == 404
    for entry in render["inputs"] + render["outputs"]:
        assert requests.get(entry["cover_src"], timeout=60).status_code == 404


def test_closing_does_not_wait_for_connections_that_are_kept_open(server: LocalServer) -> None:
    with requests.Session() as session:
        session.get(server.base_url + "/openapi.json", timeout=60)
        closing = threading.Thread(target=server.close)
        closing.start()
        closing.join(5)
        assert not closing.is_alive()
