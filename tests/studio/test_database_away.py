"""A PostgreSQL server that goes and comes back, however it is named; what it costs whoever needs it meanwhile."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import func, make_url, select, text

from rerender.studio import runner as runner_module
from rerender.studio import sql
from rerender.studio.backends import Backend
from rerender.studio.database import EVERYONE, WRITE_LOCK, Database, DatabaseAway
from rerender.studio.history import History
from rerender.studio.runner import Runner
from rerender.studio.tables import runs
from tests.fake_api import FakeApi, Request
from tests.postgres import Databases, Server
from tests.studio.helpers import POSTGRESQL, a_request, finished
from tests.waiting import wait_until

pytestmark = POSTGRESQL


@pytest.fixture(scope="module")
def databases(server: Server) -> Databases:
    """On the server that the tests may stop."""
    return Databases(server.url)


@pytest.fixture(scope="module")
def new_database(databases: Databases) -> Iterator[str]:
    url = databases.create()
    Database.open(url).close()
    yield url
    databases.drop(url)


def count(database: Database) -> int:
    with database.read(EVERYONE) as connection:
        return connection.scalar(select(func.count()).select_from(runs)) or 0


def test_the_next_use_works_once_the_server_is_back(database: Database, server: Server) -> None:
    assert count(database) == 0
    server.stop()
    try:
        for _ in range(10):
            with pytest.raises(DatabaseAway, match="cannot be reached right now"):
                count(database)
            with pytest.raises(DatabaseAway), database.write(EVERYONE):
                pass
    finally:
        server.start()
    assert count(database) == 0
    with database.write(EVERYONE) as connection:
        connection.execute(text("CREATE TABLE later (value INTEGER)"))


def test_who_did_not_use_the_server_while_it_was_away_notices_nothing(database: Database, server: Server) -> None:
    for _ in range(2):
        assert count(database) == 0
        with database.write(EVERYONE):
            pass
        server.stop()
        server.start()


def test_a_write_that_loses_its_server_did_not_happen_and_can_be_done_again(database: Database, server: Server) -> None:
    def write(meanwhile: object = lambda: None) -> None:
        with database.write(EVERYONE) as connection:
            connection.execute(text("INSERT INTO images VALUES ('ours', 'abc', 'image/png', 1, 1, 1)"))
            meanwhile()  # type: ignore[operator]

    try:
        with pytest.raises(DatabaseAway):
            write(server.stop)
    finally:
        server.start()
    write()


def test_a_paid_run_whose_answer_came_while_the_server_was_away_is_written_down_once_it_is_back(
    runner: Runner,
    backend: Backend,
    history: History,
    api: FakeApi,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(runner_module, "WRITE_AGAIN_AFTER", (0.0, 0.05))

    def stop(request: Request) -> None:
        if request.method == "POST":
            server.stop()

    api.state.on_request = stop
    run_id = runner.submit("ours", backend, a_request())
    try:
        wait_until(lambda: "Note down" in caplog.text)
        with pytest.raises(DatabaseAway):
            runner.submit("ours", backend, a_request(seed=2))
    finally:
        api.state.on_request = None
        server.start()
    run = finished(history, run_id)
    assert (run.render_id, api.state.submit_count) == ("render1", 1)
    assert run.stored_at


def test_a_run_that_is_being_rendered_is_followed_to_its_end_through_an_outage(
    runner: Runner, backend: Backend, history: History, api: FakeApi, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    api.state.phases = ["processing"]
    run_id = runner.submit("ours", backend, a_request())
    wait_until(lambda: history.run(run_id).phase)  # type: ignore[union-attr]
    server.stop()
    try:
        api.state.phases = ["completed"]
        wait_until(lambda: "after an error" in caplog.text)
    finally:
        server.start()
    assert finished(history, run_id).stored_at
    assert api.state.submit_count == 1


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
@pytest.mark.parametrize("options", ["", "?sslmode=prefer", "?sslmode=prefer&connect_timeout=9&channel_binding=prefer"])
def test_an_address_is_taken_as_hosts_hand_it_out(database_url: str, scheme: str, options: str) -> None:
    database = Database.open(database_url.replace("postgres", scheme, 1) + options)
    assert count(database) == 0
    database.close()


@pytest.mark.parametrize(
    "change",
    [
        {"query": {"sslmode": "require"}},
        {"database": "no-such-database"},
        {"port": 1},
        {"host": "no-such-host.invalid"},
    ],
)
def test_no_error_log_or_name_holds_the_password(
    database_url: str, change: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    url = make_url(database_url)
    assert url.password
    database = Database(url.set(**change))  # type: ignore[arg-type]
    with caplog.at_level(logging.DEBUG):
        try:
            count(database)
        except DatabaseAway as error:
            logging.getLogger("anyone").exception("It failed: %s", error)
            said = "".join(traceback.format_exception(error))
    words = [said, caplog.text, repr(database), database.place, repr(database._reader), repr(database._writer.pool)]
    assert not [word for word in words if url.password in word]


def test_readers_need_not_wait_for_writers_that_wait(database: Database) -> None:
    """More writers than the pools have connections, all of them behind one that takes its time."""
    with database.write(EVERYONE) as slow:
        waiting = [threading.Thread(target=nothing_is_written, args=(database,)) for _ in range(12)]
        for thread in waiting:
            thread.start()
        assert [count(database) for _ in range(20)] == [0] * 20
        assert slow.scalar(text("SELECT 1")) == 1
    for thread in waiting:
        thread.join(30)
        assert not thread.is_alive()


def nothing_is_written(database: Database) -> None:
    with database.write(EVERYONE):
        pass


def test_a_process_has_few_connections_and_whoever_finds_none_free_is_told_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ones = [database.read(EVERYONE) for _ in range(sql.READERS + sql.MORE_READERS)]
    monkeypatch.setattr(database._reader.pool, "_timeout", 0.01)
    connections = [one.__enter__() for one in open_ones]
    with pytest.raises(DatabaseAway), database.read(EVERYONE):
        pass
    for one in open_ones:
        one.__exit__(None, None, None)
    assert len(connections) == 7
    assert count(database) == 0


def test_a_writer_that_stands_still_stops_the_others_for_a_bounded_time(database: Database) -> None:
    with database.write(EVERYONE) as connection:
        names = ("lock_timeout", "idle_in_transaction_session_timeout")
        bounds = [connection.scalar(text(f"SHOW {name}")) for name in names]
        assert bounds == ["30s", "1min"]
    with database.write(EVERYONE), database.read(EVERYONE) as other:
        other.execute(text("SET LOCAL lock_timeout = '10ms'"))
        with pytest.raises(DatabaseAway):
            other.execute(select(func.pg_advisory_xact_lock(WRITE_LOCK)))
