"""Threads that end when they are told to, and a counter that wakes whoever waits for news."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from rerender import logs

__all__ = ["News", "Pool"]

_log = logging.getLogger(__name__)


class Pool:
    """A few threads that work through calls in order.

    Unlike an executor's they are daemons, and closing drops what has not begun: queued work never holds up the
    interpreter's exit, and nothing is sent while it exits.
    """

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False

    def start(self, call: Callable[[], object]) -> None:
        """Make the call on one of the threads; dropped when the pool is closed."""
        with self._lock:
            if self._closed:
                return
            self._calls.put(call)
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
                self._calls.put(None)
        give_up_at = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, give_up_at - time.monotonic()))

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            if self._closed:
                continue
            try:
                call()
            except Exception as error:
                _log.error("A call failed on %s: %s", threading.current_thread().name, logs.where(error))


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
