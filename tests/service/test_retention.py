from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rerender.models import DEFAULT_WORKFLOW_ID, RenderRequest
from rerender.service.jobs import Jobs
from rerender.service.retention import GRACE_SECONDS, Ended, Retention
from rerender.service.storage import Storage
from tests.service.calls import picture
from tests.service.engines import FlatEngine
from tests.waiting import wait_until

DAY = 86_400.0
NOW = 1_000 * DAY


def ended(days_ago: float, size: int = 0) -> Ended:
    return Ended(f"{days_ago} days ago", NOW - days_ago * DAY, size)


def test_what_ended_longer_ago_than_the_days_is_deleted() -> None:
    renders = [ended(days) for days in (29, 31, 0.1, 30.5)]
    assert Retention(keep_days=30).surplus(renders, NOW) == ["31 days ago", "30.5 days ago"]


def test_of_too_many_megabytes_the_oldest_are_deleted_until_the_rest_fits() -> None:
    renders = [ended(days, 1_000_000) for days in (1, 4, 2, 3)]
    assert Retention(keep_mb=2).surplus(renders, NOW) == ["4 days ago", "3 days ago"]
    assert Retention(keep_mb=4).surplus(renders, NOW) == []


def test_a_render_that_just_ended_stays_for_whoever_waits_for_it_however_large() -> None:
    just_now = Ended("new", NOW - GRACE_SECONDS + 1, 10**9)
    assert Retention(keep_mb=1).surplus([just_now, ended(1)], NOW) == ["1 days ago"]
    assert Retention(keep_mb=1).surplus([just_now], NOW + 2) == ["new"]


@given(
    st.lists(st.builds(Ended, st.uuids().map(str), st.floats(0, NOW), st.integers(0, 10**10)), max_size=20),
    st.floats(0.1, 1000),
    st.floats(1, 10_000),
)
def test_what_is_kept_fits_or_is_new_and_nothing_older_than_a_kept_one_is_kept_less(
    renders: list[Ended], keep_days: float, keep_mb: float
) -> None:
    deleted = set(Retention(keep_days, keep_mb).surplus(renders, NOW))
    kept = [render for render in renders if render.id not in deleted]
    settled = [render for render in kept if render.at <= NOW - GRACE_SECONDS]
    assert not settled or sum(render.size for render in kept) <= keep_mb * 1_000_000
    assert all(render.at >= NOW - keep_days * DAY for render in settled)
    assert not kept or all(gone.at <= min(k.at for k in kept) for gone in renders if gone.id in deleted)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one completed render, one that failed and one that waits, all of one moment."""
    storage = Storage(tmp_path)
    for phase in ("completed", "failed", "pending"):
        request = RenderRequest("oak", picture(), image_width=512, image_height=512)
        record = storage.create(request, DEFAULT_WORKFLOW_ID, NOW, {"engine": "flat", "version": "1.0", "plan": {}})
        storage.update(replace(record, phase=phase, pictures=(storage.add_picture(picture()),)))
    storage.close()
    return tmp_path


def kept_after_start(folder: Path, engine: FlatEngine, retention: Retention, now: float) -> tuple[list[str], int]:
    """The phases of the renders that are left when the service begins to work, and how many pictures."""
    storage = Storage(folder)
    jobs = Jobs(storage, engine, retention=retention, clock=lambda: now)
    engine.gate.clear()
    engine.working.clear()
    jobs.start()
    assert engine.working.wait(30)
    phases = sorted(record.phase for record in storage.records())
    pictures = len(list((folder / "pictures").iterdir()))
    jobs.close()
    storage.close()
    return phases, pictures


def test_the_start_deletes_what_is_too_old_with_its_pictures_and_never_an_unfinished_render(
    folder: Path, engine: FlatEngine
) -> None:
    assert kept_after_start(folder, engine, Retention(30), NOW + 29 * DAY) == (["completed", "failed", "processing"], 6)
    assert kept_after_start(folder, engine, Retention(30), NOW + 31 * DAY) == (["processing"], 2)


def test_the_start_deletes_what_is_too_much(folder: Path, engine: FlatEngine) -> None:
    assert kept_after_start(folder, engine, Retention(keep_mb=0.0001), NOW + DAY) == (["processing"], 2)


def test_each_render_that_ends_makes_room(tmp_path: Path, engine: FlatEngine) -> None:
    now = [NOW]
    storage = Storage(tmp_path)
    jobs = Jobs(storage, engine, retention=Retention(keep_days=1), clock=lambda: now[0])
    jobs.start()
    request = RenderRequest("oak", picture(), image_width=512, image_height=512)
    first = jobs.submit(request, DEFAULT_WORKFLOW_ID)
    wait_until(lambda: jobs.counts() == (0, 0))
    now[0] += 2 * DAY
    second = jobs.submit(request, DEFAULT_WORKFLOW_ID)
    wait_until(lambda: jobs.find(first) is None)
    wait_until(lambda: (found := jobs.find(second)) and found.phase == "completed")
    jobs.close()
    storage.close()


def test_the_bytes_of_a_render_are_those_of_its_record_and_all_its_pictures(folder: Path) -> None:
    storage = Storage(folder)
    sizes = [render.size for render in storage.ended()]
    assert len(sizes) == 2
    assert all(size > 2 * len(picture()) for size in sizes)
    storage.close()
