"""Commands as processes of their own, ended by signals at every moment that matters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from rerender.studio.history import History
from tests.cli.conftest import document
from tests.fake_api import API_KEY, FakeApi
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

Cli = Callable[..., Result]


class Child:
    """A running command."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "rerender", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, *signals: int) -> tuple[int, str, str]:
        """Send the signals; exit code, stdout and stderr."""
        for number in signals:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        assert API_KEY not in out + err
        assert "Traceback" not in err
        return self.process.returncode, out, err


@pytest.fixture(autouse=True)
def _signals_as_in_a_terminal() -> Iterator[None]:
    """Under nohup or as a background job the tests ignore signals, and their children would inherit that."""
    ignored = [number for number in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def start() -> Iterator[Callable[..., Child]]:
    started: list[Child] = []

    def start(*arguments: str) -> Child:
        started.append(Child(*arguments))
        return started[-1]

    yield start
    for child in started:
        child.process.kill()
        child.process.communicate()


RENDER = ("render", "clay.png", "oak", "--seed", "1")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_waiting_ends_with_130_and_get_goes_on(
    start: Callable[..., Child], hosted: FakeApi, cli: Cli, number: int
) -> None:
    hosted.state.phases = ["processing"]
    child = start(*RENDER)
    wait_until(lambda: hosted.state.get_count)
    code, out, err = child.end(number)
    assert (code, out) == (130, "")
    hosted.state.phases = ["completed"]
    *_, command, run_id = err.split()
    assert cli(command, run_id).stdout == "rerender-oak-seed1-1.png\n"
    assert hosted.state.submit_count == 1


def test_ctrl_c_while_sending_waits_until_the_render_id_is_written_down(
    start: Callable[..., Child], hosted: FakeApi, history: History
) -> None:
    release = threading.Event()
    hosted.state.phases = ["processing"]
    hosted.state.on_request = lambda request: request.method == "POST" and release.wait(60)
    child = start(*RENDER)
    assert child.process.stderr is not None
    wait_until(lambda: hosted.state.submit_count)
    child.process.send_signal(signal.SIGINT)
    assert any("Stopping." in line for line in child.process.stderr)
    release.set()
    code, _, _ = child.end()
    assert code == 130
    assert history.recent()[0].render_id == "render1"


def test_a_second_ctrl_c_ends_at_once_and_what_was_being_sent_is_called_uncertain(
    start: Callable[..., Child], hosted: FakeApi, cli: Cli, history: History
) -> None:
    hosted.state.submit_delay = 30.0
    child = start(*RENDER)
    assert child.process.stderr is not None
    assert any("sending" in line for line in child.process.stderr)
    wait_until(lambda: hosted.state.submit_count)
    child.process.send_signal(signal.SIGINT)
    assert any("Stopping." in line for line in child.process.stderr)
    run_id = history.recent()[0].run_id
    words = f"Stopped at once. It may have been charged. How it stands: python -m rerender get {run_id}\n"
    assert child.end(signal.SIGINT) == (130, "", words)
    result = cli("get", run_id)
    assert (result.exit_code, hosted.state.submit_count) == (4, 1)
    assert "It was stopped while being sent. It may have been charged" in result.stderr


def test_a_second_ctrl_c_says_what_is_true_of_a_run_that_was_accepted(
    start: Callable[..., Child], hosted: FakeApi, history: History
) -> None:
    hosted.state.phases, hosted.state.get_delay = ["processing"], 30.0
    child = start(*RENDER)
    assert child.process.stderr is not None
    assert any("sent" in line.split() for line in child.process.stderr)
    wait_until(lambda: hosted.state.get_count)
    child.process.send_signal(signal.SIGINT)
    assert any("Stopping." in line for line in child.process.stderr)
    code, _, err = child.end(signal.SIGINT)
    run_id = history.recent()[0].run_id
    assert (code, err) == (130, f"Stopped at once. Nothing is lost. How it stands: python -m rerender get {run_id}\n")


def test_a_paid_render_survives_a_killed_command_and_is_posted_once(
    start: Callable[..., Child], hosted: FakeApi, cli: Cli, history: History
) -> None:
    hosted.state.phases = ["processing"]
    child = start(*RENDER)
    wait_until(lambda: hosted.state.get_count)
    assert child.end(signal.SIGKILL)[0] == -signal.SIGKILL
    hosted.state.phases = ["completed"]
    assert document(cli("get", history.recent()[0].run_id, "--json"))["render_id"] == "render1"
    assert hosted.state.submit_count == 1


def test_a_preview_goes_on_after_its_command_was_stopped(start: Callable[..., Child], cli: Cli) -> None:
    child = start("render", "clay.png", "oak", "--seed", "1", "--batch-size", "4", "--width", "2048")
    assert child.process.stderr is not None
    assert any("processing" in line for line in child.process.stderr)
    code, _, err = child.end(signal.SIGINT)
    assert code == 130
    *_, command, run_id = err.split()
    assert len(document(cli(command, run_id, "--json"))["pictures"]) == 4


@pytest.mark.parametrize("option", ["--seed=1", "--json"])
@pytest.mark.parametrize("streams", [("stdout",), ("stderr",), ("stdout", "stderr")])
def test_a_render_whose_words_nobody_reads_ends_as_any_other(
    hosted: FakeApi, place: Path, streams: tuple[str, ...], option: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    sinks: dict[str, Any] = {**dict.fromkeys(("stdout", "stderr"), subprocess.PIPE), **dict.fromkeys(streams, writer)}
    command = [sys.executable, "-m", "rerender", *RENDER, option]
    ended = subprocess.run(command, **sinks, text=True, timeout=60, check=False)
    os.close(writer)
    assert ended.returncode == 0
    assert "Error" not in (ended.stderr or "")
    assert (place / "rerender-oak-seed1-1.png").exists()


def test_a_render_with_neither_stdout_nor_stderr_ends_as_any_other(hosted: FakeApi, place: Path) -> None:
    command = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", sys.executable, "-m", "rerender", *RENDER]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0
    assert (place / "rerender-oak-seed1-1.png").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_7_also_means_that_the_file_names_could_not_be_said(hosted: FakeApi, cli: Cli, history: History) -> None:
    command = [sys.executable, "-m", "rerender", *RENDER, "--quiet"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    run_id = history.recent()[0].run_id
    again = f"stdout cannot be written: No space left on device. Again: python -m rerender get {run_id}\n"
    assert (ended.returncode, ended.stderr) == (7, again)
    assert cli("get", run_id).stdout == "rerender-oak-seed1-1.png\n"


def test_ctrl_c_in_get_at_the_api_loses_nothing(start: Callable[..., Child], hosted: FakeApi) -> None:
    hosted.state.renders["lost1"] = {"image_width": 512, "image_height": 512}
    hosted.state.phases = ["processing"]
    child = start("get", "lost1")
    wait_until(lambda: hosted.state.get_count > 1)
    code, _, err = child.end(signal.SIGINT)
    assert (code, err.splitlines()[-1]) == (130, "Stopped. Nothing is lost: python -m rerender get lost1")


def test_ctrl_c_in_get_before_anybody_was_asked_says_how_to_go_on(
    cli: Cli, hosted: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(History, "of_render", lambda *_: signal.raise_signal(signal.SIGINT))
    result = cli("get", "lost1")
    assert (result.exit_code, hosted.state.requests) == (130, [])
    assert result.stderr == "Stopped. Looking cost nothing. Again: python -m rerender get lost1\n"


def test_what_a_parent_ignores_stays_ignored(hosted: FakeApi) -> None:
    hosted.state.phases = ["processing", "completed"]
    command = [sys.executable, "-m", "rerender", *RENDER, "--quiet"]
    kept = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
    finally:
        signal.signal(signal.SIGHUP, kept)
    with process:
        wait_until(lambda: hosted.state.get_count)
        os.kill(process.pid, signal.SIGHUP)
        assert process.communicate(timeout=60)[0] == b"rerender-oak-seed1-1.png\n"
