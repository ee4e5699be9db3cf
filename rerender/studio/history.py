"""What pages read. A history sees one workspace and nothing else, and no run that was deleted, where not stated.

No query here says whose rows it wants: its connection is opened for the workspace, and `binding` sees to the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, Select, insert, or_, select

from rerender.errors import ImageError
from rerender.models import RenderRequest
from rerender.studio import decoding, pictures
from rerender.studio.attention import NEED, NEEDED, Need
from rerender.studio.backends import EMBEDDED
from rerender.studio.database import Database
from rerender.studio.runs import COLUMNS_WITHOUT_MISC, RUN_COLUMNS, STATE, Picture, Run, State, count, storable
from rerender.studio.search import COVER, Entry, Found, Search
from rerender.studio.steering import CAN_BE_WATCHED_AGAIN
from rerender.studio.tables import blobs, images, outputs, runs, thumbnails

__all__ = ["History", "NoSuchImage"]

PICTURE_COLUMNS = (images.c.sha256, images.c.mime, images.c.width, images.c.height, images.c.byte_size)
NOT_DELETED = runs.c.deleted_at.is_(None)
# The first condition has an index.
OPEN = runs.c.stored_at.is_(None) & or_(
    runs.c.finished_at.is_(None),
    (runs.c.backend != EMBEDDED) & or_(CAN_BE_WATCHED_AGAIN, (STATE == State.UNCERTAIN) & ~runs.c.is_shared),
)
"""`Run.is_open` in SQL."""
NEWEST_FIRST = (runs.c.created_at.desc(), runs.c.run_id)


class NoSuchImage(KeyError):
    """The workspace has no image of this digest, or none any more."""


class History:
    """The runs of one workspace, with their pictures."""

    def __init__(self, database: Database, workspace: str) -> None:
        self._database = database
        self._workspace = workspace

    def latest(self) -> Run | None:
        """The newest run, None before the first."""
        return next(iter(self.recent(1)), None)

    def recent(self, limit: int = 24) -> list[Run]:
        """The newest runs, newest first."""
        return self._runs(limit=limit)

    def run(self, run_id: str) -> Run | None:
        """The run of this id, None when there is none here."""
        return next(iter(self._runs(runs.c.run_id == storable(run_id))), None)

    def of_render(self, render_id: str) -> Run | None:
        """The newest run whose render has this id, None when there is none here."""
        return next(iter(self._runs(runs.c.render_id == render_id, limit=1)), None)

    def series(self, series_id: str) -> list[Run]:
        """The runs of one click, oldest first."""
        return self._runs(runs.c.series_id == series_id)[::-1]

    def unfinished(self) -> list[Run]:
        """The runs to which something is still going to happen by itself, newest first."""
        return self._runs(runs.c.finished_at.is_(None))

    def need_count(self) -> int:
        """How many runs need their owner."""
        with self._database.read(self._workspace) as connection:
            return count(connection, NEEDED)

    def needs(self) -> list[tuple[Need, Run]]:
        """The runs that need their owner, and for what, newest first, without their `misc`; some may be deleted."""
        query = select(*COLUMNS_WITHOUT_MISC, NEED.label("need")).where(NEEDED).order_by(*NEWEST_FIRST)
        with self._database.read(self._workspace) as connection:
            return [(Need(row["need"]), Run.from_row(row)) for row in connection.execute(query).mappings()]

    def open_like(self, backend_name: str, request: RenderRequest) -> Run | None:
        """The newest open run of the very same request at the same backend: a second one is rarely meant."""
        alike = self._runs(
            OPEN,
            runs.c.backend == backend_name,
            runs.c.prompt == request.prompt,
            runs.c.batch_size == request.batch_size,
            runs.c.image_width == request.image_width,
            runs.c.image_height == request.image_height,
            runs.c.seed == request.seed,
            runs.c.control_image == hashlib.sha256(request.control_image).hexdigest(),
        )
        return next(iter(alike), None)

    def search(self, search: Search, page: int = 1, size: int = 24) -> Found:
        """One page of the runs that are searched for, newest first; pages are counted from 1."""
        conditions = (NOT_DELETED, *search.conditions())
        query = select(*RUN_COLUMNS, COVER).where(*conditions).order_by(*NEWEST_FIRST)
        with self._database.read(self._workspace) as connection:
            total = count(connection, *conditions)
            rows = connection.execute(query.limit(size).offset((page - 1) * size)).mappings()
            return Found([Entry(Run.from_row(row), row["cover"]) for row in rows], total)

    def backends(self) -> list[str]:
        """The names of the backends that have runs here, in alphabetical order."""
        query = select(runs.c.backend).where(NOT_DELETED).distinct().order_by(runs.c.backend)
        with self._database.read(self._workspace) as connection:
            return list(connection.scalars(query))

    def outputs(self, run_id: str) -> list[Picture]:
        """The pictures of a run in the API's order, as far as they are stored."""
        query = (
            select(*PICTURE_COLUMNS)
            .select_from(outputs)
            .join(images, (images.c.workspace == outputs.c.workspace) & (images.c.sha256 == outputs.c.sha256))
        )
        return self._pictures(query.where(outputs.c.run_id == run_id).order_by(outputs.c.position))

    def control_image(self, run_id: str) -> Picture | None:
        """The control image of a run as it was sent, None when there is no such run here."""
        query = (
            select(*PICTURE_COLUMNS)
            .select_from(runs)
            .join(images, (images.c.workspace == runs.c.workspace) & (images.c.sha256 == runs.c.control_image))
        )
        return next(iter(self._pictures(query.where(runs.c.run_id == run_id))), None)

    def data(self, sha256: str) -> bytes:
        """The bytes of an image, exactly as they were sent or came. Raises `NoSuchImage`."""
        with self._database.read(self._workspace) as connection:
            data: bytes | None = connection.scalar(select(blobs.c.data).where(blobs.c.sha256 == sha256))
        if data is None:
            raise NoSuchImage(sha256)
        return data

    def thumbnail(self, sha256: str, side: int = 320) -> bytes:
        """The image as WEBP, at most `side` px on its long side: made once, then kept.

        Raises `NoSuchImage`, `ImageError` for bytes that are no picture, and `Busy`.
        """
        found = self._thumbnails([sha256], side)
        if sha256 not in found:
            found[sha256] = _shrunk(self.data(sha256), side)
            self._keep_thumbnails(found, side)
        return found[sha256]

    def thumbnails(self, sha256s: Collection[str], side: int = 320) -> dict[str, bytes]:
        """The thumbnails of several images at once, without those of bytes that are no picture.

        Raises `NoSuchImage`, and `Busy`.
        """
        found = self._thumbnails(sha256s, side)
        made = {}
        try:
            for sha256 in {*sha256s} - found.keys():
                with suppress(ImageError):
                    made[sha256] = _shrunk(self.data(sha256), side)
        finally:
            # Also where one's turn does not come: the next try then has fewer to make.
            if made:
                self._keep_thumbnails(made, side)
        return found | made

    def _thumbnails(self, sha256s: Collection[str], side: int) -> dict[str, bytes]:
        """Those that are kept."""
        query = select(thumbnails.c.sha256, thumbnails.c.data)
        these = (thumbnails.c.sha256.in_(sha256s), thumbnails.c.side == side)
        with self._database.read(self._workspace) as connection:
            return {row.sha256: row.data for row in connection.execute(query.where(*these))}

    def _keep_thumbnails(self, made: dict[str, bytes], side: int) -> None:
        kept = select(thumbnails.c.sha256).where(thumbnails.c.side == side)
        with self._database.write(self._workspace) as connection:
            # Another thread may have made one meanwhile.
            for sha256 in made.keys() - set(connection.scalars(kept.where(thumbnails.c.sha256.in_(made)))):
                row = {"workspace": self._workspace, "sha256": sha256, "side": side, "data": made[sha256]}
                connection.execute(insert(thumbnails).values(row))

    def _runs(self, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Run]:
        query = select(*RUN_COLUMNS).where(NOT_DELETED, *conditions).order_by(*NEWEST_FIRST).limit(limit)
        with self._database.read(self._workspace) as connection:
            return [Run.from_row(row) for row in connection.execute(query).mappings()]

    def _pictures(self, query: Select[Any]) -> list[Picture]:
        with self._database.read(self._workspace) as connection:
            return [Picture(**row) for row in connection.execute(query).mappings()]


def _shrunk(data: bytes, side: int) -> bytes:
    with decoding.turn(data):
        return pictures.shrink(data, side)
