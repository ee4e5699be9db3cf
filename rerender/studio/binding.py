"""The one place that binds rows to a workspace: every statement passes through it on its way to the database.

A connection is opened for one workspace, or for everyone. For one workspace a statement sees that workspace's rows
whatever its author wrote or forgot, in each of its parts; it writes no others, and a table that has no workspace cannot
be named at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final

from sqlalchemy import Alias, ColumnElement, Connection, Delete, Executable, Insert, Select, Table, Update, event
from sqlalchemy.engine import Engine
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ReleaseSavepointClause, RollbackToSavepointClause, SavepointClause
from sqlalchemy.sql.selectable import FromClause, Join

__all__ = ["EVERYONE", "OPTION", "Everyone", "Unbound", "bind_all", "bound"]

OPTION = "workspace"


class Everyone(Enum):
    """In place of a workspace: all of them at once, for what the app itself does."""

    EVERYONE = "everyone"


EVERYONE: Final = Everyone.EVERYONE


class Unbound(RuntimeError):
    """A statement would reach beyond the workspace of its connection, or its connection was opened for nobody."""


def bind_all(engine: Engine) -> None:
    """Bind what is executed on any connection of the engine to the workspace in the connection's option `OPTION`."""

    def before_execute(
        connection: Connection, statement: Any, several: Sequence[Any], one: Mapping[str, Any], _options: object
    ) -> tuple[Any, Sequence[Any], Mapping[str, Any]]:
        workspace = connection.get_execution_options().get(OPTION)
        if workspace is None:
            raise Unbound("The connection was opened for no workspace.")
        if workspace is not EVERYONE:
            statement = bound(statement, workspace, several or ([one] if one else []))
        return statement, several, one

    event.listen(engine, "before_execute", before_execute, retval=True)


def bound(statement: Executable, workspace: str, parameters: Sequence[Mapping[str, Any]] = ()) -> Executable:
    """The same statement for the rows of this workspace alone; `parameters` are what it is executed with.

    Raises `Unbound` where that cannot be: rows that are written for another workspace, a table without one, or SQL
    that is mere text.
    """

    def bind_select(select: Select[Any]) -> None:
        select._where_criteria += tuple(
            _is_of(source, workspace) for one in select.get_final_froms() for source in _sources(one)
        )

    def bind_change(change: Update | Delete) -> None:
        change._where_criteria += (_is_of(change.table, workspace),)

    if isinstance(statement, Insert | Update):
        _check_written(statement, workspace, parameters)
    if isinstance(statement, Insert | SavepointClause | ReleaseSavepointClause | RollbackToSavepointClause):
        return statement
    if not isinstance(statement, Select | Update | Delete):
        raise Unbound(f"A {type(statement).__name__} cannot be bound to a workspace.")
    changing: dict[str, Callable[[Any], None]] = {
        "select": bind_select,
        "update": bind_change,
        "delete": bind_change,
    }
    return visitors.cloned_traverse(statement, {}, changing)


def _sources(source: FromClause) -> Iterator[FromClause]:
    """The tables of a FROM, aliased or not. A subquery is none: it is bound by itself."""
    if isinstance(source, Join):
        yield from _sources(source.left)
        yield from _sources(source.right)
    elif isinstance(source, Table) or (isinstance(source, Alias) and isinstance(source.element, Table)):
        yield source


def _is_of(table: FromClause, workspace: str) -> ColumnElement[bool]:
    if "workspace" not in table.c:
        raise Unbound(f"{table} has no workspace.")
    is_of: ColumnElement[bool] = table.c.workspace == workspace
    return is_of


def _check_written(statement: Insert | Update, workspace: str, parameters: Sequence[Mapping[str, Any]]) -> None:
    """An INSERT has to name the workspace in each row, and an UPDATE moves none to another."""
    is_new = isinstance(statement, Insert)
    if is_new and (statement.select is not None or statement._multi_values):
        raise Unbound(f"Rows for {statement.table} are written one by one, or with parameters.")
    values: Mapping[Any, Any] = statement._values or {}
    fixed = {getattr(column, "key", column): getattr(value, "value", None) for column, value in values.items()}
    for row in parameters or [{}]:
        if ({**fixed, **row}).get("workspace", None if is_new else workspace) != workspace:
            raise Unbound(f"A row for {statement.table} is of another workspace.")
