"""Memory that Python has freed, given back to the computer."""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Any

__all__ = ["give_back", "hold_little"]

# From malloc.h of glibc.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_AT_HAND, _LARGE, _POOLS = 16 << 20, 1280 << 10, 2


def give_back() -> None:
    """Return what is free to the system, and what is garbage before that; some tens of milliseconds.

    glibc keeps freed picture planes for later, in one pool for each thread: 80 MB after four pictures at 1024², which
    on a small host is memory that the next visitor does not have.
    """
    gc.collect()
    if trim := _of_glibc("malloc_trim"):
        trim(0)


def hold_little() -> None:
    """Let freed memory go back by itself from now on, in the whole process, for a little more work a render.

    glibc has a pool for each of many threads, and after the first large plane keeps those up to 32 MB in them: 30
    visitors took 857 MB. Here all share two pools, and what is large gets a place of its own, which goes when it is
    freed. With a bound of 2 MB pictures of 1 to 2 MB stay in the pools, and in pieces: 731 MB; below 1 MB the
    engine's planes go back too, which doubles the time of a render.
    """
    if set_option := _of_glibc("mallopt"):
        set_option(_TRIM_THRESHOLD, _AT_HAND)
        set_option(_MMAP_THRESHOLD, _LARGE)
        set_option(_ARENA_MAX, _POOLS)


def _of_glibc(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
