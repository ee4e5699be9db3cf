"""One SQL database that is all the app's state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, inspect, text

from rerender.errors import ConfigurationError

__all__ = ["MIGRATIONS", "Database", "sqlite_url"]

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 30


def sqlite_url(path: Path) -> URL:
    """The URL of a SQLite file."""
    return URL.create("sqlite", database=str(path))


class Database:
    """Connections to the migrated database. Safe to share between threads.

    `write()` and `read()` are the only ways in: a write holds the database from its first statement on, so that
    what it reads is still true when it writes.
    """

    def __init__(self, url: str | URL) -> None:
        self._engine = create_engine(url)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _set_up_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        self._writer = self._engine.execution_options(writes=True)

    @classmethod
    def open(cls, url: str | URL) -> Database:
        """Connect and bring the schema up to date. Two processes may do this at once.

        Raises `ConfigurationError` when a newer version of the app wrote the database.
        """
        database = cls(url)
        try:
            database._migrate()
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may change things: commits at the end, rolls back on an error."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that sees the database as it is at its first statement."""
        with self._engine.begin() as connection:
            yield connection

    def compact(self) -> None:
        """Give the space of deleted rows back, and overwrite what they held. PostgreSQL does so by itself.

        Raises `OperationalError` when another process keeps the database busy.
        """
        if self._engine.dialect.name == "sqlite":
            # A transaction, which `read` and `write` begin, is where VACUUM cannot be.
            with closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute("VACUUM")
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection. Idempotent."""
        self._engine.dispose()

    def _migrate(self) -> None:
        known = sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
        with self.read() as connection:
            current = _revision(connection)
        if current == known[-1]:
            # Importing Alembic takes longer than everything else at a start.
            return
        if current is not None and current not in known:
            raise ConfigurationError(
                "The history was written by a newer version of this app. Update the app to open it."
            )
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver's own implicit BEGIN would come too late: `_begin_sqlite` says when a transaction starts.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # SQLite's own knows the letters of ASCII only: a search for "über" would not find "Über".
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
