"""A process is suspended past its lease and goes on after another took over its runs, and the like."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from psutil import STATUS_STOPPED
from psutil import Process as RunningProcess

from tests.crash.conftest import NewFile
from tests.crash.evidence import is_settled, rows_of
from tests.crash.faults import FAULTS, FaultyApi
from tests.crash.points import ACCEPTED, POINTS, Fate, Point, When
from tests.crash.scenario import VICTIM, Crash, Stage
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGSTOP is a POSIX signal")

SHORT = 0.3
"""Seconds of a lease that a test can wait for."""
SUSPENDED_AT = [
    point
    for point in POINTS
    # Who sleeps within a transaction holds the whole file.
    if point.when in ("before", "after", "head", "body")
    and point.stage in ("submit", "hold", "accept", "look", "fetch")
    and not any(
        word in point.name for word in ("before Journal.begin", "renew", "orphans", "stored", "after Journal.store")
    )
]
SENDING = [point for point in SUSPENDED_AT if point.fate == "uncertain"]
BUSY = next(fault for fault in FAULTS if "hold" in fault.stages)


@pytest.fixture
def file(new_file: NewFile) -> Path:
    return new_file()


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[FaultyApi]:
    """With the fault under which the test's point is reached."""
    point = getattr(request.node, "callspec", None) and request.node.callspec.params.get("point")
    with FaultyApi(BUSY if point and point.stage == "hold" else FAULTS[0]) as api:
        yield api


@pytest.mark.parametrize("point", SUSPENDED_AT, ids=lambda point: point.name)
def test_a_process_that_slept_while_another_took_over_loses_and_doubles_nothing(
    point: Point, file: Path, api: FaultyApi
) -> None:
    stage = Stage(Crash(point, api.fault), file, api)
    suspend_and_go_on(stage, point)
    stage.assert_that_all_is_kept(fate_after(point))


@pytest.mark.parametrize("point", SENDING, ids=lambda point: point.name)
def test_what_its_owner_said_meanwhile_and_the_late_answer_to_a_post_agree(
    point: Point, file: Path, api: FaultyApi
) -> None:
    stage = Stage(Crash(point, api.fault), file, api)
    suspend_and_go_on(stage, point, is_looked_up=True)
    stage.assert_that_all_is_kept().assert_fate(VICTIM, fate_after(point))


def test_the_runs_of_a_machine_that_is_gone_are_taken_over_when_its_lease_is_over(file: Path, api: FaultyApi) -> None:
    stage = Stage(Crash(ACCEPTED, FAULTS[0]), file, api)
    with stage.process(ACCEPTED, lease=SHORT, host="another-machine") as victim, stage.process() as other:
        victim.tell("submit", [VICTIM], 2)
        victim.wait_until_gone()
        other.do("resume")
        stage.finish(other, frozenset({VICTIM}))
    stage.assert_that_all_is_kept().assert_fate(VICTIM, "completed")


@pytest.mark.parametrize("when", ["before", "inside", "after"])
def test_a_process_killed_while_it_makes_the_database_hinders_nobody(
    when: When, tmp_path: Path, api: FaultyApi
) -> None:
    point = Point("submit", "rerender.studio.database:Database._migrate", when, "no row")
    stage = Stage(Crash(point, FAULTS[0]), tmp_path / "new.sqlite3", api)
    with stage.process(point) as victim:
        assert victim.wait_until_gone() == -signal.SIGKILL
    with stage.process() as successor:
        successor.do("submit", [VICTIM], 2)
        stage.finish(successor, frozenset({VICTIM}))
    stage.assert_that_all_is_kept().assert_fate(VICTIM, "completed")


def fate_after(point: Point) -> Fate:
    """What is called not charged is not sent after all, and a late answer is written whatever was said meanwhile."""
    is_refused_already = point.name == "before Journal.held_back"
    return "refused" if point.fate == "refused" or is_refused_already else "completed"


def suspend_and_go_on(stage: Stage, point: Point, *, is_looked_up: bool = False) -> None:
    """Suspend a process at the point, let another one finish its runs, and then let the first one go on."""
    seeds = frozenset({VICTIM})
    with (
        stage.process(point, lease=SHORT, which=signal.SIGSTOP) as sleeper,
        stage.process() as other,
    ):
        sleeper.tell("submit", sorted(seeds), stage.crash.batch_size)
        wait_until(lambda: RunningProcess(sleeper.pid).status() == STATUS_STOPPED)
        other.do("resume")
        wait_until(lambda: is_settled(stage.file, seeds))
        if is_looked_up:
            stage.look_up(other, stage.as_it_stands())
            wait_until(lambda: is_settled(stage.file, seeds))
        sleeper.send(signal.SIGCONT)
        if point.stage == "hold" or point in SENDING:
            # Closing would keep what is not sent yet from being sent, and with it what could go wrong.
            wait_until(lambda: [row.fate for row in rows_of(stage.file)] == [fate_after(point)])
        assert sleeper.close() == 0
        stage.finish(other, seeds)
