"""Stored pictures as files for people, byte for byte."""

from __future__ import annotations

import io
import re
import time
import unicodedata
import zipfile
from collections.abc import Iterable

from rerender.studio.runs import Picture, Run

__all__ = ["as_zip", "entry", "extension", "file_name", "stem"]

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
SLUG_MAX_CHARS = 40


def file_name(run: Run, position: int, mime: str, *, note: str = "") -> str:
    """A name that says what the picture is, such as `rerender-oak-and-glass-seed7-1.png` for position 0.

    A `note` stands before the ending: `rerender-oak-and-glass-seed7-1-with-settings.png`.
    """
    return f"{'-'.join(filter(None, (stem(run), str(position + 1), note)))}.{extension(mime)}"


def stem(run: Run) -> str:
    """What the names of all files of a run begin with, such as `rerender-oak-and-glass-seed7`."""
    plain = unicodedata.normalize("NFKD", run.prompt).encode("ascii", "ignore").decode().lower()
    slug = ""
    for word in re.findall(r"[a-z0-9]+", plain):
        if slug and len(slug) + 1 + len(word) > SLUG_MAX_CHARS:
            break
        slug = f"{slug}-{word}" if slug else word[:SLUG_MAX_CHARS]
    return "-".join(filter(None, ("rerender", slug, f"seed{run.seed}")))


def extension(mime: str) -> str:
    """How the name of a file of this MIME type ends."""
    return EXTENSIONS.get(mime, "bin")


def as_zip(run: Run, pictures: Iterable[tuple[Picture, bytes]]) -> bytes:
    """A ZIP of a run's pictures in their order, uncompressed; the same pictures give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for position, (picture, data) in enumerate(pictures):
            archive.writestr(entry(file_name(run, position, picture.mime), run.created_at), data)
    return buffer.getvalue()


def entry(name: str, moment: float) -> zipfile.ZipInfo:
    """An uncompressed entry of a ZIP, dated `moment` seconds since the epoch, that anyone may read when unpacked."""
    info = zipfile.ZipInfo(name, time.gmtime(moment)[:6])
    info.create_system, info.external_attr = 3, 0o644 << 16
    return info
