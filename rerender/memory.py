"""Memory that Python has freed, given back to the computer."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["give_back"]


def give_back() -> None:
    """Return what is free to the system; a few milliseconds. Does nothing where the C library is not glibc.

    glibc keeps freed picture planes for later, in one pool for each thread: 80 MB after four pictures at 1024², which
    on a small host is memory that the next visitor does not have.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
