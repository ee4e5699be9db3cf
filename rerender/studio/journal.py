"""What the runner writes about runs: each method is one transaction, and after each the row says the truth.

A run that is not finished belongs to one runner at a time, its owner, whose lease says until when. Only the owner
writes about it, with one exception: a render id that came back is written whoever owns the row.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, func, insert, or_, select, update

from rerender.errors import ImageError
from rerender.models import Render, RenderRequest
from rerender.studio import budget, pictures
from rerender.studio.backends import EMBEDDED, Backend
from rerender.studio.database import EVERYONE, Database
from rerender.studio.limits import LOCAL_LIMITS, Limits
from rerender.studio.runs import COLUMNS_WITHOUT_MISC, RUN_COLUMNS, Picture, Run, Submission, storable
from rerender.studio.shedding import check_kept, shed
from rerender.studio.tables import blobs, outputs, runs

__all__ = ["Download", "Journal", "bounded", "new_owner", "new_run_id"]

UNSENT = "It was stopped before it was sent. Nothing was charged; render it again."
STOPPED = "It was stopped while being sent."
CUT_OFF = f"{STOPPED} It may have been charged, so it is not sent again by itself."
CUT_OFF_OWNERS = f"{STOPPED} It may have been charged to the owner of this app, so it is not sent again by itself."
CUT_OFF_FREE = f"{STOPPED} It cost nothing; render it again."
TOO_LONG = "What the API said here was too long to be kept."
MISC_MAX_BYTES, MISC_MAX_DEPTH, SENTENCE_MAX_CHARS = 100_000, 50, 4_000
"""What is kept of an API's words: of `misc` as JSON, and of `phase` and `error`. An archive takes that and no more."""
APART = 0.001


@dataclass(frozen=True, slots=True)
class Download:
    """One output as it came: the bytes, and whether they could be decoded."""

    position: int
    data: bytes = field(repr=False)
    is_picture: bool = True


def new_owner() -> str:
    """A name for a runner that tells where it lives, so that others can see when its process is gone."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(8)}"


def new_run_id() -> str:
    """An id that no run has yet."""
    return secrets.token_hex(16)


class Journal:
    """Writes for one owner. `wall` gives seconds since the epoch, `lease` is in seconds, `announce` tells readers."""

    def __init__(
        self,
        database: Database,
        owner: str,
        *,
        wall: Callable[[], float],
        lease: float,
        announce: Callable[[], None],
        limits: Limits = LOCAL_LIMITS,
    ) -> None:
        self._database = database
        self._limits = limits
        self._wall = wall
        self._announce = announce
        self.owner = owner
        self.lease = lease

    def begin(
        self,
        workspace: str,
        backend: Backend,
        requests: Sequence[RenderRequest],
        series_id: str | None,
        run_ids: Sequence[str],
    ) -> None:
        """Write down new runs with their control images, all or none of them.

        Raises `ImageError` if an image is no picture, `LimitReached` when there is no room for more runs, `CapReached`
        when the owner's key would pay for more than its caps allow.
        """
        described = [pictures.describe(request.control_image) for request in requests]
        if not all(picture.is_readable for picture in described):
            raise ImageError("The control image is not a picture file. Nothing was sent.")
        now = self._wall()
        shared = {"workspace": workspace, "series_id": series_id, **_made_at(backend), **self._owned()}
        rows = [shared | one for one in map(_asked_for, run_ids, requests, described)]
        with self._database.read(EVERYONE) as connection:
            check_kept(connection, self._limits, workspace)
        with self._database.write(EVERYONE) as connection:
            shed(connection, self._limits, workspace, backend, requests, now)
            if backend.caps:
                budget.reserve(connection, backend.caps, rows, now)
            for index, (request, picture) in enumerate(zip(requests, described, strict=True)):
                # A little apart, so that lists by time keep their order.
                rows[index]["created_at"] = now + index * APART
                pictures.keep(connection, workspace, picture, request.control_image)
            connection.execute(insert(runs), rows)
        self._announce()

    def request(self, run_id: str) -> RenderRequest | None:
        """What the run asks for, None when it is gone.

        Kept here until it is sent: a hundred that wait for their turn would take 200 MB of memory.
        """
        asked_for = [runs.c[name] for name in ("prompt", "batch_size", "image_width", "image_height", "seed")]
        image = (blobs.c.workspace == runs.c.workspace) & (blobs.c.sha256 == runs.c.control_image)
        query = select(*asked_for, blobs.c.data.label("control_image")).join(blobs, image)
        with self._database.read(EVERYONE) as connection:
            row = connection.execute(query.where(runs.c.run_id == run_id)).mappings().first()
        return None if row is None else RenderRequest(**row)

    def sending(self, run_id: str) -> bool:
        """The POST begins now. False, and then it must not, when the run is no longer ours to send."""
        ours = (self._is_mine, runs.c.submission == Submission.SUBMITTING, runs.c.submitted_at.is_(None))
        return self._write(run_id, *ours, submitted_at=self._wall())

    def held_back(self, run_id: str) -> bool:
        """The POST certainly did not arrive and is going to be sent again: until `sending` says so, nothing is sent."""
        return self._write(run_id, self._is_mine, runs.c.submission == Submission.SUBMITTING, submitted_at=None)

    def accepted(self, run_id: str, render_id: str) -> Run | None:
        """The API answered with a render id: the run is ours to follow now, whatever its row said.

        None when there is nothing to follow: it was deleted, or its owner had found the render, and its pictures are
        here. What came from another render, which its owner took for this one, is dropped.
        """
        known = {"submission": Submission.ACCEPTED, "render_id": render_id, "error": None, "settled_at": None}
        anew = {"finished_at": None, "stopped_at": None, "stored_at": None, **self._owned()}
        of_another = select(runs.c.run_id).where(runs.c.run_id == run_id, runs.c.render_id != render_id)
        with self._database.write(EVERYONE) as connection:
            if connection.scalar(of_another) is not None:
                connection.execute(delete(outputs).where(outputs.c.run_id == run_id))
                anew |= {"phase": None, "completed_at": None}
            is_new = or_(runs.c.render_id.is_(None), runs.c.render_id != render_id, runs.c.stored_at.is_(None))
            changed = self._update(connection, run_id, is_new, **known, **anew)
            row = connection.execute(select(*RUN_COLUMNS).where(runs.c.run_id == run_id)).mappings().first()
        if not changed or row is None:
            return None
        self._announce()
        return Run.from_row(row)

    def not_accepted(self, run_id: str, submission: Submission, error: str) -> None:
        """The POST ended without a render id: refused (nothing was charged) or uncertain."""
        is_open, is_settled = runs.c.submission != Submission.REFUSED, runs.c.settled_at.is_not(None)
        # A refusal is certain, and outweighs what its owner said meanwhile.
        unknown = is_open | is_settled if submission == Submission.REFUSED else is_open & ~is_settled
        values = {"submission": submission, "error": error, "finished_at": self._wall(), "settled_at": None}
        self._write(run_id, runs.c.render_id.is_(None), unknown, **values)

    def seen(self, run_id: str, render: Render) -> bool:
        """What the API says of an unfinished run. False when the run is no longer ours, as in the methods below."""
        return self._write(run_id, self._is_mine, phase=render.phase, misc=dict(render.misc), error=None)

    def noted(self, run_id: str, error: str) -> bool:
        """Why an unfinished run does not get on."""
        return self._write(run_id, self._is_mine, error=error)

    def ended(self, run_id: str, render: Render | None, error: str) -> bool:
        """The run ended without pictures."""
        last = {} if render is None else {"phase": render.phase, "misc": dict(render.misc)}
        return self._write(run_id, self._is_mine, error=error, finished_at=self._wall(), **last)

    def not_found(self, run: Run, error: str) -> bool:
        """The API has no render of the id that its owner gave: what became of the run is unknown again."""
        is_as_given = (runs.c.render_id == run.render_id) & runs.c.settled_at.is_not(None)
        unknown = {"submission": Submission.UNCERTAIN, "render_id": None, "settled_at": None}
        return self._write(run.run_id, self._is_mine, is_as_given, error=error, finished_at=self._wall(), **unknown)

    def completed(self, run_id: str, render: Render) -> tuple[float, set[int]] | None:
        """The API says `completed`: since when we know, and which outputs are stored. None if no longer ours."""
        now = func.coalesce(runs.c.completed_at, self._wall())
        if not self._write(run_id, self._is_mine, phase=render.phase, misc=dict(render.misc), completed_at=now):
            return None
        with self._database.read(EVERYONE) as connection:
            since = connection.scalar(select(runs.c.completed_at).where(runs.c.run_id == run_id))
            stored = connection.scalars(select(outputs.c.position).where(outputs.c.run_id == run_id))
            return (float(since or 0.0), set(stored))

    def store(self, run: Run, downloads: Iterable[Download], *, is_all: bool, error: str | None, is_last: bool) -> bool:
        """Keep outputs, in one transaction with whether that `is_all`, and whether these are the last ones to come."""
        now = self._wall()
        with self._database.write(EVERYONE) as connection:
            if not self._update(
                connection,
                run.run_id,
                self._is_mine,
                runs.c.render_id == run.render_id,
                error=error,
                finished_at=now if is_last else None,
                stored_at=now if is_all else None,
            ):
                return False
            for download in downloads:
                picture = _described(download)
                pictures.keep(connection, run.workspace, picture, download.data)
                row = {"workspace": run.workspace, "sha256": picture.sha256, "position": download.position}
                connection.execute(insert(outputs).values(run_id=run.run_id, **row))
        self._announce()
        return True

    def renew(self) -> set[str]:
        """Renew the lease of every unfinished run of ours; which those are."""
        mine = select(runs.c.run_id).where(self._is_mine)
        with self._database.read(EVERYONE) as connection:
            if connection.scalar(mine.limit(1)) is None:
                return set()
        with self._database.write(EVERYONE) as connection:
            connection.execute(update(runs).where(self._is_mine).values(**self._owned()))
            return set(connection.scalars(mine))

    def orphans(self) -> list[Run]:
        """Unfinished runs whose owner let go, let the lease expire, or is a process that is gone.

        Without their `misc`, which `take` brings: it is long, and these are read every other second, of everyone.
        """
        with self._database.read(EVERYONE) as connection:
            return self._orphans(connection, COLUMNS_WITHOUT_MISC)

    def take(self, run_id: str) -> Run | None:
        """Become the owner of an orphan, which is returned as it is now. None when there is nothing to follow.

        One whose POST was cut off is settled instead: nobody can know more about it than is known now.
        """
        with self._database.write(EVERYONE) as connection:
            run = next(iter(self._orphans(connection, RUN_COLUMNS, runs.c.run_id == run_id)), None)
            if run is None:
                return None
            if run.submission == Submission.SUBMITTING:
                self._settle(connection, runs.c.run_id == run_id)
            else:
                self._update(connection, run_id, **self._owned())
        self._announce()
        return None if run.submission == Submission.SUBMITTING else run

    def waits(self, run_id: str, error: str) -> None:
        """Say why an orphan has to wait for an owner."""
        changed = or_(runs.c.error.is_(None), runs.c.error != error)
        self._write(run_id, runs.c.finished_at.is_(None), changed, error=error)

    def let_go(self, *run_ids: str) -> None:
        """Give runs of ours to whoever takes them next; without ids all of them, which ends what was being sent."""
        with self._database.write(EVERYONE) as connection:
            if not run_ids:
                self._settle(connection, self._is_mine)
            chosen = runs.c.run_id.in_(run_ids) if run_ids else self._is_mine
            connection.execute(update(runs).where(self._is_mine, chosen).values(owner=None, lease_until=None))
        self._announce()

    @property
    def _is_mine(self) -> ColumnElement[bool]:
        return (runs.c.owner == self.owner) & runs.c.finished_at.is_(None)

    def _owned(self) -> dict[str, Any]:
        return {"owner": self.owner, "lease_until": self._wall() + self.lease}

    def _orphans(
        self, connection: Connection, columns: Sequence[ColumnElement[Any]], *chosen: ColumnElement[bool]
    ) -> list[Run]:
        of_others = (runs.c.finished_at.is_(None), or_(runs.c.owner.is_(None), runs.c.owner != self.owner))
        query = select(*columns, runs.c.owner, runs.c.lease_until).where(*of_others, *chosen)
        now = self._wall()
        return [
            Run.from_row(row)
            for row in connection.execute(query.order_by(runs.c.created_at)).mappings()
            if row["owner"] is None or row["lease_until"] < now or _is_gone(row["owner"])
        ]

    def _settle(self, connection: Connection, chosen: ColumnElement[bool]) -> None:
        """Close the books on runs that are being sent: what had not begun was certainly not charged."""
        sending = chosen & (runs.c.submission == Submission.SUBMITTING)
        unsent = {"submission": Submission.REFUSED, "error": UNSENT}
        cut_off = {
            "submission": Submission.UNCERTAIN,
            "error": case(
                (runs.c.backend == EMBEDDED, CUT_OFF_FREE), (runs.c.is_shared, CUT_OFF_OWNERS), else_=CUT_OFF
            ),
        }
        for when, values in ((runs.c.submitted_at.is_(None), unsent), (runs.c.submitted_at.is_not(None), cut_off)):
            connection.execute(update(runs).where(sending, when).values(finished_at=self._wall(), **values))

    def _write(self, run_id: str, *conditions: ColumnElement[bool], **values: Any) -> bool:
        with self._database.write(EVERYONE) as connection:
            changed = self._update(connection, run_id, *conditions, **values)
        if changed:
            self._announce()
        return changed

    def _update(self, connection: Connection, run_id: str, *conditions: ColumnElement[bool], **values: Any) -> bool:
        changed = update(runs).where(runs.c.run_id == run_id, *conditions).values(**bounded(values))
        return connection.execute(changed).rowcount == 1


def _made_at(backend: Backend) -> dict[str, Any]:
    """What all new runs of a backend have in common."""
    return {
        "backend": backend.name,
        "workflow_id": backend.workflow_id,
        "submission": Submission.SUBMITTING,
        "misc": {},
        "credits": backend.credits_per_run,
        "cost": backend.cost,
        "is_shared": backend.is_shared,
    }


def _asked_for(run_id: str, request: RenderRequest, control_image: Picture) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "prompt": request.prompt,
        "batch_size": request.batch_size,
        "image_width": request.image_width,
        "image_height": request.image_height,
        "seed": request.seed,
        "control_image": control_image.sha256,
    }


def _described(download: Download) -> Picture:
    return pictures.describe(download.data) if download.is_picture else pictures.unreadable(download.data)


def bounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a run's row with what an API says made such that any database and any archive takes it."""
    kept = dict(values)
    for name in {"phase", "error"} & values.keys():
        if values[name] is not None:
            kept[name] = storable(values[name])[:SENTENCE_MAX_CHARS]
    if "misc" in values:
        misc = _plain(values["misc"])
        is_short = len(json.dumps(misc, ensure_ascii=False).encode()) <= MISC_MAX_BYTES
        kept["misc"] = misc if is_short else {"note": TOO_LONG}
    return kept


def _plain(value: Any, depth: int = 0) -> Any:
    """JSON without numbers that are none, characters that are none, and depths that no parser reaches."""
    if depth > MISC_MAX_DEPTH:
        return TOO_LONG
    if isinstance(value, Mapping):
        return {storable(name): _plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, depth + 1) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return storable(value) if isinstance(value, str) else value


def _is_gone(owner: str) -> bool:
    """Whether the owner was a process of this machine that has ended. An id in use again counts as alive."""
    host, _, rest = owner.partition("/")
    # On Windows signal 0 is not a question: it would interrupt the process.
    if host != socket.gethostname() or os.name != "posix":
        return False
    try:
        os.kill(int(rest.partition("/")[0]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
