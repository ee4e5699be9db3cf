"""Options that `render` and `get` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = ["shared"]

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        default=".",
        help="Folder for the files, made if need be. Default: the current one.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0),
        default=300,
        show_default=True,
        help="Seconds to wait for the pictures. Sending is always waited for; so is the first look of `get`.",
    ),
    click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, and no progress."),
    click.option("--quiet", is_flag=True, help="No progress: only file names and what went wrong."),
)


def shared(command: Command) -> Command:
    """Add --out, --timeout, --json and --quiet to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
