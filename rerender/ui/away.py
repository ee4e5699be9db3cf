"""What a page says while something that it needs cannot be had for now: the history, or room to open a picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec

import streamlit as st

from rerender.studio.database import DatabaseAway
from rerender.studio.decoding import BUSY, Busy

__all__ = ["PASSING", "or_away", "say"]

P = ParamSpec("P")

PASSING = (DatabaseAway, Busy)
"""What passes by itself."""

_AWAY = (
    "Nothing was sent, and no run is lost: what is being rendered goes on. This page tries again by itself; if it stays"
    " so, whoever runs this app looks at the database and at RERENDER_DATABASE_URL."
)
_AGAIN_AFTER_S = 5


def say(error: DatabaseAway | Busy) -> NoReturn:
    """End the page with one sentence, and draw it again by itself as soon as it can be."""
    if isinstance(error, Busy):
        st.info(
            f"{BUSY} Nothing was sent, and what is being rendered goes on. This page tries again by itself.",
            title="One moment",
            icon=":material/hourglass_top:",
        )
    else:
        st.error(f"{error} {_AWAY}", title="The history is away", icon=":material/cloud_off:")
    st.fragment(_try_again, run_every=_AGAIN_AFTER_S)(time.monotonic())
    st.stop()


def _try_again(drawn: float) -> None:
    """Draws nothing. The first call is the page's own, which has just tried."""
    if time.monotonic() - drawn > _AGAIN_AFTER_S / 2:
        st.rerun()


def or_away(draw: Callable[P, None]) -> Callable[P, None]:
    """A fragment or a dialog that says so instead of what cannot be had for now."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            draw(*args, **kwargs)
        except Busy as error:
            st.info(str(error), icon=":material/hourglass_top:")
        except DatabaseAway as error:
            st.warning(f"{error} {_AWAY}", icon=":material/cloud_off:")

    return drawn
