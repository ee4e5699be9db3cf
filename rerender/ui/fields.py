"""The fields of the render form, each by its name here.

A field that the program fills goes on in a new widget: a browser that has not drawn it yet still sends what the old one
holds, which must not become the value of the new one.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

PROMPT = "prompt"
ONE_A_LINE = "one_a_line"
BATCH_SIZE = "batch_size"
WIDTH = "width"
HEIGHT = "height"
SEED = "seed"
FIT = "fit"
KEEP_ASPECT = "keep_aspect"

# Outlives the fields, so that no key comes twice in a session.
_EDITIONS = "fields.editions"


def key(field: str) -> str:
    """The key of the field's widget as it is now."""
    return f"form.{field}.{st.session_state.get(_EDITIONS, {}).get(field, 0)}"


def value(field: str) -> Any:
    """What the field holds. Raises KeyError before it was filled."""
    return st.session_state[key(field)]


def fill(field: str, value: Any) -> None:
    """Let the field hold this, in a new widget if it is something new."""
    former = key(field)
    if former in st.session_state and st.session_state[former] == value:
        return
    editions = st.session_state.get(_EDITIONS, {})
    st.session_state[_EDITIONS] = {**editions, field: editions.get(field, 0) + 1}
    st.session_state.pop(former, None)
    st.session_state[key(field)] = value


def uploaded(key: str) -> UploadedFile | None:
    """The file in the uploader of this key; None where there is none, or none that this session has uploaded."""
    file = st.session_state[key]
    return file if isinstance(file, UploadedFile) else None
