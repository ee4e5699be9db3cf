"""How much a workspace keeps."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ScalarSelect, Table, func, select
from sqlalchemy.sql.functions import Function

from rerender.studio.database import Database
from rerender.studio.tables import images, runs, thumbnails

__all__ = ["Usage", "usage_of"]


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


def _of(table: Table, figure: Function[int]) -> ScalarSelect[int]:
    return select(figure).select_from(table).scalar_subquery()
