"""A process is killed at every step of submit → poll → download, whatever goes wrong beside: nothing paid is lost.

`python -m tests.crash SEED` plays one of the random crashes again.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.crash.conftest import NewFile
from tests.crash.faults import FAULTS
from tests.crash.points import POINTS
from tests.crash.scenario import Crash, at_random, grid, play

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")

AT_ONCE = 4  # most of a crash is waiting
RANDOM_CRASHES = 1000


def sample() -> list[Crash]:
    """Every point where nothing else goes wrong, and with one other thing; always the same ones."""
    plain = [crash for crash in grid() if crash.fault.name == "none" and not crash.is_beside]
    rest = [crash for crash in grid() if crash not in plain]
    choose = random.Random("the sample")
    choose.shuffle(rest)
    return plain + [crash for point in POINTS for crash in [one for one in rest if one.point == point][:1]]


@pytest.mark.parametrize("crash", sample(), ids=str)
def test_a_crash_loses_and_doubles_nothing(crash: Crash, new_file: NewFile) -> None:
    play(crash, new_file())


def test_the_sample_has_every_step_and_every_fault() -> None:
    assert {crash.point for crash in sample()} == set(POINTS)
    assert {crash.fault.name for crash in sample()} == {fault.name for fault in FAULTS}
    assert {crash.is_beside for crash in sample()} == {False, True}


@pytest.mark.proof
def test_a_crash_at_any_point_under_any_fault_loses_and_doubles_nothing(new_file: NewFile) -> None:
    play_all(grid(), new_file)


@pytest.mark.proof
@pytest.mark.parametrize("part", range(10))
def test_random_crashes_lose_and_double_nothing(part: int, new_file: NewFile) -> None:
    seed = os.environ.get("CRASH_SEED") or secrets.token_hex(4)
    first = part * RANDOM_CRASHES // 10
    play_all((at_random(f"{seed}-{number}") for number in range(first, first + RANDOM_CRASHES // 10)), new_file)


def play_all(crashes: Iterable[Crash], new_file: NewFile) -> None:
    """Several at a time; fails with all that went wrong."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        broken = [problem for problem in threads.map(partial(problem_of, new_file), crashes) if problem]
    assert not broken, f"{len(broken)} crashes:\n\n" + "\n\n".join(broken)


def problem_of(new_file: Callable[[], Path], crash: Crash) -> str | None:
    """What a crash broke; None when it kept every promise."""
    file = new_file()
    try:
        play(crash, file)
    except Exception as error:
        return f"{type(error).__name__}: {error}\n{crash}"
    # A thousand of them would fill the disk.
    file.unlink()
    return None
