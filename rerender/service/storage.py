"""Renders and their pictures in one folder that outlives the process.

    lock                    held while a process uses the folder
    renders/<id>.json       one record, always replaced whole
    pictures/<token>.png    the file's name is the secret part of the picture's URL

Plain files rather than a database: the pictures are files in any case, a record is read and written whole,
one process at a time uses the folder, and a rename is all the transaction that this needs. A picture is
written before the record that names it and deleted after it, so that a crash leaves at worst a file that
nothing names; the next start removes it. A record that cannot be read is set aside as `<id>.damaged`, and what
it names stays.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any

from pydantic import Field, TypeAdapter

from rerender import opening
from rerender.errors import RerenderError
from rerender.models import TERMINAL, Phase, RenderRequest
from rerender.service.accounts import OWNER
from rerender.service.retention import Ended

_log = logging.getLogger(__name__)
_ID = re.compile(r"[0-9a-f]{24}")
_PICTURE = re.compile(r"[0-9a-f]{32}\.[a-z]{3,5}")
_IN_MEMORY = 256 * 1024
_Size = Annotated[int, Field(ge=0)]
_Time = Annotated[float, Field(allow_inf_nan=False)]


class FolderInUse(RerenderError):
    """Another process, or another server in this one, uses the folder."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the folder: `file` is its name there and in its URL."""

    file: Annotated[str, Field(pattern=f"^{_PICTURE.pattern}$")]
    width: _Size
    height: _Size


@dataclass(frozen=True, slots=True)
class Record:
    """A render as it is stored. Times are in epoch seconds; `interruptions` counts the processes that died over it."""

    id: Annotated[str, Field(pattern=f"^{_ID.pattern}$")]
    workflow_id: str
    phase: str
    created_at: _Time
    updated_at: _Time
    prompt: str
    batch_size: int
    image_width: int
    image_height: int
    seed: int
    control_image: Picture
    pictures: tuple[Picture, ...] = ()
    misc: dict[str, Any] = field(default_factory=dict)
    interruptions: _Size = 0
    account: str = OWNER


# Fields of a later version are passed over, so that going back to this one loses nothing.
_RECORD = TypeAdapter(Record)


class Storage:
    """The folder, locked for this object until `close`. Raises `FolderInUse`."""

    def __init__(self, folder: Path) -> None:
        self._renders, self._pictures = folder / "renders", folder / "pictures"
        for needed in (folder, self._renders, self._pictures):
            needed.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _locked(folder)
        self._changing = threading.Lock()
        self._clean()

    def close(self) -> None:
        """Let others use the folder."""
        self._lock.close()

    def create(
        self, request: RenderRequest, workflow_id: str, now: float, misc: dict[str, Any], account: str = OWNER
    ) -> Record:
        """Store a new render of the account in the phase `pending`, on the disk when this returns."""
        record = Record(
            id=secrets.token_hex(12),
            workflow_id=workflow_id,
            phase=Phase.PENDING,
            created_at=now,
            updated_at=now,
            prompt=request.prompt,
            batch_size=request.batch_size,
            image_width=request.image_width,
            image_height=request.image_height,
            seed=request.seed,
            control_image=self.add_picture(request.control_image),
            misc=misc,
            account=account,
        )
        _write(self._path(record.id), _to_json(record))
        return record

    def find(self, render_id: str) -> Record | None:
        """The render; None where there is none, for an id that could not be one, and for a damaged record."""
        if not _ID.fullmatch(render_id):
            return None
        return _read(self._path(render_id))

    def records(self) -> Iterator[Record]:
        """All renders, in any order."""
        for path in self._renders.glob("*.json"):
            if (record := _read(path)) is not None:
                yield record

    def unfinished(self) -> list[Record]:
        """The renders that have not ended, oldest first."""
        records = (record for record in self.records() if record.phase not in TERMINAL)
        return sorted(records, key=lambda record: record.created_at)

    def ended(self) -> Iterator[Ended]:
        """The renders that have ended, in any order."""
        return (self.measure(record) for record in self.records() if record.phase in TERMINAL)

    def measure(self, record: Record) -> Ended:
        """When a render ended, and the bytes that its record and all its pictures take."""
        named = (record.control_image, *record.pictures)
        files = [self._path(record.id), *(self._pictures / picture.file for picture in named)]
        return Ended(record.id, record.updated_at, sum(_size(file) for file in files))

    def update(self, record: Record) -> bool:
        """Replace the stored record. False, and nothing written, when the render was forgotten meanwhile."""
        with self._changing:
            if not self._path(record.id).exists():
                return False
            _write(self._path(record.id), _to_json(record))
            return True

    def forget(self, render_id: str) -> None:
        """Delete a render and its pictures. Nothing happens for an unknown id."""
        with self._changing:
            record = self.find(render_id)
            if record is not None:
                self._path(render_id).unlink()
                self.delete_pictures([record.control_image, *record.pictures])

    def request(self, record: Record) -> RenderRequest:
        """The request that the render was made from, its control image byte for byte."""
        return RenderRequest(
            prompt=record.prompt,
            control_image=(self._pictures / record.control_image.file).read_bytes(),
            batch_size=record.batch_size,
            image_width=record.image_width,
            image_height=record.image_height,
            seed=record.seed,
        )

    def add_picture(self, data: bytes) -> Picture:
        """Store the bytes of an image file as they are, under a new name of 128 random bits."""
        with opening.header(data) as image:
            # Phones write MPO: a JPEG with a second picture behind it.
            suffix = "jpeg" if image.format == "MPO" else str(image.format).lower()
            width, height = image.size
        picture = Picture(f"{secrets.token_hex(16)}.{suffix}", width, height)
        _write(self._pictures / picture.file, data)
        return picture

    def delete_pictures(self, pictures: Iterable[Picture]) -> None:
        """Delete pictures that no record names any more."""
        for picture in pictures:
            (self._pictures / picture.file).unlink(missing_ok=True)

    def scratch_file(self) -> IO[bytes]:
        """An empty file that is gone when it is closed; in memory as long as it is small."""
        # Where the system cannot remove it after a crash, the next start does: no record names it.
        return SpooledTemporaryFile(_IN_MEMORY, dir=str(self._pictures))

    def picture_path(self, file: str) -> Path | None:
        """Where the picture of this name is, or None."""
        path = self._pictures / file
        return path if _PICTURE.fullmatch(file) and path.is_file() else None

    def _path(self, render_id: str) -> Path:
        return self._renders / f"{render_id}.json"

    def _clean(self) -> None:
        """Set aside records that cannot be read, and remove what a crash left: files that no record names."""
        named: set[str] = set()
        for path in self._renders.iterdir():
            if path.suffix == ".partial":
                path.unlink()
                continue
            if path.suffix == ".json" and _read(path) is None:
                _log.warning("Set %s aside as %s.damaged: it cannot be read.", path.name, path.stem)
                path = path.replace(path.with_suffix(".damaged"))
            named.update(_PICTURE.findall(path.read_text("utf-8", errors="replace")))
        for path in self._pictures.iterdir():
            if path.name not in named:
                path.unlink()


def _read(path: Path) -> Record | None:
    try:
        record = _RECORD.validate_json(path.read_bytes(), strict=True)
    except (FileNotFoundError, ValueError):
        return None
    return record if record.id == path.stem else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _locked(folder: Path) -> IO[str]:
    lock = (folder / "lock").open("a")
    if sys.platform != "win32":
        import fcntl  # POSIX only

        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise FolderInUse(f"Another process is using {folder}. Stop it, or choose another folder.") from None
    return lock


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole, after a power cut too, or not at all."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        # On a full disk half a picture would take the room in which to write that it failed.
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    if sys.platform != "win32":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _to_json(record: Record) -> bytes:
    return json.dumps(asdict(record)).encode()
