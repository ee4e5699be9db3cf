"""Threads that end when they are told to, and a counter that wakes whoever waits for news."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

from rerender import logs

__all__ = ["News", "Pool"]

_log = logging.getLogger(__name__)


class Pool:
    """A few threads that work through calls, those of each asker in order, and the askers in turns.

    Unlike an executor's they are daemons, and closing drops what has not begun: queued work never holds up the
    interpreter's exit, and nothing is sent while it exits.
    """

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        # A word for each call that waits, False for the end; which call it is for is decided when it is heard.
        self._words: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._waiting: dict[str, deque[Callable[[], object]]] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False

    def start(self, call: Callable[[], object], asker: str) -> None:
        """Make the call on one of the threads, when it is the asker's turn; dropped when the pool is closed."""
        with self._lock:
            if self._closed:
                return
            self._waiting.setdefault(asker, deque()).append(call)
            self._words.put(True)
            if len(self._threads) < self._size:
                number = len(self._threads) + 1
                thread = threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self, timeout: float) -> None:
        """Drop what has not begun and wait at most `timeout` seconds for what has. Idempotent."""
        with self._lock:
            self._closed = True
            for _ in self._threads:
                self._words.put(False)
        give_up_at = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, give_up_at - time.monotonic()))

    def _work(self) -> None:
        while self._words.get():
            if self._closed:
                continue
            try:
                self._next()()
            except Exception as error:
                _log.error("A call failed on %s: %s", threading.current_thread().name, logs.where(error))

    def _next(self) -> Callable[[], object]:
        """The first call of the asker who has waited longest for a turn, and who then waits behind all others."""
        with self._lock:
            asker = next(iter(self._waiting))
            calls = self._waiting.pop(asker)
            call = calls.popleft()
            if calls:
                self._waiting[asker] = calls
            return call


class News:
    """Counts changes. Someone who has seen one number can wait for the next."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """How many changes there have been."""
        return self._count

    def announce(self) -> None:
        """Something changed."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> int:
        """The count as soon as it differs from `seen`, at the latest after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._count != seen, timeout)
            return self._count
