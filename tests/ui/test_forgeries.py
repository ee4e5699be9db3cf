"""What no page sends counts as not sent, before Streamlit stumbles over it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import WStates

from rerender.models import PROMPT_MAX_CHARS
from rerender.studio.prompts import MOST_LINES
from rerender.ui.forgeries import TEXT_MAX_CHARS, ignore


def read(state: WidgetState, value_type: Any) -> Any:
    """What a page reads of a widget whose values are whole numbers."""
    ignore()
    states = WStates()
    states.set_widget_from_proto(state)
    states.set_widget_metadata(WidgetMetadata("it", lambda sent: int(sent or 0), str, value_type))
    return states["it"]


def test_a_value_of_the_widgets_own_type_is_heeded_and_an_emptied_field_too() -> None:
    assert read(WidgetState(id="it", double_value=7.0), "double_value") == 7
    assert read(WidgetState(id="it", int_value=7), "double_value") == 7, "as browsers send a whole number"
    assert read(WidgetState(id="it"), "double_value") == 0


def test_a_field_that_was_sent_without_a_value_is_heeded_again_when_it_has_one() -> None:
    ignore()
    states = WStates()
    states.set_widget_metadata(WidgetMetadata("it", lambda sent: int(sent or 0), str, "double_value"))
    for state, value in ((WidgetState(id="it"), 0), (WidgetState(id="it", double_value=7.0), 7)):
        states.set_widget_from_proto(state)
        assert states["it"] == value


@pytest.mark.parametrize(
    "state",
    [
        WidgetState(id="it", double_value=float("nan")),
        WidgetState(id="it", double_value=float("inf")),
        WidgetState(id="it", string_value="7"),
        WidgetState(id="it", bool_value=True),
    ],
    ids=str,
)
def test_a_value_that_its_widget_never_has_was_not_sent(state: WidgetState) -> None:
    with pytest.raises(KeyError):
        read(state, "double_value")


def test_a_button_is_not_pressed_by_a_value_of_another_type() -> None:
    assert read(WidgetState(id="it", string_value="7"), "trigger_value") == 0


def test_of_a_text_without_end_a_session_keeps_no_more_than_the_longest_that_can_be_sent() -> None:
    ignore()
    states = WStates()
    states.set_widget_metadata(WidgetMetadata("it", lambda sent: sent, str, "string_value"))
    most = "\n".join(["x" * PROMPT_MAX_CHARS] * MOST_LINES)
    for sent, kept in ((most, most), ("x" * 1_000_000, "x" * TEXT_MAX_CHARS)):
        states.set_widget_from_proto(WidgetState(id="it", string_value=sent))
        assert states["it"] == kept
    assert TEXT_MAX_CHARS > PROMPT_MAX_CHARS, "so that it is still refused, in a sentence"


def test_nobody_can_clear_the_caches_of_all() -> None:
    ignore()
    # Without a session to work on it would raise: it is not even asked.
    AppSession.handle_backmsg(cast(AppSession, None), BackMsg(clear_cache=True))
    with pytest.raises(AttributeError):
        AppSession.handle_backmsg(cast(AppSession, None), BackMsg(app_heartbeat=True))
