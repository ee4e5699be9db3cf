"""Many clicks at once, from several processes, one of them killed: the owner pays for no more than the cap."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from rerender.studio import budget
from rerender.studio.backends import Backend, Caps
from rerender.studio.database import EVERYONE, Database
from rerender.studio.runs import Submission
from rerender.studio.tables import runs
from tests.crash.points import CLIENT, JOURNAL, Point
from tests.crash.processes import Process
from tests.fake_api import FakeApi, Request
from tests.studio.helpers import backend_at
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(os.name != "posix", reason="SIGKILL is how the process dies"),
]

CAP, CLICKS = 50, 200
SETTLED_WITHIN = 90.0


@pytest.fixture
def shared(api: FakeApi) -> Backend:
    """The fake API, paid by the owner for up to 50 credits in all."""
    api.state.submit_delay = 0.02
    return replace(backend_at(api), poll_floor=0.2, caps=Caps(10, 1000, CAP))


def submissions(database: Database) -> dict[int, str]:
    """How each run's POST stands, by its seed."""
    with database.read(EVERYONE) as connection:
        return {row.seed: row.submission for row in connection.execute(select(runs.c.seed, runs.c.submission))}


def wait_until_sent(database: Database) -> None:
    wait_until(lambda: Submission.SUBMITTING not in submissions(database).values(), SETTLED_WITHIN)


def arrived(api: FakeApi) -> list[int]:
    """The seeds of the POSTs that arrived whole: nobody can render, or charge for, half of a body."""
    whole = (post for post in api.state.submits if len(post.body) == int(post.headers["content-length"]))
    return sorted(post.json["seed"] for post in whole)


@pytest.mark.parametrize("processes", [1, 2])
def test_of_200_clicks_at_once_at_a_cap_of_50_credits_exactly_50_are_sent(
    processes: int, shared: Backend, database: Database, database_url: str, api: FakeApi
) -> None:
    children = [Process(database_url, shared) for _ in range(processes)]
    try:
        seeds = [range(CLICKS)[index::processes] for index in range(processes)]
        with ThreadPoolExecutor(processes) as orders:
            refused = list(orders.map(lambda one: one[0].do("click", one[1]), zip(children, seeds, strict=True)))
        wait_until_sent(database)
    finally:
        for child in children:
            child.kill()
    assert sum(refused) == CLICKS - CAP
    assert len(arrived(api)) == len(set(arrived(api))) == CAP
    assert set(submissions(database).values()) == {Submission.ACCEPTED}
    assert budget.spent(database, time.time())[1] == budget.Spent(settled=CAP)


# Where the process dies: when so many POSTs have arrived, or when one of its threads has come so far so often.
DEATHS = (
    1,
    7,
    20,
    45,
    Point("submit", f"{JOURNAL}.begin", "inside", nth=30),
    Point("submit", f"{JOURNAL}.begin", "after", nth=CAP),
    Point("submit", f"{JOURNAL}.sending", "after", nth=20),
    Point("submit", f"{CLIENT}.submit", "before", nth=33),
    Point("submit", "post", "body", nth=25),
    Point("accept", f"{JOURNAL}.accepted", "before", nth=10),
    Point("accept", f"{JOURNAL}.accepted", "inside", nth=40),
)


@pytest.mark.parametrize("death", DEATHS, ids=lambda death: getattr(death, "name", f"{death} POSTs"))
def test_a_process_killed_in_the_middle_makes_nobody_spend_more_and_nothing_is_lost_of_what_was_not_sent(
    death: int | Point, shared: Backend, database: Database, database_url: str, api: FakeApi
) -> None:
    with Process(database_url, shared, None if isinstance(death, int) else death) as victim:
        if isinstance(death, int):
            _kill_at(death, victim, api)
        victim.tell("click", range(CLICKS))
        assert victim.wait_until_gone() == -9
    with Process(database_url, shared) as successor:
        # While the runs of the dead are not settled yet, they count; once they are, what was never sent does not.
        successor.do("click", range(CLICKS, CLICKS + 20))
        successor.do("resume")
        wait_until_sent(database)
        successor.do("click", range(2 * CLICKS, 3 * CLICKS))
        wait_until_sent(database)
    sent, known = arrived(api), submissions(database)
    assert len(sent) == len(set(sent)) <= CAP
    lost = [seed for seed, how in known.items() if how == Submission.UNCERTAIN and seed not in sent]
    print(f"{death}: {len(sent)} arrived, {len(lost)} uncertain ones did not")
    assert len(sent) + len(lost) == CAP
    assert all(known[seed] in (Submission.ACCEPTED, Submission.UNCERTAIN) for seed in sent)
    assert budget.spent(database, time.time())[1].credits == CAP


def _kill_at(posts: int, victim: Process, api: FakeApi) -> None:
    def on_request(request: Request) -> None:
        if request.method == "POST" and len(api.state.submits) >= posts and victim.exit_code is None:
            threading.Thread(target=victim.kill, daemon=True).start()

    api.state.on_request = on_request
