"""Stars, notes and the bin: what is deleted can be had back, and what is purged takes nothing else with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from rerender.studio.backends import Backend
from rerender.studio.curation import NOTE_MAX_CHARS, UNDO_WITHIN, Curation, purge
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.runner import Runner
from rerender.studio.runs import State
from rerender.studio.runtime import Runtime
from rerender.studio.search import Search
from tests.fake_api import FakeApi, picture
from tests.studio.helpers import SQLITE, WallClock, a_request, finished, read
from tests.studio.rows import add_run
from tests.waiting import wait_until


@pytest.fixture
def curation(database: Database, wall: WallClock) -> Curation:
    return Curation(database, "ours", wall=wall)


def counts(database: Database) -> dict[str, int]:
    with database.read(EVERYONE) as connection:
        tables = ("runs", "outputs", "images", "blobs", "thumbnails")
        return {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables}


def test_a_star_and_a_note_stay_with_the_run(database: Database, history: History, curation: Curation) -> None:
    run_id = add_run(database)
    assert curation.star(run_id, True)
    assert curation.annotate(run_id, "for\0 the client" + "!" * NOTE_MAX_CHARS)
    run = read(history, run_id)
    assert (run.starred, run.note[:14], len(run.note)) == (True, "for the client", NOTE_MAX_CHARS)
    assert curation.star(run_id, False)
    assert not read(history, run_id).starred


def test_another_workspace_can_change_nothing(database: Database, history: History) -> None:
    run_id = add_run(database)
    before = read(history, run_id)
    theirs = Curation(database, "theirs")
    assert not theirs.star(run_id, True)
    assert not theirs.annotate(run_id, "mine now")
    assert not theirs.delete(run_id)
    assert not theirs.restore(run_id)
    assert read(history, run_id) == before


def test_a_deleted_run_is_seen_nowhere_and_comes_back_as_it_was(
    database: Database, history: History, curation: Curation
) -> None:
    run_id = add_run(database, starred=True, note="keep", results=[picture()])
    before, batch = read(history, run_id), history.outputs(run_id)
    assert curation.delete(run_id)
    assert (history.run(run_id), history.latest(), history.search(Search()).total) == (None, None, 0)
    assert curation.restore(run_id)
    assert (read(history, run_id), history.outputs(run_id)) == (before, batch)


def test_a_run_that_is_deleted_on_its_way_gets_its_pictures_all_the_same(
    runner: Runner, backend: Backend, history: History, curation: Curation, api: FakeApi, database: Database
) -> None:
    api.state.phases = ["processing"]
    run_id = runner.submit("ours", backend, a_request(batch_size=2))
    wait_until(lambda: read(history, run_id).phase == "processing")
    curation.delete(run_id)
    api.state.phases = ["completed"]
    wait_until(lambda: counts(database)["outputs"] == 2)
    curation.restore(run_id)
    assert finished(history, run_id).state == State.COMPLETED
    assert len(history.outputs(run_id)) == 2


def test_the_bin_is_emptied_an_hour_after_and_what_others_name_stays(
    database: Database, history: History, curation: Curation, wall: WallClock
) -> None:
    shared, only_kept, only_gone = picture(512, 512, 1), picture(64, 64, 2), picture(64, 64, 3)
    kept = add_run(database, control_image=shared, results=[only_kept])
    gone = add_run(database, control_image=shared, results=[only_kept, only_gone])
    elsewhere = add_run(database, workspace="theirs", control_image=shared, results=[only_gone])
    for output in history.outputs(gone):
        history.thumbnail(output.sha256)
    curation.delete(gone)
    everything = counts(database)
    wall.ahead += UNDO_WITHIN - 1
    assert purge(database, wall) == 0
    assert counts(database) == everything
    wall.ahead += 2
    assert purge(database, wall) == 1
    assert counts(database) == {"runs": 2, "outputs": 2, "images": 4, "blobs": 4, "thumbnails": 1}
    assert history.data(history.outputs(kept)[0].sha256) == only_kept
    theirs = History(database, "theirs")
    assert theirs.data(theirs.outputs(elsewhere)[0].sha256) == only_gone
    assert not curation.restore(gone)


def test_what_may_still_bring_news_is_never_purged(database: Database, curation: Curation, wall: WallClock) -> None:
    unfinished = add_run(database, finished_at=None, phase="processing")
    uncertain = add_run(database, submission="uncertain", stored_at=None, finished_at=wall() + UNDO_WITHIN)
    for run_id in (unfinished, uncertain):
        curation.delete(run_id)
    wall.ahead += 2 * UNDO_WITHIN - 60
    assert purge(database, wall) == 0
    wall.ahead += 120
    assert purge(database, wall) == 1, "an hour after its end nobody can learn more about the uncertain one"
    assert curation.restore(unfinished)


@SQLITE
def test_purging_gives_the_space_back_and_leaves_nothing_readable_in_the_file(
    database: Database, database_file: Path, curation: Curation, wall: WallClock
) -> None:
    secret = b"nobody shall read this again" * 40_000
    run_id = add_run(database, results=[secret])
    curation.delete(run_id)
    wall.ahead += UNDO_WITHIN + 1
    assert purge(database, wall) == 1
    files = b"".join(path.read_bytes() for path in database_file.parent.glob("studio.sqlite3*"))
    assert b"nobody shall read this again" not in files
    assert database_file.stat().st_size < len(secret)


def test_an_app_that_starts_empties_the_bin(database: Database, database_url: str, tmp_path: Path) -> None:
    add_run(database, deleted_at=2000.0)
    kept = add_run(database)
    database.close()
    runtime = Runtime.open(tmp_path, database_url=database_url)
    try:
        assert [run.run_id for run in runtime.history("ours").recent()] == [kept]
        assert counts(runtime.database)["runs"] == 1
    finally:
        runtime.close()
