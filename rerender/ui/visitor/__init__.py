"""Which visitor this is, on a host: a cookie that only the visitor's browser holds names the workspace."""

from __future__ import annotations

import streamlit as st

from rerender.ui import components, session

_KEY = "visitor"
# Browsers keep no cookie longer; each visit begins the time anew.
_LIFETIME_S = 400 * 24 * 3600

_mount = components.script("visitor")


def recognise() -> None:
    """Let the browser keep this session's word, or go on with the word that it already has. Shows nothing.

    Also where a proxy strips cookies from what the app is sent, as the script in the page sees them.
    """
    word = session.secret()
    _mount(
        data={
            "cookie": session.COOKIE,
            "word": word,
            "held": word if session.is_kept() else "",
            "path": "/" + str(st.get_option("server.baseUrlPath")).strip("/"),
            "seconds": _LIFETIME_S,
        },
        key=_KEY,
        on_answer_change=_heard,
    )


def _heard() -> None:
    answer = components.said(_KEY, "answer")
    if isinstance(answer, dict):
        session.hear(str(answer.get("held", "")))
