"""The code that is shown runs as it is shown, whatever the prompt says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from rerender.client import DEFAULT_BASE_URL
from rerender.models import DEFAULT_WORKFLOW_ID, RenderRequest
from rerender.service.server import LocalServer
from rerender.studio import as_code
from rerender.studio.backends import PREVIEW, api_backend
from tests.fake_api import API_KEY, FakeApi, picture
from tests.service.engines import FlatEngine
from tests.studio.helpers import a_request

ROOT = Path(__file__).parents[2]
NASTY = (
    """it's "oak" & glass; $(touch owned) `touch owned` ${HOME} %s %n \\n \\ !! {curly} *\r\n\té 木 🪵 \x1b[31m \x7f"""
)


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """The folder in which the code runs, with the control image beside it."""
    folder = tmp_path / "beside the code"
    folder.mkdir()
    return folder


@pytest.fixture
def local_service(tmp_path: Path) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path / "service", FlatEngine(), [API_KEY])
    server.start()
    yield server
    server.close()


def run(command: list[str], folder: Path, key: str = API_KEY) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GENLY_API_KEY": key, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def save_control_image(request: RenderRequest, folder: Path) -> None:
    (folder / as_code.control_file(request)).write_bytes(request.control_image)


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_the_shown_curl_sends_the_very_request_once_and_follows_it_to_its_end(
    api: FakeApi, beside: Path, shell: str
) -> None:
    request = a_request(prompt=NASTY, batch_size=2)
    save_control_image(request, beside)
    api.state.phases = ["completed"]
    ended = run([shell, "-c", as_code.curl(request, api.base_url, DEFAULT_WORKFLOW_ID)], beside)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [post.json for post in api.state.submits] == [request.to_json()]
    assert json.loads((beside / "render.json").read_text())["phase"] == "completed"
    assert f"{api.base_url}/files/render1/1.png" in ended.stdout
    assert files(beside) == ["control.png", "render.json"]


def test_the_shown_curl_waits_for_the_local_service_too(local_service: LocalServer, beside: Path) -> None:
    request = a_request(prompt=NASTY)
    save_control_image(request, beside)
    ended = run(["bash", "-c", as_code.curl(request, local_service.base_url, DEFAULT_WORKFLOW_ID)], beside)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads((beside / "render.json").read_text())["phase"] == "completed"


def test_the_shown_curl_says_what_was_refused_and_ends(api: FakeApi, beside: Path) -> None:
    request = a_request()
    save_control_image(request, beside)
    ended = run(["bash", "-c", as_code.curl(request, api.base_url, DEFAULT_WORKFLOW_ID)], beside, key="not-the-key")
    assert "Invalid API key" in ended.stdout
    assert (api.state.submit_count, api.state.get_count) == (1, 0)


def test_the_shown_python_sends_the_very_request_and_saves_every_picture(api: FakeApi, beside: Path) -> None:
    request = a_request(prompt=NASTY, batch_size=2, control_image=picture(512, 512, 120, "JPEG"))
    save_control_image(request, beside)
    api.state.phases = ["completed"]
    (beside / "script.py").write_text(as_code.python(request, api.base_url, DEFAULT_WORKFLOW_ID), "utf-8")
    ended = run([sys.executable, "script.py"], beside)
    assert ended.stdout.splitlines() == ["render1", "completed"], ended.stderr
    assert [post.json for post in api.state.submits] == [request.to_json()]
    assert files(beside) == ["control.jpg", "render-1.png", "render-2.png", "script.py"]
    assert (beside / "render-2.png").read_bytes() == picture(512, 512, 120)


PROMPTS = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=80)


@given(prompt=PROMPTS.filter(str.strip))
@example(prompt=NASTY)
@settings(max_examples=60)
def test_no_prompt_gets_out_of_its_quotes(prompt: str) -> None:
    request = a_request(prompt=prompt)
    with tempfile.TemporaryDirectory() as folder:
        save_control_image(request, Path(folder))
        ended = run(["bash", "-c", as_code.curl_body(request)], Path(folder))
        assert json.loads(ended.stdout) == request.to_json()
        assert files(Path(folder)) == ["control.png"]
    script = compile(as_code.python(request, "https://api.example", DEFAULT_WORKFLOW_ID), "script", "exec")
    assert prompt in script.co_consts
    assert json.loads(as_code.body(request)) == request.to_json()
    assert json.loads(as_code.shown_body(request))["prompt"] == prompt


@given(prompt=PROMPTS.filter(str.strip))
def test_nothing_is_shown_that_a_terminal_would_obey_or_not_show(prompt: str) -> None:
    request, at = a_request(prompt=prompt), ("https://api.example", DEFAULT_WORKFLOW_ID)
    for shown in (as_code.curl(request, *at), as_code.python(request, *at), as_code.shown_body(request)):
        assert shown.replace("\n", "").isprintable()


def test_letters_stay_letters() -> None:
    for shown in (as_code.curl_body, as_code.shown_body):
        assert "Eiche, 木, 🪵" in shown(a_request(prompt="Eiche, 木, 🪵"))


def test_the_address_is_that_of_the_runs_own_backend_and_of_a_service_to_start_for_the_preview() -> None:
    own = api_backend("a-key", base_url="https://api.example/behind/a/path")
    other = api_backend("a-key", base_url="https://other.example")
    assert as_code.address_of(own.name, [PREVIEW, own]) == "https://api.example/behind/a/path"
    assert as_code.address_of(other.name, [own, other]) == "https://other.example"
    assert as_code.address_of(DEFAULT_BASE_URL, [own, other]) == DEFAULT_BASE_URL
    assert as_code.address_of("embedded", [own]) == as_code.address_of("embedded", [PREVIEW])
    shown = as_code.curl(a_request(), as_code.address_of("embedded", [PREVIEW]), DEFAULT_WORKFLOW_ID)
    (port,) = re.findall(r"python -m rerender serve --port (\d+) --api-key \$GENLY_API_KEY", shown)
    assert f"base=http://127.0.0.1:{port}\n" in shown
    assert f"http://127.0.0.1:{port}" in (ROOT / "docs/local-api.md").read_text("utf-8")


@pytest.mark.parametrize(
    "named", ["https://evil.example", "https://rerender.genly.ai@evil.example", "http://localhost"]
)
def test_a_key_goes_to_no_address_that_only_a_run_names(named: str) -> None:
    own = api_backend("a-key", base_url="https://api.example/behind/a/path")
    assert as_code.address_of(named, [PREVIEW, own]) == "https://api.example/behind/a/path"
    assert as_code.address_of(named, [PREVIEW]) == DEFAULT_BASE_URL
