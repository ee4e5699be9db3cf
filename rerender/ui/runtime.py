"""The one runtime of this process, and what one visitor sees of it."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TypeVar

import streamlit as st

from rerender.errors import ConfigurationError
from rerender.studio import preferences
from rerender.studio.attention import Need
from rerender.studio.backends import Backend, choose
from rerender.studio.curation import Curation
from rerender.studio.history import History
from rerender.studio.preferences import Preferences
from rerender.studio.runner import Runner
from rerender.studio.runs import Run
from rerender.studio.runtime import Runtime, home_from
from rerender.studio.workspaces import LOCAL, Mode, mode, workspace_of
from rerender.ui import session, settings, uploads

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visitor's view: the backend in use, the history of the visitor's own workspace, and its preferences."""

    runtime: Runtime
    mode: Mode
    backend: Backend
    workspace: str
    history: History
    preferences: Preferences

    @property
    def is_hosted(self) -> bool:
        """Whether this is one visitor among others, not the one at whose machine the app runs."""
        return self.mode == "hosted"

    @property
    def runner(self) -> Runner:
        """Who sends runs and follows them."""
        return self.runtime.runner

    @property
    def curation(self) -> Curation:
        """What the visitor does with the runs of the own workspace."""
        return self.runtime.curation(self.workspace)

    def needs(self) -> list[tuple[Need, Run]]:
        """The runs that need the visitor, the newest first. Those that wait for the key in use get it.

        A typed key is in the session's memory and the runner's, and a runner that began anew has lost its own.
        """
        needs = self.history.needs() if self.history.need_count() else []
        for backend in {run.backend for need, run in needs if need == Need.KEY}:
            self.lend_key(backend)
        return needs

    def lend_key(self, backend: str) -> None:
        """Let the runner follow the visitor's runs at this backend with the key in use, where it is that one's."""
        if backend == self.backend.name and not (self.backend.is_preview or self.backend.needs_key):
            self.runner.offer(self.workspace, self.backend)

    def await_other(self, look: Callable[[], T], drawn: T, seconds: float) -> T:
        """What `look` returns, as soon as it is otherwise than it was drawn, or as it is after `seconds`."""
        end = time.monotonic() + seconds
        while True:
            seen = self.runner.news
            found = look()
            left = end - time.monotonic()
            if left <= 0 or found != drawn:
                return found
            self.runner.wait_for_news(seen, left)


def visit() -> Visit:
    """The current visitor's view, for one run of a page. Stops the page with one sentence when a setting is wrong."""
    try:
        return _visit()
    except ConfigurationError as error:
        st.error(f"{error} Nothing was sent; correct the setting and start again.", title="A setting is wrong")
        st.stop()


def need_count() -> int:
    """How many runs need the visitor; 0 when a setting is wrong, which the page then says."""
    try:
        runtime, _, workspace = _whose()
    except ConfigurationError:
        return 0
    return runtime.history(workspace).need_count()


def _whose() -> tuple[Runtime, Mode, str]:
    """The runtime, its mode and the visitor's workspace. Raises `ConfigurationError`."""
    runtime, current = _held(id(Runtime)), _mode()
    return runtime, current, LOCAL if current == "local" else workspace_of(session.secret())


def _visit() -> Visit:
    runtime, current, workspace = _whose()
    preferred = preferences.load(runtime.database, workspace)
    backend = choose(settings.SOURCES, current, preferred, session.typed_keys())
    return Visit(runtime, current, backend, workspace, runtime.history(workspace), preferred)


def visit_now() -> Visit:
    """The visitor's view inside a callback: when a file was saved since the page was drawn, what it was drawn with is
    closed by now, and only the module as it is now makes another.
    """
    current: Visit = import_module(__name__).visit()
    return current


def _mode() -> Mode:
    return mode(st.get_option("server.address"), settings.lookup("RERENDER_MODE"))


def _open() -> Runtime:
    runtime = Runtime.open(
        home_from(settings.SOURCES),
        sources=settings.SOURCES,
        mode=_mode(),
        database_url=settings.lookup("RERENDER_DATABASE_URL"),
    )
    uploads.bound(runtime.limits)
    # At exit too: OpenCV in a daemon thread would otherwise abort the process at Ctrl+C.
    atexit.register(runtime.close)
    return runtime


# Saving a file gives `Runtime` a new identity, so a new key: the one kept place then closes the old runtime. Streamlit
# knows this function by its source, so it stays this small and what may change lives in `_open`.
@st.cache_resource(max_entries=1, on_release=lambda runtime: runtime.close(), show_spinner="Starting")
def _held(identity: int) -> Runtime:  # noqa: ARG001 - the cache's key
    return _open()
