"""How long runs are kept, where that has an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from rerender.studio import pictures
from rerender.studio.backends import Backend
from rerender.studio.codes import ENTER, WrongCode, give
from rerender.studio.curation import DAY, Curation, purge
from rerender.studio.database import EVERYONE, Database
from rerender.studio.embedded import Embedded
from rerender.studio.history import History
from rerender.studio.retention import Retention
from rerender.studio.runner import Runner
from rerender.studio.runtime import Runtime
from rerender.studio.tables import tries
from tests.fake_api import FakeApi, picture
from tests.studio.helpers import SQLITE, WallClock, a_request, finished, read
from tests.studio.rows import add_run
from tests.studio.test_runtime import FlatEngine
from tests.studio.test_wipe import in_files
from tests.waiting import wait_until

API = "https://rerender.genly.ai"
MARK = "a prompt that nobody else writes"


@pytest.fixture
def engine() -> FlatEngine:
    return FlatEngine()


@pytest.fixture
def embedded(tmp_path: Path, engine: FlatEngine) -> Iterator[Embedded]:
    embedded = Embedded(tmp_path / "service", lambda: engine)
    yield embedded
    embedded.close()


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
def test_what_may_still_bring_news_or_pictures_is_kept_three_times_as_long_and_then_goes_too(
    database: Database, history: History, wall: WallClock, columns: dict[str, object]
) -> None:
    made = wall() - 3 * DAY
    ended = {} if "finished_at" in columns else {"finished_at": made - DAY}
    run_id = add_run(database, **{**columns, **ended, "created_at": made + 60})
    assert purge(database, wall, keep_days=1) == 0, "an end before its beginning is an importer's word"
    wall.ahead = 120
    assert purge(database, wall) == 0, "without a number of days nothing goes by itself"
    assert purge(database, wall, keep_days=1) == 1
    assert history.run(run_id) is None


def test_a_run_that_ended_long_after_it_was_made_is_at_stake_from_its_end(
    database: Database, history: History, wall: WallClock
) -> None:
    ended = {"finished_at": wall() - 2 * DAY, "stopped_at": wall() - 2 * DAY, "stored_at": None}
    run_id = add_run(database, created_at=wall() - 9 * DAY, backend=API, **ended)
    assert purge(database, wall, keep_days=1) == 0
    assert history.run(run_id)


@pytest.mark.parametrize("finished_at", [None, 1001.0])
def test_what_the_owner_paid_for_and_may_still_come_never_goes(
    database: Database, history: History, wall: WallClock, finished_at: float | None
) -> None:
    run_id = add_run(
        database, is_shared=True, backend=API, completed_at=1001.0, finished_at=finished_at, stored_at=None
    )
    assert purge(database, wall, keep_days=1) == 0
    assert history.run(run_id)


def test_a_run_that_goes_while_it_is_followed_gets_no_pictures_and_holds_up_no_other(
    start_runner: Callable[..., Runner], backend: Backend, database: Database, history: History, api: FakeApi
) -> None:
    runner = start_runner()
    api.state.phases_of["render1"] = ["processing"]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: read(history, run_id).phase)
    assert purge(database, lambda: time.time() + 4 * DAY, keep_days=1) == 1
    api.state.phases_of.clear()
    assert finished(history, runner.submit("ours", backend, a_request())).stored_at
    looks = api.state.looks["render1"]
    assert finished(history, runner.submit("ours", backend, a_request())).stored_at
    assert api.state.looks["render1"] <= looks + 1, "one may have been on its way"
    assert history.outputs(run_id) == []


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
    database: Database, embedded: Embedded, history: History, wall: WallClock
) -> None:
    keeper = Retention(database, embedded, 1, wall=wall, every=0.01)
    run_id = add_run(database, finished_at=wall())
    keeper.start()
    assert history.run(run_id)
    wall.ahead += 2 * DAY
    wait_until(lambda: history.run(run_id) is None)
    keeper.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "rerender-retention"]


def test_wrong_tries_that_count_no_longer_are_forgotten(
    database: Database, embedded: Embedded, wall: WallClock
) -> None:
    def kept() -> int:
        with database.read(EVERYONE) as connection:
            return connection.scalar(select(func.count()).select_from(tries)) or 0

    with pytest.raises(WrongCode):
        give(database, "ours", ENTER, "a long code", "a guess", address="192.0.2.1", wall=wall)
    keeper = Retention(database, embedded, 0, wall=wall)
    keeper.sweep()
    assert kept() == 2
    wall.ahead += 2 * 3600.0
    keeper.sweep()
    assert kept() == 0


def test_the_preview_of_a_run_that_is_gone_goes_too_and_one_that_is_awaited_stays(
    runner: Runner, embedded: Embedded, engine: FlatEngine, database: Database, wall: WallClock, tmp_path: Path
) -> None:
    engine.gate.clear()
    ours, theirs = (
        runner.submit(workspace, embedded.backend(workspace), a_request(prompt=f"{MARK} {workspace}"))
        for workspace in ("ours", "theirs")
    )
    history = History(database, "theirs")
    wait_until(lambda: read(History(database, "ours"), ours).render_id and read(history, theirs).render_id)
    assert runner.stop_watching("ours", ours)
    Curation(database, "ours").delete(ours)
    keeper = Retention(database, embedded, 0, wall=wall, every=0.01)
    keeper.start()
    wall.ahead = 2 * 3600.0
    wait_until(lambda: len(list((tmp_path / "service" / "renders").iterdir())) == 1)
    keeper.close()
    assert in_files(tmp_path / "service", f"{MARK} ours") == []
    assert len(list((tmp_path / "service" / "pictures").iterdir())) == 1
    engine.gate.set()
    assert finished(history, theirs).stored_at


def test_a_preview_that_a_crash_left_goes_although_its_service_has_not_been_started_since(
    runner: Runner, embedded: Embedded, database: Database, history: History, wall: WallClock, tmp_path: Path
) -> None:
    finished(history, runner.submit("ours", embedded.backend("ours"), a_request(prompt=MARK)))
    embedded.close()
    assert in_files(tmp_path / "service", MARK), "stored here, and not yet forgotten there"
    later = Embedded(tmp_path / "service", FlatEngine)
    wall.ahead = 2 * 3600.0
    Retention(database, later, 0, wall=wall).sweep_previews()
    later.close()
    assert in_files(tmp_path / "service", MARK) == []


def test_a_preview_that_was_only_just_taken_stays_although_no_run_names_it_yet(
    embedded: Embedded, database: Database, wall: WallClock, tmp_path: Path
) -> None:
    with embedded.backend("ours").client((5.0, 20.0)) as client:
        client.run(a_request(prompt=MARK))
    keeper = Retention(database, embedded, 0, wall=wall)
    keeper.sweep_previews()
    assert in_files(tmp_path, MARK)
    wall.ahead = 2 * 3600.0
    keeper.sweep_previews()
    assert in_files(tmp_path, MARK) == []


def test_a_preview_service_that_cannot_be_started_keeps_no_run_longer(
    database: Database, history: History, wall: WallClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "service").write_text("a file, where a folder should be")
    keeper = Retention(database, Embedded(tmp_path / "service", FlatEngine), 1, wall=wall, every=0.01)
    run_id = add_run(database, finished_at=wall())
    keeper.start()
    wait_until(lambda: "deleted the next time" in caplog.text)
    wall.ahead = 2 * DAY
    wait_until(lambda: history.run(run_id) is None)
    keeper.close()


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
