"""Stored pictures as files for people, byte for byte."""

from __future__ import annotations

import io
import re
import time
import unicodedata
import zipfile
from collections.abc import Iterable

from rerender.studio.runs import Picture, Run

__all__ = ["as_zip", "file_name"]

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
SLUG_MAX_CHARS = 40


def file_name(run: Run, position: int, mime: str, *, note: str = "") -> str:
    """A name that says what the picture is, such as `rerender-oak-and-glass-seed7-1.png` for position 0.

    A `note` stands before the ending: `rerender-oak-and-glass-seed7-1-with-settings.png`.
    """
    return f"{'-'.join(filter(None, (_stem(run), str(position + 1), note)))}.{EXTENSIONS.get(mime, 'bin')}"


def as_zip(run: Run, pictures: Iterable[tuple[Picture, bytes]]) -> bytes:
    """A ZIP of a run's pictures in their order, uncompressed; the same pictures give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for position, (picture, data) in enumerate(pictures):
            entry = zipfile.ZipInfo(file_name(run, position, picture.mime), time.gmtime(run.created_at)[:6])
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def _stem(run: Run) -> str:
    plain = unicodedata.normalize("NFKD", run.prompt).encode("ascii", "ignore").decode().lower()
    slug = ""
    for word in re.findall(r"[a-z0-9]+", plain):
        if slug and len(slug) + 1 + len(word) > SLUG_MAX_CHARS:
            break
        slug = f"{slug}-{word}" if slug else word[:SLUG_MAX_CHARS]
    return "-".join(filter(None, ("rerender", slug, f"seed{run.seed}")))
