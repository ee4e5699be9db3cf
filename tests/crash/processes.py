"""Processes that run the real runner on a real file, and what may befall them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

from rerender.models import RenderRequest
from rerender.studio.backends import Backend
from rerender.studio.budget import CapReached
from rerender.studio.database import Database, sqlite_url
from rerender.studio.runner import Runner
from rerender.studio.runs import Run
from tests.crash import points
from tests.crash.points import Point
from tests.studio.helpers import a_request
from tests.waiting import wait_until

WORKSPACE = "ours"
# Children are forked from a server that has no threads, and nothing left to import.
_processes = multiprocessing.get_context("forkserver") if os.name == "posix" else multiprocessing.get_context()
_one_at_a_time = threading.Lock()


def request_of(seed: int, batch_size: int) -> RenderRequest:
    return a_request(prompt=f"run {seed}", seed=seed, batch_size=batch_size)


class Life:
    """What a child does: it obeys until it is told to close, or is killed."""

    def __init__(self, place: Path | str, backend: Backend, lease: float) -> None:
        self.backend = backend
        database = Database.open(sqlite_url(place) if isinstance(place, Path) else place)
        self.runner = Runner(database, lambda _: backend, on_stored=lambda run: self.on_stored(run), lease=lease)

    def on_stored(self, run: Run) -> None:
        """What the app does then is to tell the preview service to forget the render."""

    def submit(self, seeds: Sequence[int], batch_size: int) -> None:
        self.runner.submit_series(WORKSPACE, self.backend, [request_of(seed, batch_size) for seed in seeds])

    def click(self, seeds: Sequence[int]) -> int:
        """A click for each of these seeds, all at once, each of another visitor; how many a cap refused."""
        at_once = threading.Barrier(len(seeds))

        def one(seed: int) -> bool:
            request = request_of(seed, 1)
            at_once.wait()
            try:
                self.runner.submit(f"visitor {seed}", self.backend, request)
            except CapReached:
                return True
            return False

        with ThreadPoolExecutor(len(seeds)) as visitors:
            return sum(visitors.map(one, seeds))

    def resume(self) -> None:
        self.runner.resume()

    def attach(self, run_id: str, render_id: str) -> bool:
        return self.runner.attach(WORKSPACE, run_id, render_id)

    def settle(self, run_id: str, charged: bool) -> bool:
        return self.runner.settle(WORKSPACE, run_id, charged=charged)


def _live(
    orders: Connection,
    place: Path | str,
    backend: Backend,
    lease: float,
    point: Point | None,
    delay: float,
    which: signal.Signals,
    host: str | None,
) -> None:
    points.hurry()
    if host:
        socket.gethostname = lambda: host
    if point:
        points.arm(point, delay, which)
    life = Life(place, backend, lease)
    try:
        while (order := orders.recv()) is not None:
            name, *arguments = order
            orders.send(getattr(life, name)(*arguments))
    except EOFError:
        return
    life.runner.close()


class Process:
    """A child, which gets the signal `which` at `point` and until then does what it is told.

    `place` is its database, as a SQLite file or a URL. `lease` and `delay` are in seconds; a `host` other than this
    one makes it look like a process of another machine.
    """

    def __init__(
        self,
        place: Path | str,
        backend: Backend,
        point: Point | None = None,
        *,
        lease: float = 600.0,
        delay: float = 0.0,
        which: signal.Signals = signal.SIGKILL,
        host: str | None = None,
    ) -> None:
        self._orders, theirs = _processes.Pipe()
        self._process = _processes.Process(
            target=_live, args=(theirs, place, backend, lease, point, delay, which, host), daemon=True
        )
        with _one_at_a_time:
            _processes.set_forkserver_preload(["tests.crash.preload"])
            # A child runs the main module anew, which may be a page that Streamlit's test runner has left there.
            main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
            try:
                self._process.start()
            finally:
                sys.modules["__main__"] = main
        theirs.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()
        self._orders.close()

    def do(self, name: str, *arguments: Any) -> Any:
        """What the child answers; None when it dies over it."""
        try:
            self._orders.send((name, *arguments))
            return self._orders.recv()
        except (EOFError, ConnectionError):
            return None

    def tell(self, name: str, *arguments: Any) -> None:
        """The same without waiting."""
        with contextlib.suppress(ConnectionError):
            self._orders.send((name, *arguments))

    def tell_to_close(self) -> None:
        """Have it close its runner, and end."""
        with contextlib.suppress(ConnectionError):
            self._orders.send(None)

    def close(self) -> int | None:
        """Let it end by itself; its exit code."""
        self.tell_to_close()
        return self.wait_until_gone()

    def kill(self, delay: float = 0.0) -> None:
        """By SIGKILL, and over when this returns; with a delay, in seconds, some time after."""
        if delay:
            timer = threading.Timer(delay, self.kill)
            timer.daemon = True
            timer.start()
            return
        self.send(signal.SIGKILL)
        self.wait_until_gone()

    def send(self, which: signal.Signals) -> None:
        """Send a signal, unless it is gone."""
        if self.exit_code is None:
            # The server of the forks has waited for it a moment before its exit code is known here.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, which)

    @property
    def exit_code(self) -> int | None:
        with _one_at_a_time:
            return self._process.exitcode

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def wait_until_gone(self, seconds: float = 90.0, unless: Callable[[], bool] = lambda: False) -> int | None:
        """The exit code, negative for a signal; None when it is not needed any more because of `unless`."""
        wait_until(lambda: self.exit_code is not None or unless(), seconds)
        return self.exit_code
