"""What the owner of the app pays for its visitors: in a visitor's words, and for the owner in figures."""

from __future__ import annotations

import time

import streamlit as st

from rerender.errors import ConfigurationError
from rerender.studio import budget
from rerender.studio.backends import Backend, Caps, configured
from rerender.studio.budget import Cap, Spent
from rerender.ui import settings
from rerender.ui.runtime import Visit

_LEFT = {Cap.VISITOR: "left for you", Cap.DAY: "left for all visitors today", Cap.ALL: "left for all visitors"}


def offered(visit: Visit) -> Backend | None:
    """Where visitors may render with the owner's key; None where they may not, or a setting is wrong."""
    try:
        backend = configured(settings.SOURCES, visit.mode)
    except ConfigurationError:
        return None
    return backend if backend.is_shared else None


def left(visit: Visit, caps: Caps) -> str:
    """How many of the owner's credits there are for this visitor, in words."""
    rest = budget.left(visit.runtime.database, caps, visit.workspace, time.time())
    return f"{rest.credits:g} {_LEFT[rest.cap]}"


def is_owner(visit: Visit) -> bool:
    """Whether the visitor is the one whose key it is."""
    return not visit.is_hosted


def spending(visit: Visit) -> None:
    """What visitors spent of the owner's credits, for the owner: never what they rendered, or who they are."""
    if not is_owner(visit):
        return
    database, now, backend = visit.runtime.database, time.time(), offered(visit)
    today, in_all = budget.spent(database, now)
    caps = backend.caps if backend else None
    if not caps and not in_all.credits:
        return
    st.subheader("Spent with your key", anchor=False)
    rows = [
        ("Today", *_figures(today), _cap(caps.per_day if caps else None)),
        ("In all", *_figures(in_all), _cap(caps.in_all if caps else None)),
    ]
    st.markdown(_table(("Credits", "spent", "being sent", "uncertain", "counted", "cap"), rows))
    if visitors := budget.visitors(database, now, _MOST):
        of_each = [
            (
                f"Visitor {one.name}",
                *_figures(one.in_all),
                f"{one.today.credits:g}",
                _cap(caps.per_visitor if caps else None),
            )
            for one in visitors
        ]
        header = ("By visitor", "spent", "being sent", "uncertain", "counted", "today", "cap")
        st.markdown(_table(header, of_each))
    st.caption(_ABOUT + (f" The {_MOST} visitors who spent most are shown." if len(visitors) == _MOST else ""))


_MOST = 20
_ABOUT = (
    "A day begins at midnight, UTC. Uncertain: the answer was lost, and your account knows whether it was charged. "
    "It counts, as failed renders do. What the API refused does not."
)


def _figures(spent: Spent) -> tuple[str, ...]:
    return tuple(f"{credits_:g}" for credits_ in (spent.settled, spent.reserved, spent.uncertain, spent.credits))


def _cap(credits_: float | None) -> str:
    return "none set" if credits_ is None else f"{credits_:g}"


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    ruler = ("---", *("---:" for _ in header[1:]))
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ruler, *rows))
