"""Processes that end in the middle, by SIGKILL and otherwise."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator

import pytest

from rerender.studio.backends import Backend
from rerender.studio.history import History
from rerender.studio.runner import Runner
from tests.fake_api import Answer, FakeApi, Request, picture
from tests.studio.helpers import finished, read
from tests.waiting import wait_until

# Submits one run and then does what the test says. Its arguments: the database and the fake API.
CHILD = """
import atexit, sys, time
from rerender.studio import tracker
from rerender.studio.database import Database
from rerender.studio.runner import Runner
from tests.studio.helpers import a_request, api_backend
from tests.fake_api import API_KEY
backend = api_backend(API_KEY, base_url=sys.argv[2])
tracker.LOOK_TIMEOUT = (5.0, 600.0)
runner = Runner(Database.open(sys.argv[1]), lambda _: backend, lease=600.0)
runner.submit("ours", backend, a_request(batch_size=2))
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")


@pytest.fixture
def start_child(
    database: object, database_url: str, api: FakeApi
) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    children: list[subprocess.Popen[bytes]] = []

    def start(then: str = "time.sleep(60)") -> subprocess.Popen[bytes]:
        code = CHILD + textwrap.dedent(then)
        command = [sys.executable, "-c", code, database_url, api.base_url]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        children.append(child)
        return child

    yield start
    for child in children:
        with child:
            child.kill()


def kill(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()


def test_a_paid_render_survives_a_killed_process(
    start_child: Callable[..., subprocess.Popen[bytes]],
    start_runner: Callable[..., Runner],
    history: History,
    api: FakeApi,
) -> None:
    first_look, never = threading.Event(), threading.Event()

    def hold_the_first_look(request: Request) -> None:
        if request.path.startswith("/api/renders/") and not first_look.is_set():
            first_look.set()
            never.wait(60)

    api.state.on_request = hold_the_first_look
    child = start_child()
    assert first_look.wait(60)
    kill(child)
    never.set()
    run = history.recent()[0]
    assert (run.submission, run.render_id, run.phase) == ("accepted", "render1", None)

    start_runner()
    run = finished(history, run.run_id)
    stored = [history.data(output.sha256) for output in history.outputs(run.run_id)]
    assert stored == [picture(512, 512, 100), picture(512, 512, 120)]
    assert api.state.submit_count == 1


def test_a_process_killed_while_submitting_leaves_an_uncertain_run_that_is_not_sent_again(
    start_child: Callable[..., subprocess.Popen[bytes]],
    start_runner: Callable[..., Runner],
    history: History,
    api: FakeApi,
) -> None:
    arrived, never = threading.Event(), threading.Event()

    def hold_the_post(request: Request) -> None:
        arrived.set()
        never.wait(60)

    api.state.on_request = hold_the_post
    child = start_child()
    assert arrived.wait(60)
    kill(child)
    never.set()
    start_runner()
    run = finished(history, history.recent()[0].run_id)
    assert run.submission == "uncertain"
    assert "may have been charged" in str(run.error)
    assert api.state.submit_count == 1


def test_a_process_killed_between_two_downloads_stores_every_output_once(
    start_child: Callable[..., subprocess.Popen[bytes]],
    start_runner: Callable[..., Runner],
    history: History,
    api: FakeApi,
) -> None:
    api.state.phases = ["completed"]
    api.state.files["/files/render1/1.png"] = Answer(500)
    child = start_child()
    wait_until(lambda: history.latest() and history.outputs(history.recent()[0].run_id))
    kill(child)
    api.state.files.clear()
    start_runner()
    run = finished(history, history.recent()[0].run_id)
    assert [output.width for output in history.outputs(run.run_id)] == [512, 512]
    assert [request.path for request in api.state.downloads].count("/files/render1/0.png") == 1
    assert api.state.submit_count == 1


def test_a_look_that_hangs_does_not_hang_the_interpreters_exit(
    start_child: Callable[..., subprocess.Popen[bytes]], api: FakeApi
) -> None:
    api.state.get_delay = 600.0
    child = start_child("sys.stdin.readline()")
    wait_until(lambda: api.state.get_count)
    assert child.stdin
    child.stdin.close()
    assert child.wait(60) == 0


def test_a_post_in_flight_is_written_down_before_the_interpreter_exits(
    start_child: Callable[..., subprocess.Popen[bytes]], history: History, api: FakeApi
) -> None:
    closing = threading.Event()
    api.state.on_request = lambda request: request.method == "POST" and closing.wait(60)
    api.state.phases = ["pending"]
    child = start_child("""
        atexit.register(runner.close)
        atexit.register(print, "closing", flush=True)
        sys.stdin.readline()
    """)
    wait_until(lambda: api.state.submit_count)
    assert child.stdin
    assert child.stdout
    child.stdin.close()
    assert child.stdout.readline() == b"closing\n"
    closing.set()
    assert child.wait(60) == 0
    run = read(history, history.recent()[0].run_id)
    assert (run.submission, run.render_id) == ("accepted", "render1")
    assert api.state.submit_count == 1


def test_a_live_process_beside_takes_over_within_its_next_round(
    start_child: Callable[..., subprocess.Popen[bytes]],
    start_runner: Callable[..., Runner],
    backend: Backend,
    history: History,
    api: FakeApi,
) -> None:
    api.state.phases = ["processing"]
    start_runner()
    child = start_child()
    wait_until(lambda: history.latest() and history.recent()[0].phase)
    kill(child)
    api.state.phases = ["completed"]
    assert finished(history, history.recent()[0].run_id).stored_at
    assert api.state.submit_count == 1
