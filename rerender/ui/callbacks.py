"""Lets everything happen that is clicked, also when another click comes right after it.

Streamlit takes up the next click wherever the page looks at the session state or sends something to the browser, and
leaves off there. A page may be left off anywhere, since it is drawn again. A callback is not called again: left off at
its start the click is lost, and further on "New seed" is left without its seed, or a run just sent without its place on
the page. With "fast reruns" a click that has not been taken up yet is even forgotten when the next one comes.
https://docs.streamlit.io/develop/api-reference/configuration/config.toml#runner
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from functools import wraps
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType
from streamlit.runtime.state.safe_session_state import SafeSessionState

__all__ = ["let_next_click_in", "run_whole"]

_heeding: ContextVar[bool] = ContextVar("heeding", default=False)


def run_whole() -> None:
    """Let the next click wait, from now on, until every callback of the click before it has returned.

    Streamlit then takes it up before the first line of the page. It has no setting for this, so three methods of its
    own are wrapped, once a process. Fast reruns are put off here and not in a file: Community Cloud puts them on.
    """
    config.set_option("runner.fastReruns", False)
    if not hasattr(SafeSessionState.on_script_will_rerun, "__wrapped__"):
        _wrap(SafeSessionState, "on_script_will_rerun", _heed)
        _wrap(ScriptRunner, "_maybe_handle_execution_control_request", _take_up)
        _wrap(ScriptRequests, "request_rerun", _ask)


def let_next_click_in() -> None:
    """Leave off here when a click waits: for what takes long without drawing anything."""
    st.session_state.get("any key")


def _wrap(owner: type, name: str, around: Callable[..., Any]) -> None:
    method = getattr(owner, name)

    @wraps(method)
    def wrapped(self: object, *args: Any, **kwargs: Any) -> Any:
        return around(method, self, *args, **kwargs)

    setattr(owner, name, wrapped)


def _heed(heed: Callable[..., None], state: SafeSessionState, *args: Any, **kwargs: Any) -> None:
    """Call the callbacks of a click, and do not take up the next one meanwhile."""
    token = _heeding.set(True)
    try:
        heed(state, *args, **kwargs)
    finally:
        _heeding.reset(token)


def _take_up(take_up: Callable[[ScriptRunner], None], runner: ScriptRunner) -> None:
    if not _heeding.get():
        take_up(runner)


def _ask(ask: Callable[..., bool], requests: ScriptRequests, asked: RerunData) -> bool:
    """Ask for the page or a fragment to be drawn. A fragment asks from the page where the visitor was a moment ago:
    where a page is waiting to be drawn, that is the one to draw.
    """
    waiting = requests._rerun_data
    if asked.fragment_id and requests._state is ScriptRequestType.RERUN and not waiting.fragment_id_queue:
        asked = replace(asked, page_script_hash=waiting.page_script_hash, query_string=waiting.query_string)
    return ask(requests, asked)
