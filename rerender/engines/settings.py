"""What can be set about the engines from outside. Loads nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rerender.errors import ConfigurationError

__all__ = ["LARGEST_WORKING_SIZE", "SMALLEST_WORKING_SIZE", "WORKING_SIZE", "whole_number", "working_size"]

SMALLEST_WORKING_SIZE, WORKING_SIZE, LARGEST_WORKING_SIZE = 256, 1024, 2048
"""Pixels on the long side of what the preview engine computes; larger outputs are enlarged."""


def working_size(environ: Mapping[str, str] = os.environ) -> int:
    """RERENDER_WORKING_SIZE in pixels, 1024 where it is not set. Raises `ConfigurationError` for one that is none."""
    written = environ.get("RERENDER_WORKING_SIZE", "").strip()
    if not written:
        return WORKING_SIZE
    return whole_number("RERENDER_WORKING_SIZE", written, SMALLEST_WORKING_SIZE, LARGEST_WORKING_SIZE)


def whole_number(setting: str, written: str, least: int, most: int) -> int:
    """What a setting says. Raises `ConfigurationError` where that is no whole number from `least` to `most`."""
    # Text of a thousand digits is a number too, and takes Python long.
    number = int(written) if written.isdecimal() and len(written) < 10 else -1
    if not least <= number <= most:
        raise ConfigurationError(f"{setting} must be a whole number from {least:,} to {most:,}, not {written[:40]!r}.")
    return number
