"""Lets the callbacks of a click run to their end, one click's after the other's.

Streamlit takes up the next click wherever the page looks at the session state or sends something to the browser, and
leaves off there. A page may be left off anywhere, since it is drawn again. A callback is not called again: left off at
its start the click is lost, and further on "New seed" is left without its seed, or a run just sent without its place on
the page. The next click's own callbacks would run beside it, in a thread of their own.
https://docs.streamlit.io/develop/concepts/architecture/session-state
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from threading import Lock
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.state.safe_session_state import SafeSessionState

from rerender.ui import away
from rerender.ui.wrapping import wrap

__all__ = ["run_whole"]

_heeding: ContextVar[bool] = ContextVar("heeding", default=False)


def run_whole() -> None:
    """Let the next click of a session wait, from now on, until every callback of the click before it has returned.

    Streamlit has no setting for this, so two methods of its own are wrapped, once a process.
    """
    wrap(SafeSessionState, "on_script_will_rerun", _heed)
    wrap(ScriptRunner, "_maybe_handle_execution_control_request", _take_up)


def _heed(heed: Callable[..., None], state: SafeSessionState, *args: Any, **kwargs: Any) -> None:
    """Call the callbacks of a click: not beside those of another, and without taking up the next one meanwhile."""
    context = get_script_run_ctx(suppress_warning=True)
    # Each thread has a lock of its own around the one state that the session has.
    with _lock_of(context.session_id if context else ""):
        token = _heeding.set(True)
        try:
            heed(state, *args, **kwargs)
        except away.PASSING as error:
            away.say(error)
        finally:
            _heeding.reset(token)


@lru_cache(maxsize=1024)
def _lock_of(session_id: str) -> Lock:  # noqa: ARG001 - the cache's key
    return Lock()


def _take_up(take_up: Callable[[ScriptRunner], None], runner: ScriptRunner) -> None:
    if not _heeding.get():
        take_up(runner)
