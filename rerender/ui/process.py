"""The one runtime of this process."""

from __future__ import annotations

import atexit
from importlib import import_module

import streamlit as st

from rerender.studio.runtime import Runtime, home_from
from rerender.studio.workspaces import Mode, mode
from rerender.ui import downloading, settings, uploads


def runtime() -> Runtime:
    """The runtime, opened when it is first asked for. Raises `ConfigurationError`."""
    return _held(id(Runtime))


def runtime_now() -> Runtime:
    """The runtime inside a callback: after a file was saved only the module as it is now has the one that is open."""
    current: Runtime = import_module(__name__).runtime()
    return current


def current_mode() -> Mode:
    """Whether this is one's own computer or a host. Raises `ConfigurationError`."""
    return mode(st.get_option("server.address"), settings.lookup("RERENDER_MODE"))


def _open() -> Runtime:
    opened = Runtime.open(
        home_from(settings.SOURCES),
        sources=settings.SOURCES,
        mode=current_mode(),
        database_url=settings.lookup("RERENDER_DATABASE_URL"),
    )
    downloading.bound(opened.limits)
    uploads.bound(opened.limits)
    # At exit too: OpenCV in a daemon thread would otherwise abort the process at Ctrl+C.
    atexit.register(opened.close)
    return opened


# Saving a file gives `Runtime` a new identity, so a new key: the one kept place then closes the old runtime. Streamlit
# knows this function by its source, so it stays this small and what may change lives in `_open`.
@st.cache_resource(max_entries=1, on_release=lambda runtime: runtime.close(), show_spinner="Starting")
def _held(identity: int) -> Runtime:  # noqa: ARG001 - the cache's key
    return _open()
