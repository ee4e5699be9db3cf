"""Files that a visitor uploads: nobody's who was not let in, and out of the server's memory as soon as they were taken.

Streamlit takes files for every session, whatever its page shows, and keeps each for as long as its widget or the
session lives: 30 visitors with 10 MB each would hold 300 MB.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from threading import Lock

import streamlit as st
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from streamlit import config
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from rerender.studio.limits import Limits
from rerender.ui.wrapping import wrap

_EDITIONS = "uploads.editions"
_ALLOWED = "uploads.allowed"
# A page takes a file within a second or two; one that waits longer waits for a page that has none to take it.
_TAKEN_WITHIN_S = 30.0
_reading = asyncio.Lock()


def bound(limits: Limits) -> None:
    """Take files from now on, and hold no more of them than these limits say, whatever is sent by hand.

    Streamlit takes any number of files for a session, and what a widget allows only its browser knows. Three methods,
    of its own and of Starlette's, are wrapped, once a process.
    """
    wrap(UploadFile, "read", _read_in_turn)
    wrap(MemoryUploadedFileManager, "add_file", _Room(limits.uploads_in_all_mb * 1_000_000).add)
    wrap(Runtime, "is_active_session", _may_upload)
    # Last: until now `.streamlit/config.toml` had every file refused, as there was nobody at these doors.
    config.set_option("server.maxUploadSize", limits.archive_mb, "RERENDER_ARCHIVE_MB")


def allow(is_let_in: bool) -> None:
    """Take files of this session from now on, or none."""
    st.session_state[_ALLOWED] = is_let_in


def _may_upload(is_active: Callable[..., bool], runtime: Runtime, session_id: str) -> bool:
    """Whether there is such a session, which only uploads ask, before they are read; and the gate has let it in."""
    if not is_active(runtime, session_id) or not (found := runtime._session_mgr.get_active_session_info(session_id)):
        return False
    state = found.session.session_state
    return _ALLOWED in state and state[_ALLOWED] is True


async def _read_in_turn(read: Callable[..., Awaitable[bytes]], upload: UploadFile, *args: int) -> bytes:
    """Read a file from the disk, where it waits until it has come, once the one before it is counted.

    Streamlit reads a file before anybody is asked whether there is room, and adds it in the same step of the loop.
    """
    async with _reading:
        return await read(upload, *args)


class _Room:
    """For so many bytes of uploads that wait for their page, one of each session."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = Lock()
        self._came_at: dict[str, float] = {}  # by file id, the oldest first

    def add(
        self,
        add: Callable[..., None],
        manager: MemoryUploadedFileManager,
        session_id: str,
        file: UploadedFileRec,
    ) -> None:
        """Add the file, in place of one that its session has, and of those that no page has taken for long."""
        with self._lock:
            for former in list(manager.file_storage.get(session_id, ())):
                manager.remove_file(session_id, former)
            held = {
                one.file_id: (session, one)
                for session, files in list(manager.file_storage.items())
                for one in list(files.values())
            }
            self._came_at = {file_id: at for file_id, at in self._came_at.items() if file_id in held}
            room = self._most - len(file.data) - sum(len(one.data) for _, one in held.values())
            for file_id, came_at in list(self._came_at.items()):
                if room >= 0 or self._clock() - came_at < _TAKEN_WITHIN_S:
                    break
                session, one = held[file_id]
                manager.remove_file(session, file_id)
                room += len(one.data)
            if room < 0:
                raise HTTPException(503, "Other uploads are being taken up at the moment; try again in a minute.")
            add(manager, session_id, file)
            self._came_at[file.file_id] = self._clock()


def key(name: str) -> str:
    """The key of the uploader of this name as it is now: after each file it goes on as a new one."""
    return f"{name}.{st.session_state.get(_EDITIONS, {}).get(name, 0)}"


def take(name: str, drawn: str) -> UploadedFile | None:
    """The file in the uploader that was drawn with the key `drawn`, which then is empty. None where there is none."""
    file = st.session_state.get(drawn)
    if not isinstance(file, UploadedFile):
        return None
    editions = st.session_state.get(_EDITIONS, {})
    st.session_state[_EDITIONS] = {**editions, name: editions.get(name, 0) + 1}
    context = get_script_run_ctx()
    # Only the manager in memory has this, as Streamlit's own chat input knows.
    remove = getattr(context.uploaded_file_mgr, "remove_file", None) if context else None
    if context and remove:
        remove(session_id=context.session_id, file_id=file.file_id)
    return file
