from __future__ import annotations

import sqlite3
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError, IntegrityError

from rerender.studio import sql
from rerender.studio.database import EVERYONE, Database, DatabaseAway
from tests.studio.helpers import SQLITE
from tests.waiting import wait_until


def test_eight_threads_that_count_lose_nothing(database: Database) -> None:
    with database.write(EVERYONE) as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def count() -> None:
        for _ in range(5):
            with database.write(EVERYONE) as connection:
                value = connection.scalar(text("SELECT value FROM counter"))
                connection.execute(text("UPDATE counter SET value = :next"), {"next": value + 1})

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read(EVERYONE) as connection:
        assert connection.scalar(text("SELECT value FROM counter")) == 8 * 5


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
            pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "auto_vacuum", "secure_delete")
            values = [connection.scalar(text(f"PRAGMA {name}")) for name in pragmas]
            assert values == ["wal", 2, 1, 30_000, 2, 2]
    with pytest.raises(IntegrityError), database.write(EVERYONE) as connection:
        connection.execute(text("INSERT INTO blobs VALUES ('ours', 'of no image', x'00')"))


@pytest.mark.parametrize("address", ["mysql://user:secret@host/name", "postgres://user:sec@ret/word@host/name"])
def test_an_address_that_is_none_is_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        Database(address)
    assert not [part for part in ("secret", "sec", "ret", "word@") if part in str(refused.value).split()]


@SQLITE
def test_whoever_finds_no_connection_free_is_told_that_it_passes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = database._reader.pool
    monkeypatch.setattr(pool, "_timeout", 0.01)
    with ExitStack() as readers:
        for _ in range(pool.size() + pool._max_overflow):  # type: ignore[attr-defined]
            readers.enter_context(database.read(EVERYONE))
        with pytest.raises(DatabaseAway), database.read(EVERYONE):
            pass


@SQLITE
def test_a_connection_that_is_new_waits_for_no_write(database: Database) -> None:
    with database.write(EVERYONE), ExitStack() as readers:
        for _ in range(5):
            assert readers.enter_context(database.read(EVERYONE)).scalar(text("SELECT count(*) FROM images")) == 0


MARK = b"what nobody may find again "


def keep_much(database: Database) -> None:
    with database.write(EVERYONE) as connection:
        connection.execute(text("INSERT INTO images VALUES ('ours', 'abc', 'image/png', 1, 1, 1)"))
        connection.execute(text("INSERT INTO blobs VALUES ('ours', 'abc', :data)"), {"data": MARK * 500_000})


def delete_all(database: Database) -> None:
    with database.write(EVERYONE) as connection:
        connection.execute(text("DELETE FROM images"))


def free_pages(database: Database) -> int:
    with database.read(EVERYONE) as connection:
        return int(connection.scalar(text("PRAGMA freelist_count")) or 0)


def is_found(file: Path) -> bool:
    return any(MARK in path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


@SQLITE
@pytest.mark.parametrize("mode", ["INCREMENTAL", "NONE"], ids=["new", "of an older version"])
def test_what_is_deleted_is_gone_from_the_file_and_its_space_is_given_back(
    database: Database, database_file: Path, mode: str
) -> None:
    with closing(sqlite3.connect(database_file, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA auto_vacuum = {mode}")
        connection.execute("VACUUM")
    small = database_file.stat().st_size
    keep_much(database)
    database.shrink()
    assert is_found(database_file)
    assert database_file.stat().st_size > len(MARK) * 500_000
    delete_all(database)
    database.shrink()
    assert not is_found(database_file)
    assert database_file.stat().st_size < small + 100_000


@SQLITE
def test_making_the_file_smaller_keeps_nobody_from_writing_also_while_somebody_reads(
    database: Database, database_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "EMPTY_TRIES", 10_000)
    keep_much(database)
    with database.read(EVERYONE) as reader:
        assert reader.scalar(text("SELECT count(*) FROM blobs")) == 1
        delete_all(database)
        shrinking = threading.Thread(target=database.shrink)
        shrinking.start()
        wait_until(lambda: free_pages(database) == 0)
        with closing(sqlite3.connect(database_file, timeout=10, isolation_level=None)) as impatient:
            for name in "bcdef":
                impatient.execute(f"INSERT INTO images VALUES ('ours', '{name}', 'image/png', 1, 1, 1)")
        assert shrinking.is_alive()
    shrinking.join()
    assert not is_found(database_file)
