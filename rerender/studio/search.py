"""What a history is searched for, and what it answers with: a page of runs, each with its cover picture."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select

from rerender.studio.runs import STATE, UNREADABLE, Run, storable
from rerender.studio.tables import images, outputs, runs

__all__ = ["COVER", "TEXT_MAX_CHARS", "Entry", "Found", "Search"]

TEXT_MAX_CHARS = 200

_first_readable = (
    select(outputs.c.sha256)
    .join(images, (images.c.workspace == outputs.c.workspace) & (images.c.sha256 == outputs.c.sha256))
    .where(outputs.c.run_id == runs.c.run_id, images.c.mime != UNREADABLE)
    .order_by(outputs.c.position)
    .limit(1)
    .correlate(runs)
    .scalar_subquery()
)
COVER = func.coalesce(_first_readable, runs.c.control_image).label("cover")
"""The picture that stands for a run: its first readable output, until there is one its control image."""


@dataclass(frozen=True, slots=True)
class Search:
    """Which runs are wanted: all conditions at once, those left at their default not at all.

    Every word of `text` must stand in the prompt or in the note, in whatever case, or be the render id; only the first
    `TEXT_MAX_CHARS` characters count. `state` is a `State`, `backend` a backend's name. `since` (included) and `until`
    (not included) are seconds since the epoch.
    """

    text: str = ""
    state: str | None = None
    backend: str | None = None
    starred: bool = False
    since: float | None = None
    until: float | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL, for a query of runs."""
        conditions = [_says(word) for word in storable(self.text[:TEXT_MAX_CHARS]).split()]
        if self.state is not None:
            conditions.append(STATE == self.state)  # noqa: SIM300 - a column, not a constant
        if self.backend is not None:
            conditions.append(runs.c.backend == self.backend)
        if self.starred:
            conditions.append(runs.c.starred)
        if self.since is not None:
            conditions.append(runs.c.created_at >= self.since)
        if self.until is not None:
            conditions.append(runs.c.created_at < self.until)
        return conditions


@dataclass(frozen=True, slots=True)
class Entry:
    """A run and the SHA-256 of its cover picture."""

    run: Run
    cover: str

    @property
    def has_picture(self) -> bool:
        """Whether the cover is a picture that came, not the control image that was sent."""
        return self.cover != self.run.control_image


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found, newest first, and how many runs were found in all."""

    entries: list[Entry]
    total: int


def _says(word: str) -> ColumnElement[bool]:
    said = (column.icontains(word, autoescape=True) for column in (runs.c.prompt, runs.c.note))
    return or_(*said, runs.c.render_id == word)
