"""Keeps a visitor who just leaves out of the log of errors.

A tab may close while the server has both something to send to it and something to read from it. Streamlit then takes
the end for a message of the wrong kind, and closes what is closed; the tracebacks of that hid those that tell of a
fault. Nothing else is lost: Streamlit lets go of the session all the same.
https://github.com/streamlit/streamlit/blob/develop/lib/streamlit/web/server/starlette/starlette_websocket.py
"""

from __future__ import annotations

import logging

__all__ = ["let_go"]

# Said by Starlette in a `RuntimeError`, which has a class of its own in the newest versions only.
_AFTER_ITS_END = "once a close message has been sent"
_LOGGERS = ("uvicorn.error", "streamlit.web.server.starlette.starlette_websocket")


def let_go() -> None:
    """Log no traceback, from now on, of a websocket that is used after its end."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_is_a_fault)


def _is_a_fault(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, RuntimeError) and _AFTER_ITS_END in str(error))
