"""A page on which every hostile text stands in everything that pages say such texts in; see `tests/e2e`."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from rerender.ui import understanding
from rerender.ui.page import isolated, plain
from tests.hostile.strings import shown

WAYS = {
    "error": lambda text, _key: st.error(plain(text)),
    "caption": lambda text, _key: st.caption(f"before · {plain(text)} · 12:00"),
    "button": lambda text, key: st.button(f"Key for {plain(text)}", key=f"button{key}"),
    "status": lambda text, _key: st.status(f"{plain(text)}, 12 s", state="running", type="compact"),
    "badge": lambda text, _key: st.badge(understanding._short(text), color="green"),
    "text": lambda text, _key: st.text(text),
    "select": lambda text, key: st.selectbox("Compare with", [f"{isolated(text)} (1 of 2)", "b"], key=f"select{key}"),
}

for number, text in enumerate(shown()):
    with st.container(key=f"said{number}"):
        WAYS[st.query_params["way"]](text, number)
st.text("That was all")
