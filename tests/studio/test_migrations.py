"""A database becomes that of the newest version: from nothing or an older one, also when several processes begin."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from rerender.errors import ConfigurationError
from rerender.studio.database import EVERYONE, MIGRATIONS, Database, sqlite_url
from rerender.studio.tables import metadata
from tests.postgres import IS_MISSING

REVISIONS = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
OPEN_ON_A_WORD = """
import sys
from pathlib import Path
from alembic import command
from rerender.errors import ConfigurationError
from rerender.studio import database
database.MIGRATIONS = Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
try:
    database.Database.open(sys.argv[1]).close()
except ConfigurationError as error:
    print(error)
"""


@pytest.fixture(params=["sqlite"] if IS_MISSING else ["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a place without a table."""
    if request.param == "sqlite":
        yield str(sqlite_url(tmp_path / "empty.sqlite3"))
        return
    databases = request.getfixturevalue("databases")
    url = databases.create()
    yield url
    databases.drop(url)


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def bring_to(url: str, revision: str) -> None:
    with closing(Database(url)) as database, database.write(EVERYONE) as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def schema(url: str) -> list[str]:
    with closing(Database(url)) as database, database.read(EVERYONE) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        about = inspect(connection)
        asks = (about.get_pk_constraint, about.get_foreign_keys, about.get_indexes, about.get_check_constraints)
        tables = [*metadata.tables, "alembic_version"]
        described = [f"{table} {one}" for table in tables for ask in asks for one in sorted_parts(ask(table))]
        columns = [column | {"table": table} for table in tables for column in about.get_columns(table)]
        # Where in its table a column is, and that it has no comment, is nothing that the app knows.
        named = ("table", "name", "type", "nullable", "default")
        described += sorted(str([str(column[name]) for name in named]) for column in columns)
        return [*described, str(connection.scalar(text("SELECT version_num FROM alembic_version")))]


def sorted_parts(described: object) -> list[str]:
    return sorted(map(str, described)) if isinstance(described, list) else [str(described)]


def opened_at_once(url: str, *apps: Path) -> list[str]:
    """What processes say that open the database at the same moment, each with an app that has these migrations."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_ON_A_WORD, url, str(app)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for app in apps
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60) for process in processes]
    assert [(process.returncode, complaints) for process, (_, complaints) in zip(processes, said, strict=True)] == [
        (0, "")
    ] * len(processes)
    return [words for words, _ in said]


def older_app(folder: Path) -> Path:
    """The migrations of the version before this one."""
    shutil.copytree(MIGRATIONS, folder)
    newest = next((folder / "versions").glob(f"{REVISIONS[-1]}_*.py"))
    newest.unlink()
    return folder


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_a_database_of_any_version_becomes_the_one_that_is_made_anew(
    empty_url: str, revision: str, request: pytest.FixtureRequest
) -> None:
    anew = (
        request.getfixturevalue("new_database")
        if empty_url.startswith("postgres")
        else str(sqlite_url(request.getfixturevalue("new_database_file")))
    )
    bring_to(empty_url, revision)
    Database.open(empty_url).close()
    assert schema(empty_url) == schema(anew)


def test_opening_knows_the_newest_migration_without_loading_alembic() -> None:
    assert ScriptDirectory.from_config(migrations()).get_heads() == [REVISIONS[-1]]


@pytest.mark.parametrize("revision", [None, "0001", pytest.param("0002", marks=pytest.mark.proof)])
def test_processes_that_open_a_database_at_once_all_succeed(empty_url: str, revision: str | None) -> None:
    if revision:
        bring_to(empty_url, revision)
    assert opened_at_once(empty_url, MIGRATIONS, MIGRATIONS) == ["", ""]
    assert REVISIONS[-1] in schema(empty_url)


def test_an_older_app_beside_a_newer_one_refuses_in_one_sentence_or_was_first(empty_url: str, tmp_path: Path) -> None:
    older = older_app(tmp_path / "older")
    bring_to(empty_url, REVISIONS[-2])
    ours, theirs = opened_at_once(empty_url, MIGRATIONS, older)
    assert ours == ""
    refusal = "The history was written by a newer version of this app. Update the app to open it.\n"
    assert theirs in ("", refusal)
    assert opened_at_once(empty_url, older) == [refusal]
    assert REVISIONS[-1] in schema(empty_url)


def test_a_database_of_a_newer_app_is_refused_in_plain_words(database: Database, database_url: str) -> None:
    with database.write(EVERYONE) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match=re.escape("newer version of this app")):
        Database.open(database_url)
