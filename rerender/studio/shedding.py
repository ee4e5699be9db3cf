"""Turning runs away before anything is written down or sent, when the process has as much as it can take."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, select

from rerender.models import RenderRequest
from rerender.studio.attention import WAITS
from rerender.studio.backends import EMBEDDED, Backend
from rerender.studio.limits import LimitReached, Limits
from rerender.studio.runs import count
from rerender.studio.tables import runs
from rerender.studio.usage import kept

__all__ = ["check_kept", "shed"]

MINUTE, MB = 60.0, 1_000_000
NOTHING = "Nothing was sent or charged"


def shed(
    connection: Connection,
    limits: Limits,
    workspace: str,
    backend: Backend,
    requests: Sequence[RenderRequest],
    now: float,
) -> None:
    """Raise `LimitReached` if these runs would be more than the limits allow.

    Called in the transaction that writes them down, so that two clicks cannot both take the last place. Previews and
    an API's runs take no places from each other.
    """
    longest = max(len(request.prompt) for request in requests)
    if longest > limits.prompt_chars:
        raise LimitReached(
            f"The prompt has {longest:,} characters, and this app takes {limits.prompt_chars:,}. {NOTHING}; shorten it."
        )
    more, mine = len(requests), runs.c.workspace == workspace
    # What waits for a key takes nothing: it may wait for ever, as an imported one may, or one whose key is refused.
    waits = func.coalesce(runs.c.error, "").startswith(WAITS)
    is_in_work = runs.c.finished_at.is_(None) & runs.c.owner.is_not(None) & ~waits
    at_once = min(filter(None, (limits.runs_a_minute, limits.unfinished_runs, limits.unfinished_in_all)), default=more)
    if more > at_once:
        raise LimitReached(f"These are {more} runs, and this app takes {at_once} at once. {NOTHING}; render fewer.")
    if limits.runs_a_minute:
        _check_pace(connection, limits.runs_a_minute - more, mine, now)
    if limits.unfinished_runs and count(connection, mine, is_in_work) + more > limits.unfinished_runs:
        raise LimitReached(
            f"You have as many runs under way as this app takes at once, {limits.unfinished_runs}. {NOTHING}; "
            "try again when some of them are done, or stop some."
        )
    is_alike = (runs.c.backend == EMBEDDED) if backend.is_preview else (runs.c.backend != EMBEDDED)
    if limits.unfinished_in_all and count(connection, is_in_work, is_alike) + more > limits.unfinished_in_all:
        raise LimitReached(f"This app has more visitors than it can serve right now. {NOTHING}; try again in a minute.")


def check_kept(connection: Connection, limits: Limits, workspace: str) -> None:
    """Raise `LimitReached` when the workspace, or all of them together, keep as much as they may.

    It looks at every run, so it is called before others have to wait: a picture more or less does not matter.
    """
    most, most_in_all = limits.workspace_mb, limits.kept_in_all_mb
    size = kept(connection, workspace) if most else 0
    if most and size >= most * MB:
        raise LimitReached(
            f"What you keep here is {size / MB:,.0f} MB, and this app keeps {most:,} MB for each visitor. {NOTHING}"
            "; delete runs that you do not need. What is deleted makes room within two hours."
        )
    if most_in_all and kept(connection) >= most_in_all * MB:
        raise LimitReached(
            f"This app has no room for more pictures at the moment. {NOTHING}; try again later. What you delete here "
            "makes room within two hours."
        )


def _check_pace(connection: Connection, room: int, mine: ColumnElement[bool], now: float) -> None:
    """Raise unless at most `room` runs were begun within the last minute."""
    begun = select(runs.c.created_at).where(mine, runs.c.created_at > now - MINUTE).order_by(runs.c.created_at.desc())
    # The newest run that has to be a minute old before there is room again.
    blocking = connection.scalar(begun.offset(room).limit(1))
    if blocking is not None:
        seconds = max(1, math.ceil(blocking + MINUTE - now))
        raise LimitReached(f"These are more runs a minute than this app takes. {NOTHING}; try again in {seconds} s.")
