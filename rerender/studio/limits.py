"""How much one process takes, from one visitor and from all: every limit that can be set, in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any

from rerender.engines.settings import LARGEST_WORKING_SIZE, SMALLEST_WORKING_SIZE, WORKING_SIZE, whole_number
from rerender.errors import RerenderError
from rerender.models import CONTROL_IMAGE_MAX_BYTES, PROMPT_MAX_CHARS
from rerender.studio.workspaces import Mode

__all__ = ["LOCAL_LIMITS", "LimitReached", "Limits", "table"]

_UPLOAD_MB = CONTROL_IMAGE_MAX_BYTES // 1_000_000
_BEYOND = 1_000_000


class LimitReached(RerenderError):
    """The app takes no more at the moment. Nothing was written down, sent or charged."""


def _limit(setting: str, meaning: str, *, local: int, hosted: int, least: int, most: int) -> Any:
    about = {"setting": setting, "meaning": meaning, "local": local, "hosted": hosted, "least": least, "most": most}
    return field(default=local, metadata=about)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one process, by default those of local mode; `of` gives those of a mode and its settings.

    Where visitors come from elsewhere, their defaults together hold in 690 MB. On one's own computer they are as wide
    as the client and the API allow. 0 is no limit where the least is 0.
    """

    upload_mb: int = _limit(
        "RERENDER_UPLOAD_MB",
        "Megabytes of an image file that is uploaded",
        local=_UPLOAD_MB,
        hosted=12,
        least=1,
        most=_UPLOAD_MB,
    )
    kept_upload_kb: int = _limit(
        "RERENDER_KEPT_UPLOAD_KB",
        "Kilobytes of an image file that a session keeps as it came; of a larger one a copy at the largest size that "
        "can be sent",
        local=1000 * _UPLOAD_MB,
        hosted=2000,
        least=100,
        most=1000 * _UPLOAD_MB,
    )
    uploads_in_all_mb: int = _limit(
        "RERENDER_UPLOADS_IN_ALL_MB",
        "Megabytes of uploads of all visitors that wait to be taken up by their page, one a browser tab",
        local=4000,
        hosted=120,
        least=1,
        most=_BEYOND,
    )
    archive_mb: int = _limit(
        "RERENDER_ARCHIVE_MB",
        "Megabytes of an archive that is imported; the server takes no larger file of any kind",
        local=100,
        hosted=25,
        least=1,
        most=2000,
    )
    archive_runs: int = _limit(
        "RERENDER_ARCHIVE_RUNS",
        "Runs of an archive that is imported, each with two files and 1.6 kB of its list of contents on average",
        local=10_000,
        hosted=2000,
        least=1,
        most=100_000,
    )
    workspace_mb: int = _limit(
        "RERENDER_WORKSPACE_MB",
        "Megabytes of runs and pictures that a visitor keeps before nothing new is rendered or imported",
        local=0,
        hosted=200,
        least=0,
        most=_BEYOND,
    )
    kept_in_all_mb: int = _limit(
        "RERENDER_KEPT_IN_ALL_MB",
        "Megabytes of runs and pictures that all visitors keep before nothing new is rendered or imported",
        local=0,
        hosted=2000,
        least=0,
        most=_BEYOND,
    )
    megapixels: int = _limit(
        "RERENDER_MEGAPIXELS", "Million pixels of a control image", local=50, hosted=25, least=1, most=50
    )
    decodes_at_once: int = _limit(
        "RERENDER_DECODES_AT_ONCE",
        "Image files of the most pixels opened at the same time, of smaller ones accordingly more",
        local=4,
        hosted=1,
        least=1,
        most=64,
    )
    prompt_chars: int = _limit(
        "RERENDER_PROMPT_CHARS",
        "Characters of a prompt",
        local=PROMPT_MAX_CHARS,
        hosted=2000,
        least=100,
        most=PROMPT_MAX_CHARS,
    )
    runs_a_minute: int = _limit(
        "RERENDER_RUNS_A_MINUTE",
        "Runs a visitor starts within a minute",
        local=0,
        hosted=30,
        least=0,
        most=_BEYOND,
    )
    unfinished_runs: int = _limit(
        "RERENDER_UNFINISHED_RUNS", "Unfinished runs of a visitor", local=0, hosted=30, least=0, most=_BEYOND
    )
    unfinished_in_all: int = _limit(
        "RERENDER_UNFINISHED_IN_ALL", "Unfinished runs of all visitors", local=0, hosted=200, least=0, most=_BEYOND
    )
    posts_at_once: int = _limit(
        "RERENDER_POSTS_AT_ONCE",
        "Runs sent to the API at the same time; previews are sent one at a time",
        local=4,
        hosted=2,
        least=1,
        most=64,
    )
    looks_at_once: int = _limit(
        "RERENDER_LOOKS_AT_ONCE",
        "Renders looked at, and their pictures fetched, at the same time",
        local=4,
        hosted=2,
        least=1,
        most=64,
    )
    working_size: int = _limit(
        "RERENDER_WORKING_SIZE",
        "Pixels on the long side of what the preview computes; larger pictures are enlarged",
        local=WORKING_SIZE,
        hosted=WORKING_SIZE,
        least=SMALLEST_WORKING_SIZE,
        most=LARGEST_WORKING_SIZE,
    )
    keep_days: int = _limit(
        "RERENDER_KEEP_DAYS",
        "Days after which a finished run is deleted with its pictures, starred or not",
        local=0,
        hosted=30,
        least=0,
        most=_BEYOND,
    )

    @classmethod
    def of(cls, mode: Mode, sources: Sequence[Callable[[str], str | None]] = ()) -> Limits:
        """The mode's limits, with what the first of the sources that has one says instead of a default.

        Raises `ConfigurationError` for a setting that is no whole number in its range.
        """
        read = {}
        for one in fields(cls):
            name = one.metadata["setting"]
            written = next((text.strip() for source in sources if (text := source(name)) and text.strip()), None)
            read[one.name] = _default(one, mode) if written is None else _number(one, written)
        return cls(**read)

    @property
    def pixels(self) -> int:
        """The most pixels of a control image."""
        return self.megapixels * 1_000_000


def _default(one: Field[Any], mode: Mode) -> int:
    return int(one.metadata[mode])


def _number(one: Field[Any], written: str) -> int:
    return whole_number(one.metadata["setting"], written, one.metadata["least"], one.metadata["most"])


LOCAL_LIMITS = Limits()


def table() -> str:
    """The limits as a table in Markdown, for the documentation."""
    lines = ["| setting | what it limits | on one's own computer | hosted |", "|---|---|---|---|"]
    for one in fields(Limits):
        local, hosted = (f"{one.metadata[mode]:,}" if one.metadata[mode] else "none" for mode in ("local", "hosted"))
        lines.append(f"| `{one.metadata['setting']}` | {one.metadata['meaning']} | {local} | {hosted} |")
    return "\n".join(lines)
