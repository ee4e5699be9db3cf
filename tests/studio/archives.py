"""Archives for the tests: a workspace to export, what comes out of it, and changes that others could make to it."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import insert, select

from rerender.studio import pictures
from rerender.studio.archive import Archive, ArchiveError, Imported
from rerender.studio.database import EVERYONE, Database, sqlite_url
from rerender.studio.limits import LOCAL_LIMITS, Limits
from rerender.studio.runs import RUN_COLUMNS, Run
from rerender.studio.tables import blobs, images, outputs, preferences, runs
from tests.fake_api import picture

PICTURES = [picture(512, 512, shade) for shade in range(3)] + [picture(64, 48, 9, "JPEG"), picture(64, 48, 9, "WEBP")]

STORED = Run(
    run_id="0" * 32,
    workspace="ours",
    backend="https://api.example",
    workflow_id="workflow",
    prompt="oak",
    batch_size=1,
    image_width=512,
    image_height=512,
    seed=7,
    control_image=pictures.describe(PICTURES[0]).sha256,
    submission="accepted",
    render_id="render1",
    phase="completed",
    error=None,
    misc={},
    credits=1.0,
    cost=0.025,
    created_at=1.7e9,
    submitted_at=1.7e9,
    completed_at=1.7e9,
    finished_at=1.7e9,
    stored_at=1.7e9,
    series_id=None,
    starred=False,
    note="",
    deleted_at=None,
    stopped_at=None,
    settled_at=None,
)


@contextmanager
def a_database(new_database_file: Path) -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        file = shutil.copy(new_database_file, Path(folder) / "studio.sqlite3")
        database = Database.open(sqlite_url(Path(file)))
        yield database
        database.close()


def store(database: Database, run: Run, control_image: bytes, made: dict[int, bytes]) -> None:
    with database.write(EVERYONE) as connection:
        pictures.keep(connection, run.workspace, pictures.describe(control_image), control_image)
        connection.execute(insert(runs).values({one.name: getattr(run, one.name) for one in fields(Run)}))
        for position, data in made.items():
            what = pictures.describe(data) if data in PICTURES else pictures.unreadable(data)
            pictures.keep(connection, run.workspace, what, data)
            row = {"run_id": run.run_id, "position": position, "workspace": run.workspace, "sha256": what.sha256}
            connection.execute(insert(outputs).values(row))


def everything(database: Database, workspace: str = "ours") -> dict[str, list[Any]]:
    """All rows of the workspace, as far as they are its own and not a runner's."""
    wanted = {
        "runs": (runs, [*RUN_COLUMNS], runs.c.deleted_at.is_(None)),
        "outputs": (outputs, [outputs.c.run_id, outputs.c.position, outputs.c.sha256], True),
        "images": (images, [*images.c], True),
        "blobs": (blobs, [blobs.c.sha256, blobs.c.data], True),
        "preferences": (preferences, [preferences.c.name, preferences.c.value], True),
    }
    with database.read(EVERYONE) as connection:
        return {
            name: sorted(
                map(tuple, connection.execute(select(*columns).where(table.c.workspace == workspace, condition))),
                key=str,
            )
            for name, (table, columns, condition) in wanted.items()
        }


def exported(database: Database, workspace: str = "ours") -> bytes:
    file = io.BytesIO()
    Archive(database, workspace).export(file)
    return file.getvalue()


def imported(
    database: Database, data: bytes, workspace: str = "ours", limits: Limits = LOCAL_LIMITS, **options: Any
) -> Imported:
    return Archive(database, workspace, limits=limits, **options).import_from(io.BytesIO(data))


def changed(data: bytes, change: Callable[[dict[str, Any]], object] = lambda _: None, **options: Any) -> bytes:
    """The archive with another manifest; `files` replaces entries by name, `method` is how all are compressed."""
    files: dict[str, bytes] = options.get("files", {})
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(buffer, "w", options.get("method", zipfile.ZIP_STORED)) as new,
    ):
        document = json.loads(old.read("manifest.json"))
        change(document)
        new.writestr("manifest.json", json.dumps(document))
        for name in {*old.namelist(), *files} - {"manifest.json"}:
            new.writestr(name, files.get(name, old.read(name) if name in old.namelist() else b""))
    return buffer.getvalue()


def assert_refused(database: Database, data: bytes, sentence: str) -> None:
    """An import of it raises such a sentence, and changes nothing."""
    before = everything(database)
    with pytest.raises(ArchiveError, match=sentence) as raised:
        imported(database, data)
    assert str(raised.value).endswith(("Nothing was imported.", "try again."))
    assert everything(database) == before


def change_run(**values: Any) -> Callable[[dict[str, Any]], object]:
    """For `changed`: the first run has these values."""
    return lambda document: document["runs"][0].update(values)


def runs_of(first: int, count: int, **values: Any) -> Callable[[dict[str, Any]], object]:
    """So many runs like the archive's one, their ids counted from `first`."""

    def change(document: dict[str, Any]) -> None:
        ids = range(first, first + count)
        document["runs"] = [document["runs"][0] | {"run_id": f"{one:032}"} | values for one in ids]

    return change
