"""What people decide in the course of a run: to stop it, to go on with it, and what became of one of unknown fate.

Each method is one transaction, says whether there was such a run to decide about, and leaves a row that says the truth.
A runner that follows the run learns of it with its next write, which then changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, func, literal, or_, select, update

from rerender.client import is_id
from rerender.studio.backends import EMBEDDED
from rerender.studio.database import Database
from rerender.studio.runs import Submission
from rerender.studio.tables import outputs, runs

__all__ = ["CAN_BE_WATCHED_AGAIN", "GIVEN_UP", "Steering"]

STOPPED_UNSENT = "You stopped it before it was sent. Nothing was charged."
STOPPED_PREVIEW = "You stopped watching. It cost nothing."
STOPPED_PAID = "You stopped watching. The credit is spent; the render goes on at the API as {}."
STOPPED_COMPLETED = "You stopped watching. The credit is spent; the pictures may still be at the API as {}."
NOT_FOUND = (
    "You stopped watching before the API had shown a render {}. What became of the run is still unknown: "
    "it may have been charged."
)
WAS_CHARGED = "You found that it was charged. Its pictures did not come here."
WAS_NOT_CHARGED = "You found that it was not charged."
TAKEN_BACK = (
    "You took back what you had found. It may have been charged. Look at your account before you render it again."
)
NOBODY = {"owner": None, "lease_until": None}
"""Whoever takes up orphans next goes on with the run."""

UNSENT = (runs.c.submission == Submission.SUBMITTING) & runs.c.submitted_at.is_(None) & runs.c.finished_at.is_(None)
"""`Run.is_queued` in SQL."""
ACCEPTED = runs.c.submission == Submission.ACCEPTED
WITHOUT_PICTURES = ACCEPTED & runs.c.finished_at.is_not(None) & runs.c.stored_at.is_(None)
CAN_BE_WATCHED_AGAIN = WITHOUT_PICTURES & or_(runs.c.stopped_at.is_not(None), runs.c.completed_at.is_not(None))
"""`Run.can_be_watched_again` in SQL."""
GIVEN_UP = WITHOUT_PICTURES & runs.c.completed_at.is_not(None) & runs.c.stopped_at.is_(None)
"""The API completed the run, and its pictures could not be fetched for so long that nothing tries any more."""
SETTLED = runs.c.settled_at.is_not(None)
OF_UNKNOWN_FATE = (
    (runs.c.backend != EMBEDDED)
    & ~runs.c.is_shared
    & or_(runs.c.submission == Submission.UNCERTAIN, (runs.c.submission == Submission.REFUSED) & SETTLED)
)
"""Nobody knows more of it than its owner, who may have said something and may still be mistaken. Of what the owner of
the app paid for, a visitor knows nothing: a guessed render id would be another visitor's picture."""


class Steering:
    """The decisions. `wall` gives seconds since the epoch, `announce` tells readers."""

    def __init__(self, database: Database, *, wall: Callable[[], float], announce: Callable[[], None]) -> None:
        self._database = database
        self._wall = wall
        self._announce = announce

    def stop(self, workspace: str, run_id: str) -> bool:
        """Cancel what has not begun to be sent; of what was accepted, stop waiting for the pictures.

        False while the POST is in flight, and for what has ended.
        """
        now = self._wall()
        never_sent = {"submission": Submission.REFUSED, "error": STOPPED_UNSENT, "finished_at": now, "stopped_at": now}
        unwatched = {"finished_at": now, "stopped_at": now, "error": _stopped()}
        doubtful = {
            "submission": Submission.UNCERTAIN,
            "error": _sentence(NOT_FOUND),
            "finished_at": now,
            "render_id": None,
            "settled_at": None,
        }
        is_watched = ACCEPTED & runs.c.finished_at.is_(None)
        # An id that its owner gave, and that the API has never confirmed, may be of no render at all.
        is_doubtful = is_watched & SETTLED & runs.c.phase.is_(None)
        return self._decide(
            workspace, run_id, (UNSENT, never_sent), (is_doubtful, doubtful), (is_watched | GIVEN_UP, unwatched)
        )

    def look_again(self, workspace: str, run_id: str) -> bool:
        """Go on with a run that was stopped, or whose pictures were given up."""
        anew = {"finished_at": None, "completed_at": None, "stopped_at": None, "error": None, **NOBODY}
        return self._decide(workspace, run_id, (CAN_BE_WATCHED_AGAIN, anew))

    def attach(self, workspace: str, run_id: str, render_id: str) -> bool:
        """The run of unknown fate is this render: follow it. Brings the run back, should it be deleted.

        False also for what is no id, and for the id of another run of the workspace at that backend.
        """
        if not is_id(render_id):
            return False
        other = runs.alias()
        is_taken = select(other.c.run_id).where(other.c.backend == runs.c.backend, other.c.render_id == render_id)
        known = {"submission": Submission.ACCEPTED, "render_id": render_id, "settled_at": self._wall()}
        anew = {"finished_at": None, "error": None, "deleted_at": None, **NOBODY}
        return self._decide(workspace, run_id, (OF_UNKNOWN_FATE & ~is_taken.exists(), known | anew))

    def settle(self, workspace: str, run_id: str, *, charged: bool) -> bool:
        """The owner has looked up whether the run of unknown fate was charged."""
        found = (Submission.UNCERTAIN, WAS_CHARGED) if charged else (Submission.REFUSED, WAS_NOT_CHARGED)
        settled = {"submission": found[0], "error": found[1], "settled_at": self._wall()}
        return self._decide(workspace, run_id, (OF_UNKNOWN_FATE, settled))

    def reopen(self, workspace: str, run_id: str) -> bool:
        """Take back what `settle` or `attach` was told: nobody knows what became of the run.

        The pictures of a render that is not its own leave it.
        """
        unknown = {"submission": Submission.UNCERTAIN, "error": TAKEN_BACK, "settled_at": None}
        unseen = dict.fromkeys(("render_id", "phase", "completed_at", "stopped_at", "stored_at")) | {"misc": {}}
        ended = {"finished_at": func.coalesce(runs.c.finished_at, self._wall())}
        may_be_taken_back = SETTLED & (ACCEPTED | OF_UNKNOWN_FATE)
        with self._database.write(workspace) as connection:
            reopened = _changed(connection, run_id, may_be_taken_back, unknown | unseen | ended)
            if reopened:
                connection.execute(delete(outputs).where(outputs.c.run_id == run_id))
        if reopened:
            self._announce()
        return reopened

    def _decide(self, workspace: str, run_id: str, *cases: tuple[ColumnElement[bool], dict[str, Any]]) -> bool:
        """Write the values of the first case that the run is in. Whether it was in any."""
        with self._database.write(workspace) as connection:
            decided = any(_changed(connection, run_id, *one) for one in cases)
        if decided:
            self._announce()
        return decided


def _changed(connection: Connection, run_id: str, condition: ColumnElement[bool], values: dict[str, Any]) -> bool:
    return connection.execute(update(runs).where(runs.c.run_id == run_id, condition).values(values)).rowcount == 1


def _stopped() -> ColumnElement[str]:
    return case(
        (runs.c.backend == EMBEDDED, STOPPED_PREVIEW),
        (runs.c.completed_at.is_not(None), _sentence(STOPPED_COMPLETED)),
        else_=_sentence(STOPPED_PAID),
    )


def _sentence(pattern: str) -> ColumnElement[str]:
    """The pattern with the run's render id in place of `{}`."""
    return func.replace(literal(pattern), "{}", runs.c.render_id)
