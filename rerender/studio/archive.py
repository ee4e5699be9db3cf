"""A whole workspace as one ZIP, and back: runs with their pictures as they came, notes, stars and preferences.

Neither keys nor deleted runs are in it. One image at a time is in memory, whichever way it goes.
"""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import IO, Any

from sqlalchemy import BigInteger, Connection, bindparam, cast, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from rerender.studio import bounds, curation, downloads, manifest, pictures, unpacking
from rerender.studio.database import Database
from rerender.studio.limits import LOCAL_LIMITS, Limits
from rerender.studio.manifest import MOMENTS, ArchiveError, Entry, Manifest
from rerender.studio.runs import RUN_COLUMNS, Picture, Run, Submission
from rerender.studio.tables import blobs, images, outputs, preferences, runs
from rerender.studio.usage import RUN_BYTES, TEXTS

__all__ = ["Archive", "ArchiveError", "Contents", "Imported"]

ANOTHER = "Another archive is being imported at the moment; try again in a minute. Nothing was imported."
_FIRST_MOMENT = 315_532_800.0  # that a ZIP can name
_STEP, _AT_ONCE = 1 << 20, 500

ENDED_FREE = "This preview was still being made when it was exported. It cost nothing; render it again."
UNKNOWN = (
    "This was being sent when it was exported, and it may have been charged. It is not sent from here; look at your "
    "account before you render it again."
)
GOES_ON = (
    "This was still being made when it was exported. Its pictures are fetched from the API; nothing is sent again."
)

# An import holds a whole file and its list of contents until each picture had its turn to be opened.
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Contents:
    """How much an archive of the workspace would hold; the byte sizes, of the file and of its list, are about right."""

    runs: int
    pictures: int
    byte_size: int
    list_byte_size: int
    pixels: int
    limits: Limits

    @property
    def are_importable(self) -> bool:
        """Whether this is within what `import_from` takes with these limits."""
        return (
            self.runs <= self.limits.archive_runs
            and self.pictures < unpacking.most_files(self.limits)
            and self.byte_size <= unpacking.MAX_BYTES
            and self.list_byte_size <= unpacking.most_list_bytes(self.limits)
            and self.pixels <= unpacking.MAX_PIXELS
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought: new runs and images, and how many runs were already there.

    Of the new runs, `outlived` are older than what is kept here: they go when old ones are deleted next.
    """

    runs: int
    pictures: int
    known_runs: int
    outlived: int = 0


class Archive:
    """Exports and imports of one workspace. `wall` gives seconds since the epoch."""

    def __init__(
        self,
        database: Database,
        workspace: str,
        *,
        limits: Limits = LOCAL_LIMITS,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._workspace = workspace
        self._limits = limits
        self._wall = wall

    def contents(self) -> Contents:
        """What there is to export."""
        pixels = func.coalesce(cast(images.c.width, BigInteger) * images.c.height, 0)
        listed = select(func.count(), func.sum(TEXTS + RUN_BYTES)).where(runs.c.deleted_at.is_(None))
        kept = select(func.count(), func.sum(images.c.byte_size), func.sum(pixels))
        with self._database.read(self._workspace) as connection:
            figures = (*connection.execute(listed).one(), *connection.execute(kept).one())
        # PostgreSQL's sum of whole numbers is a decimal, and that of nothing is none.
        count, list_byte_size, pictures_count, byte_size, pixel_count = (int(figure or 0) for figure in figures)
        return Contents(count, pictures_count, byte_size + list_byte_size, list_byte_size, pixel_count, self._limits)

    def export(self, file: IO[bytes]) -> None:
        """Write everything to `file`, as it is at one moment; the same workspace gives the same bytes."""
        with (
            self._database.read(self._workspace) as connection,
            zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
        ):
            contents, dates = self._listed(connection)
            archive.writestr(
                downloads.entry(unpacking.MANIFEST, max(dates.values(), default=_FIRST_MOMENT)),
                manifest.write(contents),
            )
            for sha256, name in contents.files.items():
                data = connection.scalar(select(blobs.c.data).where(blobs.c.sha256 == sha256))
                archive.writestr(downloads.entry(name, dates[sha256]), data or b"")

    def import_from(self, file: IO[bytes]) -> Imported:
        """Add what is in `file` and not yet here, all of it or nothing; runs that are here stay as they are.

        Raises `ArchiveError` for anything that `export` cannot have written, and while the process imports another.
        """
        with _alone(), unpacking.opened(file, self._limits) as archive:
            contents = unpacking.listed(archive, self._limits, self._workspace)
            # All is proven before anything is written, so that others need not wait for the database meanwhile.
            proven = unpacking.proven(archive, contents)
            try:
                others_keep = bounds.kept_by_others(self._database, self._limits, self._workspace)
                with self._database.write(self._workspace) as connection:
                    return self._add(connection, archive, contents, proven, others_keep)
            except SQLAlchemyError:
                raise ArchiveError("The archive could not be stored. Nothing was imported; try again.") from None

    def _listed(self, connection: Connection) -> tuple[Manifest, dict[str, float]]:
        """Everything but the images' bytes, and the date that each image gets in the ZIP: that of its first run."""
        query = select(*RUN_COLUMNS).where(runs.c.deleted_at.is_(None)).order_by(runs.c.created_at, runs.c.run_id)
        mimes = {row.sha256: row.mime for row in connection.execute(select(images.c.sha256, images.c.mime))}
        made: dict[str, list[tuple[int, str]]] = {}
        for run_id, *output in connection.execute(
            select(outputs.c.run_id, outputs.c.position, outputs.c.sha256).order_by(outputs.c.position)
        ):
            made.setdefault(run_id, []).append((output[0], output[1]))
        entries: list[Entry] = []
        files: dict[str, str] = {}
        dates: dict[str, float] = {}
        for number, row in enumerate(connection.execute(query).mappings(), start=1):
            # With its price, which the run does not tell while it counts as not charged.
            run = replace(Run.from_row(row), credits=row["credits"], cost=row["cost"])
            entry = Entry(run, tuple(made.get(run.run_id, ())))
            entries.append(entry)
            for sha256, name in _names(number, entry, mimes):
                files.setdefault(sha256, name)
                dates.setdefault(sha256, run.created_at)
        preferred = connection.execute(select(preferences.c.name, preferences.c.value))
        return Manifest(tuple(entries), files, {row.name: row.value for row in preferred}), dates

    def _add(
        self,
        connection: Connection,
        archive: zipfile.ZipFile,
        contents: Manifest,
        proven: Mapping[str, Picture],
        others_keep: int,
    ) -> Imported:
        here, now = set(connection.scalars(select(runs.c.run_id))), self._wall()
        new = [entry for entry in contents.entries if here.isdisjoint(self._ids(entry))]
        new = [replace(entry, run=_as_imported(entry.run, now)) for entry in new]
        wanted = {sha256 for entry in new for sha256 in entry.images}
        wanted -= set(connection.scalars(select(images.c.sha256)))
        self._add_images(connection, archive, contents.files, [proven[sha256] for sha256 in sorted(wanted)])
        self._add_runs(connection, new)
        brought = [entry.run for entry in new]
        bounds.check(self._database, connection, self._limits, self._workspace, brought, others_keep)
        restored = self._restore(connection, {run_id for entry in contents.entries for run_id in self._ids(entry)})
        self._add_preferences(connection, contents.preferences)
        count, outlived = len(new) + len(restored), self._outlived(connection, restored.union(*map(self._ids, new)))
        return Imported(count, len(wanted), len(contents.entries) - count, outlived)

    def _outlived(self, connection: Connection, run_ids: set[str]) -> int:
        """How many of these runs are older than what is kept here."""
        if not self._limits.keep_days:
            return 0
        old = select(runs.c.run_id).where(curation.outlived(self._wall(), self._limits.keep_days))
        return len(run_ids.intersection(connection.scalars(old)))

    def _restore(self, connection: Connection, run_ids: set[str]) -> set[str]:
        """Take these runs out of the bin: they would be "already there", and yet not be seen. Which of them were."""
        deleted = runs.c.deleted_at.is_not(None)
        found = run_ids.intersection(connection.scalars(select(runs.c.run_id).where(deleted)))
        if found:
            restore = update(runs).where(runs.c.run_id == bindparam("restored")).values(deleted_at=None)
            connection.execute(restore, [{"restored": run_id} for run_id in found])
        return found

    def _ids(self, entry: Entry) -> tuple[str, str]:
        """The ids that a run can have here: its own, or where another workspace has that one, always the same other."""
        own = entry.run.run_id
        return own, hashlib.sha256(f"{self._workspace}/{own}".encode()).hexdigest()[:32]

    def _add_images(
        self, connection: Connection, archive: zipfile.ZipFile, files: Mapping[str, str], wanted: Sequence[Picture]
    ) -> None:
        """Store images, the small ones many at once."""
        batch, size = [], 0
        for number, picture in enumerate(wanted, start=1):
            batch.append((picture, unpacking.image(archive, files[picture.sha256])))
            size += picture.byte_size
            if size >= _STEP or len(batch) >= _AT_ONCE or number == len(wanted):
                pictures.keep_new(connection, self._workspace, batch)
                batch, size = [], 0

    def _add_runs(self, connection: Connection, new: Sequence[Entry]) -> None:
        """Store the runs under their own ids, or all under their others where another workspace has one of those.

        In few statements, whatever the archive holds: nobody else can write meanwhile.
        """
        if not new:
            return
        rows = [asdict(entry.run) for entry in new]
        ids = [own for own, _ in map(self._ids, new)]
        try:
            with connection.begin_nested():
                connection.execute(insert(runs), rows)
        except IntegrityError:
            ids = [other for _, other in map(self._ids, new)]
            connection.execute(insert(runs), [row | {"run_id": other} for row, other in zip(rows, ids, strict=True)])
        made = [
            {"run_id": run_id, "position": position, "workspace": self._workspace, "sha256": sha256}
            for run_id, entry in zip(ids, new, strict=True)
            for position, sha256 in entry.outputs
        ]
        if made:
            connection.execute(insert(outputs), made)

    def _add_preferences(self, connection: Connection, preferred: Mapping[str, Any]) -> None:
        here = set(connection.scalars(select(preferences.c.name)))
        for name, value in preferred.items():
            if name not in here:
                connection.execute(insert(preferences).values(workspace=self._workspace, name=name, value=value))


def _names(number: int, entry: Entry, mimes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The images of a run with names that say what they are."""
    control_image = entry.run.control_image
    yield control_image, f"pictures/{number:04}-control-image.{downloads.extension(mimes[control_image])}"
    for position, sha256 in entry.outputs:
        yield sha256, f"pictures/{number:04}-{downloads.file_name(entry.run, position, mimes[sha256])}"


def _as_imported(run: Run, now: float) -> Run:
    """The run as it can be here: a run on its way is followed only where an API has it, and never sent.

    Nothing has happened later than now: what began in the future would be looked at without a pause until then, and
    what ended there would be kept for ever. The clock that says so may be a little ahead, so it is not refused.
    """
    moments = {name: getattr(run, name) for name in MOMENTS}
    run = replace(run, **{name: min(moment, now) for name, moment in moments.items() if moment is not None})
    if not run.is_unfinished:
        return run
    if run.is_preview:
        return replace(run, submission=_settled(run), finished_at=now, error=ENDED_FREE)
    if run.render_id is None:
        return replace(run, submission=_settled(run), finished_at=now, error=UNKNOWN)
    return replace(run, error=GOES_ON)


def _settled(run: Run) -> str:
    return Submission.ACCEPTED if run.render_id else Submission.UNCERTAIN


@contextmanager
def _alone() -> Iterator[None]:
    """Raises `ArchiveError` rather than wait: who waits would hold a file meanwhile."""
    if not _one_at_a_time.acquire(blocking=False):
        raise ArchiveError(ANOTHER)
    try:
        yield
    finally:
        _one_at_a_time.release()
