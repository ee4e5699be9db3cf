"""Lets what no page sends count as not sent. Anyone can speak with the server without a browser.

Values are checked where they are used; some make Streamlit itself stumble before that, such as NaN for a whole number,
and leave a traceback in the log. And anyone could tell Streamlit to clear the caches of all, the runtime included.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.state.session_state import Serialized, Value, WStates

from rerender.ui.callbacks import wrap

__all__ = ["ignore"]

_SENT_BY_PAGES = (
    "rerun_script",
    "stop_script",
    "app_heartbeat",
    "file_urls_request",
    "backend_operation_request",
)


def ignore() -> None:
    """Heed, from now on, no message and no value that no page sends. Two methods are wrapped, once a process."""
    wrap(WStates, "__getitem__", _read)
    wrap(AppSession, "handle_backmsg", _take)


def _read(read: Callable[..., Any], states: WStates, widget_id: str) -> Any:
    """The value of a widget; one that its kind of widget never has is no click, and otherwise changes nothing.

    Raises `KeyError` then, as where nothing was sent.
    """
    sent, widget = states.states.get(widget_id), states.widget_metadata.get(widget_id)
    if not isinstance(sent, Serialized) or widget is None:
        return read(states, widget_id)
    # An emptied field is sent without a value.
    if sent.value.WhichOneof("value") in (None, widget.value_type):
        with suppress(ValueError, TypeError, ArithmeticError, LookupError, RecursionError):
            return read(states, widget_id)
    if "trigger" in widget.value_type:
        states.states[widget_id] = Value(widget.deserializer(None))
        return read(states, widget_id)
    raise KeyError(widget_id)


def _take(take: Callable[..., None], session: AppSession, message: BackMsg) -> None:
    if message.WhichOneof("type") in _SENT_BY_PAGES:
        take(session, message)
