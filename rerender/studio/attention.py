"""Which runs need their owner: for a decision, a key, or a click."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case

from rerender.studio.backends import EMBEDDED
from rerender.studio.runs import STATE, Run, State
from rerender.studio.steering import GIVEN_UP
from rerender.studio.tables import runs

__all__ = ["NEED", "NEEDED", "UNTOLD", "WAITS", "Need", "waits_for_key"]

WAITS = "This render is waiting for"
"""How the sentence begins that is written down for a run without a usable key."""


class Need(StrEnum):
    """What a run needs its owner for."""

    FATE = "fate"  # to look up in the account what became of it
    KEY = "key"  # to type the key with which it can be followed
    PICTURES = "pictures"  # to say whether to look for its pictures again


# What the owner of the app pays for needs nothing that a visitor could do: the account and the key are the owner's.
_IS_THEIRS = (runs.c.backend != EMBEDDED) & ~runs.c.is_shared
_IS_UNCERTAIN = (STATE == State.UNCERTAIN) & _IS_THEIRS
_WAITS = runs.c.finished_at.is_(None) & _IS_THEIRS & runs.c.error.startswith(WAITS)


def waits_for_key(run: Run) -> bool:
    """Whether nothing is heard of the run until its owner types a key; `_WAITS` is the same in SQL."""
    is_theirs = not run.is_preview and not run.is_shared
    return run.is_unfinished and is_theirs and (run.error or "").startswith(WAITS)


NEED = case((_IS_UNCERTAIN, Need.FATE), (_WAITS, Need.KEY), (GIVEN_UP, Need.PICTURES))
"""The run's `Need`, null for one without."""

UNTOLD: ColumnElement[bool] = _IS_UNCERTAIN & (runs.c.deleted_at < runs.c.finished_at)
"""Whether the run was deleted before anybody could know that it may have been charged."""

# The first condition is true of few runs and has an index, and all of the others imply it.
NEEDED = and_(runs.c.stored_at.is_(None), NEED.is_not(None), runs.c.deleted_at.is_(None) | UNTOLD)
"""Whether the run needs its owner."""
