"""Following: what ends a run, and what does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import event

from rerender.studio.backends import PREVIEW, Backend
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.journal import Journal
from rerender.studio.limits import LOCAL_LIMITS
from rerender.studio.runner import Runner
from rerender.studio.runs import Run
from tests.fake_api import API_KEY, Answer, FakeApi, Request
from tests.studio.helpers import SQLITE, WallClock, a_request, backend_at, begin, finished, read
from tests.waiting import wait_until


@pytest.mark.parametrize("phase", ["failed", "dead"])
def test_failed_and_dead_end_the_wait(
    phase: str, runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.phases = ["pending", phase]
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert (run.phase, run.stored_at, run.credits) == (phase, None, 1.0)
    assert f"ended this render as {phase}" in str(run.error)
    assert "may have cost" in str(run.error)
    looks = api.state.get_count
    assert finished(history, runner.submit("ours", backend, a_request(seed=8))).phase == phase
    assert api.state.looks["render1"] == looks, "an ended render is not looked at again"


def test_an_unknown_phase_is_kept_as_it_is_and_looked_at_again(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.phases = ["dreaming"]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: api.state.get_count > 3)
    assert read(history, run_id).phase == "dreaming"
    api.state.phases = ["completed"]
    assert finished(history, run_id).stored_at


@pytest.mark.parametrize(
    "answer",
    [
        Answer(drop=True),
        Answer(500),
        Answer(503),
        Answer(429),
        Answer(404, {"message": "No such render"}),
        Answer(401, {"error": "Invalid API key"}),
        Answer(200, b"<html>"),
        Answer(200, {"_id": "render1"}),
        Answer(200, b'{"_id": "render1", "phase": "comp', cut=True),
    ],
    ids=["dropped", "500", "503", "429", "404", "401", "html", "no phase", "cut"],
)
def test_bad_gets_do_not_end_it(
    answer: Answer, runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.get_answers = [answer] * 4
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert run.stored_at
    assert run.error is None


def test_a_busy_api_is_looked_at_again_only_at_its_own_pace(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.get_answers = [Answer(429, headers={"Retry-After": "1"})]
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert run.submitted_at is not None
    assert run.completed_at is not None
    assert run.completed_at - run.submitted_at >= 1.0


def test_chance_makes_no_look_earlier_than_the_floor(
    start_runner: Callable[..., Runner], backend: Backend, history: History
) -> None:
    earliest: list[float] = []

    def jitter(low: float, _high: float) -> float:
        earliest.append(low)
        return low

    finished(history, start_runner(jitter=jitter).submit("ours", backend, a_request()))
    assert earliest
    assert min(earliest) >= 1


def test_a_render_that_left_a_long_queue_is_looked_at_often_again(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    wall = WallClock()

    def wait_an_hour(request: Request) -> None:
        if request.method == "GET" and api.state.get_count == 3:
            wall.ahead = 3600

    api.state.on_request = wait_an_hour
    api.state.phases = ["pending", "pending", "processing", "processing", "completed"]
    assert finished(history, start_runner(wall=wall).submit("ours", backend, a_request())).stored_at


def test_a_refused_key_makes_a_run_wait_until_another_key_is_offered(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    api.state.api_key = "a-newer-key"
    wait_until(lambda: "waiting for its key" in str(read(history, run_id).error))
    api.state.phases = ["completed"]
    runner.offer("ours", backend_at(api, "a-newer-key"))
    assert finished(history, run_id).stored_at


def test_a_newer_key_does_not_take_the_place_of_one_that_works(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    # With a clock that stands still the looks stay as close as they begin.
    runner = start_runner(lambda *_: None, lease=0.03, wall=lambda: 1.8e9)
    api.state.phases = ["processing"]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    runner.offer("ours", backend_at(api, "of-another-account"))
    runner.offer("ours", backend_at(api, "of-a-third-account"))
    looks = api.state.get_count
    wait_until(lambda: api.state.get_count > looks + 20)
    api.state.phases = ["completed"]
    assert finished(history, run_id).stored_at
    assert {request.auth for request in api.state.gets} == {f"Bearer {API_KEY}"}


def test_a_typed_key_does_not_take_the_place_of_the_one_in_settings_while_that_works(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    first = start_runner(wall=lambda: 1.8e9)
    run_id = first.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    first.close()
    runner = start_runner(lease=0.03, wall=lambda: 1.8e9)
    looks = api.state.get_count
    wait_until(lambda: api.state.get_count > looks)
    runner.offer("ours", backend_at(api, "of-another-account"))
    looks = api.state.get_count
    wait_until(lambda: api.state.get_count > looks + 20)
    assert {request.auth for request in api.state.gets} == {f"Bearer {API_KEY}"}


def test_a_typed_key_is_kept_for_a_day_at_most(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    wall = WallClock()
    runner = start_runner(lambda *_: None, wall=wall, lease=0.03)
    api.state.phases = ["processing"]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    wall.ahead = 25 * 3600
    wait_until(lambda: "waiting for the key" in str(read(history, run_id).error))
    api.state.phases = ["completed"]
    runner.offer("ours", backend)
    assert finished(history, run_id).stored_at


@SQLITE
def test_a_run_that_waits_for_its_key_is_not_written_again_at_every_round(
    start_runner: Callable[..., Runner], backend: Backend, database: Database, history: History, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    first = start_runner()
    run_id = first.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    first.close()
    rounds: list[str] = []
    runner = start_runner(lambda run: rounds.append(run.backend))
    wait_until(lambda: "waiting for the key" in str(read(history, run_id).error))
    statements: list[str] = []
    event.listen(database._reader, "before_cursor_execute", lambda *details: statements.append(details[2]))
    for _ in range(3):
        seen = len(rounds)
        runner.offer("theirs", backend)
        wait_until(lambda seen=seen: len(rounds) > seen)
    runner.close()
    assert "BEGIN" in statements
    assert statements.count("BEGIN IMMEDIATE") == 1, "letting go at the close is the only write"


def test_two_runners_never_track_the_same_run(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    with_another_key = backend_at(api, "the-other-runner")
    start_runner(lambda *_: with_another_key, lease=0.06)
    api.state.phases = ["processing"]
    run_id = start_runner().submit("ours", backend, a_request())
    wait_until(lambda: api.state.get_count > 10)
    api.state.phases = ["completed"]
    finished(history, run_id)
    assert {request.auth for request in api.state.gets} == {f"Bearer {API_KEY}"}


def test_a_run_whose_runner_closed_is_taken_up_by_the_next(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    first = start_runner()
    run_id = first.submit("ours", backend, a_request(batch_size=2))
    wait_until(lambda: read(history, run_id).phase)
    first.close()
    api.state.phases = ["completed"]
    start_runner()
    assert finished(history, run_id).stored_at
    assert api.state.submit_count == 1


def test_a_run_that_is_accepted_while_it_is_being_taken_over_is_followed(
    start_runner: Callable[..., Runner],
    database: Database,
    backend: Backend,
    history: History,
    api: FakeApi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    suspended = Journal(database, "elsewhere/1/owner", wall=time.time, lease=-1.0, announce=lambda: None)
    run_id = begin(suspended, "ours", backend, a_request())
    suspended.sending(run_id)
    with backend.client() as client:
        render_id = client.submit(a_request())
    orphans = Journal.orphans

    def found_too_early(self: Journal) -> list[Run]:
        found = orphans(self)
        if found and found[0].submission == "submitting":
            suspended.accepted(run_id, render_id)
        return found

    monkeypatch.setattr(Journal, "orphans", found_too_early)
    start_runner()
    assert finished(history, run_id).stored_at


def test_an_api_that_hangs_keeps_no_preview_from_being_seen(
    start_runner: Callable[..., Runner], backend: Backend, database: Database, api: FakeApi
) -> None:
    api.state.get_delay = 60.0
    with FakeApi() as service:
        here = replace(PREVIEW, base_url=service.base_url, api_key=API_KEY, poll_floor=0.01)
        runner = start_runner(limits=replace(LOCAL_LIMITS, looks_at_once=2))
        for seed in range(4):
            runner.submit("ours", backend, a_request(seed=seed))
        wait_until(lambda: api.state.get_count == 2)
        run_id = runner.submit("theirs", here, a_request())
        assert finished(History(database, "theirs"), run_id).stored_at
        assert api.state.get_count == 2
    # The looks that hang end now, and not when their database is closed.
    api.close()
