"""Files that a visitor uploads, out of the server's memory as soon as they were taken.

Streamlit keeps each for as long as its widget or the session lives: 30 visitors with 10 MB each would hold 300 MB.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st
from starlette.exceptions import HTTPException
from streamlit import config
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from rerender.studio.limits import Limits
from rerender.ui.callbacks import wrap

_EDITIONS = "uploads.editions"


def bound(limits: Limits) -> None:
    """Hold no more of what is uploaded than these limits say, from now on and whatever is sent by hand.

    Streamlit takes any number of files for a session, and what a widget allows only its browser knows. A method of its
    own is wrapped, once a process.
    """
    config.set_option("server.maxUploadSize", limits.archive_mb, "RERENDER_ARCHIVE_MB")
    wrap(MemoryUploadedFileManager, "add_file", partial(_add, limits.uploads_in_all_mb * 1_000_000))


def _add(
    most: int,
    add: Callable[..., None],
    manager: MemoryUploadedFileManager,
    session_id: str,
    file: UploadedFileRec,
) -> None:
    for former in list(manager.file_storage.get(session_id, ())):
        manager.remove_file(session_id, former)
    others = [one for files in list(manager.file_storage.values()) for one in list(files.values())]
    if sum(len(one.data) for one in others) + len(file.data) > most:
        raise HTTPException(503, "Other uploads are being taken up at the moment; try again in a minute.")
    add(manager, session_id, file)


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
