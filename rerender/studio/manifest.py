"""The list of contents of an archive: what was in the workspace, as JSON that a person can read.

An archive may come from anyone, so nothing in it is believed: every value is checked before it is used, and the file
names in it are only ever looked up in the archive's own list.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from rerender.bounded_json import read_json
from rerender.client import is_id
from rerender.errors import InvalidRequest, RerenderError
from rerender.models import OUTPUTS_MAX, RenderRequest
from rerender.studio.backends import EMBEDDED, is_origin
from rerender.studio.curation import NOTE_MAX_CHARS
from rerender.studio.journal import bounded
from rerender.studio.preferences import usable
from rerender.studio.runs import Run, State, Submission

__all__ = ["FOREIGN", "MOMENTS", "ArchiveError", "Entry", "Manifest", "read", "write"]

FORMAT, VERSION = "rerender-workspace", 1
FOREIGN = "This ZIP is no archive of this app. Nothing was imported."

# Whose the runs are and whose key made them the importing app says, and what was deleted is not in an archive: one
# that could say `is_shared` would have any render fetched with the key of the app's owner.
NOT_LISTED = ("workspace", "deleted_at", "is_shared")
RUN_FIELDS = tuple(one.name for one in fields(Run) if one.name not in NOT_LISTED)
MOMENTS = ("created_at", "submitted_at", "completed_at", "finished_at", "stored_at", "stopped_at", "settled_at")
# What older versions of the app did not write, and what it was then.
ADDED: Mapping[str, Any] = {"stopped_at": None, "settled_at": None}
# An archive never decides where renders are made, where a key goes or what it pays for.
NOT_CARRIED = frozenset({"backend", "base_url", "credit_price", "credits_per_run", "workflow_id"})

_MAX_BACKEND = 250
_SPAN = (1e9, 4e9)  # from 2001 to 2096, which a ZIP of the run's pictures can date too

Check = Callable[[Any], object]


class ArchiveError(RerenderError):
    """A file is no archive, is damaged, or holds what cannot be. Nothing was imported."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One run and its outputs, each as its position and the SHA-256 of its bytes."""

    run: Run
    outputs: tuple[tuple[int, str], ...]

    @property
    def images(self) -> set[str]:
        """The control image and the outputs."""
        return {self.run.control_image, *(sha256 for _, sha256 in self.outputs)}


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything of a workspace but the bytes of its images. `files` maps the SHA-256 of each to its name."""

    entries: tuple[Entry, ...]
    files: Mapping[str, str]
    preferences: Mapping[str, Any]

    @property
    def control_images(self) -> set[str]:
        """The images that were sent, which have to be pictures."""
        return {entry.run.control_image for entry in self.entries}


def write(manifest: Manifest) -> bytes:
    """The manifest as JSON, with the runs in their order."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "runs": [
            {name: getattr(entry.run, name) for name in RUN_FIELDS}
            | {"outputs": [{"position": position, "image": sha256} for position, sha256 in entry.outputs]}
            for entry in manifest.entries
        ],
        "images": dict(manifest.files),
        "preferences": _carried(manifest.preferences),
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")


def read(data: bytes, workspace: str, most_parts: int) -> Manifest:
    """The manifest that `write` wrote, its runs as runs of `workspace`. Raises `ArchiveError`.

    One of more than `most_parts` parts is not read: a part takes a hundred bytes of memory and more.
    """
    try:
        document = read_json(data, most_parts, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ArchiveError("The archive's list of contents is damaged. Nothing was imported.") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ArchiveError(FOREIGN)
    if document.get("version") != VERSION or type(document["version"]) is not int:
        raise ArchiveError(
            "The archive was made by another version of this app. Update the app to import it. Nothing was imported."
        )
    try:
        return _read(document, workspace)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise ArchiveError("The archive's list of contents is not complete. Nothing was imported.") from None


def _read(document: Mapping[str, Any], workspace: str) -> Manifest:
    listed: dict[str, Any] = _is_a(dict, document["images"])
    entries = tuple(
        _entry(number, row, listed, workspace) for number, row in enumerate(_is_a(list, document["runs"]), start=1)
    )
    if len({entry.run.run_id for entry in entries}) < len(entries):
        raise ArchiveError("Two runs of the archive have the same id. Nothing was imported.")
    # Held until all is stored, so without what no run names.
    files = {sha256: str(listed[sha256]) for entry in entries for sha256 in entry.images}
    return Manifest(entries, files, _carried(document["preferences"]))


def _entry(number: int, row: Mapping[str, Any], files: Mapping[str, str], workspace: str) -> Entry:
    values = {**ADDED, **row}
    run = Run(**{name: values[name] for name in RUN_FIELDS}, workspace=workspace, deleted_at=None)
    outputs = tuple((output["position"], output["image"]) for output in _is_a(list, row["outputs"]))
    wrong = [name for name, check in _CHECKS.items() if not check(getattr(run, name))]
    wrong = wrong or [what for what, check in _RULES.items() if not check(run, outputs)]
    entry = Entry(run, outputs)
    if not entry.images <= files.keys():
        wrong.append("image")
    if wrong:
        raise ArchiveError(f"Run {number} of the archive is damaged: its {wrong[0]} cannot be. Nothing was imported.")
    return entry


def _carried(preferred: Mapping[str, Any]) -> dict[str, Any]:
    return usable({name: value for name, value in preferred.items() if name not in NOT_CARRIED})


def _is_a(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError
    return value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _is_hex(length: int) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{length}}}", value)


def _is_text(most: int) -> Check:
    return lambda value: isinstance(value, str) and len(value) <= most and not re.search("[\0\ud800-\udfff]", value)


def _is_number(low: float, high: float) -> Check:
    return lambda value: type(value) in (int, float) and math.isfinite(value) and low <= value <= high


def _is_kept(name: str, kind: type) -> Check:
    """Whether the value is one that the app itself keeps of what an API says."""
    return lambda value: isinstance(value, kind) and bounded({name: value}) == {name: value}


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _is_backend(value: Any) -> bool:
    return value == EMBEDDED or (isinstance(value, str) and len(value) < _MAX_BACKEND and is_origin(value))


_MOMENT = _is_number(*_SPAN)
_CHECKS: dict[str, Check] = {
    "run_id": _is_hex(32),
    "backend": _is_backend,
    "workflow_id": is_id,
    "control_image": _is_hex(64),
    "submission": lambda value: value in list(Submission),
    "render_id": _or_none(is_id),
    "phase": _or_none(_is_kept("phase", str)),
    "error": _or_none(_is_kept("error", str)),
    "misc": _is_kept("misc", dict),
    "credits": _is_number(0, 1e9),
    "cost": _is_number(0, 1e9),
    "created_at": _MOMENT,
    **dict.fromkeys(MOMENTS[1:], _or_none(_MOMENT)),
    "series_id": _or_none(_is_hex(32)),
    "starred": lambda value: type(value) is bool,
    "note": _is_text(NOTE_MAX_CHARS),
}


def _is_request(run: Run, _outputs: object) -> bool:
    """Whether the five fields beside the image are such that they could have been sent."""
    try:
        RenderRequest(run.prompt, b"-", run.batch_size, run.image_width, run.image_height, run.seed)
    except InvalidRequest:
        return False
    return True


def _is_story(run: Run, outputs: tuple[tuple[int, str], ...]) -> bool:
    """Whether such a run can have come about: an id where it was accepted, pictures where they are all stored."""
    return (
        (run.submission == Submission.ACCEPTED) == bool(run.render_id)
        and (run.stored_at is None or (run.finished_at is not None and bool(outputs)))
        and (run.finished_at is not None or run.submission in (Submission.SUBMITTING, Submission.ACCEPTED))
        and (run.stopped_at is None or run.can_be_watched_again or run.state == State.CANCELLED)
        and (run.settled_at is None or (run.submission != Submission.SUBMITTING and not run.is_preview))
    )


def _are_outputs(_run: Run, outputs: tuple[tuple[int, str], ...]) -> bool:
    positions = [position for position, _ in outputs]
    return len(set(positions)) == len(positions) and all(
        type(position) is int and 0 <= position < OUTPUTS_MAX for position in positions
    )


def _are_words(run: Run, _outputs: object) -> bool:
    """Whether the words of the prompt that pages show under a preview are words."""
    if not run.is_preview:
        return True
    taken_for = run.misc.get("taken_for") or {}
    if not isinstance(taken_for, dict):
        return False
    words = [run.misc.get(name) or [] for name in ("understood", "not_understood")] + [list(taken_for.values())]
    return all(isinstance(some, list) and all(map(_is_text(10_000), some)) for some in words)


_RULES: dict[str, Callable[[Run, tuple[tuple[int, str], ...]], bool]] = {
    "request": _is_request,
    "state": _is_story,
    "outputs": _are_outputs,
    "words": _are_words,
}
