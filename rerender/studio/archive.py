"""A whole workspace as one ZIP, and back: runs with their pictures as they came, notes, stars and preferences.

Neither keys nor deleted runs are in it. One image at a time is in memory, whichever way it goes.
"""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import IO, Any

from sqlalchemy import BigInteger, Connection, bindparam, cast, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from rerender import downloads as output_files
from rerender import images as image_files
from rerender import opening
from rerender.errors import ImageError
from rerender.studio import bounds, curation, decoding, downloads, manifest, pictures
from rerender.studio.database import Database
from rerender.studio.limits import LOCAL_LIMITS, Limits
from rerender.studio.manifest import MOMENTS, ArchiveError, Entry, Manifest
from rerender.studio.runs import RUN_COLUMNS, Picture, Run, Submission
from rerender.studio.tables import blobs, images, outputs, preferences, runs
from rerender.studio.usage import TEXTS

__all__ = ["Archive", "ArchiveError", "Contents", "Imported"]

MANIFEST = "manifest.json"
MANIFEST_MAX_BYTES, MAX_BYTES, MAX_ENTRIES, MAX_RATIO = 16_000_000, 4_000_000_000, 20_000, 100
"""What an archive may hold: its list of contents, all of its files, how many, and how far it may be compressed."""
MAX_PIXELS = 2_000_000_000
"""Pixels of all pictures together, as their headers say before one is decoded: 2,000 million, about half a minute."""
_SHORT = 1_500
"""About how many bytes a run takes in the list of contents beside its texts, outputs included."""
_FIRST_MOMENT = 315_532_800.0  # that a ZIP can name
_STEP, _AT_ONCE = 1 << 20, 500
_LIST_MAX_BYTES = 4 * _STEP

BROKEN = "The file is damaged, or is no ZIP. Nothing was imported."
TOO_LARGE = "The archive holds more than can be imported. Nothing was imported."
TOO_MANY_PIXELS = (
    f"The archive's pictures have over {MAX_PIXELS // 1_000_000:,} million pixels together, more than can be imported. "
    "Nothing was imported."
)
ENDED_FREE = "This preview was still being made when it was exported. It cost nothing; render it again."
UNKNOWN = (
    "This was being sent when it was exported, and it may have been charged. It is not sent from here; look at your "
    "account before you render it again."
)
GOES_ON = (
    "This was still being made when it was exported. Its pictures are fetched from the API; nothing is sent again."
)


@dataclass(frozen=True, slots=True)
class Contents:
    """How much an archive of the workspace would hold; the byte sizes, of the file and of its list, are about right."""

    runs: int
    pictures: int
    byte_size: int
    list_byte_size: int
    pixels: int

    @property
    def are_importable(self) -> bool:
        """Whether this is within what `import_from` takes."""
        return (
            self.pictures < MAX_ENTRIES
            and self.byte_size <= MAX_BYTES
            and self.list_byte_size <= MANIFEST_MAX_BYTES
            and self.pixels <= MAX_PIXELS
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
        listed = select(func.count(), func.sum(TEXTS + _SHORT)).where(runs.c.deleted_at.is_(None))
        kept = select(func.count(), func.sum(images.c.byte_size), func.sum(pixels))
        with self._database.read(self._workspace) as connection:
            figures = (*connection.execute(listed).one(), *connection.execute(kept).one())
        # PostgreSQL's sum of whole numbers is a decimal, and that of nothing is none.
        count, list_byte_size, pictures_count, byte_size, pixel_count = (int(figure or 0) for figure in figures)
        return Contents(count, pictures_count, byte_size + list_byte_size, list_byte_size, pixel_count)

    def export(self, file: IO[bytes]) -> None:
        """Write everything to `file`, as it is at one moment; the same workspace gives the same bytes."""
        with (
            self._database.read(self._workspace) as connection,
            zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
        ):
            contents, dates = self._listed(connection)
            archive.writestr(
                downloads.entry(MANIFEST, max(dates.values(), default=_FIRST_MOMENT)), manifest.write(contents)
            )
            for sha256, name in contents.files.items():
                data = connection.scalar(select(blobs.c.data).where(blobs.c.sha256 == sha256))
                archive.writestr(downloads.entry(name, dates[sha256]), data or b"")

    def import_from(self, file: IO[bytes]) -> Imported:
        """Add what is in `file` and not yet here, all of it or nothing; runs that are here stay as they are.

        Raises `ArchiveError` for anything that `export` cannot have written.
        """
        with _opened(file) as archive:
            contents = manifest.read(_read(archive, MANIFEST, MANIFEST_MAX_BYTES), self._workspace)
            # All is proven before anything is written, so that others need not wait for the database meanwhile.
            proven = _proven(archive, contents)
            try:
                with self._database.write(self._workspace) as connection:
                    return self._add(connection, archive, contents, proven)
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
        self, connection: Connection, archive: zipfile.ZipFile, contents: Manifest, proven: Mapping[str, Picture]
    ) -> Imported:
        here, now = set(connection.scalars(select(runs.c.run_id))), self._wall()
        new = [entry for entry in contents.entries if here.isdisjoint(self._ids(entry))]
        new = [replace(entry, run=_as_imported(entry.run, now)) for entry in new]
        wanted = {sha256 for entry in new for sha256 in _images_of(entry)}
        wanted -= set(connection.scalars(select(images.c.sha256)))
        self._add_images(connection, archive, contents.files, [proven[sha256] for sha256 in sorted(wanted)])
        self._add_runs(connection, new)
        bounds.check(self._database, connection, self._limits, self._workspace, [entry.run for entry in new])
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
            batch.append((picture, _read(archive, files[picture.sha256], output_files.MAX_BYTES)))
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


def _images_of(entry: Entry) -> list[str]:
    return [entry.run.control_image, *(sha256 for _, sha256 in entry.outputs)]


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


class _InSteps:
    """A file that gives only so much at a time: a ZIP's own list of entries is read at once, however long it says."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size if 0 <= size <= _LIST_MAX_BYTES else _LIST_MAX_BYTES + 1)
        if len(data) > _LIST_MAX_BYTES:
            raise ArchiveError(TOO_LARGE)
        return data


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(_InSteps(file))
    except ArchiveError:
        raise
    except Exception:  # zipfile raises nearly anything for hostile bytes
        raise ArchiveError(BROKEN) from None
    with archive:
        # Against the file itself, because entries can share their bytes, each saying that they are its own.
        unpacked, packed = sum(info.file_size for info in archive.infolist()), file.seek(0, io.SEEK_END)
        if len(archive.infolist()) > MAX_ENTRIES or unpacked > MAX_RATIO * packed:
            raise ArchiveError(TOO_LARGE)
        if MANIFEST not in archive.NameToInfo:
            raise ArchiveError(manifest.FOREIGN)
        yield archive


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """The bytes of one entry, unless it says that they are more than `most`."""
    try:
        info = archive.getinfo(name)
        if info.file_size > most:
            raise ArchiveError(TOO_LARGE)
        # Other methods unpack without a bound, whatever the entry says of its size.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ArchiveError(BROKEN)
        with archive.open(info) as entry:
            return b"".join(iter(lambda: entry.read(_STEP), b""))
    except ArchiveError:
        raise
    except Exception:  # zipfile and zlib raise nearly anything for hostile bytes
        raise ArchiveError(BROKEN) from None


def _proven(archive: zipfile.ZipFile, contents: Manifest) -> dict[str, Picture]:
    """Every image of the archive, as it really is. Raises `ArchiveError` if one is not what the archive says."""
    sent, byte_size, pixels, proven = contents.control_images, 0, 0, {}
    for sha256 in {sha256 for entry in contents.entries for sha256 in _images_of(entry)}:
        data = _read(archive, contents.files[sha256], output_files.MAX_BYTES)
        picture = pictures.describe(data)
        if picture.sha256 != sha256:
            raise ArchiveError("A picture in the archive is not the one that was exported. Nothing was imported.")
        byte_size += len(data)
        pixels += _pixels_to_decode(picture)
        if byte_size > MAX_BYTES:
            raise ArchiveError(TOO_LARGE)
        if pixels > MAX_PIXELS:
            raise ArchiveError(TOO_MANY_PIXELS)
        proven[sha256] = picture if _decodes(data, sha256 in sent) else pictures.unreadable(data)
    return proven


def _pixels_to_decode(picture: Picture) -> int:
    """What its header says, as long as it is no more than is ever decoded."""
    pixels = (picture.width or 0) * (picture.height or 0)
    return pixels if pixels <= output_files.MAX_PIXELS else 0


def _decodes(data: bytes, is_control_image: bool) -> bool:
    """Whether it is a picture to its end, as when it came. Raises `ArchiveError` for an unusable control image, and for
    a picture that is too large to be opened here, or while there is no room for it.
    """
    try:
        decoding.check_pixels(data)
    except ImageError as error:
        raise ArchiveError(f"A picture in the archive is too large. {error} Nothing was imported.") from None
    try:
        with decoding.turn(data):
            if is_control_image:
                # As the form will: it opens with the newest run, so an image that it cannot use would close it.
                image_files.load(data)
            else:
                opening.decode(data, output_files.FORMATS, output_files.MAX_PIXELS)
    except decoding.Busy:
        raise ArchiveError(f"{decoding.BUSY} Nothing was imported; try again in a few seconds.") from None
    except ImageError:
        if is_control_image:
            raise ArchiveError("A control image in the archive cannot be used. Nothing was imported.") from None
        return False
    return True
