"""What a browser would have on its screen: Streamlit's elements, each at its place in the tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

# The kinds of elements that hold a value, and the field of a WidgetState in which a browser sends it.
VALUE_FIELDS = {
    "bidi_component": "json_value",
    "button": "trigger_value",
    "button_group": "string_array_value",
    "checkbox": "bool_value",
    "date_input": "string_array_value",
    "file_uploader": "file_uploader_state_value",
    "menu_button": "string_trigger_value",
    "number_input": "double_value",
    "pagination": "int_value",
    "radio": "string_value",
    "selectbox": "string_value",
    "text_area": "string_value",
    "text_input": "string_value",
}


@dataclass(frozen=True)
class Widget:
    """A widget on the page: its kind among `VALUE_FIELDS`, and what the server says of it."""

    kind: str
    proto: Any

    @property
    def id(self) -> str:
        return str(self.proto.id)

    @property
    def key(self) -> str:
        """What the app calls it, `None` as a word where it does not."""
        return self.id.split("-", 2)[2]

    @property
    def label(self) -> str:
        return str(getattr(self.proto, "label", ""))


@dataclass
class _Node:
    run: str
    fragment: str
    kind: str
    proto: Any


@dataclass
class Tree:
    """The elements by their delta path. What a script run has not drawn again is gone when the run has ended."""

    nodes: dict[tuple[int, ...], _Node] = field(default_factory=dict)
    run: str = ""
    """The script run that draws at the moment."""

    def draw(self, message: ForwardMsg) -> Widget | None:
        """Put a delta in its place; the widget that it draws, if it draws one."""
        delta, where = message.delta, tuple(message.metadata.delta_path)
        drawn = delta.WhichOneof("type")
        if drawn == "new_element":
            kind = delta.new_element.WhichOneof("type") or ""
            node = _Node(self.run, delta.fragment_id, kind, getattr(delta.new_element, kind) if kind else None)
        else:
            node = _Node(self.run, delta.fragment_id, drawn or "", getattr(delta, drawn) if drawn else None)
        self.nodes[where] = node
        return Widget(node.kind, node.proto) if node.kind in VALUE_FIELDS else None

    def finish(self, run: str, fragments: set[str]) -> None:
        """Take away what the run, of these fragments or with none of the whole page, has not drawn."""
        for where, node in list(self.nodes.items()):
            if node.run != run and (not fragments or node.fragment in fragments):
                del self.nodes[where]

    def widgets(self) -> Iterator[Widget]:
        """All widgets on the page, from top to bottom."""
        for _, node in sorted(self.nodes.items()):
            if node.kind in VALUE_FIELDS:
                yield Widget(node.kind, node.proto)

    def of_kind(self, kind: str) -> list[Any]:
        """What the server says of each element of one kind, from top to bottom."""
        return [node.proto for _, node in sorted(self.nodes.items()) if node.kind == kind]

    def text(self) -> str:
        """The words on the page, a line for each element that has some."""
        lines = []
        for _, node in sorted(self.nodes.items()):
            proto = node.proto
            lines.append(
                next((str(said) for name in ("body", "label", "code_text") if (said := getattr(proto, name, ""))), "")
            )
            if node.kind == "add_block" and proto.WhichOneof("type") in ("expandable", "popover", "dialog", "tab"):
                block = getattr(proto, proto.WhichOneof("type"))
                lines.append(str(getattr(block, "label", "") or getattr(block, "title", "")))
        return "\n".join(filter(None, lines))
