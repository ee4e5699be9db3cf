"""A stranger's archive, unpacked: no more of it than there is room for, and nothing that is not what it says it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from rerender import downloads as output_files
from rerender import images as image_files
from rerender import opening
from rerender.errors import ImageError
from rerender.studio import decoding, manifest, pictures
from rerender.studio.limits import Limits
from rerender.studio.manifest import ArchiveError, Manifest
from rerender.studio.runs import Picture

__all__ = [
    "MANIFEST",
    "MAX_BYTES",
    "MAX_PIXELS",
    "image",
    "listed",
    "most_files",
    "most_list_bytes",
    "opened",
    "proven",
]

MANIFEST = "manifest.json"
MAX_BYTES, MAX_RATIO = 4_000_000_000, 100
"""How much all files of an archive may hold, and how far they may be compressed."""
MAX_PIXELS = 2_000_000_000
"""Pixels of all pictures together, as their headers say before one is decoded: 2,000 million, about half a minute."""
FILES_A_RUN, LIST_BYTES_A_RUN, PARTS_A_RUN = 2, 1_600, 100
"""For each run that an archive may have: its files, and of its list of contents the bytes and the parts.

What the app writes has some 30 bytes to each part.
"""
_STEP = 1 << 20
_LIST_MAX_BYTES = 4 * _STEP

BROKEN = "The file is damaged, or is no ZIP. Nothing was imported."
TOO_LARGE = "The archive holds more than can be imported. Nothing was imported."
TOO_MANY_PIXELS = (
    f"The archive's pictures have over {MAX_PIXELS // 1_000_000:,} million pixels together, more than can be imported. "
    "Nothing was imported."
)


def most_files(limits: Limits) -> int:
    """How many files an archive may hold."""
    return FILES_A_RUN * limits.archive_runs


def most_list_bytes(limits: Limits) -> int:
    """How many bytes the list of contents of an archive may have."""
    return LIST_BYTES_A_RUN * limits.archive_runs


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
def opened(file: IO[bytes], limits: Limits) -> Iterator[zipfile.ZipFile]:
    """The archive in `file`, which may hold a list of contents. Raises `ArchiveError`."""
    try:
        archive = zipfile.ZipFile(_InSteps(file))
    except ArchiveError:
        raise
    except Exception:  # zipfile raises nearly anything for hostile bytes
        raise ArchiveError(BROKEN) from None
    with archive:
        # Against the file itself, because entries can share their bytes, each saying that they are its own.
        unpacked, packed = sum(info.file_size for info in archive.infolist()), file.seek(0, io.SEEK_END)
        if len(archive.infolist()) > most_files(limits) or unpacked > MAX_RATIO * packed:
            raise ArchiveError(TOO_LARGE)
        if MANIFEST not in archive.NameToInfo:
            raise ArchiveError(manifest.FOREIGN)
        yield archive


def listed(archive: zipfile.ZipFile, limits: Limits, workspace: str) -> Manifest:
    """Its list of contents, the runs as those of `workspace`. Raises `ArchiveError`."""
    data = _read(archive, MANIFEST, most_list_bytes(limits))
    contents = manifest.read(data, workspace, PARTS_A_RUN * limits.archive_runs)
    if len(contents.entries) > limits.archive_runs:
        raise ArchiveError(
            f"The archive has {len(contents.entries):,} runs, and this app imports {limits.archive_runs:,} at once. "
            "Nothing was imported."
        )
    return contents


def image(archive: zipfile.ZipFile, name: str) -> bytes:
    """The image of this name. Raises `ArchiveError`."""
    return _read(archive, name, output_files.MAX_BYTES)


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


def proven(archive: zipfile.ZipFile, contents: Manifest) -> dict[str, Picture]:
    """Every image of the archive, as it really is. Raises `ArchiveError` if one is not what the archive says."""
    sent, byte_size, pixels, found = contents.control_images, 0, 0, {}
    for sha256 in contents.files:
        data = image(archive, contents.files[sha256])
        picture = pictures.describe(data)
        if picture.sha256 != sha256:
            raise ArchiveError("A picture in the archive is not the one that was exported. Nothing was imported.")
        byte_size += len(data)
        pixels += _pixels_to_decode(picture)
        if byte_size > MAX_BYTES:
            raise ArchiveError(TOO_LARGE)
        if pixels > MAX_PIXELS:
            raise ArchiveError(TOO_MANY_PIXELS)
        found[sha256] = picture if _decodes(data, sha256 in sent) else pictures.unreadable(data)
    return found


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
