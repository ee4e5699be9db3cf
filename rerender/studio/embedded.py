"""The preview service inside the app: real HTTP on loopback, started when it is first needed."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rerender.engines.deferred import Deferred
from rerender.service.accounts import SignedAccounts
from rerender.studio.backends import PREVIEW, Backend

if TYPE_CHECKING:
    from rerender.engines.base import Engine
    from rerender.service.server import LocalServer
    from rerender.service.storage import Record

__all__ = ["Embedded", "preview_engine"]

PREDECESSOR_ENDS_WITHIN = 10.0


def preview_engine(working_size: int) -> Engine:
    """The engine of the embedded service, for pictures of at most `working_size` pixels on the long side."""
    # OpenCV takes memory that an app with a key never needs.
    from rerender.engines.preview import PreviewEngine

    return PreviewEngine(working_size)


class Embedded:
    """The service over `folder`, or over a private temporary one while another process uses `folder`.

    What is left there of renders that ended without pictures is deleted after `keep_days`, or the service's own.
    """

    def __init__(self, folder: Path, make_engine: Callable[[], Engine], *, keep_days: int = 0) -> None:
        self._folder = folder
        self._holder = folder / "pid"
        self._make_engine = make_engine
        self._keep_days = keep_days
        self._lock = threading.Lock()
        self._server: LocalServer | None = None
        self._backend = PREVIEW
        self._accounts = SignedAccounts()
        self._private: Path | None = None
        self._closed = False

    @property
    def is_private(self) -> bool:
        """Whether it works over a temporary folder, and so knows nothing of earlier renders."""
        return self._private is not None

    def backend(self, workspace: str) -> Backend:
        """The backend with its address and the workspace's key, which reaches the workspace's renders alone.

        Starts the service on first use.

        Raises `ConfigurationError` or `OSError` when it cannot be started, `RuntimeError` after `close`.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("The preview service is closed.")
            if self._server is None:
                self._start()
            return replace(self._backend, api_key=self._accounts.key_of(workspace))

    def forget(self, workspace: str, render_id: str) -> None:
        """Delete a render of the workspace and its pictures, if the service is running."""
        with self._lock:
            if self._server is not None:
                self._server.forget(render_id, workspace)

    def forget_those(self, is_chosen: Callable[[Record], bool]) -> None:
        """Delete the renders that are chosen and their pictures, also those of an earlier process.

        Starts the service where there may be any. Raises `ConfigurationError` or `OSError` when it cannot be started.
        """
        with self._lock:
            if self._server is None and self._folder.exists() and not self._closed:
                self._start()
            if self._server is not None:
                self._server.forget_those(is_chosen)

    def close(self) -> None:
        """Stop the service. Idempotent."""
        with self._lock:
            self._closed = True
            if self._server is not None:
                self._server.close()
                self._server = None
            if self._private is not None:
                shutil.rmtree(self._private, ignore_errors=True)

    def _start(self) -> None:
        from rerender.service.retention import KEEP_DAYS, Retention
        from rerender.service.server import LocalServer

        # Loading the engine takes 0.1 s and 20 MB, which an app that nobody renders with need not have. The first
        # request waits for it before its work is taken; its render then takes no longer than the next.
        engine = Deferred(self._make_engine)
        retention = Retention(min(self._keep_days or KEEP_DAYS, KEEP_DAYS))
        server = LocalServer(self._folder, engine, self._accounts, retention=retention)
        if self._starts(server):
            self._holder.write_text(str(os.getpid()))
        else:
            self._private = Path(tempfile.mkdtemp(prefix="rerender-service-"))
            server = LocalServer(self._private, engine, self._accounts, retention=retention)
            server.start()
        self._server = server
        self._backend = replace(PREVIEW, base_url=server.base_url)

    def _starts(self, server: LocalServer) -> bool:
        """Whether the folder can be had. After a hot reload the older self of this process still has it for a while."""
        from rerender.service.storage import FolderInUse

        give_up_at = time.monotonic() + PREDECESSOR_ENDS_WITHIN
        while True:
            try:
                server.start()
                return True
            except FolderInUse:
                held_here = self._holder.exists() and self._holder.read_text() == str(os.getpid())
                if not held_here or time.monotonic() > give_up_at:
                    return False
                time.sleep(0.05)
