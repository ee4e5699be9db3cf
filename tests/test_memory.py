from __future__ import annotations

import gc
import resource
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from rerender import memory


class Garbage:
    """What can refer to itself."""

    itself: Garbage


def resident() -> float:
    """Megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps what is freed")
def test_what_was_freed_goes_back_to_the_system_although_newer_memory_is_still_in_use() -> None:
    freed = [b"x" * 100_000 for _ in range(400)]
    still_in_use = b"x" * 100_000
    del freed
    kept_back = resident()
    memory.give_back()
    assert kept_back - resident() > 25
    assert still_in_use


def test_garbage_that_holds_itself_goes_too() -> None:
    garbage = Garbage()
    garbage.itself = garbage
    is_there = weakref.ref(garbage)
    gc.disable()
    try:
        del garbage
        assert is_there()
        memory.give_back()
        assert is_there() is None
    finally:
        gc.enable()


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps what is freed")
def test_a_process_that_holds_little_has_given_a_plane_back_as_soon_as_it_is_freed() -> None:
    """In a process of its own, because nothing takes the setting back."""
    script = """
from rerender import memory
from tests.test_memory import resident
memory.hold_little()
planes = [bytearray(b"x" * 4_000_000) for _ in range(20)]
pins = [b"x" * 60_000 for _ in range(20)]
full = resident()
del planes[::2]
assert full - resident() > 35, full - resident()
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[1])
