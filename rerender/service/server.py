"""The life of the service: one folder, one port, one engine, from start to a clean end."""

from __future__ import annotations

import queue
import signal
import socket
import threading
import time
from asyncio import Protocol
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

from rerender.engines.base import Engine
from rerender.errors import ConfigurationError
from rerender.service.accounts import OWNER, Accounts, OneAccount
from rerender.service.api import create_app
from rerender.service.faults import ClosableProtocol, Fault, FaultyApp
from rerender.service.jobs import QUEUE_LIMIT, Jobs
from rerender.service.retention import Retention
from rerender.service.storage import Record, Storage

_REACHED_BY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class CannotListen(ConfigurationError):
    """The port is taken, or the address is none of this machine's."""


class LocalServer:
    """The ReRender API over `folder`. Nothing happens before `start` or `run`; port 0 takes a free port.

    `accounts` are who may use it, or the API keys of the only one. It takes renders until `queue_limit` wait, keeps
    ended ones as `retention` says, and `faults` break some answers.
    """

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        accounts: Accounts | Sequence[str],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        queue_limit: int = QUEUE_LIMIT,
        retention: Retention | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        self._folder, self._engine = folder, engine
        self._accounts = OneAccount(accounts) if isinstance(accounts, Sequence) else accounts
        self._host, self._port = host, port
        self._queue_limit, self._retention, self._faults = queue_limit, retention, tuple(faults)
        self._jobs: Jobs | None = None
        self._base_url = ""
        self._cleanup = ExitStack()
        self._closing = threading.Lock()

    @property
    def base_url(self) -> str:
        """Where the service answers, without a trailing slash. Empty before `start`."""
        return self._base_url

    def start(self) -> None:
        """Serve from a thread of its own; returns when requests are answered.

        Raises `FolderInUse` or `CannotListen`.
        """
        with ExitStack() as cleanup:
            storage = Storage(self._folder)
            cleanup.callback(storage.close)
            listener = cleanup.enter_context(_listen(self._host, self._port))
            self._jobs = Jobs(storage, self._engine, queue_limit=self._queue_limit, retention=self._retention)
            self._jobs.start()
            cleanup.callback(self._jobs.close)
            cleanup.callback(self._serve(self._jobs, listener))
            host = _REACHED_BY.get(self._host, self._host)
            port = listener.getsockname()[1]
            self._base_url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            self._cleanup = cleanup.pop_all()

    def _serve(self, jobs: Jobs, listener: socket.socket) -> Callable[[], None]:
        app = create_app(jobs, self._accounts, faults=bool(self._faults))
        if self._faults:
            return _serve(FaultyApp(app, self._faults), listener, ClosableProtocol)
        return _serve(app, listener, "auto")

    def run(self, announce: Callable[[], None] = lambda: None) -> None:
        """Serve until SIGINT or SIGTERM, then return. `announce` is called when requests are answered.

        Only from the main thread.
        """
        # Unlike an Event, a SimpleQueue may be filled by a signal handler that interrupts its own `get`.
        signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, lambda received, _frame: signals.put(received)) for number in handled}
        try:
            self.start()
            announce()
            _wait_for(signals)
        finally:
            self.close()
            for number, handler in before.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """Stop answering, stop the engine between two stages, free the port and the folder. Idempotent."""
        with self._closing:
            self._cleanup.close()

    def forget(self, render_id: str, account: str = OWNER) -> None:
        """Delete a render of the account and its pictures, in whatever phase. Ids that are none of its are no error."""
        if self._jobs is not None and self._jobs.find(render_id, account):
            self._jobs.forget(render_id)

    def forget_those(self, is_chosen: Callable[[Record], bool]) -> None:
        """Delete the renders that are chosen and their pictures, of every account, in whatever phase."""
        if self._jobs is not None:
            self._jobs.forget_those(is_chosen)


def _wait_for(signals: queue.SimpleQueue[int]) -> None:
    while True:
        # The system may give a signal to any thread. Its handler runs in this one, but does not wake it: one stop in
        # thirty was not noticed, with a wait that does not end by itself.
        with suppress(queue.Empty):
            signals.get(timeout=0.2)
            return


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        # Connections inherit it. Without it a kept one waits 40 ms between an answer's head and its body.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        # Python adds "(while attempting to bind on …)" to what the system says.
        reason = str(error.strerror).partition(" (")[0]
        raise CannotListen(
            f"Cannot listen on {host}, port {port}: {reason}. Stop the program that uses it, or choose another port."
        ) from None


def _serve(app: ASGIApp, listener: socket.socket, http: type[Protocol] | Literal["auto"]) -> Callable[[], None]:
    """Answer the listener's connections from a thread. Returns what stops it."""
    # Streamlit runs a uvicorn too: no logging set-up, no signal handlers (a thread gets none), no shared loop.
    config = uvicorn.Config(
        app,
        http=http,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="rerender-http", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    if not server.started:
        raise RuntimeError("The HTTP thread ended at its start.")

    def stop() -> None:
        server.should_exit = True
        thread.join()

    return stop
