"""What became of a run of unknown fate: what its owner says, and answers that come late."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from rerender.client import NOT_FOUND_GRACE
from rerender.studio.attention import Need
from rerender.studio.backends import Backend
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.journal import Journal, new_owner
from rerender.studio.runner import Runner
from rerender.studio.runs import Run, State, Submission
from rerender.studio.tables import runs
from rerender.studio.wipe import at_stake
from tests.fake_api import Answer, FakeApi, Request, picture
from tests.studio.archives import exported, imported
from tests.studio.helpers import WallClock, a_request, begin, finished, read
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
            go_on.wait(60)

    api.state.on_request = hold
    assert runner.attach("ours", run_id, "other")
    assert looking.wait(60)
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
    run_id = begin(journal, "ours", backend, a_request())
    journal.sending(run_id)
    with database.write(EVERYONE) as connection:  # as another process does, for which this one seems to be gone
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
    stopped, found = begin(journal, "ours", backend, a_request()), add_run(database, **UNCERTAIN)
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
            with database.write(EVERYONE) as connection:  # as another process does, for which this one seems to be gone
                connection.execute(update(runs).values(submission="uncertain", finished_at=5.0, owner=None))

    api.state.on_request = take_over
    api.state.submit_answers = [Answer(429, headers={"Retry-After": "0"})]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).state == State.REFUSED)
    run = read(history, run_id)
    assert (run.cost, api.state.submit_count) == (0.0, 1)
    assert "Nothing was charged" in str(run.error)
