"""Files that a visitor uploads, out of the server's memory as soon as they were taken.

Streamlit keeps each for as long as its widget or the session lives: 30 visitors with 10 MB each would hold 300 MB.
"""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

_EDITIONS = "uploads.editions"


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
