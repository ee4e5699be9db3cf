"""One crash from beginning to end: a process dies, others go on, the owner looks up what is uncertain."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rerender.studio.backends import Backend, api_backend
from tests.crash.evidence import Evidence, is_settled
from tests.crash.faults import FAULTS, Fault, FaultyApi
from tests.crash.points import ACCEPTED, POINTS, Fate, Point
from tests.crash.processes import Process
from tests.fake_api import API_KEY
from tests.waiting import wait_until

VICTIM, BESIDE, SUCCESSOR = 100, 200, 300
"""The first seed of the runs that each process submits."""
TAKEN_UP_WITHIN = 90.0
"""Seconds, far less than a lease: who goes on with the runs of a process that is gone does not wait for its end."""


@dataclass(frozen=True)
class Crash:
    """What happens. `again` is where the process that goes on after the first crash dies too."""

    point: Point
    fault: Fault
    is_beside: bool = False
    runs: int = 1
    batch_size: int = 2
    delay: float = 0.0
    again: Point | None = None
    must_be_reached: bool = True
    seed: str = "of the grid"

    def __str__(self) -> str:
        beside = ", a second process alive" if self.is_beside else ""
        again = f", then {self.again.name}" if self.again else ""
        delay = f" + {self.delay:.4f} s" if self.delay else ""
        return (
            f"{self.point.name}{delay}{again} / {self.fault.name}{beside}, {self.runs} runs of {self.batch_size}, "
            f"seed {self.seed}"
        )


def grid() -> list[Crash]:
    """Every point under every fault with which it is reached, alone and with a second process alive."""
    return [
        Crash(point, fault, is_beside)
        for fault in FAULTS
        for point in POINTS
        for is_beside in (False, True)
        if point.stage in fault.stages and not (is_beside and point.stage == "take")
    ]


def at_random(seed: str) -> Crash:
    """A random point and moment under a random fault; the same one for the same seed.

    Nearly half of the moments lie some milliseconds after the point, and nearly half of the crashes are followed by
    another one. What is not reached is killed when all is done.
    """
    rng = random.Random(seed)
    point, again = (replace(one, nth=rng.choice((1, 1, 2, 3))) for one in rng.choices(POINTS, k=2))
    return Crash(
        point,
        rng.choice(FAULTS),
        is_beside=rng.random() < 0.5,
        runs=rng.randint(1, 4),
        batch_size=rng.randint(1, 3),
        delay=rng.uniform(0.0, 0.06) if rng.random() < 0.45 else 0.0,
        again=again if rng.random() < 0.45 else None,
        must_be_reached=False,
        seed=seed,
    )


def play(crash: Crash, file: Path) -> None:
    """Let it happen to a new database, and hold the promises against what is left."""
    with FaultyApi(crash.fault) as api:
        stage = Stage(crash, file, api)
        stage.crash_and_go_on()
        fate = crash.point.fate if crash.fault.name == "none" and crash.must_be_reached else "any"
        stage.assert_that_all_is_kept(fate)


class Stage:
    """A server and a file, and the processes that come and go."""

    def __init__(self, crash: Crash, file: Path, api: FaultyApi) -> None:
        self.crash = crash
        self.file = file
        self.api = api
        self.backend: Backend = replace(api_backend(API_KEY, base_url=api.base_url), poll_floor=0.01)

    def crash_and_go_on(self) -> None:
        crash = self.crash
        if crash.is_beside:
            with self.process() as beside:
                beside.tell("submit", [BESIDE], crash.batch_size)
                self.die()
                self.finish(beside, frozenset({BESIDE}))
            return
        self.die()
        with self.process() as successor:
            successor.tell("resume")
            self.finish(successor)

    def die(self) -> None:
        crash = self.crash
        if crash.point.stage == "take":
            self.crash_at(ACCEPTED, VICTIM, must_be_reached=crash.must_be_reached)
            self.crash_at(crash.point, None, must_be_reached=crash.must_be_reached)
        else:
            self.crash_at(crash.point, VICTIM, delay=crash.delay, must_be_reached=crash.must_be_reached)
        if crash.again:
            self.crash_at(crash.again, SUCCESSOR, delay=crash.delay, must_be_reached=False)

    def crash_at(self, point: Point, seed: int | None, *, must_be_reached: bool, delay: float = 0.0) -> None:
        """Run a process until it dies at the point, or, when it need not get there, until all is done."""
        seeds = frozenset() if seed is None else frozenset(range(seed, seed + self.crash.runs))
        with (
            self.process(point, delay=delay) as victim,
            self.struck_by_the_server(point, seeds, lambda: victim.kill(delay)),
        ):
            victim.tell("resume") if seed is None else victim.tell("submit", sorted(seeds), self.crash.batch_size)
            if point.stage == "close":
                victim.tell_to_close()
            exit_code = victim.wait_until_gone(
                unless=lambda: not must_be_reached and is_settled(self.file, seeds),
            )
            assert not must_be_reached or exit_code == -9, f"Not reached, exit code {exit_code}: {self.crash}"

    def finish(self, process: Process, seeds: frozenset[int] = frozenset()) -> None:
        """Wait until nothing is left to be done, and let the process end."""
        try:
            wait_until(lambda: is_settled(self.file, seeds), TAKEN_UP_WITHIN)
        except AssertionError:
            raise AssertionError(f"It does not end.\n{self.as_it_stands()}") from None
        assert process.close() == 0, f"Did not end by itself: {self.crash}"

    def assert_that_all_is_kept(self, fate: Fate = "any") -> Evidence:
        """Hold the promises, before and after the owner has looked up what is uncertain; what is left in the end.

        `fate` is what has become of the first run, until then.
        """
        evidence = self.evidence()
        evidence.assert_promises()
        if fate != "any":
            evidence.assert_fate(VICTIM, fate)
        if self.look_up_what_is_uncertain(evidence):
            evidence = self.evidence()
            evidence.assert_promises()
        evidence.assert_books_agree()
        return evidence

    def look_up_what_is_uncertain(self, evidence: Evidence) -> bool:
        """Settle each run of unknown fate as its owner does who looks at the account. Whether there was one."""
        if not any(row.submission == "uncertain" for row in evidence.rows):
            return False
        with self.process() as owner:
            owner.do("resume")
            self.look_up(owner, evidence)
            self.finish(owner)
        return True

    def look_up(self, owner: Process, evidence: Evidence) -> None:
        """Tell a process what the server's truth is about each run of unknown fate."""
        render_ids = {seed: render_id for render_id, seed in evidence.truth.charges.items()}
        for row in evidence.rows:
            if row.submission != "uncertain":
                continue
            if row.seed in render_ids:
                done = owner.do("attach", row.run_id, render_ids[row.seed])
            else:
                done = owner.do("settle", row.run_id, False)
            assert done is True, f"Run {row.seed} could not be settled.\n{evidence}"

    def process(self, point: Point | None = None, **options: Any) -> Process:
        return Process(self.file, self.backend, point, **options)

    @contextmanager
    def struck_by_the_server(self, point: Point, seeds: frozenset[int], strike: Callable[[], None]) -> Iterator[None]:
        """The server strikes when a run of these seeds reaches the point, if that is where the point is."""
        if point.is_at_the_server:
            self.api.aim(point, seeds, strike)
        yield
        self.api.point = None

    def evidence(self) -> Evidence:
        """What is left, once the server has dealt with all that was sent to it."""
        with socket.create_connection(("127.0.0.1", self.api.port)) as probe:
            # Connections are accepted in their order, so after this one every other has been.
            probe.sendall(b"GET /api/renders/probe HTTP/1.1\r\n\r\n")
            probe.recv(1)
        wait_until(lambda: not self.api.connections)
        return self.as_it_stands()

    def as_it_stands(self) -> Evidence:
        return Evidence(self.crash, self.file, self.api)
