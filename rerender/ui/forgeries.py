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

from rerender.models import PROMPT_MAX_CHARS
from rerender.studio.prompts import MOST_LINES
from rerender.ui.wrapping import wrap

__all__ = ["ignore"]

_SENT_BY_PAGES = (
    "rerun_script",
    "stop_script",
    "app_heartbeat",
    "file_urls_request",
    "backend_operation_request",
)
_NUMBERS = {"int_value", "double_value"}
TEXT_MAX_CHARS = (MOST_LINES + 1) * PROMPT_MAX_CHARS
"""No field holds more, and this is still too long a prompt, which a sentence says. `max_chars` would count them under
the field while one types.
"""


def ignore() -> None:
    """Heed, from now on, no message and no value that no page sends. Two methods are wrapped, once a process."""
    wrap(WStates, "__getitem__", _read)
    wrap(AppSession, "handle_backmsg", _take)


def _read(read: Callable[..., Any], states: WStates, widget_id: str) -> Any:
    """The value of a widget, of a text no more than a field holds; one that its kind of widget never has is no click,
    and otherwise changes nothing.

    Raises `KeyError` then, as where nothing was sent.
    """
    sent, widget = states.states.get(widget_id), states.widget_metadata.get(widget_id)
    if not isinstance(sent, Serialized) or widget is None:
        return read(states, widget_id)
    if len(sent.value.string_value) > TEXT_MAX_CHARS:
        sent.value.string_value = sent.value.string_value[:TEXT_MAX_CHARS]
    kind = sent.value.WhichOneof("value")
    # An emptied field is sent without a value, and a whole number as what it is, whatever its widget says.
    if kind in (None, widget.value_type) or {kind, widget.value_type} <= _NUMBERS:
        with suppress(ValueError, TypeError, ArithmeticError, LookupError, RecursionError):
            value = read(states, widget_id)
            # Streamlit now takes what a field without a value was sent as, nothing, for what its kind of widget has.
            states.set_widget_metadata(widget)
            return value
    if "trigger" in widget.value_type:
        states.states[widget_id] = Value(widget.deserializer(None))
        return read(states, widget_id)
    raise KeyError(widget_id)


def _take(take: Callable[..., None], session: AppSession, message: BackMsg) -> None:
    if message.WhichOneof("type") in _SENT_BY_PAGES:
        take(session, message)
