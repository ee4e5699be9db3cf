"""What one process has once: the database, the runner, and the embedded preview service."""

from __future__ import annotations

import gc
import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import ArgumentError, DatabaseError

from rerender import memory
from rerender.errors import ConfigurationError, RerenderError
from rerender.studio import decoding, preferences, wipe
from rerender.studio.backends import EMBEDDED, Backend, Lookup, configured, first
from rerender.studio.curation import Curation
from rerender.studio.database import Database, DatabaseAway, sqlite_url
from rerender.studio.embedded import Embedded, preview_engine
from rerender.studio.history import History
from rerender.studio.limits import Limits
from rerender.studio.retention import Retention
from rerender.studio.runner import Runner
from rerender.studio.runs import Run
from rerender.studio.workspaces import LOCAL, Mode

if TYPE_CHECKING:
    from rerender.engines.base import Engine

__all__ = ["Runtime", "home_from"]

_log = logging.getLogger(__name__)

UNUSABLE = "The database at RERENDER_DATABASE_URL cannot be used. Check its address and that its driver is there."
UNREADABLE = "The database in {} cannot be read. Move it away to start afresh."
KEY_MISSING = "Type your key in Settings, or choose the preview. Nothing was sent."


def home_from(sources: Sequence[Lookup]) -> Path:
    """The folder of everything that is kept: RERENDER_HOME, by default `.rerender` in the home folder."""
    return Path(first(sources, "RERENDER_HOME") or "~/.rerender").expanduser().absolute()


class Runtime:
    """Made by `open`. Safe to share between threads; `close` it before the interpreter exits.

    `ephemeral` says that the home was not writable, so that everything is in a temporary folder until `close`.
    """

    def __init__(
        self,
        home: Path,
        database: Database,
        embedded: Embedded,
        sources: Sequence[Lookup],
        mode: Mode,
        ephemeral: bool,
        limits: Limits,
    ) -> None:
        self.home = home
        self.ephemeral = ephemeral
        self.database = database
        self.limits = limits
        self._sources = tuple(sources)
        self._mode = mode
        self._embedded = embedded
        self._closing = threading.Lock()
        self._closed = False
        self._warming: threading.Thread | None = None
        self._retention = Retention(database, embedded, limits.keep_days)
        self.runner = Runner(database, self._find_backend, on_stored=self._forget_at_preview, limits=limits)

    @classmethod
    def open(
        cls,
        home: Path,
        *,
        sources: Sequence[Lookup] = (),
        mode: Mode = "local",
        database_url: str | None = None,
        make_engine: Callable[[], Engine] | None = None,
        resume: bool = True,
    ) -> Runtime:
        """Open the history in `home` (or at `database_url`), purge what was deleted, take up what was unfinished.

        `sources` and `mode` are those given to `configured`. Without `resume` nothing is taken up before the first
        run, for a process that may only want to read. Raises `ConfigurationError` for a database that is newer
        than the app, or cannot be read, and for a limit that is none; `DatabaseAway` for a server that cannot be
        reached.
        """
        limits = Limits.of(mode, sources)
        usable = _usable(home)
        try:
            database = Database.open(database_url or sqlite_url(usable / "studio.sqlite3"))
        except (ArgumentError, DatabaseError, DatabaseAway, ImportError) as error:
            # A server comes back; a file that cannot be opened does not.
            if isinstance(error, DatabaseAway) and not (database_url or "sqlite").startswith("sqlite"):
                raise
            # Nothing of what the driver says: it may quote the address, which holds a password.
            raise ConfigurationError(UNUSABLE if database_url else UNREADABLE.format(usable)) from None
        decoding.allow(limits)
        if mode == "hosted":
            memory.hold_little()
        make_engine = make_engine or partial(preview_engine, limits.working_size)
        embedded = Embedded(usable / "service", make_engine, keep_days=limits.keep_days)
        runtime = cls(usable, database, embedded, sources, mode, ephemeral=usable != home, limits=limits)
        runtime._retention.start()
        if resume:
            runtime.runner.resume()
        return runtime

    def history(self, workspace: str) -> History:
        """What pages of this workspace read."""
        return History(self.database, workspace)

    def curation(self, workspace: str) -> Curation:
        """What people of this workspace do with their runs."""
        return Curation(self.database, workspace)

    def ready(self, backend: Backend, workspace: str) -> Backend:
        """The backend as the runner needs it for runs of the workspace: the preview with its address, which starts it;
        others as they are.

        Raises `ConfigurationError` for one without its key: another backend in its place would not be what was meant;
        and that or `OSError` when the preview cannot be started.
        """
        if backend.needs_key:
            raise ConfigurationError(KEY_MISSING)
        return self._embedded.backend(workspace) if backend.name == EMBEDDED else backend

    @property
    def previews_end_here(self) -> bool:
        """Whether another process has the previews' folder, so that those made here end with this process."""
        return self._embedded.is_private

    def warm_up(self) -> None:
        """Start the embedded preview in the background, so that the first click need not wait for it. Idempotent."""
        if self._warming is None:
            self._warming = threading.Thread(target=self._warm, name="rerender-warm-up", daemon=True)
            self._warming.start()

    def wipe(self, workspace: str, *, give_up: int = 0) -> None:
        """Delete all that the workspace keeps, here and at the embedded service, and shrink the database.

        `give_up` is how many paid runs at stake may be lost. Raises `BeingSent`, `PaidRunsAtStake`.
        """
        wipe.wipe(self.database, workspace, give_up=give_up)
        try:
            # By whose they are: runs that were deleted before had previews too.
            self._embedded.forget_those(lambda render: render.account == workspace)
        except (RerenderError, OSError, RuntimeError) as error:
            _log.warning("Previews are deleted within two hours: %s", error)
        self.database.shrink()

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
                ends.callback(self._retention.close)
                self.runner.close()

    def _warm(self) -> None:
        self._preview("")
        # The first page has decoded and prepared its picture by now.
        memory.give_back()
        # Looking through all that was imported for garbage takes 55 ms each time; what is here now stays.
        gc.freeze()

    def _find_backend(self, run: Run) -> Backend | None:
        """Who can go on with a run that another process left, None when nobody here can.

        The owner's key fetches what it paid for and what the owner made, and nothing that a visitor says is there: that
        may be another visitor's picture.
        """
        if run.is_preview:
            return self._preview(run.workspace)
        if not (run.is_shared or run.workspace == LOCAL):
            return None
        try:
            backend = configured(self._sources, self._mode)
            pace = preferences.load(self.database, run.workspace).poll_floor
            return replace(backend, poll_floor=pace) if backend.name == run.backend else None
        except DatabaseAway:
            raise
        except (RerenderError, OSError, RuntimeError) as error:
            _log.warning("The backend %s cannot be used: %s", run.backend, error)
            return None

    def _preview(self, workspace: str) -> Backend | None:
        """The embedded preview for the workspace, None where it is not what has the previews of other processes."""
        try:
            backend = self._embedded.backend(workspace)
        except (RerenderError, OSError, RuntimeError) as error:
            _log.warning("The preview cannot be used: %s", error)
            return None
        return None if self._embedded.is_private else backend

    def _forget_at_preview(self, run: Run) -> None:
        if run.backend == EMBEDDED and run.render_id:
            self._embedded.forget(run.workspace, run.render_id)


def _usable(home: Path) -> Path:
    """The folder itself, or a temporary one if nothing can be written there."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            return home
    except OSError:
        return Path(tempfile.mkdtemp(prefix="rerender-"))
