"""What people decide in the course of a run: to stop it and to go on with it, and what needs them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from rerender.studio.attention import Need
from rerender.studio.backends import PREVIEW, Backend
from rerender.studio.curation import Curation, purge
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.journal import Journal, new_owner
from rerender.studio.runner import Runner
from rerender.studio.runs import State
from rerender.studio.tables import runs
from rerender.studio.wipe import at_stake
from tests.fake_api import Answer, FakeApi, picture
from tests.studio.archives import changed, exported, imported
from tests.studio.helpers import SQLITE, a_request, begin, finished, read
from tests.studio.rows import add_run
from tests.waiting import wait_until

PAID = {"backend": "https://api.test", "credits": 1.0, "cost": 0.025}
UNCERTAIN = {**PAID, "submission": "uncertain", "render_id": None, "phase": None, "stored_at": None}


@pytest.fixture
def journal(database: Database) -> Journal:
    """Of another process, which sends at its own pace."""
    return Journal(database, new_owner(), wall=lambda: 1.8e9, lease=1e9, announce=lambda: None)


# To stop.


def test_a_queued_run_that_is_stopped_is_never_sent_and_costs_nothing(
    start_runner: Callable[..., Runner], backend: Backend, history: History, database: Database, api: FakeApi
) -> None:
    go_on = threading.Event()
    api.state.on_request = lambda request: request.method == "POST" and go_on.wait(60)
    runner = start_runner()
    *_, queued = [runner.submit("ours", backend, a_request(seed=seed)) for seed in range(5)]
    wait_until(lambda: api.state.submit_count == 4)
    assert read(history, queued).can_be_stopped
    assert runner.stop_watching("ours", queued)
    go_on.set()
    wait_until(lambda: not history.unfinished())
    run = read(history, queued)
    assert (run.state, run.credits, run.cost) == (State.CANCELLED, 0.0, 0.0)
    assert run.error == "You stopped it before it was sent. Nothing was charged."
    assert sorted(request.json["seed"] for request in api.state.submits) == [0, 1, 2, 3]
    assert at_stake(database, "ours") == 0
    assert not runner.look_again("ours", queued)


def test_a_run_that_waits_at_the_pace_of_the_api_can_be_stopped_and_is_then_never_sent_again(
    start_runner: Callable[..., Runner],
    backend: Backend,
    history: History,
    api: FakeApi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api.state.submit_answers = [Answer(429, headers={"Retry-After": "0"})]
    runner, is_stopped = start_runner(), threading.Event()
    hold_back = runner._journal.held_back
    monkeypatch.setattr(runner._journal, "held_back", lambda held: hold_back(held) and is_stopped.wait(60))
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: api.state.submit_count and read(history, run_id).can_be_stopped)
    assert runner.stop_watching("ours", run_id)
    is_stopped.set()
    # Four posts at once take all of the runner's threads, so the one that waited has ended.
    together = threading.Barrier(4)
    api.state.on_request = lambda request: request.method == "POST" and together.wait(60)
    later = [runner.submit("ours", backend, a_request(seed=seed)) for seed in range(100, 104)]
    assert all(finished(history, one).stored_at for one in later)
    assert [request.json["seed"] for request in api.state.submits].count(7) == 1
    run = read(history, run_id)
    assert (run.state, run.error) == (State.CANCELLED, "You stopped it before it was sent. Nothing was charged.")


def test_closing_does_not_change_why_a_run_was_not_sent(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.submit_answers = [Answer(429, headers={"Retry-After": "50"})]
    runner = start_runner()
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: api.state.submit_count and read(history, run_id).can_be_stopped)
    assert runner.stop_watching("ours", run_id)
    runner.close()
    assert read(history, run_id).error == "You stopped it before it was sent. Nothing was charged."


def test_a_run_that_waited_at_the_pace_of_the_api_is_sent_when_nobody_stops_it(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.submit_answers = [Answer(429, headers={"Retry-After": "0"})]
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert (run.state, api.state.submit_count) == (State.COMPLETED, 2)
    assert run.submitted_at is not None


def test_a_process_that_ends_while_it_waits_to_send_again_leaves_a_run_that_was_not_charged(
    journal: Journal, backend: Backend, history: History
) -> None:
    run_id = begin(journal, "ours", backend, a_request())
    assert journal.sending(run_id)
    assert journal.held_back(run_id)
    journal.let_go()
    assert (read(history, run_id).state, read(history, run_id).credits) == (State.REFUSED, 0.0)


def test_who_comes_first_decides_whether_a_run_is_stopped_or_sent(
    runner: Runner, journal: Journal, backend: Backend, history: History
) -> None:
    stopped, sent = (begin(journal, "ours", backend, a_request(seed=seed)) for seed in range(2))
    assert runner.stop_watching("ours", stopped)
    assert not journal.sending(stopped)
    assert journal.sending(sent)
    assert not read(history, sent).can_be_stopped
    assert not runner.stop_watching("ours", sent)
    assert (read(history, sent).submission, read(history, sent).is_unfinished) == ("submitting", True)


def test_stopping_and_sending_at_once_never_leaves_a_sent_run_that_is_called_not_sent(
    runner: Runner, journal: Journal, backend: Backend, history: History
) -> None:
    run_ids = [begin(journal, "ours", backend, a_request(seed=seed)) for seed in range(20)]
    sent: set[str] = set()
    sender = threading.Thread(target=lambda: sent.update(run_id for run_id in run_ids if journal.sending(run_id)))
    sender.start()
    stopped = {run_id for run_id in reversed(run_ids) if runner.stop_watching("ours", run_id)}
    sender.join()
    assert sent.isdisjoint(stopped)
    assert sent | stopped == set(run_ids)
    assert all((read(history, run_id).state == State.CANCELLED) == (run_id in stopped) for run_id in run_ids)


def test_an_accepted_run_that_is_stopped_says_that_its_credit_is_spent_and_is_looked_at_no_more(
    runner: Runner, backend: Backend, history: History, database: Database, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    assert runner.stop_watching("ours", run_id)
    run = read(history, run_id)
    assert (run.state, run.credits, run.render_id, run.is_unfinished) == (State.STOPPED, 1.0, "render1", False)
    assert run.error == "You stopped watching. The credit is spent; the render goes on at the API as render1."
    wait_until(lambda: not runner._tracker._watches)
    looks = api.state.get_count
    api.state.phases = ["completed"]
    other = finished(history, runner.submit("ours", backend, a_request(seed=8)))
    assert other.stored_at
    assert [request.path for request in api.state.gets[looks:]].count("/api/renders/render1") <= 1, "one was under way"
    assert read(history, run_id) == run
    assert at_stake(database, "ours") == 1, "its pictures can still be had"


def test_watching_again_fetches_the_pictures_and_a_look_under_way_changes_nothing(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    looking, go_on = threading.Event(), threading.Event()

    def hold(request: Any) -> None:
        if request.path.startswith("/files/"):
            looking.set()
            go_on.wait(60)

    api.state.on_request = hold
    runner = start_runner()
    run_id = runner.submit("ours", backend, a_request())
    assert looking.wait(60)
    assert runner.stop_watching("ours", run_id)
    go_on.set()
    assert "the pictures may still be at the API as render1" in str(read(history, run_id).error)
    wait_until(lambda: not runner._tracker._watches)
    assert history.outputs(run_id) == []
    assert runner.look_again("ours", run_id)
    assert not runner.look_again("ours", run_id), "it is watched already"
    run = finished(history, run_id)
    assert (run.state, run.stopped_at, run.error) == (State.COMPLETED, None, None)
    assert [history.data(output.sha256) for output in history.outputs(run_id)] == [picture(512, 512, 100)]
    assert api.state.submit_count == 1
    assert not runner.stop_watching("ours", run_id)


def test_a_stopped_run_can_be_watched_again_by_another_process(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    first = start_runner()
    run_id = first.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    first.stop_watching("ours", run_id)
    first.close()
    second = start_runner()
    assert read(history, run_id).state == State.STOPPED
    api.state.phases = ["completed"]
    assert second.look_again("ours", run_id)
    assert finished(history, run_id).stored_at


def test_a_stopped_preview_cost_nothing(runner: Runner, history: History, database: Database, api: FakeApi) -> None:
    run_id = add_run(database, finished_at=None, phase="processing", owner="elsewhere/1/x", lease_until=4e9)
    assert runner.stop_watching("ours", run_id)
    assert (read(history, run_id).state, read(history, run_id).error) == (
        State.STOPPED,
        "You stopped watching. It cost nothing.",
    )
    assert at_stake(database, "ours") == 0


@pytest.mark.parametrize(
    "columns",
    [{}, {"stored_at": None, "phase": "failed"}, {"submission": "refused", "stored_at": None}, UNCERTAIN],
    ids=["completed", "failed", "refused", "uncertain"],
)
def test_what_has_ended_can_neither_be_stopped_nor_watched_again(
    columns: dict[str, Any], runner: Runner, history: History, database: Database
) -> None:
    run = read(history, add_run(database, **columns))
    assert not run.can_be_stopped
    assert not run.can_be_watched_again
    assert not runner.stop_watching("ours", run.run_id)
    assert not runner.look_again("ours", run.run_id)
    assert read(history, run.run_id) == run


def test_nobody_decides_about_a_run_of_another_workspace(
    runner: Runner, history: History, database: Database, journal: Journal, backend: Backend
) -> None:
    queued, of_unknown_fate = begin(journal, "ours", backend, a_request()), add_run(database, **UNCERTAIN)
    stopped = add_run(database, **PAID, stored_at=None, stopped_at=5.0)
    before = [read(history, run_id) for run_id in (queued, of_unknown_fate, stopped)]
    assert not runner.stop_watching("theirs", queued)
    assert not runner.attach("theirs", of_unknown_fate, "render1")
    assert not runner.settle("theirs", of_unknown_fate, charged=False)
    assert not runner.look_again("theirs", stopped)
    assert [read(history, run_id) for run_id in (queued, of_unknown_fate, stopped)] == before


def test_pictures_that_were_given_up_can_be_let_go_and_looked_for_again(
    start_runner: Callable[..., Runner], history: History, database: Database
) -> None:
    runner = start_runner(lambda *_: None)
    run_id = add_run(database, **PAID, stored_at=None, completed_at=5.0)
    assert [need for need, _ in history.needs()] == [Need.PICTURES]
    assert at_stake(database, "ours") == 1
    assert runner.stop_watching("ours", run_id)
    assert (read(history, run_id).state, history.need_count()) == (State.STOPPED, 0)
    assert runner.look_again("ours", run_id)
    assert read(history, run_id).is_unfinished


# What needs its owner.


def test_each_need_is_named_and_counted_in_its_own_workspace(database: Database, history: History) -> None:
    waits = {**PAID, "finished_at": None, "phase": "pending"}
    wanted = {
        add_run(database, created_at=1003.0, **UNCERTAIN): Need.FATE,
        add_run(database, created_at=1002.0, error="This render is waiting for its key: no.", **waits): Need.KEY,
        add_run(database, created_at=1001.0, completed_at=5.0, **{**PAID, "stored_at": None}): Need.PICTURES,
    }
    for columns in (
        {},
        {**waits, "error": "No answer. Looking again by itself."},
        {**waits, "backend": "embedded", "error": "This render is waiting for the preview service."},
        {**UNCERTAIN, "backend": "embedded"},
        {**UNCERTAIN, "workspace": "theirs"},
        {**UNCERTAIN, "deleted_at": 2000.0},
        {**PAID, "stored_at": None, "phase": "failed"},
        {**PAID, "stored_at": None, "stopped_at": 5.0, "completed_at": 5.0},
    ):
        add_run(database, **columns)
    assert [(need, run.run_id) for need, run in history.needs()] == [(need, run) for run, need in wanted.items()]
    assert history.need_count() == 3
    assert History(database, "theirs").need_count() == 1


def test_a_run_without_a_usable_key_needs_it(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    first = start_runner()
    run_id = first.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    first.close()
    second = start_runner(lambda *_: None)
    wait_until(lambda: [need for need, _ in history.needs()] == [Need.KEY])
    second.offer("ours", replace(backend, api_key="of-nobody"))
    wait_until(lambda: "refused the key" in str(read(history, run_id).error))
    assert [need for need, _ in history.needs()] == [Need.KEY]
    api.state.phases = ["completed"]
    second.offer("ours", backend)
    assert finished(history, run_id).stored_at
    assert history.need_count() == 0


@SQLITE
def test_counting_needs_goes_through_an_index(database: Database) -> None:
    seen: list[str] = []
    with database.read(EVERYONE) as connection:
        plan = "EXPLAIN QUERY PLAN SELECT count(*) FROM runs WHERE workspace = 'ours' AND stored_at IS NULL"
        seen = [str(row) for row in connection.exec_driver_sql(plan)]
    assert "ix_runs_workspace_stored_at" in seen[0]


def test_an_older_archive_that_knows_nothing_of_decisions_is_imported(database: Database) -> None:
    add_run(database, **PAID, created_at=1.8e9, results=[picture()])
    with database.write(EVERYONE) as connection:
        connection.execute(update(runs).values(finished_at=1.8e9, stored_at=1.8e9))

    def forget(document: dict[str, Any]) -> None:
        for run in document["runs"]:
            del run["stopped_at"], run["settled_at"]

    assert imported(database, changed(exported(database), forget), "theirs").runs == 1
    assert [run.state for run in History(database, "theirs").recent()] == [State.COMPLETED]


# Deleted in the course of it.


def test_a_run_that_was_deleted_before_it_became_uncertain_still_asks_and_is_not_purged(
    runner: Runner, backend: Backend, history: History, database: Database, api: FakeApi
) -> None:
    go_on = threading.Event()
    api.state.on_request = lambda request: request.method == "POST" and go_on.wait(60)
    api.state.submit_answers = [Answer(drop=True)]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: api.state.submit_count)
    Curation(database, "ours").delete(run_id)
    go_on.set()
    wait_until(history.need_count)
    assert [(need, run.run_id) for need, run in history.needs()] == [(Need.FATE, run_id)]
    assert history.latest() is None
    assert purge(database, lambda: time.time() + 7200) == 0
    api.state.renders["render1"] = api.state.submits[0].json
    assert runner.attach("ours", run_id, "render1"), "and whoever finds it gets it back"
    assert finished(history, run_id).stored_at


def test_what_was_uncertain_when_it_was_deleted_is_given_up_and_purged(database: Database, history: History) -> None:
    now = time.time()
    add_run(database, **{**UNCERTAIN, "finished_at": now - 9000, "deleted_at": now - 8000})
    assert history.need_count() == 0
    assert purge(database) == 1


def test_deleting_a_run_whose_pictures_are_still_to_come_purges_nothing_until_they_are_here(
    start_runner: Callable[..., Runner], backend: Backend, database: Database, history: History, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    runner = start_runner()
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    Curation(database, "ours").delete(run_id)
    assert purge(database, lambda: time.time() + 7200) == 0
    runner.close()
    api.state.phases = ["completed"]
    start_runner()
    wait_until(lambda: history.outputs(run_id))
    Curation(database, "ours").restore(run_id)
    assert finished(history, run_id).state == State.COMPLETED


def test_the_preview_backend_is_the_only_one_that_is_never_at_stake(database: Database) -> None:
    for backend in (PREVIEW.name, PAID["backend"]):
        add_run(database, backend=backend, stored_at=None, stopped_at=5.0)
    assert at_stake(database, "ours") == 1
