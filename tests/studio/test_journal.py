"""Ownership: one runner writes about a run at a time, and nothing that was paid for is lost between two."""

from __future__ import annotations

import math
import socket
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from rerender.models import Render
from rerender.studio.backends import PREVIEW, Backend
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.journal import TOO_LONG, Download, Journal, new_owner
from rerender.studio.runs import State, Submission
from tests.fake_api import picture
from tests.studio.archives import exported, imported
from tests.studio.helpers import WallClock, a_request, begin, read
from tests.studio.rows import add_run

LEASE = 30.0


@pytest.fixture
def ours(database: Database, wall: WallClock) -> Journal:
    return Journal(database, new_owner(), wall=wall, lease=LEASE, announce=lambda: None)


@pytest.fixture
def other(database: Database, wall: WallClock) -> Journal:
    return Journal(database, new_owner(), wall=wall, lease=LEASE, announce=lambda: None)


def test_only_an_expired_lease_is_taken_over(ours: Journal, other: Journal, backend: Backend, wall: WallClock) -> None:
    run_id = begin(ours, "ours", backend, a_request())
    ours.accepted(run_id, "render1")
    wall.ahead += LEASE - 1
    assert ours.renew() == {run_id}
    wall.ahead += LEASE - 1
    assert other.orphans() == []
    assert not other.take(run_id)
    wall.ahead += 2
    assert [run.run_id for run in other.orphans()] == [run_id]
    assert other.take(run_id)
    assert (ours.renew(), other.renew()) == (set(), {run_id})


def test_only_one_of_two_takes_an_orphan(
    ours: Journal, other: Journal, backend: Backend, database: Database, wall: WallClock
) -> None:
    run_id = begin(ours, "ours", backend, a_request())
    ours.accepted(run_id, "render1")
    wall.ahead += LEASE + 1
    third = Journal(database, new_owner(), wall=wall, lease=LEASE, announce=lambda: None)
    assert [run is not None for run in (other.take(run_id), third.take(run_id))] == [True, False]


def test_the_former_owner_writes_nothing(
    ours: Journal, other: Journal, backend: Backend, history: History, wall: WallClock
) -> None:
    run_id = begin(ours, "ours", backend, a_request())
    ours.accepted(run_id, "render1")
    wall.ahead += LEASE + 1
    other.take(run_id)
    before, late = read(history, run_id), Render("render1", "dead")
    assert not ours.seen(run_id, late)
    assert not ours.noted(run_id, "late")
    assert not ours.ended(run_id, late, "late")
    assert ours.completed(run_id, late) is None
    assert not ours.store(before, [Download(0, picture())], is_all=True, error=None, is_last=True)
    assert (read(history, run_id), history.outputs(run_id)) == (before, [])


def test_a_post_that_was_cut_off_becomes_uncertain(
    ours: Journal, other: Journal, backend: Backend, history: History, wall: WallClock
) -> None:
    run_id = begin(ours, "ours", backend, a_request())
    assert ours.sending(run_id)
    wall.ahead += LEASE + 1
    assert not other.take(run_id), "there is nothing to follow"
    run = read(history, run_id)
    assert (run.submission, run.is_unfinished, run.credits) == ("uncertain", False, 1.0)
    assert "may have been charged" in str(run.error)


def test_only_a_preview_that_was_cut_off_cost_nothing_whatever_settings_call_the_price(
    ours: Journal, other: Journal, backend: Backend, history: History, wall: WallClock
) -> None:
    hosted, preview = (
        begin(ours, "ours", one, a_request()) for one in (replace(backend, credits_per_run=0.0), PREVIEW)
    )
    for run_id in (hosted, preview):
        ours.sending(run_id)
    wall.ahead += LEASE + 1
    for run_id in (hosted, preview):
        other.take(run_id)
    assert read(history, hosted).state == State.UNCERTAIN
    assert "may have been charged" in str(read(history, hosted).error)
    assert read(history, preview).state == State.FAILED
    assert "It cost nothing" in str(read(history, preview).error)


def test_what_was_never_sent_is_taken_over_as_refused_and_can_then_not_be_sent(
    ours: Journal, other: Journal, backend: Backend, history: History, wall: WallClock
) -> None:
    run_id = begin(ours, "ours", backend, a_request())
    wall.ahead += LEASE + 1
    other.take(run_id)
    run = read(history, run_id)
    assert (run.submission, run.credits) == ("refused", 0.0)
    assert "Nothing was charged" in str(run.error)
    assert not ours.sending(run_id)


def test_a_returned_render_id_is_written_whatever_the_row_says(
    ours: Journal, other: Journal, backend: Backend, history: History, wall: WallClock
) -> None:
    run_id = begin(ours, "ours", backend, a_request())
    ours.sending(run_id)
    wall.ahead += LEASE + 1
    other.take(run_id)
    assert read(history, run_id).submission == "uncertain"
    ours.accepted(run_id, "render1")
    run = read(history, run_id)
    assert (run.submission, run.render_id, run.is_unfinished, run.error) == ("accepted", "render1", True, None)
    assert ours.renew() == {run_id}


def completed_by_another(ours: Journal, other: Journal, backend: Backend, history: History, render_id: str) -> str:
    """A run whose POST is still in flight here, while its owner found this render in the account."""
    run_id = begin(ours, "ours", backend, a_request())
    ours.sending(run_id)
    other.accepted(run_id, render_id)
    other.completed(run_id, Render(render_id, "completed"))
    data = picture(60 + len(render_id))
    assert other.store(read(history, run_id), [Download(0, data)], is_all=True, error=None, is_last=True)
    return run_id


def test_an_answer_that_comes_after_its_pictures_changes_nothing(
    ours: Journal, other: Journal, backend: Backend, history: History
) -> None:
    run_id = completed_by_another(ours, other, backend, history, "render1")
    before = read(history, run_id)
    assert ours.accepted(run_id, "render1") is None, "there is nothing left to follow"
    assert read(history, run_id) == before
    assert len(history.outputs(run_id)) == 1


def test_an_answer_with_another_id_than_its_owner_found_brings_the_right_pictures(
    ours: Journal, other: Journal, backend: Backend, history: History
) -> None:
    run_id = completed_by_another(ours, other, backend, history, "a-strangers-render")
    followed = ours.accepted(run_id, "render1")
    assert followed is not None
    assert (followed.render_id, followed.state, history.outputs(run_id)) == ("render1", State.UNFINISHED, [])
    assert ours.completed(run_id, Render("render1", "completed")) is not None
    assert ours.store(followed, [Download(0, picture())], is_all=True, error=None, is_last=True)
    assert [history.data(output.sha256) for output in history.outputs(run_id)] == [picture()]


def test_a_late_refusal_never_hides_a_render_id(ours: Journal, backend: Backend, history: History) -> None:
    run_id = begin(ours, "ours", backend, a_request())
    ours.accepted(run_id, "render1")
    ours.not_accepted(run_id, Submission.REFUSED, "late")
    assert (read(history, run_id).submission, read(history, run_id).error) == ("accepted", None)


def test_the_runs_of_a_process_that_is_gone_are_taken_at_once(
    database: Database, ours: Journal, backend: Backend, wall: WallClock
) -> None:
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    owner = f"{socket.gethostname()}/{int(child.stdout)}/token"
    gone = Journal(database, owner, wall=wall, lease=LEASE, announce=lambda: None)
    run_id = begin(gone, "ours", backend, a_request())
    gone.accepted(run_id, "render1")
    elsewhere = Journal(database, f"another-host/{int(child.stdout)}/token", wall=wall, lease=LEASE, announce=print)
    kept = begin(elsewhere, "ours", backend, a_request())
    assert [run.run_id for run in ours.orphans()] == [run_id], "whether another host is alive only its lease tells"
    wall.ahead += LEASE + 1
    assert {run.run_id for run in ours.orphans()} == {run_id, kept}


def test_letting_go_settles_what_was_being_sent(
    ours: Journal, other: Journal, backend: Backend, history: History
) -> None:
    unsent, sent, accepted = (begin(ours, "ours", backend, a_request(seed=seed)) for seed in range(3))
    ours.sending(sent)
    ours.accepted(accepted, "render1")
    ours.let_go()
    assert read(history, unsent).submission == "refused"
    assert read(history, sent).submission == "uncertain"
    assert [run.run_id for run in other.orphans()] == [accepted]


def test_the_orphans_of_everyone_are_read_without_what_an_api_said_of_them(ours: Journal, database: Database) -> None:
    said = {"a": "x" * 90_000}
    for _ in range(50):
        run_id = add_run(database, finished_at=None, misc=said)
    tracemalloc.start()
    orphans = ours.orphans()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(orphans) == 50
    assert peak < 1_000_000
    taken = ours.take(run_id)
    assert taken is not None
    assert taken.misc == said, "whoever follows it knows all"


NESTED: list[object] = []
for _ in range(500):
    NESTED = [NESTED]


@pytest.mark.parametrize(
    ("misc", "kept"),
    [
        ({"a": math.nan, "b": [1.5, -math.inf], "c": {"d": math.inf}}, {"a": None, "b": [1.5, None], "c": {"d": None}}),
        ({"a\0": "x\0y\ud800"}, {"a": "xy"}),
        ({"a": "é" * 60_000}, {"note": TOO_LONG}),
        ({"a": "x" * 90_000}, {"a": "x" * 90_000}),
    ],
    ids=["no numbers", "no characters", "too long", "long"],
)
def test_what_an_api_says_is_kept_such_that_an_archive_takes_it(
    ours: Journal, backend: Backend, database: Database, history: History, misc: dict[str, Any], kept: dict[str, Any]
) -> None:
    run_id = begin(ours, "ours", backend, a_request())
    ours.accepted(run_id, "render1")
    assert ours.seen(run_id, Render("render1", "p\0" * 11_000, misc=misc))
    assert read(history, run_id).misc == kept
    assert ours.noted(run_id, "e\ud800" * 11_000)
    assert (read(history, run_id).phase, read(history, run_id).error) == ("p" * 4000, "e" * 4000)
    assert imported(database, exported(database), "theirs").runs == 1


def test_every_way_to_write_down_what_an_api_says_is_bounded(
    ours: Journal, backend: Backend, database: Database, history: History
) -> None:
    said = Render("render1", "p" * 11_000, misc={"a": NESTED, "b": math.nan})
    run_ids = [begin(ours, "ours", backend, a_request(seed=seed)) for seed in range(5)]
    for run_id in run_ids[:4]:
        ours.accepted(run_id, "render1")
    ours.completed(run_ids[0], said)
    ours.store(read(history, run_ids[0]), [], is_all=False, error="e" * 11_000, is_last=False)
    ours.ended(run_ids[1], said, "e" * 11_000)
    ours.noted(run_ids[2], "e" * 11_000)
    ours.waits(run_ids[3], "e" * 11_000)
    ours.not_accepted(run_ids[4], Submission.REFUSED, "e" * 11_000)
    assert {read(history, run_id).error for run_id in run_ids} == {"e" * 4000}
    assert imported(database, exported(database), "theirs").runs == 5
