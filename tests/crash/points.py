"""The steps of submit → poll → download at which a process dies, put around the real functions from outside."""

from __future__ import annotations

import functools
import importlib
import itertools
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, event

from rerender.studio import tracker
from rerender.studio.database import Database
from rerender.studio.runner import Runner

Stage = Literal["submit", "refuse", "hold", "accept", "look", "miss", "end", "fetch", "take", "close"]
When = Literal["before", "inside", "after", "head", "body", "arrived", "worked"]
Fate = Literal["no row", "refused", "uncertain", "completed", "any"]


@dataclass(frozen=True)
class Point:
    """One step. `stage` is the part of a run's life in which it is reached.

    `what` is a method, and `when` is before it, inside its transaction (all is written, nothing is committed), or after
    it. Of the request kinds `post`, `look` and `download`, the server strikes when one has `arrived`, or when it has
    `worked` but not answered; a `post` also dies on the client's side of the wire, after its head or within its body.
    `fate` is what becomes of the run where nothing else goes wrong.
    """

    stage: Stage
    what: str
    when: When
    fate: Fate = "completed"
    nth: int = 1

    @property
    def name(self) -> str:
        nth = f" number {self.nth}" if self.nth > 1 else ""
        return f"{self.when} {self.what.rpartition(':')[2]}{nth}"

    @property
    def is_at_the_server(self) -> bool:
        return self.when in ("arrived", "worked")


JOURNAL, TRACKER = "rerender.studio.journal:Journal", "rerender.studio.tracker:Tracker"
CLIENT, CHILD = "rerender.client:Client", "tests.crash.processes:Life"

POINTS = (
    Point("submit", f"{JOURNAL}.begin", "before", "no row"),
    Point("submit", f"{JOURNAL}.begin", "inside", "no row"),
    Point("submit", f"{JOURNAL}.begin", "after", "refused"),
    Point("submit", f"{JOURNAL}.sending", "before", "refused"),
    Point("submit", f"{JOURNAL}.sending", "inside", "refused"),
    Point("submit", f"{JOURNAL}.sending", "after", "uncertain"),
    Point("submit", f"{CLIENT}.submit", "before", "uncertain"),
    Point("submit", "post", "head", "uncertain"),
    Point("submit", "post", "body", "uncertain"),
    Point("submit", "post", "arrived", "uncertain"),
    Point("submit", "post", "worked", "uncertain"),
    Point("refuse", f"{JOURNAL}.not_accepted", "before"),
    Point("refuse", f"{JOURNAL}.not_accepted", "inside"),
    Point("refuse", f"{JOURNAL}.not_accepted", "after"),
    Point("hold", f"{JOURNAL}.held_back", "before", "uncertain"),
    Point("hold", f"{JOURNAL}.held_back", "inside", "uncertain"),
    Point("hold", f"{JOURNAL}.held_back", "after", "refused"),
    Point("hold", f"{JOURNAL}.sending", "inside", "refused", nth=2),
    Point("hold", f"{JOURNAL}.sending", "after", "uncertain", nth=2),
    Point("accept", f"{CLIENT}.submit", "after", "uncertain"),
    Point("accept", f"{JOURNAL}.accepted", "before", "uncertain"),
    Point("accept", f"{JOURNAL}.accepted", "inside", "uncertain"),
    Point("accept", f"{JOURNAL}.accepted", "after"),
    Point("accept", f"{TRACKER}.follow", "before"),
    Point("accept", f"{TRACKER}.follow", "after"),
    Point("accept", f"{CLIENT}.get", "before"),
    Point("accept", "look", "arrived"),
    Point("accept", "look", "worked"),
    Point("look", f"{CLIENT}.get", "after"),
    Point("look", f"{JOURNAL}.seen", "before"),
    Point("look", f"{JOURNAL}.seen", "inside"),
    Point("look", f"{JOURNAL}.seen", "after"),
    Point("miss", f"{JOURNAL}.noted", "before"),
    Point("miss", f"{JOURNAL}.noted", "inside"),
    Point("miss", f"{JOURNAL}.noted", "after"),
    Point("end", f"{JOURNAL}.ended", "before"),
    Point("end", f"{JOURNAL}.ended", "inside"),
    Point("end", f"{JOURNAL}.ended", "after"),
    Point("fetch", f"{JOURNAL}.completed", "before"),
    Point("fetch", f"{JOURNAL}.completed", "inside"),
    Point("fetch", f"{JOURNAL}.completed", "after"),
    Point("fetch", f"{CLIENT}.download", "before"),
    Point("fetch", "download", "arrived"),
    Point("fetch", "download", "worked"),
    Point("fetch", f"{CLIENT}.download", "after"),
    Point("fetch", f"{CLIENT}.download", "before", nth=2),
    Point("fetch", f"{CLIENT}.download", "after", nth=2),
    Point("fetch", f"{JOURNAL}.store", "before"),
    Point("fetch", f"{JOURNAL}.store", "inside"),
    Point("fetch", f"{JOURNAL}.store", "after"),
    Point("fetch", f"{CHILD}.on_stored", "before"),
    Point("fetch", f"{CHILD}.on_stored", "after"),
    Point("submit", f"{JOURNAL}.renew", "before", "any"),
    Point("submit", f"{JOURNAL}.renew", "inside", "any"),
    Point("submit", f"{JOURNAL}.renew", "after", "any"),
    Point("submit", f"{JOURNAL}.orphans", "after", "any"),
    Point("take", f"{JOURNAL}.take", "before"),
    Point("take", f"{JOURNAL}.take", "inside"),
    Point("take", f"{JOURNAL}.take", "after"),
    Point("close", f"{JOURNAL}.let_go", "before", "any"),
    Point("close", f"{JOURNAL}.let_go", "inside", "any"),
    Point("close", f"{JOURNAL}.let_go", "after", "any"),
)
ACCEPTED = next(point for point in POINTS if point.name == "after Journal.accepted")
"""Where a process dies that leaves something to take over."""


def hurry() -> None:
    """Pauses that only cost a test its time: a hundredth of them, in this process."""
    hold_back = Runner._hold_back
    Runner._hold_back = lambda self, run_id, seconds: hold_back(self, run_id, seconds / 100)  # type: ignore[method-assign]
    tracker.ROUND_EVERY = tracker.MAX_PACE = 0.05


def arm(point: Point, delay: float, which: signal.Signals) -> None:
    """Send this process the signal when the point is reached for the `nth` time, `delay` seconds later.

    With a delay the process goes on meanwhile, and dies wherever it then is.
    """
    count = itertools.count(1)

    between_writes: AbstractContextManager[object] = nullcontext()
    if which == signal.SIGSTOP:
        between_writes = _one_write_at_a_time()

    def strike() -> None:
        time.sleep(delay)
        with between_writes:
            # To this thread, so that it goes no step further; to a process it is any thread that takes a signal.
            signal.pthread_kill(threading.get_ident(), which)

    def reached() -> None:
        if next(count) == point.nth:
            threading.Thread(target=strike, daemon=True).start() if delay else strike()

    if point.is_at_the_server:
        return
    if point.what == "post":
        _arm_wire(point, reached)
    else:
        _arm_method(point, reached)


def _one_write_at_a_time() -> AbstractContextManager[object]:
    """Hold this, and no other thread is within a transaction that would hold the file while the process sleeps."""
    lock, write = threading.RLock(), Database.write

    @contextmanager
    def write_alone(self: Database, *whose: Any) -> Iterator[Connection]:
        with lock, write(self, *whose) as connection:
            yield connection

    Database.write = write_alone  # type: ignore[method-assign]
    return lock


def _arm_method(point: Point, reached: Callable[[], None]) -> None:
    module, _, path = point.what.partition(":")
    kind, _, name = path.partition(".")
    owner = getattr(importlib.import_module(module), kind)
    real = getattr(owner, name)
    here = threading.local()

    @functools.wraps(real)
    def around(*args: Any, **options: Any) -> Any:
        if point.when == "before":
            reached()
        here.inside = point.when == "inside"
        try:
            result = real(*args, **options)
        finally:
            here.inside = False
        if point.when == "after":
            reached()
        return result

    def about_to_commit(connection: Connection) -> None:
        # Only SQLite's readers share an engine with its writers.
        may_write = connection.get_execution_options().get("writes", connection.dialect.name != "sqlite")
        if getattr(here, "inside", False) and may_write:
            reached()

    setattr(owner, name, around)
    event.listen(Engine, "commit", about_to_commit)


def _arm_wire(point: Point, reached: Callable[[], None]) -> None:
    real = socket.socket.sendall
    here = threading.local()

    def sendall(self: socket.socket, data: Any, *flags: int) -> None:
        sent = 0
        if bytes(data[:5]) == b"POST ":
            here.has_body_to_come = True
        elif getattr(here, "has_body_to_come", False):
            here.has_body_to_come = False
            if point.when == "head":
                reached()
            else:
                sent = len(data) // 2
                real(self, data[:sent], *flags)
                reached()
        real(self, data[sent:], *flags)

    socket.socket.sendall = sendall  # type: ignore[method-assign]
