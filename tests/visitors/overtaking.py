"""A page whose fragment is due when the page has ended and the browser has not heard it; see `test_fragments`."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path

import streamlit as st
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

sys.path.insert(0, str(Path(__file__).parents[2]))

from rerender.ui import fragments

if "UNMENDED" not in os.environ:
    fragments.hear_out()


@st.fragment
def look() -> None:
    """What is due again and again."""
    st.text("Looked")


def overtake() -> None:
    """Hold the event loop until the page has ended, then ask for the fragment as a browser's timer would."""
    context = get_script_run_ctx()
    assert context is not None
    session = get_instance()._session_mgr.get_active_session_info(context.session_id).session
    (fragment_id,) = session._fragment_storage._fragments
    runner, holds = session._scriptrunner, threading.Event()

    def hold() -> None:
        holds.set()
        while runner._requests._state != ScriptRequestType.STOP:
            time.sleep(0.01)
        session.request_rerun(ClientState(fragment_id=fragment_id))

    loop: asyncio.AbstractEventLoop = session._event_loop
    loop.call_soon_threadsafe(hold)
    holds.wait()


look()
wanted = st.button("Overtake")
if wanted:
    overtake()
st.text("The end of the run of a click" if wanted else "The end")
