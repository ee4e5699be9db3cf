"""A run as files in a folder: its pictures, its control image as it was sent, and a JSON that says how to repeat it."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rerender.studio.downloads import extension, file_name, stem
from rerender.studio.history import History
from rerender.studio.runs import Picture, Run

__all__ = ["Saved", "check_folder", "described", "picture_described", "save", "write"]


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written: the pictures in their order, and the JSON with what it says."""

    pictures: tuple[Path, ...]
    json: Path
    document: Mapping[str, Any]


def check_folder(folder: Path) -> None:
    """Make the folder if need be. Raises `OSError` when nothing can be written there: better known before a render."""
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / _hidden("probe")
    probe.touch()
    probe.unlink()


def save(history: History, run: Run, folder: Path) -> Saved:
    """Write the run's stored pictures, its control image and its JSON. Raises `OSError`."""
    pictures = history.outputs(run.run_id)
    kept = [history.data(picture.sha256) for picture in pictures]
    control_image, sent = history.control_image(run.run_id), history.data(run.control_image)
    ending = extension(control_image.mime if control_image else "")

    def named(suffix: str) -> tuple[dict[str, bytes], dict[str, Any]]:
        names = [_with_suffix(file_name(run, n, picture.mime), suffix) for n, picture in enumerate(pictures)]
        control_name = f"{stem(run)}-control{suffix}.{ending}"
        document = described(run, control_name, list(zip(names, pictures, strict=True)))
        return {control_name: sent, **dict(zip(names, kept, strict=True))}, document

    return write(folder, stem(run), named)


def described(
    run: Run, control_name: str | None = None, pictures: Sequence[tuple[str, Picture]] = ()
) -> dict[str, Any]:
    """The run as JSON: the six fields of its request, what became of it, its files by name. No key is in it."""
    return {
        "run_id": run.run_id,
        "render_id": run.render_id,
        "state": str(run.state),
        "phase": run.phase,
        "error": run.error,
        "backend": run.backend,
        "workflow_id": run.workflow_id,
        "credits": run.credits,
        "cost": run.cost,
        "created_at": run.created_at,
        "request": {
            "prompt": run.prompt,
            "control_image": {"file": control_name, "sha256": run.control_image},
            "batch_size": run.batch_size,
            "image_width": run.image_width,
            "image_height": run.image_height,
            "seed": run.seed,
        },
        "pictures": [picture_described(name, picture, _seed(run, n)) for n, (name, picture) in enumerate(pictures)],
        "misc": run.misc,
    }


def picture_described(name: str, picture: Picture, seed: int | None) -> dict[str, Any]:
    """One picture in such a JSON; sizes in pixels, None for bytes that are no picture."""
    return {
        "file": name,
        "seed": seed,
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
    }


def write(folder: Path, name: str, named: Callable[[str], tuple[dict[str, bytes], dict[str, Any]]]) -> Saved:
    """Write files under names that are free, the JSON last. Raises `OSError`.

    `named` gives files and JSON for a suffix of their names: "", then "-2", "-3" … until no name is taken. A file
    with the very same bytes is not in the way, so that writing a run twice is writing it once.
    """
    for number in itertools.count(1):
        suffix = "" if number == 1 else f"-{number}"
        files, document = named(suffix)
        json_path = folder / f"{name}{suffix}.json"
        whole = {folder / name: data for name, data in files.items()}
        whole[json_path] = (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
        if not all(_is_free(path, data) for path, data in whole.items()):
            continue
        with suppress(FileExistsError):  # someone else was quicker
            for path, data in whole.items():
                if not path.exists():
                    _write_new(path, data)
            pictures = tuple(folder / picture["file"] for picture in document["pictures"])
            return Saved(pictures, json_path, document)
    raise AssertionError


def _seed(run: Run, position: int) -> int | None:
    """The seed of one picture, None where nobody says: the API documents one seed for a whole batch."""
    if run.is_preview:
        return run.seed + position
    return run.seed if run.batch_size == 1 else None


def _is_free(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return not path.exists()


def _write_new(path: Path, data: bytes) -> None:
    """Write a whole file or none, and never over another. Raises `FileExistsError`."""
    part = path.with_name(_hidden(path.name))
    try:
        part.write_bytes(data)
        try:
            path.hardlink_to(part)
        except FileExistsError:
            raise
        except OSError:
            # Some file systems know no hard links.
            if path.exists():
                raise FileExistsError(path) from None
            part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def _with_suffix(name: str, suffix: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}{suffix}{dot}{ending}"


def _hidden(name: str) -> str:
    return f".{name}.{secrets.token_hex(4)}.part"
