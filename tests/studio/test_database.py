from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from rerender.errors import ConfigurationError
from rerender.studio.database import MIGRATIONS, Database, sqlite_url
from rerender.studio.tables import metadata
from tests.studio.helpers import SQLITE

OPEN_ON_A_WORD = """
import sys
from alembic import command
from rerender.studio.database import Database
print("ready", flush=True)
sys.stdin.readline()
Database.open(sys.argv[1]).close()
"""


def test_a_database_of_the_first_version_becomes_the_one_that_is_made_anew(database: Database, tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "first.sqlite3")
    first = Database(url)
    with first.write() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    first.close()

    upgraded = Database.open(url)
    with upgraded.read() as old, database.read() as new:
        assert compare_metadata(MigrationContext.configure(old), metadata) == []
        for table in [*metadata.tables, "alembic_version"]:
            for ask in ("get_columns", "get_pk_constraint", "get_foreign_keys", "get_indexes", "get_check_constraints"):
                described = [sorted(map(str, getattr(inspect(one), ask)(table))) for one in (old, new)]
                assert described[0] == described[1], f"{ask} of {table}"
        revisions = [one.scalar(text("SELECT version_num FROM alembic_version")) for one in (old, new)]
        assert revisions[0] == revisions[1]
    upgraded.close()


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def test_opening_knows_the_newest_migration_without_loading_alembic() -> None:
    newest = sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))[-1]
    assert ScriptDirectory.from_config(migrations()).get_heads() == [newest.name.partition("_")[0]]


def test_a_database_of_a_newer_app_is_refused_in_plain_words(database: Database, database_url: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="newer version of this app"):
        Database.open(database_url)


def test_processes_that_open_a_new_database_at_once_all_succeed(tmp_path: Path) -> None:
    url = str(sqlite_url(tmp_path / "new.sqlite3"))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_ON_A_WORD, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, complaints = process.communicate(timeout=20)
        assert (process.returncode, complaints) == (0, "")


def test_eight_threads_that_count_lose_nothing(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def count() -> None:
        for _ in range(20):
            with database.write() as connection:
                value = connection.scalar(text("SELECT value FROM counter"))
                connection.execute(text("UPDATE counter SET value = :next"), {"next": value + 1})

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.scalar(text("SELECT value FROM counter")) == 8 * 20


def test_a_write_that_fails_leaves_nothing_behind(database: Database) -> None:
    def fail_in_the_middle() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO images VALUES ('ours', 'abc', 'image/png', 1, 1, 1)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM images")) == 0


def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    with database.read() as reader:
        assert reader.scalar(text("SELECT count(*) FROM images")) == 0
        with database.write() as writer:
            writer.execute(text("INSERT INTO images VALUES ('ours', 'abc', 'image/png', 1, 1, 1)"))
        assert reader.scalar(text("SELECT count(*) FROM images")) == 0


@SQLITE
def test_every_connection_is_durable_and_checks_references(database: Database) -> None:
    with database.read() as first, database.read() as second:
        for connection in (first, second):
            pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            values = [connection.scalar(text(f"PRAGMA {name}")) for name in pragmas]
            assert values == ["wal", 2, 1, 30_000]
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(text("INSERT INTO blobs VALUES ('ours', 'of no image', x'00')"))
