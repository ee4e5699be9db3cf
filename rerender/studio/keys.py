"""Keys and connections, in memory only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rerender.client import Client
from rerender.studio.backends import Backend

__all__ = ["Clients", "Keys"]

KEPT_FOR = 24 * 3600.0


class Keys:
    """The backends that were used with a typed key, by workspace and name: kept until their runs end, 24 h at most.

    `wall` gives seconds since the epoch.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], tuple[Backend, float]] = {}

    def offer(self, workspace: str, backend: Backend) -> None:
        """Keep the backend's key for the runs of this workspace at this backend, in place of an older one."""
        with self._lock:
            self._kept[workspace, backend.name] = (backend, self._wall() + KEPT_FOR)

    def find(self, workspace: str, name: str) -> Backend | None:
        """The backend with its key, None when there is none any more."""
        with self._lock:
            backend, until = self._kept.get((workspace, name), (None, 0.0))
            if self._wall() < until:
                return backend
            self._kept.pop((workspace, name), None)
            return None

    def keep_only(self, needed: set[tuple[str, str]]) -> None:
        """Forget the key of every (workspace, name) that is not needed."""
        with self._lock:
            self._kept = {pair: kept for pair, kept in self._kept.items() if pair in needed}


class Clients:
    """Connections that are kept from one look to the next: a client serves one thread at a time."""

    def __init__(self, request_timeout: tuple[float, float]) -> None:
        self._request_timeout = request_timeout
        self._lock = threading.Lock()
        self._idle: dict[Backend, list[Client]] = {}

    @contextmanager
    def lend(self, backend: Backend) -> Iterator[Client]:
        """A client of the backend for the time of the `with` block."""
        with self._lock:
            idle = self._idle.get(backend)
            client = idle.pop() if idle else None
        client = client or backend.client(self._request_timeout)
        try:
            yield client
        finally:
            with self._lock:
                self._idle.setdefault(backend, []).append(client)

    def keep_only(self, needed: set[Backend]) -> None:
        """Close the idle connections to every other backend."""
        with self._lock:
            gone = [client for backend, idle in self._idle.items() if backend not in needed for client in idle]
            self._idle = {backend: idle for backend, idle in self._idle.items() if backend in needed}
        for client in gone:
            client.close()
