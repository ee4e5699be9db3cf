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

    One name can have several keys: whoever types that of another account has runs under way with the one before.
    `wall` gives seconds since the epoch.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str, str], tuple[Backend, float]] = {}  # the oldest first

    def offer(self, workspace: str, backend: Backend) -> None:
        """Keep the backend's key for the runs of this workspace at this backend, as the newest one.

        Not that of the app's owner: there it would be found for whatever runs a visitor says are at this backend.
        """
        if backend.is_shared:
            return
        which = (workspace, backend.name, backend.api_key)
        with self._lock:
            self._kept.pop(which, None)
            self._kept[which] = (backend, self._wall() + KEPT_FOR)

    def find(self, workspace: str, name: str) -> list[Backend]:
        """The backend with each of its keys, the newest first."""
        now = self._wall()
        with self._lock:
            self._kept = {which: kept for which, kept in self._kept.items() if now < kept[1]}
            return [one for which, (one, _) in reversed(self._kept.items()) if which[:2] == (workspace, name)]

    def keep_only(self, needed: set[tuple[str, str]], in_use: set[tuple[str, Backend]]) -> None:
        """Forget what is neither the newest key of a needed (workspace, name) nor in use, as (workspace, backend)."""
        used = {(workspace, backend.name, backend.api_key) for workspace, backend in in_use}
        with self._lock:
            newest = {which[:2]: which for which in self._kept if which[:2] in needed}
            chosen = used.union(newest.values())
            self._kept = {which: kept for which, kept in self._kept.items() if which in chosen}


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
