"""Deleting what is not kept any longer, at the start and then every hour."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from rerender.errors import RerenderError
from rerender.studio import codes
from rerender.studio.curation import UNDO_WITHIN, awaited_previews, purge
from rerender.studio.database import Database
from rerender.studio.embedded import Embedded

__all__ = ["Retention"]

_log = logging.getLogger(__name__)

EVERY = 3600.0
NEXT_TIME = "What is due is deleted the next time: %s"


class Retention:
    """One thread that deletes what has outlived `keep_days` (0: nothing), what people deleted, old wrong tries, and
    the previews of runs that are gone.

    `wall` gives seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        embedded: Embedded,
        keep_days: int,
        *,
        wall: Callable[[], float] = time.time,
        every: float = EVERY,
    ) -> None:
        self._database = database
        self._embedded = embedded
        self._keep_days = keep_days
        self._wall = wall
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="rerender-retention", daemon=True)

    def start(self) -> None:
        """Delete what is due in the database now, and all of it from then on. Once."""
        self.sweep()
        self._thread.start()

    def sweep(self) -> None:
        """Delete what is due in the database. One that is busy or away keeps it until the next time."""
        try:
            purge(self._database, self._wall, keep_days=self._keep_days)
            codes.forget(self._database, self._wall())
        except SQLAlchemyError as error:
            _log.warning(NEXT_TIME, type(error).__name__)

    def sweep_previews(self) -> None:
        """Delete the previews that no run waits for, but those that are too new for a run to know of them surely.

        Starts the preview service if it was ever used here. What hinders it keeps them until the next time.
        """
        # No run is gone sooner after it was deleted.
        before = self._wall() - UNDO_WITHIN
        try:
            awaited = awaited_previews(self._database)
            self._embedded.forget_those(
                lambda render: render.created_at < before and (render.account, render.id) not in awaited
            )
        except (SQLAlchemyError, RerenderError, OSError, RuntimeError) as error:
            _log.warning(NEXT_TIME, type(error).__name__)

    def close(self) -> None:
        """End. Idempotent."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping.wait(self._every):
            self.sweep()
            self.sweep_previews()
