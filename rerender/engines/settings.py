"""What can be set about the engines from outside. Loads nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rerender.errors import ConfigurationError

__all__ = ["LARGEST_WORKING_SIZE", "SMALLEST_WORKING_SIZE", "WORKING_SIZE", "working_size"]

SMALLEST_WORKING_SIZE, WORKING_SIZE, LARGEST_WORKING_SIZE = 256, 1024, 2048
"""Pixels on the long side of what the preview engine computes; larger outputs are enlarged."""


def working_size(environ: Mapping[str, str] = os.environ) -> int:
    """RERENDER_WORKING_SIZE, taken to the nearest size that is allowed; 1024 where it is not set.

    Raises `ConfigurationError` when it is no whole number.
    """
    text = environ.get("RERENDER_WORKING_SIZE", "").strip()
    if not text:
        return WORKING_SIZE
    try:
        wanted = int(text)
    except ValueError:
        raise ConfigurationError(
            f"RERENDER_WORKING_SIZE must be a number of pixels from {SMALLEST_WORKING_SIZE} to {LARGEST_WORKING_SIZE}, "
            f"not {text[:40]!r}."
        ) from None
    return min(max(wanted, SMALLEST_WORKING_SIZE), LARGEST_WORKING_SIZE)
