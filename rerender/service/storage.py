"""Renders and their pictures in one folder that outlives the process.

    lock                    held while a process uses the folder
    renders/<id>.json       one record, always replaced whole
    pictures/<token>.png    the file's name is the secret part of the picture's URL

Plain files rather than a database: the pictures are files in any case, a record is read and written whole,
one process at a time uses the folder, and a rename is all the transaction that this needs. A picture is
written before the record that names it and deleted after it, so that a crash leaves at worst a file that
nothing names; the next start removes it.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import secrets
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from PIL import Image

from rerender.errors import RerenderError
from rerender.models import TERMINAL, Phase, RenderRequest

_log = logging.getLogger(__name__)
_ID = re.compile(r"[0-9a-f]{24}")
_PICTURE = re.compile(r"[0-9a-f]{32}\.[a-z]{3,5}")


class FolderInUse(RerenderError):
    """Another process, or another server in this one, uses the folder."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the folder: `file` is its name there and in its URL."""

    file: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Record:
    """A render as it is stored. Times are in epoch seconds."""

    id: str
    workflow_id: str
    phase: str
    created_at: float
    updated_at: float
    prompt: str
    batch_size: int
    image_width: int
    image_height: int
    seed: int
    control_image: Picture
    pictures: tuple[Picture, ...] = ()
    misc: dict[str, Any] = field(default_factory=dict)


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

    def create(self, request: RenderRequest, workflow_id: str, now: float, misc: dict[str, Any]) -> Record:
        """Store a new render in the phase `pending`, on the disk when this returns."""
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
        )
        _write(self._path(record.id), _to_json(record))
        return record

    def find(self, render_id: str) -> Record | None:
        """The render, or None where there is none, also for an id that could not be one."""
        if not _ID.fullmatch(render_id):
            return None
        try:
            return _from_json(self._path(render_id).read_bytes())
        except FileNotFoundError:
            return None

    def unfinished(self) -> list[Record]:
        """The renders that have not ended, oldest first."""
        records = (record for record in self._records() if record.phase not in TERMINAL)
        return sorted(records, key=lambda record: record.created_at)

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
        with Image.open(io.BytesIO(data)) as image:
            suffix, (width, height) = (image.format or "bin").lower(), image.size
        picture = Picture(f"{secrets.token_hex(16)}.{suffix}", width, height)
        _write(self._pictures / picture.file, data)
        return picture

    def delete_pictures(self, pictures: Iterable[Picture]) -> None:
        """Delete pictures that no record names any more."""
        for picture in pictures:
            (self._pictures / picture.file).unlink(missing_ok=True)

    def picture_path(self, file: str) -> Path | None:
        """Where the picture of this name is, or None."""
        path = self._pictures / file
        return path if _PICTURE.fullmatch(file) and path.is_file() else None

    def _path(self, render_id: str) -> Path:
        return self._renders / f"{render_id}.json"

    def _records(self) -> Iterator[Record]:
        return (_from_json(path.read_bytes()) for path in self._renders.glob("*.json"))

    def _clean(self) -> None:
        """Remove what a crash left: records that cannot be read, and files that no record names."""
        for path in self._renders.iterdir():
            try:
                _from_json(path.read_bytes() if path.suffix == ".json" else b"")
            except (ValueError, TypeError, KeyError):
                _log.warning("Removed %s: it was only half written.", path.name)
                path.unlink()
        named = {picture.file for record in self._records() for picture in (record.control_image, *record.pictures)}
        for path in self._pictures.iterdir():
            if path.name not in named:
                path.unlink()


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
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    if sys.platform != "win32":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _to_json(record: Record) -> bytes:
    return json.dumps(asdict(record)).encode()


def _from_json(data: bytes) -> Record:
    fields = json.loads(data)
    fields["control_image"] = Picture(**fields["control_image"])
    fields["pictures"] = tuple(Picture(**picture) for picture in fields["pictures"])
    return Record(**fields)
