"""Lets the callback of a widget run to its end.

Streamlit gives each look at the session state, and each message to the browser, to the next click: when one has come
meanwhile, what is running stops there. A page may stop anywhere, since it is drawn again. A callback may not: it would
leave "New seed" without its seed, or a run that was just sent without its place on the page, and it is not called
again. https://docs.streamlit.io/develop/concepts/architecture/session-state
"""

from __future__ import annotations

from functools import wraps

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_run_context import RunLocation, ThreadState

__all__ = ["run_whole"]

_YIELD = "_maybe_handle_execution_control_request"


def run_whole() -> None:
    """Let what a click asks for wait, from now on, until the callback of the click before it has returned.

    It is then handled at the first line of the page. Streamlit has no setting for this, so a method of its own is
    wrapped, once a process.
    """
    cut_short = getattr(ScriptRunner, _YIELD)
    if getattr(cut_short, "lets_callbacks_end", False):
        return

    @wraps(cut_short)
    def unless_in_callback(runner: ScriptRunner) -> None:
        if not _is_in_callback():
            cut_short(runner)

    vars(unless_in_callback)["lets_callbacks_end"] = True
    setattr(ScriptRunner, _YIELD, unless_in_callback)


def _is_in_callback() -> bool:
    try:
        return ThreadState.get().run_location is RunLocation.CALLBACK
    except RuntimeError:
        return False  # not in a thread that runs the page
