"""How much an archive may bring, with what is here already: no more than the app itself would let come about."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from rerender.studio import prompts
from rerender.studio.backends import EMBEDDED
from rerender.studio.database import EVERYONE, Database
from rerender.studio.limits import Limits
from rerender.studio.manifest import ArchiveError
from rerender.studio.runs import Run, count
from rerender.studio.tables import runs
from rerender.studio.usage import kept

__all__ = ["check", "kept_by_others"]

MB = 1_000_000
MAX_UNFINISHED = 100
"""Unfinished paid runs in a workspace after an import: each is looked at, at its API, until it ends."""
_UNFINISHED = (runs.c.finished_at.is_(None), runs.c.backend != EMBEDDED)


def kept_by_others(database: Database, limits: Limits, workspace: str) -> int:
    """About how many bytes all but this workspace keep; 0 where nobody asks.

    It looks at every run, so it is called before others have to wait.
    """
    if not limits.kept_in_all_mb:
        return 0
    with database.read(EVERYONE) as everyone:
        return kept(everyone) - kept(everyone, workspace)


def check(
    database: Database, connection: Connection, limits: Limits, workspace: str, new: Sequence[Run], others_keep: int
) -> None:
    """Raise `ArchiveError` when with these runs, which the connection's transaction has just added, it is too much.

    What others have is read on another connection: that of an import sees one workspace. Nobody else writes meanwhile.
    """
    if not new:
        return
    _check_size(connection, limits, others_keep)
    if any(run.is_unfinished for run in new):
        with database.read(EVERYONE) as everyone:
            _check_unfinished(connection, everyone, limits, workspace)
    _check_series(connection, new)


def _check_size(connection: Connection, limits: Limits, others_keep: int) -> None:
    most, most_in_all = limits.workspace_mb, limits.kept_in_all_mb
    mine = kept(connection) if most or most_in_all else 0
    if most and mine > most * MB:
        raise ArchiveError(
            f"With this archive you would keep {-(-mine // MB):,} MB here, and this app keeps {most:,} MB for each "
            "visitor. Nothing was imported."
        )
    if most_in_all and mine + others_keep > most_in_all * MB:
        raise ArchiveError(
            "This app has no room for what is in the archive at the moment. Keep the archive, and import it later. "
            "Nothing was imported."
        )


def _check_unfinished(connection: Connection, everyone: Connection, limits: Limits, workspace: str) -> None:
    most, mine = min(limits.unfinished_runs or MAX_UNFINISHED, MAX_UNFINISHED), count(connection, *_UNFINISHED)
    if mine > most:
        raise ArchiveError(f"More than {most} runs would be unfinished here. Nothing was imported.")
    in_all = limits.unfinished_in_all
    if in_all and mine + count(everyone, *_UNFINISHED, runs.c.workspace != workspace) > in_all:
        raise ArchiveError(
            "The archive has unfinished runs, and this app follows as many as it can for its visitors right now. "
            "Import it when some of them are done. Nothing was imported."
        )


def _check_series(connection: Connection, new: Sequence[Run]) -> None:
    named = {run.series_id for run in new} - {None}
    sizes = connection.execute(select(runs.c.series_id, func.count()).group_by(runs.c.series_id))
    if any(size > prompts.MOST_LINES for series_id, size in sizes if series_id in named):
        raise ArchiveError(
            f"More than {prompts.MOST_LINES} runs of the archive belong to one series. Nothing was imported."
        )
