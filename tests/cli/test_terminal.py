"""What is said, and how it looks where somebody watches."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from rerender.cli.terminal import Terminal, plain


class Screen(io.StringIO):
    """A terminal of 80 columns."""

    def isatty(self) -> bool:
        return True


def watch(monkeypatch: pytest.MonkeyPatch) -> Screen:
    # Not a fixture: pytest gives each phase of a test another stderr.
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "80")
    return screen


def test_on_a_terminal_one_line_is_redrawn_and_a_shorter_one_covers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watch(monkeypatch)
    terminal = Terminal()
    terminal.progress("processing", 9.7)
    terminal.progress("processing", 9.8)
    terminal.progress("done", 10.2)
    assert screen.getvalue() == "\rprocessing, 10 s\rdone, 10 s      "
    terminal.note("Written.")
    assert screen.getvalue().endswith("\r          \rWritten.\n")


def test_a_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watch(monkeypatch)
    Terminal().progress("word " * 50, 1)
    assert len(screen.getvalue()) == 80


def test_without_a_terminal_there_is_a_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    for seconds, phase in enumerate(["pending", "pending", "processing"]):
        terminal.progress(phase, seconds)
    assert capsys.readouterr().err == "pending\nprocessing\n"


@pytest.mark.parametrize("options", [{"quiet": True}, {"as_json": True}])
def test_quiet_is_quiet_on_a_terminal_too(monkeypatch: pytest.MonkeyPatch, options: dict[str, bool]) -> None:
    screen = watch(monkeypatch)
    terminal = Terminal(**options)
    terminal.progress("processing", 1)
    terminal.note("Written.")
    assert screen.getvalue() == ""


def test_words_of_an_api_cannot_steer_a_terminal() -> None:
    assert plain("a\x1b[31m\r\n\x9bb\u202e c") == "a [31m b c"


def test_a_terminal_that_lacks_a_character_ends_nothing() -> None:
    code = "from rerender.cli.terminal import say; say('1024 × 768 \\udcff'); say('日', err=True)"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=True, env=environment)
    assert (said.stdout, said.stderr) == (b"1024 \\xd7 768 \\udcff\n", b"\\u65e5\n")


@pytest.mark.parametrize("command", [[], ["render"], ["get"]])
def test_help_names_the_exit_codes_and_loads_no_database_and_no_engine(command: list[str]) -> None:
    code = (
        f"import sys\nfrom rerender.cli import main\ntry: main([*{command}, '--help'])\n"
        "finally: print(sorted({'cv2', 'numpy', 'fastapi', 'sqlalchemy', 'streamlit'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True).stdout
    assert "130  stopped by Ctrl+C" in shown
    assert ("Examples:" in shown) == bool(command)
    assert shown.rstrip().endswith("[]")
