from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError, IntegrityError

from rerender.studio.database import EVERYONE, Database
from tests.studio.helpers import SQLITE


def test_eight_threads_that_count_lose_nothing(database: Database) -> None:
    with database.write(EVERYONE) as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def count() -> None:
        for _ in range(20):
            with database.write(EVERYONE) as connection:
                value = connection.scalar(text("SELECT value FROM counter"))
                connection.execute(text("UPDATE counter SET value = :next"), {"next": value + 1})

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read(EVERYONE) as connection:
        assert connection.scalar(text("SELECT value FROM counter")) == 8 * 20


def test_a_write_that_fails_leaves_nothing_behind(database: Database) -> None:
    def fail_in_the_middle() -> None:
        with database.write(EVERYONE) as connection:
            connection.execute(text("INSERT INTO images VALUES ('ours', 'abc', 'image/png', 1, 1, 1)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    with database.read(EVERYONE) as connection:
        assert connection.scalar(text("SELECT count(*) FROM images")) == 0


def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    with database.read(EVERYONE) as reader:
        assert reader.scalar(text("SELECT count(*) FROM images")) == 0
        with database.write(EVERYONE) as writer:
            writer.execute(text("INSERT INTO images VALUES ('ours', 'abc', 'image/png', 1, 1, 1)"))
        assert reader.scalar(text("SELECT count(*) FROM images")) == 0


@SQLITE
def test_every_connection_is_durable_and_checks_references(database: Database) -> None:
    with database.read(EVERYONE) as first, database.read(EVERYONE) as second:
        for connection in (first, second):
            pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            values = [connection.scalar(text(f"PRAGMA {name}")) for name in pragmas]
            assert values == ["wal", 2, 1, 30_000]
    with pytest.raises(IntegrityError), database.write(EVERYONE) as connection:
        connection.execute(text("INSERT INTO blobs VALUES ('ours', 'of no image', x'00')"))


@pytest.mark.parametrize("address", ["mysql://user:secret@host/name", "postgres://user:sec@ret/word@host/name"])
def test_an_address_that_is_none_is_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        Database(address)
    assert not [part for part in ("secret", "sec", "ret", "word@") if part in str(refused.value).split()]
