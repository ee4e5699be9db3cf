"""How much is kept: of one workspace, or of all."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, ScalarSelect, Table, Text, cast, func, literal, select
from sqlalchemy.sql.functions import Function

from rerender.studio.database import Database
from rerender.studio.tables import images, outputs, runs, thumbnails

__all__ = ["RUN_BYTES", "TEXTS", "Usage", "kept", "usage_of"]

_WRITTEN = (runs.c.prompt, runs.c.note, runs.c.error, runs.c.phase, runs.c.misc)
TEXTS = sum((func.length(func.coalesce(cast(column, Text), "")) for column in _WRITTEN), start=literal(0))
"""The characters of a run's texts, in SQL."""
RUN_BYTES, IMAGE_BYTES, OUTPUT_BYTES = 1_500, 700, 400
"""About how many bytes each takes beside its texts or picture: in the database, and a run in the list of an archive."""
_SIZES = ((images, images.c.byte_size + IMAGE_BYTES), (runs, TEXTS + RUN_BYTES), (outputs, literal(OUTPUT_BYTES)))


@dataclass(frozen=True, slots=True)
class Usage:
    """What is in the database: `runs` with the `binned` ones among them, image files, and bytes of pictures in all."""

    runs: int
    binned: int
    images: int
    byte_size: int


def usage_of(database: Database, workspace: str) -> Usage:
    """The usage of one workspace. No picture is loaded for it."""

    figures = select(
        _of(runs, func.count()),
        _of(runs, func.count(runs.c.deleted_at)),
        _of(images, func.count()),
        _of(images, func.coalesce(func.sum(images.c.byte_size), 0))
        + _of(thumbnails, func.coalesce(func.sum(func.length(thumbnails.c.data)), 0)),
    )
    with database.read(workspace) as connection:
        return Usage(*(int(figure) for figure in connection.execute(figures).one()))


def kept(connection: Connection, workspace: str | None = None) -> int:
    """About how many bytes the runs and pictures of the workspace take; without one, all that the connection sees."""
    size = 0
    for table, sizes in _SIZES:
        whose = [] if workspace is None else [table.c.workspace == workspace]
        # PostgreSQL's sum of whole numbers is a decimal, and that of nothing is none.
        size += int(connection.scalar(select(func.sum(sizes)).select_from(table).where(*whose)) or 0)
    return size


def _of(table: Table, figure: Function[int]) -> ScalarSelect[int]:
    return select(figure).select_from(table).scalar_subquery()
