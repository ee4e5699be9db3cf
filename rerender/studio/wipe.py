"""Delete all that a workspace keeps, unless that would lose sight of something that was paid for."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete

from rerender.errors import RerenderError
from rerender.studio import budget
from rerender.studio.backends import EMBEDDED
from rerender.studio.database import Database
from rerender.studio.runs import STATE, State, Submission, count
from rerender.studio.steering import GIVEN_UP
from rerender.studio.tables import OUTLIVES, metadata, runs

__all__ = ["AT_STAKE", "BeingSent", "PaidRunsAtStake", "at_stake", "wipe"]

AT_STAKE: ColumnElement[bool] = (runs.c.backend != EMBEDDED) & (
    runs.c.finished_at.is_(None)
    | (STATE == State.STOPPED)
    | GIVEN_UP
    | ((STATE == State.UNCERTAIN) & ~runs.c.is_shared)
)
"""Whether it is a paid run whose pictures are still to come, or that may have been charged to who has the workspace."""


class BeingSent(RerenderError):
    """A run is on its way to the API: deleted now, its render id would be lost. Nothing was deleted."""


class PaidRunsAtStake(RerenderError):
    """Paid runs are unfinished, or may have been charged, and nobody said to give them up. Nothing was deleted."""


def at_stake(database: Database, workspace: str) -> int:
    """How many paid runs of the workspace have pictures that are still to come, or may have been charged."""
    with database.read(workspace) as connection:
        return _at_stake(connection)


def wipe(database: Database, workspace: str, *, give_up: int = 0) -> None:
    """Delete every row of the workspace in one transaction.

    `give_up` is how many paid runs at stake the visitor has agreed to lose. Raises `BeingSent`, `PaidRunsAtStake`.
    """
    with database.write(workspace) as connection:
        if count(connection, runs.c.submission == Submission.SUBMITTING, runs.c.finished_at.is_(None)):
            raise BeingSent("A run is being sent right now. Nothing was deleted; try again in a moment.")
        if _at_stake(connection) > give_up:
            raise PaidRunsAtStake("A paid run is unfinished, or may have been charged. Nothing was deleted.")
        budget.release(connection)
        # Every table of a workspace, so that one of the future cannot be left out.
        for table in reversed(metadata.sorted_tables):
            if "workspace" not in table.c or OUTLIVES in table.info:
                continue
            connection.execute(delete(table))


def _at_stake(connection: Connection) -> int:
    return count(connection, AT_STAKE)
