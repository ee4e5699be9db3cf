"""What people decide in the course of a run: to stop it, to go on with it, and what became of one of unknown fate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from rerender.client import NOT_FOUND_GRACE
from rerender.studio.attention import Need
from rerender.studio.backends import PREVIEW, Backend
from rerender.studio.curation import Curation, purge
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.journal import Journal, new_owner
from rerender.studio.runner import Runner
from rerender.studio.runs import Run, State, Submission
from rerender.studio.tables import runs
from rerender.studio.wipe import at_stake
from tests.fake_api import Answer, FakeApi, Request, picture
from tests.studio.archives import changed, exported, imported
from tests.studio.helpers import WallClock, a_request, finished, read
from tests.studio.rows import add_run
from tests.waiting import wait_until

PAID = {"backend": "https://api.test", "credits": 1.0, "cost": 0.025}
UNCERTAIN = {**PAID, "submission": "uncertain", "render_id": None, "phase": None, "stored_at": None}


@pytest.fixture
def journal(database: Database) -> Journal:
    """Of another process, which sends at its own pace."""
    return Journal(database, new_owner(), wall=lambda: 1.8e9, lease=1e9, announce=lambda: None)


def uncertain(runner: Runner, backend: Backend, history: History, api: FakeApi) -> Run:
    """A run whose POST the API took, and whose answer was lost: the render there is "render1"."""
    api.state.on_request = lambda request: request.method == "POST" and api.state.renders.update(render1=request.json)
    api.state.submit_answers = [Answer(drop=True)]
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert run.state == State.UNCERTAIN
    return run


# To stop.


def test_a_queued_run_that_is_stopped_is_never_sent_and_costs_nothing(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    go_on = threading.Event()
    api.state.on_request = lambda request: request.method == "POST" and go_on.wait(10)
    runner = start_runner()
    *_, queued = [runner.submit("ours", backend, a_request(seed=seed)) for seed in range(5)]
    wait_until(lambda: api.state.submit_count == 4)
    assert read(history, queued).can_be_stopped
    assert runner.stop_watching("ours", queued)
    go_on.set()
    wait_until(lambda: not history.unfinished())
    run = read(history, queued)
    assert (run.state, run.credits, run.cost) == (State.REFUSED, 0.0, 0.0)
    assert run.error == "You stopped it before it was sent. Nothing was charged."
    assert sorted(request.json["seed"] for request in api.state.submits) == [0, 1, 2, 3]
    assert not runner.look_again("ours", queued)


def test_a_run_that_waits_at_the_pace_of_the_api_can_be_stopped_and_is_then_never_sent_again(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.submit_answers = [Answer(429, headers={"Retry-After": "0"})]
    runner = start_runner()
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: api.state.submit_count and read(history, run_id).can_be_stopped)
    assert runner.stop_watching("ours", run_id)
    # Four posts at once take all of the runner's threads, so the one that waited has ended.
    together = threading.Barrier(4)
    api.state.on_request = lambda request: request.method == "POST" and together.wait(20)
    later = [runner.submit("ours", backend, a_request(seed=seed)) for seed in range(100, 104)]
    assert all(finished(history, one).stored_at for one in later)
    assert [request.json["seed"] for request in api.state.submits].count(7) == 1
    run = read(history, run_id)
    assert (run.state, run.error) == (State.REFUSED, "You stopped it before it was sent. Nothing was charged.")


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
    run_id = journal.begin("ours", backend, a_request())
    assert journal.sending(run_id)
    assert journal.held_back(run_id)
    journal.let_go()
    assert (read(history, run_id).state, read(history, run_id).credits) == (State.REFUSED, 0.0)


def test_who_comes_first_decides_whether_a_run_is_stopped_or_sent(
    runner: Runner, journal: Journal, backend: Backend, history: History
) -> None:
    stopped, sent = (journal.begin("ours", backend, a_request(seed=seed)) for seed in range(2))
    assert runner.stop_watching("ours", stopped)
    assert not journal.sending(stopped)
    assert journal.sending(sent)
    assert not read(history, sent).can_be_stopped
    assert not runner.stop_watching("ours", sent)
    assert (read(history, sent).submission, read(history, sent).is_unfinished) == ("submitting", True)


def test_stopping_and_sending_at_once_never_leaves_a_sent_run_that_is_called_not_sent(
    runner: Runner, journal: Journal, backend: Backend, history: History
) -> None:
    run_ids = [journal.begin("ours", backend, a_request(seed=seed)) for seed in range(20)]
    sent: set[str] = set()
    sender = threading.Thread(target=lambda: sent.update(run_id for run_id in run_ids if journal.sending(run_id)))
    sender.start()
    stopped = {run_id for run_id in reversed(run_ids) if runner.stop_watching("ours", run_id)}
    sender.join()
    assert sent.isdisjoint(stopped)
    assert sent | stopped == set(run_ids)
    assert all((read(history, run_id).state == State.REFUSED) == (run_id in stopped) for run_id in run_ids)


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
            go_on.wait(10)

    api.state.on_request = hold
    runner = start_runner()
    run_id = runner.submit("ours", backend, a_request())
    assert looking.wait(10)
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
    queued, of_unknown_fate = journal.begin("ours", backend, a_request()), add_run(database, **UNCERTAIN)
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


# What became of a run of unknown fate.


def test_the_render_that_its_owner_found_is_followed_to_its_pictures(
    runner: Runner, backend: Backend, history: History, database: Database, api: FakeApi
) -> None:
    run = uncertain(runner, backend, history, api)
    assert (history.need_count(), at_stake(database, "ours")) == (1, 1)
    assert runner.attach("ours", run.run_id, "render1")
    run = finished(history, run.run_id)
    assert (run.state, run.render_id, run.credits, run.error) == (State.COMPLETED, "render1", 1.0, None)
    assert [history.data(output.sha256) for output in history.outputs(run.run_id)] == [picture(512, 512, 100)]
    assert api.state.submit_count == 1
    assert (history.need_count(), at_stake(database, "ours")) == (0, 0)


@pytest.mark.parametrize("render_id", ["", " ", "..", "a/b", "a b", "a?b", "x" * 201, "a\n"])
def test_what_is_no_render_id_is_not_taken(
    render_id: str, runner: Runner, history: History, database: Database
) -> None:
    run = read(history, add_run(database, **UNCERTAIN))
    assert not runner.attach("ours", run.run_id, render_id)
    assert read(history, run.run_id) == run


def test_the_id_of_another_run_at_that_api_is_not_taken(
    start_runner: Callable[..., Runner], history: History, database: Database
) -> None:
    runner = start_runner(lambda *_: None)
    for others in (PAID, {**PAID, "deleted_at": 5.0}):
        add_run(database, **{**others, "render_id": f"taken{len(others)}"})
    add_run(database, **{**PAID, "render_id": "elsewhere", "backend": "https://other.test"})
    add_run(database, **{**PAID, "render_id": "theirs", "workspace": "theirs"})
    run_ids = [add_run(database, **UNCERTAIN) for _ in range(2)]
    assert not runner.attach("ours", run_ids[0], "taken3")
    assert not runner.attach("ours", run_ids[0], "taken4")
    assert runner.attach("ours", run_ids[0], "elsewhere")
    assert not runner.attach("ours", run_ids[1], "elsewhere")
    assert runner.attach("ours", run_ids[1], "theirs")


def test_an_id_that_the_api_never_confirmed_can_be_taken_back_and_the_run_is_of_unknown_fate_again(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    run_id = uncertain(runner, backend, history, api).run_id
    assert runner.attach("ours", run_id, "mistyped")
    wait_until(lambda: "no such render" in str(read(history, run_id).error))
    assert runner.stop_watching("ours", run_id)
    run = read(history, run_id)
    assert (run.state, run.render_id, run.settled_at) == (State.UNCERTAIN, None, None)
    assert "before the API had shown a render mistyped" in str(run.error)
    assert runner.attach("ours", run_id, "render1")
    assert finished(history, run_id).state == State.COMPLETED


def test_an_id_of_no_render_asks_again_once_the_api_has_not_known_it_for_a_while(
    start_runner: Callable[..., Runner], backend: Backend, history: History, api: FakeApi
) -> None:
    wall = WallClock()
    runner = start_runner(wall=wall)
    run_id = uncertain(runner, backend, history, api).run_id
    assert runner.attach("ours", run_id, "mistyped")
    looks = api.state.get_count
    wait_until(lambda: api.state.get_count > looks + 2)
    assert read(history, run_id).is_unfinished, "a render may take a moment to be seen everywhere"
    assert history.need_count() == 0
    wall.ahead = NOT_FOUND_GRACE + 1
    run = finished(history, run_id)
    assert (run.state, run.render_id, run.settled_at, run.cost) == (State.UNCERTAIN, None, None, 0.025)
    assert str(run.error).startswith("The API has no render mistyped: look again in your account.")
    assert [need for need, _ in history.needs()] == [Need.FATE]
    assert runner.attach("ours", run_id, "render1")
    assert finished(history, run_id).state == State.COMPLETED


@pytest.mark.parametrize("known", [{"settled_at": None, "phase": None}, {"phase": "processing"}])
def test_a_render_that_the_api_has_answered_with_or_shown_is_looked_for_however_long_it_is_not_found(
    known: dict[str, Any], start_runner: Callable[..., Runner], history: History, database: Database, api: FakeApi
) -> None:
    then = time.time() - NOT_FOUND_GRACE - 1
    paid = {**PAID, "backend": api.base_url, "finished_at": None, "submitted_at": then, "settled_at": then}
    run_id = add_run(database, **{**paid, "render_id": "gone", **known})
    start_runner()
    wait_until(lambda: api.state.get_count > 2)
    run = read(history, run_id)
    assert (run.is_unfinished, run.render_id) == (True, "gone")


def test_a_render_that_is_not_its_own_leaves_the_run_with_its_pictures_and_the_right_one_can_be_given(
    runner: Runner, backend: Backend, history: History, database: Database, api: FakeApi
) -> None:
    run_id = uncertain(runner, backend, history, api).run_id
    api.state.renders["other"] = a_request(batch_size=2).to_json()
    runner.attach("ours", run_id, "other")
    assert finished(history, run_id).is_found
    assert len(history.outputs(run_id)) == 2
    assert not runner.reopen("theirs", run_id)
    assert runner.reopen("ours", run_id)
    run = read(history, run_id)
    assert (run.state, run.render_id, run.phase, run.misc, run.cost) == (State.UNCERTAIN, None, None, {}, 0.025)
    assert history.outputs(run_id) == []
    assert runner.attach("ours", run_id, "render1")
    assert finished(history, run_id).render_id == "render1"
    assert len(history.outputs(run_id)) == 1


@pytest.mark.parametrize(("held", "phase"), [("/api/renders/other", "failed"), ("/files/other/1.png", "completed")])
def test_a_look_under_way_at_a_render_that_is_not_its_own_changes_nothing_of_the_right_one(
    held: str, phase: str, runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    run_id = uncertain(runner, backend, history, api).run_id
    api.state.renders["other"] = a_request(batch_size=2).to_json()
    api.state.phases_of |= {"other": [phase], "render1": ["processing"]}
    looking, go_on = threading.Event(), threading.Event()

    def hold(request: Any) -> None:
        if request.path == held:
            looking.set()
            go_on.wait(10)

    api.state.on_request = hold
    assert runner.attach("ours", run_id, "other")
    assert looking.wait(10)
    assert runner.reopen("ours", run_id)
    assert runner.attach("ours", run_id, "render1")
    wait_until(lambda: read(history, run_id).phase == "processing")
    go_on.set()
    looks = api.state.looks["render1"]
    wait_until(lambda: api.state.looks["render1"] > looks + 3)
    api.state.phases_of["render1"] = ["completed"]
    run = finished(history, run_id)
    assert (run.state, run.render_id, len(history.outputs(run_id))) == (State.COMPLETED, "render1", 1)


def test_a_run_that_was_not_charged_costs_nothing_and_asks_no_more(
    runner: Runner, history: History, database: Database
) -> None:
    run_id = add_run(database, **UNCERTAIN)
    assert runner.settle("ours", run_id, charged=False)
    run = read(history, run_id)
    assert (run.state, run.credits, run.cost) == (State.REFUSED, 0.0, 0.0)
    assert (history.need_count(), at_stake(database, "ours")) == (0, 0)


def test_whoever_said_by_mistake_that_it_was_not_charged_can_say_that_it_was_and_its_cost_is_back(
    runner: Runner, history: History, database: Database
) -> None:
    run_id = add_run(database, **UNCERTAIN)
    for charged, state, cost in ((False, State.REFUSED, 0.0), (True, State.FAILED, 0.025), (False, State.REFUSED, 0.0)):
        assert runner.settle("ours", run_id, charged=charged)
        run = read(history, run_id)
        assert (run.state, run.cost, run.can_be_settled) == (state, cost, True)
        assert ("not charged" in str(run.error)) == (not charged)


def test_whoever_said_by_mistake_that_it_was_not_charged_can_still_have_its_pictures(
    runner: Runner, backend: Backend, history: History, api: FakeApi
) -> None:
    run_id = uncertain(runner, backend, history, api).run_id
    assert runner.settle("ours", run_id, charged=False)
    assert runner.attach("ours", run_id, "render1")
    run = finished(history, run_id)
    assert (run.state, run.credits, run.cost, run.can_be_settled) == (State.COMPLETED, 1.0, 0.025, False)


@pytest.mark.parametrize("charged", [True, False])
def test_what_its_owner_said_can_be_taken_back_and_then_nobody_knows_again(
    charged: bool, runner: Runner, history: History, database: Database
) -> None:
    run_id = add_run(database, **UNCERTAIN)
    assert not runner.reopen("ours", run_id), "nothing was said yet"
    runner.settle("ours", run_id, charged=charged)
    assert not runner.reopen("theirs", run_id)
    assert runner.reopen("ours", run_id)
    run = read(history, run_id)
    assert (run.state, run.credits, run.cost) == (State.UNCERTAIN, 1.0, 0.025)
    assert "may have been charged" in str(run.error)
    assert (history.need_count(), at_stake(database, "ours")) == (1, 1)


def test_the_price_of_a_run_that_was_called_not_charged_outlives_an_export(database: Database, runner: Runner) -> None:
    run_id = add_run(database, created_at=1.8e9, **{**UNCERTAIN, "finished_at": 1.8e9})
    assert runner.settle("ours", run_id, charged=False)
    imported(database, exported(database), "theirs")
    (run,) = History(database, "theirs").recent()
    assert run.cost == 0.0
    assert runner.settle("theirs", run.run_id, charged=True)
    assert read(History(database, "theirs"), run.run_id).cost == 0.025


def test_a_run_that_was_charged_keeps_its_cost_asks_no_more_and_can_still_be_found(
    start_runner: Callable[..., Runner], history: History, database: Database
) -> None:
    runner = start_runner(lambda *_: None)
    run_id = add_run(database, **UNCERTAIN)
    assert runner.settle("ours", run_id, charged=True)
    run = read(history, run_id)
    assert (run.state, run.credits, run.cost) == (State.FAILED, 1.0, 0.025)
    assert (history.need_count(), at_stake(database, "ours")) == (0, 0)
    assert runner.attach("ours", run_id, "render1")
    assert read(history, run_id).is_unfinished


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {**PAID, "finished_at": None},
        {**PAID, "submission": "refused", "stored_at": None},
        {**UNCERTAIN, "backend": "embedded"},
    ],
    ids=["completed", "unfinished", "refused", "preview"],
)
def test_only_the_fate_of_an_uncertain_paid_run_is_for_its_owner_to_say(
    columns: dict[str, Any], start_runner: Callable[..., Runner], history: History, database: Database
) -> None:
    runner = start_runner(lambda *_: None)
    run_id = add_run(database, **columns)
    assert not runner.attach("ours", run_id, "render1")
    assert not runner.settle("ours", run_id, charged=False)
    assert not runner.reopen("ours", run_id)
    run = read(history, run_id)
    assert not run.can_be_settled
    assert (run.submission, run.settled_at) == (columns.get("submission", "accepted"), None)


@pytest.mark.parametrize("charged", [True, False])
def test_a_late_answer_overrules_what_its_owner_said(
    charged: bool, runner: Runner, journal: Journal, backend: Backend, database: Database, history: History
) -> None:
    run_id = journal.begin("ours", backend, a_request())
    journal.sending(run_id)
    with database.write() as connection:  # as another process does, for which this one seems to be gone
        connection.execute(update(runs).values(submission="uncertain", finished_at=5.0, owner=None, error="cut off"))
    assert runner.settle("ours", run_id, charged=charged)
    said = read(history, run_id)
    journal.not_accepted(run_id, Submission.UNCERTAIN, "late, and no better known")
    assert read(history, run_id) == said
    journal.accepted(run_id, "render1")
    run = read(history, run_id)
    assert (run.submission, run.render_id, run.credits, run.cost) == ("accepted", "render1", 1.0, 0.025)
    assert (run.settled_at, run.is_unfinished) == (None, True)


@pytest.mark.parametrize("charged", [None, True, False])
def test_a_refusal_that_comes_late_is_certain_whatever_was_thought_or_said_meanwhile(
    charged: bool | None, runner: Runner, journal: Journal, database: Database, history: History
) -> None:
    run_id = add_run(database, **UNCERTAIN)
    if charged is not None:
        runner.settle("ours", run_id, charged=charged)
    journal.not_accepted(run_id, Submission.REFUSED, "late")
    run = read(history, run_id)
    assert (run.state, run.error, run.cost) == (State.REFUSED, "late", 0.0)
    assert not run.can_be_settled


@pytest.mark.parametrize("submission", [Submission.REFUSED, Submission.UNCERTAIN])
def test_a_late_answer_without_an_id_changes_neither_a_stopped_run_nor_one_whose_render_was_found(
    submission: Submission,
    start_runner: Callable[..., Runner],
    journal: Journal,
    database: Database,
    backend: Backend,
    history: History,
) -> None:
    runner = start_runner(lambda *_: None)
    stopped, found = journal.begin("ours", backend, a_request()), add_run(database, **UNCERTAIN)
    assert runner.stop_watching("ours", stopped)
    assert runner.attach("ours", found, "render1")
    before = [read(history, run_id) for run_id in (stopped, found)]
    for run_id in (stopped, found):
        journal.not_accepted(run_id, submission, "late")
    after = [read(history, run_id) for run_id in (stopped, found)]
    assert [(run.submission, run.render_id) for run in after] == [("refused", None), ("accepted", "render1")]
    assert after[0].error == before[0].error


def test_a_run_that_was_taken_over_while_in_flight_and_is_then_not_accepted_was_not_charged(
    runner: Runner, backend: Backend, history: History, database: Database, api: FakeApi
) -> None:
    def take_over(request: Request) -> None:
        if request.method == "POST":
            with database.write() as connection:  # as another process does, for which this one seems to be gone
                connection.execute(update(runs).values(submission="uncertain", finished_at=5.0, owner=None))

    api.state.on_request = take_over
    api.state.submit_answers = [Answer(429, headers={"Retry-After": "0"})]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).state == State.REFUSED)
    run = read(history, run_id)
    assert (run.cost, api.state.submit_count) == (0.0, 1)
    assert "Nothing was charged" in str(run.error)


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


def test_counting_needs_goes_through_an_index(database: Database) -> None:
    seen: list[str] = []
    with database.read() as connection:
        plan = "EXPLAIN QUERY PLAN SELECT count(*) FROM runs WHERE workspace = 'ours' AND stored_at IS NULL"
        seen = [str(row) for row in connection.exec_driver_sql(plan)]
    assert "ix_runs_workspace_stored_at" in seen[0]


def test_an_older_archive_that_knows_nothing_of_decisions_is_imported(database: Database) -> None:
    add_run(database, **PAID, created_at=1.8e9, results=[picture()])
    with database.write() as connection:
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
    api.state.on_request = lambda request: request.method == "POST" and go_on.wait(10)
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
