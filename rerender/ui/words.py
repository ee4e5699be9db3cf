"""A run in the words of the pages: how it stands, what it cost, where and when it was made."""

from __future__ import annotations

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st

from rerender.studio.attention import waits_for_key
from rerender.studio.backends import EMBEDDED, counted_credits
from rerender.studio.runs import Run, State, Submission

STATES = {
    State.UNFINISHED.value: "In progress",
    State.COMPLETED.value: "Completed",
    State.FAILED.value: "Failed",
    State.REFUSED.value: "Not accepted",
    State.CANCELLED.value: "Cancelled",
    State.UNCERTAIN.value: "May have been charged",
    State.STOPPED.value: "Not watched",
}


def standing(run: Run) -> str:
    """How a run stands: its state, or what it waits for while it is not under way."""
    if waits_for_key(run):
        return "Waiting for its key"
    return "Not sent yet" if run.is_queued else STATES[run.state]


def cost(run: Run) -> str:
    """What a run cost, as far as that is known."""
    if run.is_preview:
        return "Free"
    if run.submission == Submission.REFUSED:
        return "Not charged"
    if run.is_shared:
        return _owners(run)
    if run.credits == 0:
        return "0 credits"
    return f"${run.cost:.3f}" if _has_cost(run) else f"Perhaps ${run.cost:.3f}"


def _owners(run: Run) -> str:
    return f"{'' if _has_cost(run) else 'Perhaps '}{counted_credits(run.credits)} of the owner's"


def _has_cost(run: Run) -> bool:
    """Whether it is known that the run is charged."""
    ends = (run.completed_at, run.stored_at, run.stopped_at, run.settled_at)
    return (run.is_unfinished or any(ends)) and not run.is_unconfirmed


def backend(name: str) -> str:
    """What a backend is called."""
    return "Preview engine" if name == EMBEDDED else name


def size(run: Run) -> str:
    """The size that was asked for, in pixels."""
    return f"{run.image_width} × {run.image_height}"


def when(seconds: float) -> str:
    """A time, given in seconds since the epoch, as the visitor's own clock showed it."""
    moment = datetime.fromtimestamp(seconds, zone())
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def zone() -> tzinfo | None:
    """The visitor's time zone; None, which means the server's, when the browser names none that is known here."""
    try:
        return ZoneInfo(st.context.timezone or "")
    except (KeyError, ValueError, OSError):
        return None


def counted(number: int, noun: str) -> str:
    """So many of it, as "1 run" or "1,234 runs"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
