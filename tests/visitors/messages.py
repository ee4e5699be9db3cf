"""What Streamlit's front end sends, a message or a widget's value at a time."""

from __future__ import annotations

import json
import uuid
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.visitors.tree import VALUE_FIELDS, Widget

# Words of both are joined as Streamlit does it for the triggers of a component.
TRIGGER = "$$STREAMLIT_INTERNAL_KEY_{}__events"


def state(widget: Widget, value: Any) -> WidgetState:
    """The value as the widget's kind is sent."""
    state, name = WidgetState(id=widget.id), VALUE_FIELDS[widget.kind]
    if name.endswith("array_value"):
        getattr(state, name).data.extend([value] if isinstance(value, str) else value)
    elif name == "string_trigger_value":
        state.string_trigger_value.data = value
    elif name == "file_uploader_state_value":
        state.file_uploader_state_value.SetInParent()
    else:
        setattr(state, name, value)
    return state


def uploaded(urls: FileURLs, name: str, size: int, widget: Widget) -> WidgetState:
    """What an uploader says of its file."""
    state = WidgetState(id=widget.id)
    state.file_uploader_state_value.uploaded_file_info.add(name=name, size=size, file_id=urls.file_id, file_urls=urls)
    return state


def triggered(component: Widget, event: str, value: Any) -> WidgetState:
    """That something happened in a component of ours."""
    state = WidgetState(id=TRIGGER.format(component.id))
    state.json_trigger_value = json.dumps([{"event": event, "value": value}])
    return state


def rerun(values: list[WidgetState], query: str, address: str, fragment: str) -> BackMsg:
    """The wish for another run of the page at this address, or of one of its fragments."""
    message = BackMsg()
    client = message.rerun_script
    client.query_string, client.fragment_id = query, fragment
    client.context_info.timezone, client.context_info.locale = "Europe/Vienna", "en-GB"
    client.context_info.url = address
    client.widget_states.widgets.extend(values)
    return message


def place_for(session_id: str, name: str) -> tuple[str, BackMsg]:
    """The question where a file of this name may be sent, and the name of the question."""
    message, asked = BackMsg(), uuid.uuid4().hex
    message.file_urls_request.request_id = asked
    message.file_urls_request.session_id = session_id
    message.file_urls_request.file_names.append(name)
    return asked, message


def deferred_file(session_id: str, file_id: str) -> tuple[str, BackMsg]:
    """The question for a file that is made when it is wanted, and the name of the question."""
    message, asked = BackMsg(), uuid.uuid4().hex
    message.backend_operation_request.request_id = asked
    message.backend_operation_request.session_id = session_id
    message.backend_operation_request.deferred_file.file_id = file_id
    return asked, message
