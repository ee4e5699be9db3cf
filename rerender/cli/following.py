"""A run from the command line: the same database and runner as the app's, and waiting until it has ended."""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Self

from sqlalchemy.exc import SQLAlchemyError

from rerender.cli import files
from rerender.cli.terminal import Exit, Problem, Terminal, go_on
from rerender.errors import ConfigurationError
from rerender.studio.runs import Run, Submission
from rerender.studio.runtime import Runtime, home_from
from rerender.studio.workspaces import LOCAL

__all__ = ["DELETED", "NO_DATABASE", "SOURCES", "Stop", "follow", "nothing_lost", "opened", "usable"]

SOURCES = (os.environ.get,)
LOOK_EVERY = 0.25  # seconds between two looks at the history, which another process may write

_STOPPING = "Stopping. What is being sent is written down first; once more Ctrl+C ends this at once."
NO_DATABASE = "The database of the history does not answer."
DELETED = "This run was deleted. The app's History can bring it back for a while."


class Stop:
    """While entered, Ctrl+C, SIGTERM and SIGHUP only set `asked`, so that no POST is cut off.

    A second Ctrl+C ends the process at once, with `last_words` on stderr. That is as safe as any kill: the journal
    says how far it came.
    """

    _SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

    def __init__(self) -> None:
        self.asked = False
        self.last_words = f"Stopped at once. The latest runs: {go_on()}"
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # What a parent ignores (nohup, a background job) stays ignored.
        caught = [number for number in self._SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
        self._before = {number: signal.signal(number, self._ask) for number in caught}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        # A terminal that closes may send two SIGHUPs, which nobody means as "at once".
        if self.asked and number == signal.SIGINT:
            over_its_echo = "\r" if os.isatty(2) else ""
            if sys.stderr is not None:  # else 2 is closed, or is by now some other file
                with suppress(OSError):
                    # Not by sys.stderr itself, which may be in the middle of a write.
                    os.write(2, f"{over_its_echo}{self.last_words}\n".encode())
            os._exit(Exit.INTERRUPTED)
        self.asked = True


@contextmanager
def opened(so_far: str) -> Iterator[Runtime]:
    """The runtime of the app's own home, which takes up nothing before it is told to. Raises `Problem`.

    `so_far` is what a problem costs, and true until a run is sent; `follow` and `finish` have their own words.
    """
    quiet = logging.StreamHandler()
    quiet.setLevel(logging.CRITICAL)  # what else goes wrong is in the run's row, in words for people
    logging.getLogger().addHandler(quiet)
    database_url = os.environ.get("RERENDER_DATABASE_URL") or None
    try:
        runtime = Runtime.open(home_from(SOURCES), sources=SOURCES, database_url=database_url, resume=False)
        try:
            if runtime.ephemeral and not database_url:
                raise ConfigurationError(f"Nothing can be kept: the folder {home_from(SOURCES)} cannot be written.")
            yield runtime
        finally:
            with suppress(SQLAlchemyError):
                runtime.close()
    except SQLAlchemyError:
        raise Problem(Exit.WRONG, f"{NO_DATABASE} {so_far}") from None
    except ConfigurationError as error:
        raise Problem(Exit.WRONG, f"{error} {so_far}") from None
    finally:
        logging.getLogger().removeHandler(quiet)


@contextmanager
def nothing_lost(some_id: str) -> Iterator[None]:
    """A database that fails meanwhile ends the command with how to go on, as a `Problem`."""
    try:
        yield
    except SQLAlchemyError:
        raise Problem(Exit.UNFINISHED, f"{NO_DATABASE} Nothing is lost: {go_on(some_id)}") from None


def usable(folder: Path, so_far: str) -> Path:
    """The folder for the pictures, made if need be. Raises `Problem`, which says `so_far` as that of `opened` does."""
    try:
        files.check_folder(folder)
    except OSError as error:
        raise Problem(Exit.WRONG, f"The folder {folder} cannot be written: {error.strerror}. {so_far}") from None
    return folder


def follow(runtime: Runtime, run_id: str, terminal: Terminal, stop: Stop, timeout: float, *, is_ours: bool) -> Run:
    """Wait for the run's end, at most `timeout` seconds, then close the runner; the run as it stands then.

    A run that `is_ours` is waited for without limit while it is being sent, which ends by itself; of any other the
    first look is waited for, with the pictures that it brings. Raises `Problem`.
    """
    with nothing_lost(run_id):
        if is_ours:
            _wait(runtime, run_id, terminal, stop, math.inf, lambda run: run.submission != Submission.SUBMITTING)
        _wait(runtime, run_id, terminal, stop, timeout, lambda run: not run.is_unfinished)
        if not is_ours:
            has_looked = runtime.runner.has_looked
            _wait(runtime, run_id, terminal, stop, math.inf, lambda run: not run.is_unfinished or has_looked(run_id))
        if stop.asked:
            terminal.note(_STOPPING)
        runtime.runner.close()
        run = runtime.history(LOCAL).run(run_id)
    if run is None:
        raise Problem(Exit.NO_PICTURES, DELETED)
    return run


def _wait(
    runtime: Runtime, run_id: str, terminal: Terminal, stop: Stop, timeout: float, is_over: Callable[[Run], bool]
) -> None:
    end = time.monotonic() + timeout
    while not stop.asked:
        seen = runtime.runner.news
        run = runtime.history(LOCAL).run(run_id)
        if run is None or is_over(run):
            return
        stop.last_words = f"Stopped at once. {_at_stake(run)} How it stands: {go_on(run_id)}"
        terminal.progress(_stands(run), max(0.0, time.time() - run.created_at))
        left = end - time.monotonic()
        if left <= 0:
            return
        runtime.runner.wait_for_news(seen, min(LOOK_EVERY, left))


def _at_stake(run: Run) -> str:
    """What it means for an unfinished run that its process is killed."""
    if run.is_preview:
        return "It cost nothing."
    return "It may have been charged." if run.submission == Submission.SUBMITTING else "Nothing is lost."


def _stands(run: Run) -> str:
    """An unfinished run in a few words: the API's own phase, and what it waits for."""
    phase = "sending" if run.submission == Submission.SUBMITTING else run.phase or "sent"
    return f"{phase} ({run.error})" if run.error else phase
