"""What visitors may spend with the key of the app's owner: reserved before anything is sent, counted in the database.

Each run that the owner pays for has a charge, which outlives it and its workspace. A charge counts unless its own run
says that it was certainly not charged; so the books are settled by whatever the run's row says, at every moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, or_, select

from rerender.errors import RerenderError
from rerender.studio.backends import Caps
from rerender.studio.database import EVERYONE, Database
from rerender.studio.runs import Submission
from rerender.studio.tables import charges, runs

__all__ = ["Cap", "CapReached", "Left", "Spent", "Visitor", "left", "release", "reserve", "spent", "visitors"]

DAY = 86_400.0
NOTHING = 1e-9
"""Credits that are none: sums of fractions are off by less."""
NAME_CHARS = 6
TOMORROW = "come back tomorrow (a day begins at midnight, UTC)"
ELSEWHERE = "type a key of your own in Settings, or choose the free preview there"

_BY_RUN = charges.outerjoin(
    runs, (runs.c.run_id == charges.c.run_id) & (runs.c.workspace == charges.c.workspace) & runs.c.is_shared
)
"""The charges, each with its own run while that is there, and with no other that took its id: such a one is imported,
and may say of itself that it was refused."""
_FREE = runs.c.is_shared & (runs.c.submission == Submission.REFUSED) & runs.c.settled_at.is_(None)
"""Whether a run was certainly not charged, by the word of the API or of the runner, not of its visitor."""
_COUNTS = or_(runs.c.run_id.is_(None), ~_FREE)


class Cap(StrEnum):
    """What ends first."""

    VISITOR = "visitor"
    DAY = "day"
    ALL = "all"


class CapReached(RerenderError):
    """A click would spend more of the owner's credits than a cap allows. Nothing was sent or charged."""

    def __init__(self, rest: Left, wanted: float, runs: int) -> None:
        self.cap = rest.cap
        is_some = rest.credits > 0
        said = f"{_SPENT[rest.cap]} are {'nearly ' if is_some else ''}used up"
        said += f": {rest.credits:g} of them are left, and this needs {wanted:g}." if is_some else "."
        advice = ["Render fewer prompts at once"] if is_some and runs > 1 else []
        advice += [TOMORROW] if rest.cap == Cap.DAY else []
        ways = ", ".join([*advice, ELSEWHERE])
        super().__init__(f"{said} Nothing was sent or charged. {ways[0].upper()}{ways[1:]}.")


_SPENT = {
    Cap.VISITOR: "The credits that the owner of this app pays for you",
    Cap.DAY: "Today's credits, which the owner of this app pays for all visitors,",
    Cap.ALL: "The credits that the owner of this app pays for all visitors",
}


@dataclass(frozen=True, slots=True)
class Left:
    """The credits that a visitor can still spend, and the cap that says so."""

    credits: float
    cap: Cap


@dataclass(frozen=True, slots=True)
class Spent:
    """Credits of the owner's: `reserved` for runs being sent, `uncertain` ones, and `settled` ones, spent for good."""

    reserved: float = 0.0
    uncertain: float = 0.0
    settled: float = 0.0

    @property
    def credits(self) -> float:
        """What counts towards a cap."""
        return self.reserved + self.uncertain + self.settled


@dataclass(frozen=True, slots=True)
class Visitor:
    """What one visitor spent of it. `name` tells visitors apart and leads to none of them."""

    name: str
    today: Spent
    in_all: Spent


def reserve(connection: Connection, caps: Caps, rows: Sequence[Mapping[str, Any]], now: float) -> None:
    """Count runs of one visitor, which the same transaction writes down, towards the caps: all of them or none.

    `rows` are their values for the table of runs, `now` is in seconds since the epoch. Raises `CapReached`.
    """
    wanted = sum(row["credits"] for row in rows)
    rest = _left(connection, caps, rows[0]["workspace"], now)
    if wanted > rest.credits + NOTHING:
        raise CapReached(rest, wanted, len(rows))
    kept = ("run_id", "workspace", "credits", "cost")
    connection.execute(insert(charges), [{"created_at": now} | {name: row[name] for name in kept} for row in rows])


def release(connection: Connection, *chosen: ColumnElement[bool]) -> None:
    """Before the chosen runs are deleted: forget the charges that do not count, which would without their runs."""
    connection.execute(delete(charges).where(charges.c.run_id.in_(select(runs.c.run_id).where(_FREE, *chosen))))


def left(database: Database, caps: Caps, workspace: str, now: float) -> Left:
    """What the visitor of this workspace can still spend at that time."""
    with database.read(EVERYONE) as connection:
        return _left(connection, caps, workspace, now)


def spent(database: Database, now: float) -> tuple[Spent, Spent]:
    """What all visitors have spent: on the day (UTC) of that time, and in all."""
    query = select(*_spent(_is_today(now)), *_spent()).select_from(_BY_RUN)
    with database.read(EVERYONE) as connection:
        row = connection.execute(query).one()
    return _figures(row[:3]), _figures(row[3:])


def visitors(database: Database, now: float, most: int) -> list[Visitor]:
    """The same by visitor, whoever spent most first, and only the first `most`."""
    query = select(charges.c.workspace, *_spent(_is_today(now)), *_spent()).select_from(_BY_RUN)
    largest_first = (_sum(_COUNTS).desc(), charges.c.workspace)
    query = query.group_by(charges.c.workspace).order_by(*largest_first).limit(most)
    with database.read(EVERYONE) as connection:
        return [Visitor(_name(row[0]), _figures(row[1:4]), _figures(row[4:])) for row in connection.execute(query)]


def _left(connection: Connection, caps: Caps, workspace: str, now: float) -> Left:
    """Of caps that leave as little, the one that lasts longest."""
    mine, today = charges.c.workspace == workspace, _is_today(now)
    sums = (_sum(_COUNTS), _sum(_COUNTS & mine), _sum(_COUNTS & today))
    in_all, own, on_day = connection.execute(select(*sums).select_from(_BY_RUN)).one()
    rest = (
        Left(max(0.0, round(caps.in_all - in_all, 9)), Cap.ALL),
        Left(max(0.0, round(caps.per_visitor - own, 9)), Cap.VISITOR),
        Left(max(0.0, round(caps.per_day - on_day, 9)), Cap.DAY),
    )
    return min(rest, key=lambda one: one.credits)


def _spent(*chosen: ColumnElement[bool]) -> list[ColumnElement[float]]:
    """The figures of `Spent`, in its order."""
    submission = func.coalesce(runs.c.submission, "")
    is_reserved, is_uncertain = submission == Submission.SUBMITTING, submission == Submission.UNCERTAIN
    kinds = (is_reserved, is_uncertain, ~(is_reserved | is_uncertain))
    return [_sum(_COUNTS, kind, *chosen) for kind in kinds]


def _figures(row: Sequence[Any]) -> Spent:
    return Spent(*map(float, row))


def _sum(*chosen: ColumnElement[bool]) -> ColumnElement[float]:
    return func.coalesce(func.sum(case((and_(*chosen), charges.c.credits), else_=0.0)), 0.0)


def _is_today(now: float) -> ColumnElement[bool]:
    return charges.c.created_at >= now - now % DAY


def _name(workspace: str) -> str:
    return hashlib.sha256(f"visitor {workspace}".encode()).hexdigest()[:NAME_CHARS]
