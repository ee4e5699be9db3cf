"""What a page says while the history cannot be reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec

import streamlit as st

from rerender.studio.database import DatabaseAway

__all__ = ["or_away", "say"]

P = ParamSpec("P")

_AWAY = (
    "Nothing was sent, and no run is lost: what is being rendered goes on. This page tries again by itself; if it stays"
    " so, whoever runs this app looks at the database and at RERENDER_DATABASE_URL."
)
_AGAIN_AFTER_S = 5


def say(error: DatabaseAway) -> NoReturn:
    """End the page with one sentence, and draw it again by itself as soon as the history can be reached."""
    st.error(f"{error} {_AWAY}", title="The history is away", icon=":material/cloud_off:")
    st.fragment(_try_again, run_every=_AGAIN_AFTER_S)(time.monotonic())
    st.stop()


def _try_again(drawn: float) -> None:
    """Draws nothing. The first call is the page's own, which has just tried."""
    if time.monotonic() - drawn > _AGAIN_AFTER_S / 2:
        st.rerun()


def or_away(draw: Callable[P, None]) -> Callable[P, None]:
    """A fragment that draws itself again and again: while the history is away it says so instead."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            draw(*args, **kwargs)
        except DatabaseAway as error:
            st.warning(f"{error} {_AWAY}", icon=":material/cloud_off:")

    return drawn
