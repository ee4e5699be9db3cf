"""What the history is searched for: a field and a few filters, kept while the visitor is on other pages."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import streamlit as st

from rerender.studio.search import TEXT_MAX_CHARS, Search
from rerender.ui import words
from rerender.ui.runtime import Visit

_TEXT = "history.text"
_STATE = "history.state"
_BACKEND = "history.backend"
_DATES = "history.dates"
_STARRED = "history.starred"
_NONE = {_TEXT: "", _STATE: None, _BACKEND: None, _DATES: (), _STARRED: None}

PAGE = "history.page"


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
    st.session_state.update(_NONE)
    _first_page()


def _first_page() -> None:
    st.session_state[PAGE] = 1


def _text() -> None:
    st.text_input(
        "Search",
        type="search",
        key=_TEXT,
        placeholder="Search prompts and notes",
        max_chars=TEXT_MAX_CHARS,
        live="300ms",
        on_change=_first_page,
        label_visibility="collapsed",
        persist_state="session",
    )


def _state() -> None:
    st.selectbox(
        "State",
        tuple(words.STATES),
        index=None,
        format_func=words.STATES.__getitem__,
        key=_STATE,
        placeholder="Any state",
        on_change=_first_page,
        label_visibility="collapsed",
        width=165,
        persist_state="session",
    )


def _backend(names: list[str]) -> None:
    if st.session_state.get(_BACKEND) not in names:
        st.session_state[_BACKEND] = None  # Its last run was deleted.
    if len(names) < 2:
        return
    st.selectbox(
        "Rendered at",
        names,
        index=None,
        format_func=words.backend,
        key=_BACKEND,
        placeholder="Anywhere",
        on_change=_first_page,
        label_visibility="collapsed",
        width=165,
        persist_state="session",
    )


def _dates() -> None:
    st.date_input(
        "Dates",
        value=[],
        key=_DATES,
        on_change=_first_page,
        label_visibility="collapsed",
        width=250,
        persist_state="session",
    )


def _starred() -> None:
    st.pills(
        "Starred",
        ("Starred",),
        key=_STARRED,
        on_change=_first_page,
        label_visibility="collapsed",
        persist_state="session",
    )


def _search() -> Search:
    state = st.session_state
    dates: tuple[date, ...] = state[_DATES] or ()
    return Search(
        text=state[_TEXT].strip(),
        state=state[_STATE],
        backend=state[_BACKEND],
        starred=state[_STARRED] is not None,
        since=_midnight(dates[0]) if dates else None,
        until=_midnight(dates[-1] + timedelta(days=1)) if dates else None,
    )


def _midnight(day: date) -> float:
    """The start of the visitor's day, in seconds since the epoch."""
    return datetime.combine(day, time(), words.zone()).timestamp()
