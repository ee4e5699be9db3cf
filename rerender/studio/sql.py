"""How the app connects: to a SQLite file, or to a PostgreSQL server at an address as hosts hand it out."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, QueuePool, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneFree

from rerender.errors import RerenderError
from rerender.studio.binding import bind_all

__all__ = ["BUSY_TIMEOUT_S", "DatabaseAway", "engines", "shrink"]

BUSY_TIMEOUT_S = 30
READERS, MORE_READERS, READER_WAIT_S = 3, 4, 10
"""Connections to a server that are kept for reading, that a rush may add, and the wait for one. One more writes."""
STANDSTILL_S = 60
RECYCLE_S = 300
# A server that is gone without a word is noticed within half a minute; what the address says goes first.
_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# Poolers such as PgBouncer, which many hosts put in front, know nothing of the driver's prepared statements.
_DRIVER = {"application_name": "rerender-studio", "prepare_threshold": None}
_SHRINKS, _INCREMENTAL = "PRAGMA auto_vacuum = INCREMENTAL", 2
_STEP_PAGES = 1000
EMPTY_TRIES, EMPTY_EVERY_S = 50, 0.1
_SWITCH_AGAIN_AFTER_S = 0.05


class DatabaseAway(RerenderError, SQLAlchemyError):
    """The database cannot be reached, or takes nothing, for the moment. What was asked of it may be asked again."""

    def __init__(self) -> None:
        super().__init__("The history cannot be reached right now.")


def engines(url: str | URL) -> tuple[Engine, Engine]:
    """Who reads and who writes. Nothing is connected before the first use, and again after a server was away.

    Both bind what they do to a workspace, and raise `DatabaseAway` for what passes by itself. Raises `ArgumentError`
    for an address that is none.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        reader = create_engine(address, hide_parameters=True, poolclass=_Pool)
        event.listen(reader, "connect", _set_up_sqlite)
        event.listen(reader, "begin", _begin_sqlite)
        event.listen(reader, "handle_error", _away)
        bind_all(reader)
        return reader, reader.execution_options(writes=True)
    return _of_a_server(_psycopg(address))


def _psycopg(url: URL) -> URL:
    """The address with the driver that the app has: hosts name none, or the one before it."""
    if url.drivername not in ("postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        raise ArgumentError("The app knows SQLite, and PostgreSQL by psycopg.")
    if "@" in f"{url.host}{url.database}":
        raise ArgumentError("In an address, the @ : and / of a password are written as %40, %3A and %2F.")
    return url.set(drivername="postgresql+psycopg")


def _of_a_server(url: URL) -> tuple[Engine, Engine]:
    settings: dict[str, Any] = {
        "connect_args": {name: value for name, value in (_PATIENCE | _DRIVER).items() if name not in url.query},
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_recycle": RECYCLE_S,
        "poolclass": _Pool,
    }
    # SQLite's readers see one moment as they are, PostgreSQL's only when they ask for it.
    readers = {"pool_size": READERS, "max_overflow": MORE_READERS, "pool_timeout": READER_WAIT_S}
    reader = create_engine(url, isolation_level="REPEATABLE READ", **readers, **settings)
    # Writers wait for each other anyway: with one connection of their own, those that wait take none from the readers.
    writers = {"pool_size": 1, "max_overflow": 0, "pool_timeout": BUSY_TIMEOUT_S}
    writer = create_engine(url, isolation_level="READ COMMITTED", **writers, **settings)
    event.listen(writer, "begin", _bound_write)
    for engine in (reader, writer):
        event.listen(engine, "handle_error", _away)
        bind_all(engine)
    return reader, writer


class _Pool(QueuePool):
    def connect(self) -> PoolProxiedConnection:
        try:
            return super().connect()
        except NoneFree:
            raise DatabaseAway from None


def _away(context: ExceptionContext) -> DatabaseAway | None:
    """In place of the driver's error, which stays the cause for the log."""
    # A connection found dead before its use is replaced, which another error would prevent.
    is_away = isinstance(context.sqlalchemy_exception, OperationalError) and not context.is_pre_ping
    return DatabaseAway() if is_away else None


def _bound_write(connection: Connection) -> None:
    # A process that stands still in the midst of a write must not stop all others for ever.
    connection.exec_driver_sql(
        f"SELECT set_config('lock_timeout', '{BUSY_TIMEOUT_S}s', true),"
        f" set_config('idle_in_transaction_session_timeout', '{STANDSTILL_S}s', true)"
    )


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver's own implicit BEGIN would come too late: `_begin_sqlite` says when a transaction starts.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
    if not _number(connection, "page_count"):
        # Before there is anything in it, WAL's own page included: later it takes a VACUUM, and to ask takes the lock.
        connection.execute(_SHRINKS)
    _use_wal(connection)
    connection.execute("PRAGMA secure_delete = FAST")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # SQLite's own knows the letters of ASCII only: a search for "über" would not find "Über".
    connection.create_function("lower", 1, _lower, deterministic=True)


def _use_wal(
    connection: sqlite3.Connection,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Switch to a write-ahead log, which waits for readers, but is refused at once while somebody else writes."""
    give_up_at = clock() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or clock() >= give_up_at:
                raise
            sleep(_SWITCH_AGAIN_AFTER_S)
        else:
            return


def shrink(file: str) -> None:
    """Make a SQLite file as small as what is in it, and overwrite what was deleted.

    In steps of 4 MB, so that who writes meanwhile waits for moments. Raises `sqlite3.OperationalError` when it is busy.
    """
    with closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = FAST")
        if _number(connection, "auto_vacuum") != _INCREMENTAL:
            # A file of an older version is rewritten once, as a whole.
            connection.execute(_SHRINKS)
            connection.execute("VACUUM")
        while _number(connection, "freelist_count"):
            # The driver's `execute` would stop after the first page.
            connection.executescript(f"PRAGMA incremental_vacuum({_STEP_PAGES})")
        # What was deleted is also in the write-ahead log until that is emptied. Whoever waits for the readers there
        # keeps every writer waiting, so this does not wait.
        connection.execute("PRAGMA busy_timeout = 0")
        for _ in range(EMPTY_TRIES):
            if not _number(connection, "wal_checkpoint(TRUNCATE)"):
                return
            time.sleep(EMPTY_EVERY_S)


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
