"""What the owner of the app pays for its visitors: in a visitor's words, and for the owner in figures."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from rerender.errors import ConfigurationError
from rerender.studio import budget
from rerender.studio.backends import Backend, Caps, configured
from rerender.studio.budget import Cap
from rerender.ui import settings
from rerender.ui.visits import Visit

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


def spending(visit: Visit) -> None:
    """What visitors spent of the owner's credits, for the owner: never what they rendered, or who they are."""
    if not visit.is_owner:
        return
    database, now, backend = visit.runtime.database, time.time(), offered(visit)
    today, in_all = budget.spent(database, now)
    caps = backend.caps if backend else None
    if not caps and not in_all.credits:
        return
    st.subheader("Spent with your key", anchor=False)
    of_both = [
        ("Spent", f"{today.settled:g}", f"{in_all.settled:g}"),
        ("Being sent", f"{today.reserved:g}", f"{in_all.reserved:g}"),
        ("Uncertain", f"{today.uncertain:g}", f"{in_all.uncertain:g}"),
        ("**Counted**", f"**{today.credits:g}**", f"**{in_all.credits:g}**"),
        ("Cap", _cap(caps.per_day if caps else None), _cap(caps.in_all if caps else None)),
    ]
    st.markdown(_table(("Credits", "Today", "In all"), of_both))
    of_each = [
        (one.name, f"{one.today.credits:g}", f"{one.in_all.credits:g}", f"{one.in_all.uncertain:g}")
        for one in budget.visitors(database, now, _MOST)
    ]
    if of_each:
        own_cap = _cap(caps.per_visitor if caps else None)
        st.markdown(_table(("Visitor", "Today", "In all", "Uncertain"), [*of_each, ("Cap for each", "", own_cap, "")]))
    st.caption(_ABOUT + (f" The {_MOST} visitors who spent most are shown." if len(of_each) == _MOST else ""))


_MOST = 20
_ABOUT = (
    "A day begins at midnight, UTC. Uncertain: the answer was lost, and your account knows whether it was charged. "
    "It counts, as failed renders do. What the API refused does not."
)


def _cap(credits_: float | None) -> str:
    return "none" if credits_ is None else f"{credits_:g}"


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    ruler = ("---", *("---:" for _ in header[1:]))
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ruler, *rows))
