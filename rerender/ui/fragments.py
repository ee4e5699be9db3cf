"""Lets the browser hear a page to its end before a fragment of it runs again.

What a page draws reaches the browser through the server's event loop, a moment later. When a fragment is due in that
moment, Streamlit starts another runner for it and drops what the page's own has still to say. On a busy host a page was
left without its last parts, and without the word that its fragment is to be run again: it stood still at "Waiting for
its turn".
https://github.com/streamlit/streamlit/issues/9921

And no fragment of a page that was left runs any more. Until the next page has come to its end Streamlit still runs one
that the old page asks for, as that page: the browser, which is on the next one, is left with nothing at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

from rerender.ui.wrapping import wrap

__all__ = ["hear_out"]

_AGAIN_AFTER_S = 0.01


def hear_out() -> None:
    """Let a fragment wait, from now on, until all of the run before is told, and leave it out once its page was left.

    One method is wrapped, once a process.
    """
    wrap(AppSession, "request_rerun", _ask)


def _ask(ask: Callable[..., None], session: AppSession, asked: ClientState | None) -> None:
    if asked is None or not asked.fragment_id:
        if asked is not None and asked.page_script_hash:
            # The session itself says so only when the page has begun.
            session._client_state.page_script_hash = asked.page_script_hash
        ask(session, asked)
    elif _is_ending(session):
        asyncio.get_running_loop().call_later(_AGAIN_AFTER_S, session.request_rerun, asked)
    elif not _is_left(session, asked.page_script_hash):
        ask(session, asked)


def _is_left(session: AppSession, page: str) -> bool:
    """Whether the session is at another page than this one, or on the way to one; at first it does not know where."""
    here = session.page_script_hash
    return bool(page) and page != here and here not in ("", session._pages_manager.main_script_hash)


def _is_ending(session: AppSession) -> bool:
    """Whether a run takes nothing more, and the session has not heard yet that it is over."""
    runner = session._scriptrunner
    return runner is not None and runner._requests._state == ScriptRequestType.STOP
