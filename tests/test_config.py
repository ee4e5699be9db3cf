"""What `.streamlit/config.toml` promises, and a started app that keeps it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.e2e.app import App

ROOT = Path(__file__).parents[1]


def test_other_sites_are_kept_out_and_errors_kept_in_by_name() -> None:
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    assert config["server"]["enableXsrfProtection"] is True
    assert config["server"]["enableCORS"] is True
    assert config["client"]["showErrorDetails"] == "none"
    assert config["server"]["maxUploadSize"] == 0, "files are taken once there is somebody to count them"
    assert config["server"]["maxMessageSize"] <= 20, "a host of 690 MB holds that much for each stranger's connection"
    assert config["server"]["maxWidgetStateSize"] <= 15


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = App(tmp_path_factory.mktemp("home"))
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("token", [None, "forged"])
def test_a_file_from_another_site_is_refused(app: App, token: str | None) -> None:
    headers = {"Origin": "https://evil.example"} | ({"X-Xsrftoken": token} if token else {})
    cookies = {"_streamlit_xsrf": "another"} if token else None
    address = f"{app.url}/_stcore/upload_file/a-session/a-file"
    answer = requests.put(address, files={"file": b"x"}, headers=headers, cookies=cookies, timeout=10)
    assert answer.status_code == 403
    assert answer.headers.get("Access-Control-Allow-Origin") != "https://evil.example"


def test_a_connection_from_another_site_is_refused(app: App) -> None:
    headers = {
        "Origin": "https://evil.example",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert requests.get(f"{app.url}/_stcore/stream", headers=headers, timeout=10).status_code == 403
