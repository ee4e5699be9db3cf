"""What the history is searched for: a field and a few filters, kept while the visitor is on other pages."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import streamlit as st

from rerender.studio.search import TEXT_MAX_CHARS, Search
from rerender.ui import words
from rerender.ui.visits import Visit

_CLEARED = "history.cleared"


def choose(visit: Visit) -> Search:
    """The field and the filters in one row, and what they say together."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _text()
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            _state()
            _backend(visit.history.backends())
            _dates()
            _starred()
            search = _search()
            if search != Search():
                st.button("Clear", icon=":material/close:", type="tertiary", on_click=clear)
    return search


def clear() -> None:
    """Search for everything again."""
    st.session_state[_CLEARED] = st.session_state.get(_CLEARED, 0) + 1


def _key(name: str) -> str:
    """A widget's key: another one after each clearing, which makes it a new widget that is empty."""
    return f"history.{name}.{st.session_state.get(_CLEARED, 0)}"


def _text() -> None:
    st.text_input(
        "Search",
        type="search",
        key=_key("text"),
        placeholder="Search prompts and notes",
        max_chars=TEXT_MAX_CHARS,
        live="300ms",
        label_visibility="collapsed",
        persist_state="session",
    )


def _state() -> None:
    st.selectbox(
        "State",
        tuple(words.STATES),
        index=None,
        format_func=words.STATES.__getitem__,
        key=_key("state"),
        placeholder="Any state",
        label_visibility="collapsed",
        width=165,
        persist_state="session",
    )


def _backend(names: list[str]) -> None:
    key = _key("backend")
    if st.session_state.get(key) not in names:
        st.session_state[key] = None  # Its last run was deleted.
    if len(names) < 2:
        return
    st.selectbox(
        "Rendered at",
        names,
        index=None,
        format_func=words.backend,
        key=key,
        placeholder="Anywhere",
        label_visibility="collapsed",
        width=165,
        persist_state="session",
    )


def _dates() -> None:
    st.date_input(
        "Dates",
        value=[],
        key=_key("dates"),
        label_visibility="collapsed",
        width=250,
        persist_state="session",
    )


def _starred() -> None:
    st.pills(
        "Starred",
        ("Starred",),
        key=_key("starred"),
        label_visibility="collapsed",
        persist_state="session",
    )


def _search() -> Search:
    text, state, backend, dates, starred = (
        st.session_state[_key(name)] for name in ("text", "state", "backend", "dates", "starred")
    )
    return Search(
        text=text.strip(),
        state=state,
        backend=backend,
        starred=starred is not None,
        since=_midnight(dates[0]) if dates else None,
        until=_midnight(dates[-1] + timedelta(days=1)) if dates else None,
    )


def _midnight(day: date) -> float:
    """The start of the visitor's day, in seconds since the epoch."""
    return datetime.combine(day, time(), words.zone()).timestamp()
