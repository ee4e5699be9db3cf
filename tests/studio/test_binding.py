"""Rows are bound to their workspace in one place, whatever a query says or forgets."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Connection,
    Executable,
    Select,
    Table,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
    update,
)

import rerender
from rerender.studio.binding import Unbound, bound
from rerender.studio.database import EVERYONE, Database
from rerender.studio.runs import RUN_COLUMNS
from rerender.studio.search import COVER
from rerender.studio.tables import blobs, images, metadata, outputs, preferences, runs, tries
from tests.fake_api import picture
from tests.studio.rows import add_run

OF_ALL = {
    # What the app itself does for all visitors: to make and migrate the tables, to follow runs, to clean up, to count
    # what the owner pays and how often a code was tried, and what of an archive there is room for.
    "rerender/studio/bounds.py",
    "rerender/studio/budget.py",
    "rerender/studio/codes.py",
    "rerender/studio/curation.py",
    "rerender/studio/database.py",
    "rerender/studio/journal.py",
}
PAST_BINDING = {"exec_driver_sql", "raw_connection"}
OTHER = runs.alias()


@pytest.fixture
def two(database: Database) -> Database:
    """Ours and theirs, each with one run, two images and a preference."""
    for workspace in ("ours", "theirs"):
        add_run(database, workspace=workspace, prompt=workspace, results=[picture(512, 512, len(workspace))])
        with database.write(workspace) as connection:
            connection.execute(insert(preferences).values(workspace=workspace, name="fit", value="pad"))
    return database


def rows_of(database: Database, table: Table) -> dict[str, int]:
    counted = select(table.c.workspace, func.count()).group_by(table.c.workspace)
    with database.read(EVERYONE) as connection:
        return {row[0]: row[1] for row in connection.execute(counted)}


@pytest.mark.parametrize(
    "query",
    [
        select(runs.c.prompt),
        select(runs.c.prompt).where(runs.c.workspace == "theirs"),
        select(runs.c.prompt).where((runs.c.prompt == "theirs") | literal(True)),
        select(OTHER.c.prompt),
        select(runs.c.prompt, OTHER.c.prompt).join_from(runs, OTHER, literal(True)),
        select(outputs.c.workspace).select_from(outputs).join(images, literal(True)),
        select(images.c.workspace).select_from(runs).outerjoin(images, literal(True)),
        select(select(runs.c.prompt).where(runs.c.workspace == "theirs").scalar_subquery()),
        select(literal("theirs")).where(exists().where(runs.c.prompt == "theirs")),
        select(literal("theirs")).where(literal("theirs").in_(select(preferences.c.workspace))),
        select(select(runs.c.prompt).subquery().c.prompt),
        select(select(runs.c.prompt).cte().c.prompt),
        select(union_all(select(runs.c.prompt), select(outputs.c.workspace)).subquery().c.prompt),
        select(func.max(runs.c.prompt)),
        select(*RUN_COLUMNS, COVER),
    ],
)
def test_a_query_that_names_no_workspace_sees_that_of_its_connection(query: Select[Any], two: Database) -> None:
    with two.read("ours") as connection:
        assert "theirs" not in str(connection.execute(query).all())
    with two.read(EVERYONE) as connection:
        assert "theirs" in str(connection.execute(query).all()), "the query would have seen it"


@pytest.mark.parametrize("table", [table for table in metadata.sorted_tables if "workspace" in table.c], ids=str)
def test_every_table_of_workspaces_is_bound(table: Table) -> None:
    for statement in (select(table), update(table).values(workspace="ours"), delete(table)):
        assert f"WHERE {table.name}.workspace = " in str(bound(statement, "ours"))


def test_a_change_that_names_no_workspace_leaves_others_alone(two: Database) -> None:
    with two.write("ours") as connection:
        assert connection.execute(update(runs).values(note="changed")).rowcount == 1
        assert connection.execute(delete(preferences)).rowcount == 1
    with two.read(EVERYONE) as connection:
        assert connection.execute(select(runs.c.note).where(runs.c.workspace == "theirs")).scalar_one() == ""
    assert rows_of(two, preferences) == {"theirs": 1}


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (insert(preferences).values(workspace="theirs", name="a", value=1), None),
        (insert(preferences).values(name="a", value=1), None),
        (insert(preferences), [{"workspace": whose, "name": "a", "value": 1} for whose in ("ours", "theirs")]),
        (insert(preferences), {"workspace": "theirs", "name": "a", "value": 1}),
        (insert(preferences).values([{"workspace": "theirs", "name": "a", "value": 1}]), None),
        (insert(preferences).from_select(["workspace", "name", "value"], select(preferences)), None),
        (update(preferences).values(workspace="theirs"), None),
        (update(preferences).values({preferences.c.workspace: "theirs"}), None),
        (update(preferences), {"workspace": "theirs"}),
        (select(tries.c.who), None),
        (delete(tries), None),
        (select(runs.c.run_id).where(runs.c.prompt.in_(select(tries.c.who))), None),
        (text("SELECT prompt FROM runs"), None),
    ],
)
def test_what_would_reach_beyond_the_workspace_is_refused(
    statement: Executable, parameters: Any, two: Database
) -> None:
    with pytest.raises(Unbound), two.write("ours") as connection:
        connection.execute(statement, parameters)
    assert rows_of(two, preferences) == {"ours": 1, "theirs": 1}


def test_a_connection_that_was_opened_for_nobody_reads_nothing(two: Database) -> None:
    with two._reader.connect() as connection, pytest.raises(Unbound):
        connection.execute(select(runs.c.run_id))


@pytest.mark.parametrize("way", [Database.read, Database.write])
def test_nobody_can_forget_to_say_whose_rows_are_meant(way: Callable[..., Any], database: Database) -> None:
    with pytest.raises(TypeError):
        way(database)


def test_only_the_app_itself_sees_everyone() -> None:
    root = Path(rerender.__file__).parents[1]
    sources = {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in root.glob("rerender/**/*.py")}
    naming = {name for name, source in sources.items() if "EVERYONE" in _names(source)}
    assert naming == OF_ALL


def test_statements_reach_the_database_in_no_other_way() -> None:
    """No SQL as text, no connection past `Database`: neither could be bound."""
    root = Path(rerender.__file__).parent
    sources = [path.read_text("utf-8") for path in root.glob("**/*.py") if path.name not in ("database.py", "sql.py")]
    used = {name for source in sources for name in _names(source)}
    assert not used & {"create_engine", "text", "TextClause", *PAST_BINDING}


def _names(source: str) -> set[str]:
    """What a module imports by name, and the ways past `Database` that it uses."""
    nodes = list(ast.walk(ast.parse(source)))
    imported = {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    return imported | {node.attr for node in nodes if isinstance(node, ast.Attribute) and node.attr in PAST_BINDING}


def test_the_sight_of_one_workspace_lasts_as_long_as_its_connection(two: Database) -> None:
    def prompts(connection: Connection) -> list[str]:
        return sorted(connection.scalars(select(runs.c.prompt)))

    for _ in range(3):
        for workspace in ("ours", "theirs"):
            with two.read(workspace) as connection:
                assert prompts(connection) == [workspace]
        with two.read(EVERYONE) as connection:
            assert prompts(connection) == ["ours", "theirs"]


def test_a_blob_of_the_same_picture_is_each_workspaces_own(two: Database) -> None:
    add_run(two, workspace="ours", prompt="ours", results=[None])
    with two.read("theirs") as connection:
        assert b"a format of the future" not in connection.scalars(select(blobs.c.data)).all()
