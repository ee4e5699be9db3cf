"""What one process has once: the database, the runner, and the embedded preview service."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError

from rerender.errors import ConfigurationError, RerenderError
from rerender.studio.backends import EMBEDDED, Backend, Lookup, choose
from rerender.studio.curation import Curation, purge
from rerender.studio.database import Database, sqlite_url
from rerender.studio.embedded import Embedded, preview_engine
from rerender.studio.history import History
from rerender.studio.runner import Runner
from rerender.studio.runs import Run
from rerender.studio.workspaces import Mode

if TYPE_CHECKING:
    from rerender.engines.base import Engine

__all__ = ["Runtime", "home_from"]

_log = logging.getLogger(__name__)


def home_from(sources: Sequence[Lookup]) -> Path:
    """The folder of everything that is kept: RERENDER_HOME, by default `.rerender` in the home folder."""
    named = next((value for source in sources if (value := source("RERENDER_HOME"))), "~/.rerender")
    return Path(named).expanduser().absolute()


class Runtime:
    """Made by `open`. Safe to share between threads; `close` it before the interpreter exits.

    `ephemeral` says that the home was not writable, so that everything is in a temporary folder until `close`.
    """

    def __init__(
        self, home: Path, database: Database, embedded: Embedded, sources: Sequence[Lookup], mode: Mode, ephemeral: bool
    ) -> None:
        self.home = home
        self.ephemeral = ephemeral
        self.database = database
        self._sources = tuple(sources)
        self._mode = mode
        self._embedded = embedded
        self._closing = threading.Lock()
        self._closed = False
        self._warming: threading.Thread | None = None
        self.runner = Runner(database, self._find_backend, on_stored=self._forget_at_preview)

    @classmethod
    def open(
        cls,
        home: Path,
        *,
        sources: Sequence[Lookup] = (),
        mode: Mode = "local",
        database_url: str | None = None,
        make_engine: Callable[[], Engine] = preview_engine,
    ) -> Runtime:
        """Open the history in `home` (or at `database_url`), purge what was deleted, take up what was unfinished.

        `sources` and `mode` are those given to `choose`. Raises `ConfigurationError` for a database that is newer
        than the app, or cannot be read.
        """
        usable = _usable(home)
        try:
            database = Database.open(database_url or sqlite_url(usable / "studio.sqlite3"))
        except DatabaseError:
            where = f"in {usable} " if database_url is None else ""
            raise ConfigurationError(f"The database {where}cannot be read. Move it away to start afresh.") from None
        embedded = Embedded(usable / "service", make_engine)
        runtime = cls(usable, database, embedded, sources, mode, ephemeral=usable != home)
        try:
            purge(database)
        except DatabaseError as error:
            _log.warning("What was deleted is purged at the next start: %s", error)
        runtime.runner.resume()
        return runtime

    def history(self, workspace: str) -> History:
        """What pages of this workspace read."""
        return History(self.database, workspace)

    def curation(self, workspace: str) -> Curation:
        """What people of this workspace do with their runs."""
        return Curation(self.database, workspace)

    def ready(self, backend: Backend) -> Backend:
        """The backend as the runner needs it: the preview with its address, which starts it; others as they are."""
        return self.embedded_backend() if backend.name == EMBEDDED else backend

    def embedded_backend(self) -> Backend:
        """The embedded preview, started on first use. Raises `ConfigurationError` or `OSError` when it cannot be."""
        return self._embedded.backend()

    def warm_up(self) -> None:
        """Start the embedded preview in the background, so that the first click need not wait for it. Idempotent."""
        if self._warming is None:
            find, arguments = self._find_backend, (EMBEDDED, "")
            self._warming = threading.Thread(target=find, args=arguments, name="rerender-warm-up", daemon=True)
            self._warming.start()

    def close(self) -> None:
        """Let every POST in flight be written down, then stop everything. Idempotent."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            # From the last to the first, each whatever the one before it raises.
            with ExitStack() as ends:
                if self.ephemeral:
                    ends.callback(shutil.rmtree, self.home, ignore_errors=True)
                ends.callback(self.database.close)
                ends.callback(self._embedded.close)
                self.runner.close()

    def _find_backend(self, name: str, _workspace: str) -> Backend | None:
        """Who can go on with a run that another process left, None when nobody here can."""
        try:
            if name == EMBEDDED:
                backend = self._embedded.backend()
                return None if self._embedded.is_private else backend
            chosen = choose(self._sources, self._mode)
            return chosen if chosen.name == name else None
        except (RerenderError, OSError, RuntimeError) as error:
            _log.warning("The backend %s cannot be used: %s", name, error)
            return None

    def _forget_at_preview(self, run: Run) -> None:
        if run.backend == EMBEDDED and run.render_id:
            self._embedded.forget(run.render_id)


def _usable(home: Path) -> Path:
    """The folder itself, or a temporary one if nothing can be written there."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            return home
    except OSError:
        return Path(tempfile.mkdtemp(prefix="rerender-"))
