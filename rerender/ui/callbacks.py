"""Lets everything happen that is clicked, also when another click comes right after it.

Streamlit takes up the next click wherever the page looks at the session state or sends something to the browser, and
leaves off there. A page may be left off anywhere, since it is drawn again. A callback is not called again: left off at
its start the click is lost, and further on "New seed" is left without its seed, or a run just sent without its place on
the page. With "fast reruns" a click that has not been taken up yet is even forgotten when the next one comes.
https://docs.streamlit.io/develop/api-reference/configuration/config.toml#runner
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import wraps
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.state.safe_session_state import SafeSessionState

__all__ = ["let_next_click_in", "run_whole"]

_heeding: ContextVar[bool] = ContextVar("heeding", default=False)


def run_whole() -> None:
    """Let the next click wait, from now on, until every callback of the click before it has returned.

    Streamlit then takes it up before the first line of the page. It has no setting for this, so two methods of its own
    are wrapped, once a process. Fast reruns are put off here and not in a file: Community Cloud puts them on.
    """
    config.set_option("runner.fastReruns", False)
    heed, take_up = SafeSessionState.on_script_will_rerun, ScriptRunner._maybe_handle_execution_control_request
    if getattr(heed, "runs_whole", False):
        return

    @wraps(heed)
    def heed_whole(state: SafeSessionState, *args: Any, **kwargs: Any) -> None:
        token = _heeding.set(True)
        try:
            heed(state, *args, **kwargs)
        finally:
            _heeding.reset(token)

    @wraps(take_up)
    def take_up_later(runner: ScriptRunner) -> None:
        if not _heeding.get():
            take_up(runner)

    vars(heed_whole)["runs_whole"] = True
    for owner, method in ((SafeSessionState, heed_whole), (ScriptRunner, take_up_later)):
        setattr(owner, method.__name__, method)


def let_next_click_in() -> None:
    """Leave off here when a click waits: for what takes long without drawing anything."""
    st.session_state.get("any key")
