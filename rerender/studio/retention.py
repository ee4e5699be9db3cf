"""Deleting what is not kept any longer, at the start and then every hour."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from rerender.studio import codes
from rerender.studio.curation import purge
from rerender.studio.database import Database

__all__ = ["Retention"]

_log = logging.getLogger(__name__)

EVERY = 3600.0


class Retention:
    """One thread that deletes what has outlived `keep_days` (0: nothing), what people deleted, and old wrong tries.

    `wall` gives seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        keep_days: int,
        *,
        wall: Callable[[], float] = time.time,
        every: float = EVERY,
    ) -> None:
        self._database = database
        self._keep_days = keep_days
        self._wall = wall
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="rerender-retention", daemon=True)

    def start(self) -> None:
        """Delete what is due now, and go on doing so. Once."""
        self.sweep()
        self._thread.start()

    def sweep(self) -> None:
        """Delete what is due. A database that is busy or away keeps it until the next time."""
        try:
            purge(self._database, self._wall, keep_days=self._keep_days)
            codes.forget(self._database, self._wall())
        except SQLAlchemyError as error:
            _log.warning("What is due is deleted the next time: %s", type(error).__name__)

    def close(self) -> None:
        """End. Idempotent."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping.wait(self._every):
            self.sweep()
