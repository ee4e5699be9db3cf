"""One SQL database that is all the app's state."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    URL,
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    func,
    insert,
    inspect,
    select,
)

from rerender.errors import ConfigurationError
from rerender.studio.binding import EVERYONE, OPTION, Everyone
from rerender.studio.sql import BUSY_TIMEOUT_S, DatabaseAway, engines, shrink
from rerender.studio.tables import metadata

__all__ = ["BUSY_TIMEOUT_S", "EVERYONE", "MIGRATIONS", "Database", "DatabaseAway", "Everyone", "sqlite_url"]

_log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"

WRITE_LOCK = 7_358_253
"""The number under which PostgreSQL knows that somebody writes: any, but the same for every process of this app."""

# Alembic's own table, as Alembic makes it.
_versions = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def sqlite_url(path: Path) -> URL:
    """The URL of a SQLite file."""
    return URL.create("sqlite", database=str(path))


class Database:
    """Connections to the migrated database. Safe to share between threads.

    `write` and `read` are the only ways in, and both ask whose rows are meant: those of one workspace, or EVERYONE's.
    A write holds the database from its first statement on, so that what it reads is still true when it writes.
    """

    def __init__(self, url: str | URL) -> None:
        self._reader, self._writer = engines(url)

    @classmethod
    def open(cls, url: str | URL) -> Database:
        """Connect and bring the schema up to date. Two processes may do this at once.

        Raises `ConfigurationError` when a newer version of the app wrote the database, `DatabaseAway` when it cannot
        be reached.
        """
        database = cls(url)
        try:
            database._migrate()
        except BaseException:
            database.close()
            raise
        return database

    @property
    def is_file(self) -> bool:
        """Whether it is a file of this machine, not a server."""
        return self._reader.dialect.name == "sqlite"

    @property
    def place(self) -> str:
        """Where it is, in words, without a user name or password."""
        url = self._reader.url
        return f"the file {url.database}" if self.is_file else f"the database {url.database} at {url.host}"

    @contextmanager
    def write(self, workspace: str | Everyone) -> Iterator[Connection]:
        """One transaction that may change things: commits at the end, rolls back on an error."""
        with self._writer.begin() as connection:
            connection.execution_options(**{OPTION: workspace})
            if not self.is_file:
                # What BEGIN IMMEDIATE is to SQLite: what is read from here on is still true at the end.
                connection.execute(select(func.pg_advisory_xact_lock(WRITE_LOCK)))
            yield connection

    @contextmanager
    def read(self, workspace: str | Everyone) -> Iterator[Connection]:
        """One transaction that sees the database as it is at its first statement."""
        with self._reader.begin() as connection:
            connection.execution_options(**{OPTION: workspace})
            yield connection

    def shrink(self) -> None:
        """Give the space of what was deleted back to the disk, and leave nothing of it in the file.

        PostgreSQL does this by itself. A database that is busy for long keeps the space until the next time.
        """
        if not self.is_file:
            return
        try:
            shrink(str(self._reader.url.database))
        except sqlite3.OperationalError as error:
            _log.warning("The database was not made smaller: %s", error)

    def close(self) -> None:
        """Close every connection. Idempotent."""
        self._reader.dispose()
        self._writer.dispose()

    def _migrate(self) -> None:
        known = sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
        with self.read(EVERYONE) as connection:
            current = _revision(connection)
        if current is None:
            with self.write(EVERYONE) as connection:
                # Another process may have made it since.
                current = _revision(connection) or _make_tables(connection, known[-1])
        if current == known[-1]:
            # Alembic takes longer to import than everything else at a start, and 14 MB.
            return
        if current not in known:
            raise ConfigurationError(
                "The history was written by a newer version of this app. Update the app to open it."
            )
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.write(EVERYONE) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_versions.name):
        return None
    revision: str | None = connection.scalar(select(_versions.c.version_num))
    return revision


def _make_tables(connection: Connection, revision: str) -> str:
    """Every table as it is now, in an empty database; returns the revision that this is."""
    metadata.create_all(connection)
    _versions.create(connection)
    connection.execute(insert(_versions).values(version_num=revision))
    return revision
