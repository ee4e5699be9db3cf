"""What the history hands out: plain values, the rows of the database without their blobs.

Code that is reloaded while the app runs meets values made by its older self, so states are compared as strings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, case, func, literal, select

from rerender.studio.backends import EMBEDDED
from rerender.studio.tables import runs

__all__ = [
    "COLUMNS_WITHOUT_MISC",
    "RUN_COLUMNS",
    "STATE",
    "UNREADABLE",
    "Picture",
    "Run",
    "State",
    "Submission",
    "count",
    "storable",
]

UNREADABLE = "application/octet-stream"


class Submission(StrEnum):
    """What is known of a run's POST."""

    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class State(StrEnum):
    """How a run stands; `rerender.ui.words` has the words of the pages for it."""

    UNFINISHED = "unfinished"  # something is still going to happen by itself
    COMPLETED = "completed"  # every picture is stored
    FAILED = "failed"  # ended without all of its pictures
    REFUSED = "refused"  # never accepted, so certainly not charged
    CANCELLED = "cancelled"  # its owner stopped it before it was sent, so it was not charged either
    UNCERTAIN = "uncertain"  # may have been charged, and nobody can say
    STOPPED = "stopped"  # its owner does not wait for it any more; it goes on where it is made


@dataclass(frozen=True, slots=True)
class Run:
    """One click on Render. Times are seconds since the epoch, None until it happened.

    `phase` is the API's raw word. `error` is one plain sentence: why the run ended, or what it waits for.
    `cost` is in US dollars; both it and `credits` are 0 while it is known that nothing was charged. The row keeps the
    price all the same, as its owner may take back having said so.
    Settings may call them 0 for any backend, so whether money is at stake is asked of `is_preview`, never of them.
    """

    run_id: str
    workspace: str
    backend: str
    workflow_id: str
    prompt: str
    batch_size: int
    image_width: int
    image_height: int
    seed: int
    control_image: str  # the SHA-256 of its bytes
    submission: str
    render_id: str | None
    phase: str | None
    error: str | None
    misc: dict[str, Any]
    credits: float
    cost: float
    created_at: float
    submitted_at: float | None  # the POST began; before that it is certain that nothing was sent
    completed_at: float | None  # `completed` was first seen
    finished_at: float | None  # nothing more happens by itself
    stored_at: float | None  # every output is in the database
    series_id: str | None  # shared by the runs of one click
    starred: bool
    note: str
    deleted_at: float | None  # hidden from then on, and purged some time after
    stopped_at: float | None  # its owner stopped watching it, and can watch it again; or cancelled it unsent
    settled_at: float | None  # its owner said what became of a POST of unknown fate
    is_shared: bool = False  # paid with the key of the app's owner, for a visitor

    @property
    def is_unfinished(self) -> bool:
        """Whether something is still going to happen by itself."""
        return self.finished_at is None

    @property
    def state(self) -> State:
        """How the run stands. `STATE` is the same rule in SQL, and a test holds the two together."""
        if self.finished_at is None:
            return State.UNFINISHED
        if self.submission == Submission.REFUSED:
            return State.REFUSED if self.stopped_at is None else State.CANCELLED
        if self.submission == Submission.UNCERTAIN and self.settled_at is None and not self.is_preview:
            return State.UNCERTAIN
        if self.stopped_at is not None:
            return State.STOPPED
        return State.FAILED if self.stored_at is None else State.COMPLETED

    @property
    def is_submitting(self) -> bool:
        """Whether it is not known yet what became of its POST, which may not have begun."""
        return self.is_unfinished and self.submission == Submission.SUBMITTING

    @property
    def is_queued(self) -> bool:
        """Whether it waits for its turn to be sent, and can be cancelled free of charge."""
        return self.is_submitting and self.submitted_at is None

    @property
    def can_be_stopped(self) -> bool:
        """Whether its owner can stop it, or stop watching it: any time but while its POST is in flight."""
        return self.is_unfinished and (self.submission == Submission.ACCEPTED or self.submitted_at is None)

    @property
    def can_be_watched_again(self) -> bool:
        """Whether there may be pictures that nobody is fetching: watching was stopped, or they were given up."""
        ended_without = self.finished_at is not None and self.stored_at is None
        may_have = self.stopped_at is not None or self.completed_at is not None
        return ended_without and may_have and self.submission == Submission.ACCEPTED

    @property
    def is_open(self) -> bool:
        """Whether its pictures may still come, so that another run of the very same request is rarely meant."""
        may_be_found = self.state == State.UNCERTAIN and not self.is_shared
        may_come = not self.is_preview and (self.can_be_watched_again or may_be_found)
        return self.stored_at is None and (self.is_unfinished or may_come)

    @property
    def is_unconfirmed(self) -> bool:
        """Whether its render id is what its owner found, and the API has never shown such a render."""
        return self.is_found and self.phase is None

    @property
    def is_found(self) -> bool:
        """Whether its render id is what its owner found, not what the API answered."""
        return self.submission == Submission.ACCEPTED and self.settled_at is not None

    @property
    def can_be_settled(self) -> bool:
        """Whether its owner can say what became of it, for the first time or again: not in an account of another."""
        is_called_free = self.submission == Submission.REFUSED and self.settled_at is not None
        is_theirs = not self.is_preview and not self.is_shared
        return is_theirs and (self.submission == Submission.UNCERTAIN or is_called_free)

    @property
    def is_preview(self) -> bool:
        """Whether the embedded engine makes it, not an API."""
        return self.backend == EMBEDDED

    @classmethod
    def from_row(cls, row: RowMapping) -> Run:
        """The run in a row that holds `RUN_COLUMNS`, or those without `misc`."""
        run = cls(**{one.name: row[one.name] for one in fields(cls)})
        return replace(run, credits=0.0, cost=0.0) if run.submission == Submission.REFUSED else run


RUN_COLUMNS = tuple(runs.c[one.name] for one in fields(Run))
COLUMNS_WITHOUT_MISC = tuple(
    literal({}, column.type).label("misc") if column is runs.c.misc else column for column in RUN_COLUMNS
)
"""For many runs at once, where nobody asks for what the API says of each."""

STATE = case(
    (runs.c.finished_at.is_(None), State.UNFINISHED),
    ((runs.c.submission == Submission.REFUSED) & runs.c.stopped_at.is_(None), State.REFUSED),
    (runs.c.submission == Submission.REFUSED, State.CANCELLED),
    (
        (runs.c.submission == Submission.UNCERTAIN) & runs.c.settled_at.is_(None) & (runs.c.backend != EMBEDDED),
        State.UNCERTAIN,
    ),
    (runs.c.stopped_at.is_not(None), State.STOPPED),
    (runs.c.stored_at.is_(None), State.FAILED),
    else_=State.COMPLETED,
)
"""`Run.state` in SQL."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a stored image; `History.data` has its bytes. Sizes are None for bytes that are no picture."""

    sha256: str
    mime: str
    width: int | None
    height: int | None
    byte_size: int

    @property
    def is_readable(self) -> bool:
        """Whether it can be shown. If not, the bytes are kept and can still be downloaded."""
        return self.mime != UNREADABLE


def count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    """How many runs there are, among those that the connection sees, of which all of this is true."""
    return connection.scalar(select(func.count()).select_from(runs).where(*conditions)) or 0


def storable(text: str) -> str:
    """The text without what is no character, which some database or encoding takes for an error."""
    return re.sub("[\0\ud800-\udfff]", "", text)
