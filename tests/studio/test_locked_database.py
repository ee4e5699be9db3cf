"""A database that cannot be written for a moment, right when it matters."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from rerender.studio import runner as runner_module
from rerender.studio import sql
from rerender.studio.backends import Backend
from rerender.studio.database import Database, DatabaseAway, Everyone, sqlite_url
from rerender.studio.history import History
from rerender.studio.runner import Runner
from tests.fake_api import Answer, FakeApi, FakeTime, Request
from tests.studio.helpers import a_request, finished, read
from tests.waiting import wait_until


class Locked(Database):
    """Refuses writes: the next `times` ones on a thread whose name begins with `refuses`."""

    refuses: str | None = None
    times = 1

    def write(self, workspace: str | Everyone) -> AbstractContextManager[Connection]:
        if self.refuses and threading.current_thread().name.startswith(self.refuses):
            self.times -= 1
            if self.times == 0:
                self.refuses = None
            raise OperationalError("UPDATE runs", {}, Exception("database is locked"))
        return super().write(workspace)


@pytest.fixture
def locked(database_file: Path) -> Iterator[Locked]:
    database = Locked(sqlite_url(database_file))
    yield database
    database.close()


@pytest.fixture
def runner(locked: Locked, backend: Backend) -> Iterator[Runner]:
    runner = Runner(locked, lambda *_: backend)
    yield runner
    runner.close()


@pytest.fixture
def history(locked: Locked) -> History:
    return History(locked, "ours")


def lock_at_the_post(locked: Locked, api: FakeApi, thread: str) -> None:
    def lock(request: Request) -> None:
        if request.method == "POST":
            locked.refuses = thread

    api.state.on_request = lock


def test_a_paid_render_id_is_written_when_the_lock_is_gone(
    runner: Runner, locked: Locked, backend: Backend, history: History, api: FakeApi
) -> None:
    lock_at_the_post(locked, api, "rerender-post")
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert locked.refuses is None
    assert (run.render_id, api.state.submit_count) == ("render1", 1)
    assert run.stored_at


def test_a_paid_render_id_is_written_however_long_the_lock_lasts(
    runner: Runner,
    locked: Locked,
    backend: Backend,
    history: History,
    api: FakeApi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "WRITE_AGAIN_AFTER", (0.0, 0.01))
    locked.times = 20
    lock_at_the_post(locked, api, "rerender-post")
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert (locked.refuses, run.render_id, api.state.submit_count) == (None, "render1", 1)


def test_a_paid_render_id_is_written_when_the_lock_outlasts_the_begin_of_closing(
    runner: Runner,
    locked: Locked,
    backend: Backend,
    history: History,
    api: FakeApi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "WRITE_AGAIN_AFTER", (0.0, 0.01))
    locked.times = 20
    lock_at_the_post(locked, api, "rerender-post")
    api.state.submit_delay = 0.1
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: api.state.submit_count)
    runner.close()
    assert (locked.refuses, read(history, run_id).render_id) == (None, "render1")


def test_a_run_whose_begin_could_not_be_written_is_not_sent_and_says_so(
    runner: Runner, locked: Locked, backend: Backend, history: History, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "WRITE_AGAIN_AFTER", (0.0, 0.01))
    locked.refuses, locked.times = "rerender-post", 5
    run = finished(history, runner.submit("ours", backend, a_request()))
    assert (run.submission, api.state.submit_count) == ("refused", 0)
    assert "Nothing was charged" in str(run.error)


def test_close_ends_the_pauses_in_time_with_one_more_try(
    runner: Runner,
    locked: Locked,
    backend: Backend,
    history: History,
    api: FakeApi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "WRITE_AGAIN_AFTER", (1000.0,))
    monkeypatch.setattr(runner_module, "WRITES_END_WITHIN", 0.0)
    lock_at_the_post(locked, api, "rerender-post")
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: api.state.submit_count and not locked.refuses and not runner._in_flight)
    runner.close()
    assert read(history, run_id).render_id == "render1"


def test_a_look_that_could_not_be_written_down_is_made_again(
    runner: Runner,
    locked: Locked,
    backend: Backend,
    history: History,
    api: FakeApi,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lock_at_the_post(locked, api, "rerender-look")
    api.state.get_answers = [Answer(500)]
    with caplog.at_level("CRITICAL"):
        run = finished(history, runner.submit("ours", backend, a_request()))
    assert locked.refuses is None
    assert run.stored_at


class Deaf(Database):
    """Loses the word of a commit, once."""

    loses = False

    @contextmanager
    def write(self, workspace: str | Everyone) -> Iterator[Connection]:
        with super().write(workspace) as connection:
            yield connection
        if self.loses:
            self.loses = False
            raise DatabaseAway


def test_a_run_that_was_written_down_although_nobody_heard_so_ends_as_not_charged(
    database_file: Path, backend: Backend, api: FakeApi
) -> None:
    database = Deaf(sqlite_url(database_file))
    runner, history = Runner(database, lambda _: backend), History(database, "ours")
    database.loses = True
    with pytest.raises(DatabaseAway):
        runner.submit("ours", backend, a_request())
    (run,) = history.recent()
    run = finished(history, run.run_id)
    assert (run.submission, api.state.submit_count) == ("refused", 0)
    assert "Nothing was charged" in str(run.error)
    runner.close()
    database.close()


def test_a_new_file_that_somebody_else_is_writing_is_waited_for(tmp_path: Path) -> None:
    """As when the app and a command are started in the same moment for the first time."""
    ours, other = (sqlite3.connect(tmp_path / "new.sqlite3", isolation_level=None) for _ in range(2))
    with closing(ours), closing(other):
        other.execute("BEGIN IMMEDIATE")
        sql._use_wal(ours, sleep=lambda _: other.in_transaction and other.execute("COMMIT"))
        assert ours.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_new_file_that_somebody_reads_without_end_is_not_waited_for_longer_than_any_lock(tmp_path: Path) -> None:
    ours, other = (sqlite3.connect(tmp_path / "new.sqlite3", isolation_level=None) for _ in range(2))
    time = FakeTime(step=sql.BUSY_TIMEOUT_S / 2)  # as each try itself waits for a reader
    with closing(ours), closing(other):
        other.execute("CREATE TABLE kept (number)")
        other.execute("BEGIN")
        other.execute("SELECT * FROM kept").fetchall()
        ours.execute("PRAGMA busy_timeout = 1")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            sql._use_wal(ours, time.clock, time.sleep)
    assert len(time.sleeps) == 1
