"""What the commands say, and the codes they end with. Results go to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click

__all__ = ["EXIT_CODES", "LOOKED", "Exit", "Problem", "Terminal", "go_on", "is_terminal", "plain", "say"]

EXIT_CODES = """\b
Exit codes:
  0    done: the pictures are written
  2    wrong use, image, value or setting: nothing was sent
  3    refused by the API, or nothing could be sent to it: this cost nothing
  4    uncertain: it may have been charged, and is not sent again by itself
  5    the render ended without pictures, as failed or dead
  6    not finished in time: `get ID` goes on
  7    pictures could not be fetched yet, or not be written: `get ID` goes on
  130  stopped by Ctrl+C: `get ID` goes on
"""

LOOKED = "Looking cost nothing."


class Exit(IntEnum):
    """How a command ended, for scripts."""

    DONE = 0
    WRONG = 2
    REFUSED = 3
    UNCERTAIN = 4
    ENDED = 5
    UNFINISHED = 6
    NO_PICTURES = 7
    INTERRUPTED = 130


class Problem(Exception):
    """A command ends here with a code and one plain sentence, and with nothing to show."""

    def __init__(self, code: Exit, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Terminal:
    """Speaks for one command. `quiet` leaves out all but results and problems; so does `as_json`, with one document."""

    def __init__(self, *, quiet: bool = False, as_json: bool = False) -> None:
        self._is_silent = quiet or as_json
        self._as_json = as_json
        self._drawn = ""

    def note(self, sentence: str) -> None:
        """One line on stderr."""
        if not self._is_silent:
            self._erase()
            say(sentence, err=True)

    def progress(self, words: str, seconds: float) -> None:
        """How it stands: one line that is redrawn on a terminal; elsewhere a new line whenever the words change."""
        if self._is_silent:
            return
        words = plain(words)
        if not is_terminal(sys.stderr):
            if words != self._drawn:
                say(words, err=True)
            self._drawn = words
            return
        # A line that wraps could not be redrawn.
        line = f"{words}, {seconds:.0f} s"[: shutil.get_terminal_size().columns - 1]
        if line != self._drawn:
            say(f"\r{line:<{len(self._drawn)}}", err=True, end="")
        self._drawn = line

    def finish(self, code: Exit, sentence: str, document: Mapping[str, Any], lines: Iterable[object] = ()) -> NoReturn:
        """The result, as `lines` or as the document, and then the end of the command with that code."""
        self._erase()
        try:
            if self._as_json:
                lines = [json.dumps({"exit_code": int(code), "message": plain(sentence), **document}, indent=2)]
            for line in lines:
                say(str(line))
        except OSError as error:
            if code == Exit.DONE:
                some_id = document.get("run_id") or document.get("render_id") or ""
                code, sentence = (
                    Exit.NO_PICTURES,
                    f"stdout cannot be written: {error.strerror}. Again: {go_on(some_id)}",
                )
        if sentence:
            say(plain(sentence), err=True)
        click.get_current_context().exit(code)

    def fail(self, problem: Problem) -> NoReturn:
        """The end of a command that has nothing to show."""
        self.finish(problem.code, str(problem), {})

    def _erase(self) -> None:
        if self._drawn and is_terminal(sys.stderr):
            say(f"\r{'':<{len(self._drawn)}}\r", err=True, end="")
        self._drawn = ""


def go_on(some_id: str = "") -> str:
    """The command that takes up a run or a render; without its id, the one that lists the latest runs."""
    return f"python -m rerender get {some_id}".rstrip()


def plain(text: str) -> str:
    """The text on one line, without anything that a terminal would obey: an API may have written it."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody watches the stream, which is None where it was closed before the start."""
    return stream is not None and stream.isatty()


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Write to stdout, or to stderr. It is no fault if nobody reads; raises `OSError` when stdout takes no more."""
    stream: TextIO | None = sys.stderr if err else sys.stdout
    if stream is None:
        return
    # Where the terminal's encoding lacks a character, its escape is better than an end in the middle.
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + end)
        stream.flush()
    except OSError as error:
        # At its end Python would try once more to write the rest.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
        if not (err or isinstance(error, BrokenPipeError)):
            raise
