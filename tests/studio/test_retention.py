"""How long runs are kept, where that has an end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from rerender.studio import pictures
from rerender.studio.codes import ENTER, WrongCode, give
from rerender.studio.curation import DAY, purge
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.retention import Retention
from rerender.studio.runtime import Runtime
from rerender.studio.tables import tries
from tests.fake_api import picture
from tests.studio.helpers import SQLITE, WallClock
from tests.studio.rows import add_run
from tests.waiting import wait_until

API = "https://rerender.genly.ai"


def test_a_finished_run_goes_after_its_days_with_its_pictures_starred_or_not(
    database: Database, history: History, wall: WallClock
) -> None:
    now = wall()
    old = add_run(database, finished_at=now - 3 * DAY - 60, starred=True, results=[picture(70, 50)])
    new = add_run(database, finished_at=now - 3 * DAY + 60, control_image=picture(512, 512, 9))
    theirs = add_run(database, workspace="theirs", finished_at=now - 4 * DAY)
    assert purge(database, wall) == 0, "without a number of days nothing goes by itself"
    assert purge(database, wall, keep_days=3) == 2
    assert [run.run_id for run in history.recent()] == [new]
    assert history.run(old) is None
    assert History(database, "theirs").run(theirs) is None
    with pytest.raises(KeyError):
        history.data(pictures.describe(picture(70, 50)).sha256)


@pytest.mark.parametrize(
    "columns",
    [
        {"finished_at": None, "stored_at": None, "phase": "processing"},
        {"finished_at": None, "stored_at": None, "backend": API},
        {"submission": "uncertain", "stored_at": None, "backend": API, "render_id": None},
        {"stored_at": None, "stopped_at": 1001.0, "backend": API},
        {"stored_at": None, "completed_at": 1001.0, "backend": API},
    ],
    ids=["unfinished", "unfinished and paid", "uncertain", "stopped", "pictures given up"],
)
def test_what_may_still_bring_news_or_pictures_never_goes(
    database: Database, history: History, wall: WallClock, columns: dict[str, object]
) -> None:
    run_id = add_run(database, **columns)
    assert purge(database, wall, keep_days=1) == 0
    assert history.run(run_id)


def test_the_disk_is_only_gone_through_when_something_was_deleted(
    database: Database, wall: WallClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrunk: list[Database] = []
    monkeypatch.setattr(database, "shrink", lambda: shrunk.append(database))
    run_id = add_run(database, finished_at=wall())
    purge(database, wall, keep_days=1)
    assert shrunk == []
    wall.ahead += 2 * DAY
    assert purge(database, wall, keep_days=1) == 1, run_id
    assert shrunk == [database]


def test_a_process_that_runs_for_days_goes_on_deleting_and_ends_when_it_is_told_to(
    database: Database, history: History, wall: WallClock
) -> None:
    keeper = Retention(database, 1, wall=wall, every=0.01)
    run_id = add_run(database, finished_at=wall())
    keeper.start()
    assert history.run(run_id)
    wall.ahead += 2 * DAY
    wait_until(lambda: history.run(run_id) is None)
    keeper.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "rerender-retention"]


def test_wrong_tries_that_count_no_longer_are_forgotten(database: Database, wall: WallClock) -> None:
    def kept() -> int:
        with database.read(EVERYONE) as connection:
            return connection.scalar(select(func.count()).select_from(tries)) or 0

    with pytest.raises(WrongCode):
        give(database, "ours", ENTER, "a long code", "a guess", address="192.0.2.1", wall=wall)
    keeper = Retention(database, 0, wall=wall)
    keeper.sweep()
    assert kept() == 2
    wall.ahead += 2 * 3600.0
    keeper.sweep()
    assert kept() == 0


@SQLITE
def test_a_hosted_app_deletes_what_is_over_its_days_at_its_start_and_a_local_one_keeps_it(
    database: Database, database_file: Path
) -> None:
    run_id = add_run(database)
    database.close()
    for mode, is_kept in (("local", True), ("hosted", False)):
        runtime = Runtime.open(database_file.parent, mode=mode)  # type: ignore[arg-type]
        try:
            assert (runtime.history("ours").run(run_id) is not None) == is_kept
        finally:
            runtime.close()
