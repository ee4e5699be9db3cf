from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from rerender.models import DEFAULT_WORKFLOW_ID, RenderRequest
from rerender.service.storage import Storage
from tests.ports import unused_port
from tests.service.calls import KEY, Caller, body, picture, stalled_post
from tests.waiting import wait_until

COMMAND = [sys.executable, "-m", "rerender", "serve", "--port", "0"]


class Serving:
    """A running `python -m rerender serve`, and what it said at its start."""

    def __init__(self, home: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "RERENDER_HOME": str(home)},
        )
        assert self.process.stdout is not None
        self.said = ""
        while "Ctrl+C" not in self.said:
            line = self.process.stdout.readline()
            assert line, f"ended early: {self.said}"
            self.said += line
        self.api = Caller(self.word_after("Base URL"), self.word_after("API key"))

    def word_after(self, label: str) -> str:
        found = re.search(rf"{label} +(\S+)", self.said)
        assert found
        return found[1]

    def end(self, number: int) -> int:
        """Send a signal; the exit code and, in `said`, the last words."""
        self.process.send_signal(number)
        self.said, _ = self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    started: list[Serving] = []

    def start(*options: str) -> Serving:
        started.append(Serving(tmp_path, *options))
        return started[-1]

    yield start
    for serving in started:
        serving.process.kill()
        serving.process.communicate()


def wait_for_processing(api: Caller, render_id: str) -> None:
    wait_until(lambda: api.phase(render_id) == "processing")


def test_help_shows_examples_and_loads_neither_the_engine_nor_the_service() -> None:
    code = (
        "import sys\nfrom rerender.cli import main\n"
        "try: main(['serve', '--help'])\n"
        "finally: print(sorted({'cv2', 'numpy', 'fastapi', 'uvicorn', 'pydantic'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True).stdout
    assert "python -m rerender serve --port 8601" in shown
    assert shown.rstrip().endswith("[]")


@pytest.mark.proof
def test_stop_signals_in_the_middle_of_a_render_end_cleanly_and_the_render_is_made_after_the_restart(
    serve: Callable[..., Serving], tmp_path: Path
) -> None:
    keys = ("--api-key", "one", "--api-key", "two")
    serving = serve(*keys)
    render_id = serving.api.submit(batch_size=4, image_width=2048, image_height=2048)
    for number in (signal.SIGINT, signal.SIGTERM):
        wait_for_processing(serving.api, render_id)
        assert serving.end(number) == 0
        assert serving.said == ""
        with closing(Storage(tmp_path / "serve")) as stored:
            assert [record.phase for record in stored.unfinished()] == ["pending"]
        serving = serve(*keys)
    render = Caller(serving.api.base_url, "two").wait(render_id, seconds=60)
    assert [requests.get(output["cover_src"], timeout=60).status_code for output in render["outputs"]] == [200] * 4


def test_after_a_kill_renders_are_made_and_completed_ones_are_still_served(serve: Callable[..., Serving]) -> None:
    killed = serve("--api-key", "one")
    done = killed.api.wait(killed.api.submit())
    seen = requests.get(done["outputs"][0]["cover_src"], timeout=60).content
    interrupted, waiting = killed.api.submit(batch_size=4, image_width=2048, image_height=2048), killed.api.submit()
    wait_for_processing(killed.api, interrupted)
    assert killed.end(signal.SIGKILL) == -signal.SIGKILL
    api = serve("--api-key", "one").api
    assert requests.get(api.get(done["_id"]).json()["outputs"][0]["cover_src"], timeout=60).content == seen
    assert [api.wait(render_id, seconds=60)["phase"] for render_id in (interrupted, waiting)] == [
        "completed",
        "completed",
    ]


def test_a_render_over_which_the_process_was_killed_twice_is_dead_and_what_waited_behind_it_is_made(
    serve: Callable[..., Serving],
) -> None:
    serving = serve("--api-key", "one")
    deadly = serving.api.submit(batch_size=4, image_width=2048, image_height=2048)
    waiting = serving.api.submit()
    for _ in range(2):
        wait_for_processing(serving.api, deadly)
        assert serving.end(signal.SIGKILL) == -signal.SIGKILL
        serving = serve("--api-key", "one")
    render = serving.api.get(deadly).json()
    assert (render["phase"], render["outputs"]) == ("dead", [])
    assert "cut off twice" in render["misc"]["error"]
    assert serving.api.wait(waiting, seconds=60)["phase"] == "completed"


def test_a_stop_in_the_middle_of_a_body_and_of_a_render_loses_nothing_that_was_answered(
    serve: Callable[..., Serving], tmp_path: Path
) -> None:
    serving = serve("--api-key", KEY)
    ids = [serving.api.submit(batch_size=4, image_width=2048, image_height=2048) for _ in range(4)]
    wait_for_processing(serving.api, ids[0])
    with stalled_post(serving.api):
        assert serving.end(signal.SIGTERM) == 0
    with closing(Storage(tmp_path / "serve")) as stored:
        phases = [record.phase for record in map(stored.find, ids) if record]
    assert phases[-1] == "pending"
    assert len(phases) == 4
    assert set(phases) <= {"completed", "pending"}


def test_what_ended_longer_ago_than_keep_days_is_deleted_at_the_start(
    serve: Callable[..., Serving], tmp_path: Path
) -> None:
    ids = []
    with closing(Storage(tmp_path / "serve")) as stored:
        for days_ago in (2, 0.5):
            ended = time.time() - days_ago * 86_400
            record = stored.create(RenderRequest("oak", picture()), DEFAULT_WORKFLOW_ID, ended, {})
            stored.update(replace(record, phase="completed"))
            ids.append(record.id)
    api = serve("--keep-days", "1").api
    wait_until(lambda: api.get(ids[0]).status_code == 404)
    assert api.get(ids[1]).status_code == 200


def test_without_a_key_each_start_makes_a_new_one_and_says_it(serve: Callable[..., Serving]) -> None:
    serving = serve()
    key = serving.word_after("API key")
    assert len(key) >= 32
    assert f'-H "Authorization: Bearer {key}"' in serving.said
    assert requests.get(serving.word_after("Docs"), timeout=60).status_code == 200
    assert serving.api.submit()


def test_a_folder_in_use_is_said_in_one_line(serve: Callable[..., Serving], tmp_path: Path) -> None:
    serve()
    command = [*COMMAND, "--home", str(tmp_path)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    folder = tmp_path / "serve"
    assert second.stderr == f"Error: Another process is using {folder}. Stop it, or choose another folder.\n"
    assert (second.returncode, second.stdout) == (1, "")


def test_a_bad_file_of_faults_is_said_in_one_sentence_and_nothing_is_served(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('[{"on": "submit"}]')
    command = [*COMMAND, "--home", str(tmp_path), "--faults", str(file)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f'{file}: Rule 1 needs "number"' in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "serve").exists()


@pytest.mark.parametrize("key", ["two words", "ünder", ""])
def test_2_means_a_key_that_can_be_none_and_nothing_is_served(tmp_path: Path, key: str) -> None:
    command = [*COMMAND, "--home", str(tmp_path), "--api-key", key]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    words = "Error: Invalid value for --api-key: An API key is one word of plain ASCII characters."
    assert refused.stderr.splitlines()[-1] == words
    assert not (tmp_path / "serve").exists()


def test_nobody_reads_what_it_said_and_it_serves_all_the_same(tmp_path: Path) -> None:
    port, (reader, writer) = unused_port(), os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "rerender", "serve", "--home", str(tmp_path), "--port", str(port)]
    process = subprocess.Popen(command, stdout=writer)
    os.close(writer)
    try:
        wait_until(lambda: process.poll() is not None or answers(port))
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=60).ok
    except requests.RequestException:
        return False


def test_faults_that_are_on_are_said_at_the_start_and_in_its_health(
    serve: Callable[..., Serving], tmp_path: Path
) -> None:
    file = tmp_path / "faults.json"
    file.write_text('[{"on": "look", "number": 1, "status": 503}]')
    serving = serve("--faults", str(file), "--queue-limit", "1")
    assert f"Faults    on, by {file}: some answers are wrong on purpose\n" in serving.said
    assert requests.get(serving.api.base_url + "/healthz", timeout=60).json()["faults"] is True
    render_id = serving.api.submit(batch_size=4, image_width=2048, image_height=2048)
    assert [serving.api.get(render_id).status_code for _ in range(2)] == [503, 200]
    wait_for_processing(serving.api, render_id)
    assert [serving.api.post(body()).status_code for _ in range(2)] == [200, 429]
    assert serving.end(signal.SIGTERM) == 0
