"""What people do with their runs: star, annotate, delete, and take that back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, delete, select, tuple_, update

from rerender.studio import budget
from rerender.studio.attention import UNTOLD
from rerender.studio.backends import EMBEDDED
from rerender.studio.database import EVERYONE, Database
from rerender.studio.runs import storable
from rerender.studio.tables import images, metadata, runs
from rerender.studio.wipe import AT_STAKE

__all__ = ["LONGER_AT_STAKE", "NOTE_MAX_CHARS", "UNDO_WITHIN", "Curation", "awaited_previews", "outlived", "purge"]

NOTE_MAX_CHARS = 2000
UNDO_WITHIN = 3600.0
DAY = 86_400.0
LONGER_AT_STAKE = 3
"""How many times as long a run is kept of which there may still be something to come."""


class Curation:
    """Changes to the runs of one workspace; each method says whether there is such a run here.

    The runner's own columns are left alone, so a run that is deleted while it is on its way still gets its pictures.
    """

    def __init__(self, database: Database, workspace: str, *, wall: Callable[[], float] = time.time) -> None:
        self._database = database
        self._workspace = workspace
        self._wall = wall

    def star(self, run_id: str, starred: bool) -> bool:
        """Mark the run, or take the mark away."""
        return self._change(run_id, starred=starred)

    def annotate(self, run_id: str, note: str) -> bool:
        """Write a note about the run in place of an older one; the first `NOTE_MAX_CHARS` characters are kept."""
        return self._change(run_id, note=storable(note)[:NOTE_MAX_CHARS])

    def delete(self, run_id: str) -> bool:
        """Hide the run everywhere. It can be restored until `purge` takes it, an hour later or more."""
        return self._change(run_id, deleted_at=self._wall())

    def restore(self, run_id: str) -> bool:
        """Bring a deleted run back as it was."""
        return self._change(run_id, deleted_at=None)

    def _change(self, run_id: str, **values: Any) -> bool:
        changed = update(runs).where(runs.c.run_id == run_id).values(**values)
        with self._database.write(self._workspace) as connection:
            return connection.execute(changed).rowcount == 1


def purge(database: Database, wall: Callable[[], float] = time.time, *, keep_days: int = 0) -> int:
    """Delete for good, in every workspace, what was deleted and finished over an hour ago; how many runs that were.

    With `keep_days` also what is `outlived`.

    Their outputs go with them, and every image that nothing names any more. What is still going on stays, and so does
    an uncertain run for an hour after its end, as the answer to its POST may still come; one that was deleted before it
    became uncertain stays until its owner has decided about it.
    """
    now = wall()
    due = (runs.c.deleted_at < now - UNDO_WITHIN) & (runs.c.finished_at < now - UNDO_WITHIN) & ~UNTOLD
    if keep_days:
        due |= outlived(now, keep_days)
    with database.read(EVERYONE) as connection:
        if connection.scalar(select(runs.c.run_id).where(due).limit(1)) is None:
            return 0
    with database.write(EVERYONE) as connection:
        budget.release(connection, due)
        count = connection.execute(delete(runs).where(due)).rowcount
        connection.execute(delete(images).where(*_unnamed()))
    database.shrink()
    return count


def outlived(now: float, keep_days: int) -> ColumnElement[bool]:
    """Whether a run ended over so many days ago and has nothing at stake any more, or began and ended, if it did, over
    `LONGER_AT_STAKE` times as many days ago.

    Not what the owner's key paid for and is at stake. Anyone can import runs that say of themselves that they are.
    """
    ended, forsaken = now - keep_days * DAY, now - LONGER_AT_STAKE * keep_days * DAY
    is_over = (runs.c.finished_at < ended) & ~AT_STAKE
    is_forsaken = (runs.c.created_at < forsaken) & (runs.c.finished_at.is_(None) | (runs.c.finished_at < forsaken))
    return is_over | (is_forsaken & ~runs.c.is_shared)


def awaited_previews(database: Database) -> set[tuple[str, str]]:
    """The workspace and render id of each preview whose pictures are not in the database, but may be fetched."""
    is_awaited = (runs.c.backend == EMBEDDED) & runs.c.render_id.is_not(None) & runs.c.stored_at.is_(None)
    with database.read(EVERYONE) as connection:
        found = connection.execute(select(runs.c.workspace, runs.c.render_id).where(is_awaited))
        return {(workspace, render_id) for workspace, render_id in found}


def _unnamed() -> list[ColumnElement[bool]]:
    """Whether an image is named by no row of any table; what belongs to the image goes with it and does not count."""
    image = tuple_(images.c.workspace, images.c.sha256)
    return [
        image.not_in(select(*key.columns))
        for table in metadata.tables.values()
        for key in table.foreign_key_constraints
        if key.referred_table is images and key.ondelete != "CASCADE"
    ]
