"""What archives bring is no more than the app itself would let come about."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from rerender.studio import pictures, unpacking
from rerender.studio.archive import Archive, ArchiveError
from rerender.studio.curation import purge
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.limits import LOCAL_LIMITS, Limits
from rerender.studio.tables import runs
from rerender.studio.usage import kept
from tests.hostile.archives import zipped
from tests.studio.archives import (
    PICTURES,
    STORED,
    a_database,
    assert_refused,
    change_run,
    changed,
    exported,
    imported,
    runs_of,
    store,
)
from tests.studio.helpers import read


@pytest.mark.parametrize(
    ("most", "values", "sentence"),
    [
        (100, {"finished_at": None, "stored_at": None}, "More than 100 runs would be unfinished"),
        (24, {"series_id": "a" * 32}, "More than 24 runs of the archive belong to one series"),
    ],
    ids=["unfinished", "series"],
)
def test_several_archives_bring_no_more_than_one_may(
    archive: bytes, database: Database, most: int, values: dict[str, Any], sentence: str
) -> None:
    assert_refused(database, changed(archive, runs_of(0, most + 1, **values)), sentence)
    assert imported(database, changed(archive, runs_of(0, most, **values))).runs == most
    assert_refused(database, changed(archive, runs_of(most, 1, **values)), sentence)
    assert imported(database, changed(archive, runs_of(most, 1, **values)), "theirs").runs == 1
    assert imported(database, changed(archive, runs_of(most, 1))).runs == 1


ON_ITS_WAY = {"finished_at": None, "stored_at": None}


def test_an_import_brings_no_more_unfinished_runs_than_one_visitor_and_all_together_may_have(
    archive: bytes, database: Database
) -> None:
    limits = replace(LOCAL_LIMITS, unfinished_runs=3, unfinished_in_all=5)

    def bring(first: int, count: int, workspace: str = "ours", **values: Any) -> int:
        data = changed(archive, runs_of(first, count, **(ON_ITS_WAY | values)))
        return imported(database, data, workspace, limits).runs

    assert bring(0, 3) == 3
    with pytest.raises(ArchiveError, match=r"More than 3 runs would be unfinished here\. Nothing was imported\."):
        bring(3, 1)
    with pytest.raises(ArchiveError, match=r"follows as many as it can .* Nothing was imported\."):
        bring(10, 3, "theirs")
    assert bring(10, 2, "theirs") == 2
    assert bring(20, 9, backend="embedded") == bring(30, 9, **dict.fromkeys(ON_ITS_WAY, 1.7e9)) == 9, "all ended"


def test_nothing_in_an_archive_has_happened_later_than_now(archive: bytes, database: Database) -> None:
    """A run sent in the future was looked at without a pause until then, and one that ended there never deleted."""
    now, day = 1.75e9, 86_400.0
    sent, told = {"created_at": now + 5.0, "submitted_at": 3.9e9}, {"phase": "failed", "completed_at": 1.74e9}
    stopped = {"finished_at": 3.9e9, "stored_at": None, "stopped_at": 3.9e9, "settled_at": 3.9e9}
    data = changed(archive, change_run(**sent, **told, **stopped))
    imported(database, data, wall=lambda: now)
    run = read(History(database, "ours"), "0" * 32)
    assert (run.created_at, run.submitted_at, run.completed_at) == (now, now, 1.74e9)
    assert (run.finished_at, run.stopped_at, run.settled_at) == (now, now, now)
    imported(
        database, changed(archive, change_run(run_id="1" * 32, finished_at=3.9e9, stored_at=3.9e9)), wall=lambda: now
    )
    assert purge(database, lambda: now + 31 * day, keep_days=30) == 1


class Meanwhile(io.BytesIO):
    """A file that has something done when it is first read."""

    def __init__(self, data: bytes, act: Callable[[], object]) -> None:
        super().__init__(data)
        self._act: Callable[[], object] | None = act

    def read(self, size: int | None = -1, /) -> bytes:
        act, self._act = self._act, None
        if act:
            act()
        return super().read(size)


def test_a_second_archive_is_turned_away_while_one_is_imported_and_may_come_afterwards(
    archive: bytes, database: Database
) -> None:
    """Four at once held 1,028 MB, each for as long as its pictures waited to be opened."""
    refused: list[bytes] = []

    def import_another() -> None:
        assert_refused(database, archive, "Another archive is being imported at the moment")
        refused.append(archive)

    with pytest.raises(ArchiveError, match="no archive of this app"):
        Archive(database, "theirs").import_from(Meanwhile(zipped([("a", b"")]), import_another))
    assert Archive(database, "theirs").import_from(Meanwhile(archive, import_another)).runs == 1
    assert len(refused) == 2
    assert imported(database, archive).runs == 1


def test_a_list_of_contents_with_more_parts_than_so_many_runs_have_is_not_read(
    archive: bytes, database: Database
) -> None:
    """A list of 16 MB with 1,400,000 names of no run's took 310 MB."""
    few = replace(LOCAL_LIMITS, archive_runs=2)
    refused = changed(archive, lambda document: document["images"].update({f"{n}": "" for n in range(200)}))
    with pytest.raises(ArchiveError, match="list of contents is damaged"):
        imported(database, refused, limits=few)
    assert imported(database, archive, limits=few).runs == 1


def test_an_archive_brings_no_more_runs_than_one_import_may_and_says_so(archive: bytes, database: Database) -> None:
    """22,000 runs in a file of 0.3 MB kept everyone else from writing for eight seconds."""
    few = replace(LOCAL_LIMITS, archive_runs=100)
    with pytest.raises(ArchiveError, match=r"has 101 runs, and this app imports 100 at once\. Nothing was imported\."):
        imported(database, changed(archive, runs_of(0, 101)), limits=few)
    assert imported(database, changed(archive, runs_of(0, 100)), limits=few).runs == 100
    contents = Archive(database, "ours", limits=few).contents()
    assert contents.are_importable
    imported(database, changed(archive, runs_of(100, 1)), limits=few)
    assert not Archive(database, "ours", limits=few).contents().are_importable


def test_a_host_takes_the_largest_archive_that_it_exports_itself(database: Database) -> None:
    hosted = Limits.of("hosted")
    misc = {"plan": {f"surface{n}": [0.5019607843137255, 0.25, 1.0] for n in range(15)}, "understood": ["oak"] * 9}
    store(database, STORED, PICTURES[0], {0: PICTURES[1]})
    rows = [asdict(STORED) | {"run_id": f"{n:032}", "misc": misc, "stored_at": None} for n in range(1, 1350)]
    with database.write(EVERYONE) as connection:
        connection.execute(insert(runs), rows)
    contents = Archive(database, "ours", limits=hosted).contents()
    assert contents.are_importable
    assert contents.list_byte_size > 0.9 * unpacking.most_list_bytes(hosted)
    assert imported(database, exported(database), "theirs", hosted).runs == 1350


def test_what_an_archive_brings_counts_as_much_as_it_takes_however_small_its_parts_are(
    archive: bytes, new_database_file: Path
) -> None:
    """176,000 runs took 102 MB of the database and counted as 0.5 MB."""
    small = {f"pictures/{number}": number.to_bytes(2) for number in range(600)}
    shas = {pictures.unreadable(data).sha256: name for name, data in small.items()}
    ring = [*shas] * 2

    def change(document: dict[str, Any]) -> None:
        document["images"].update(shas)
        runs_of(0, len(small))(document)
        for number, row in enumerate(document["runs"]):
            row["outputs"] = [{"position": place, "image": ring[number + place]} for place in range(16)]

    data = changed(archive, change, files=small)
    with a_database(new_database_file) as database:
        before = file_size(database)
        imported(database, data)
        with database.read("ours") as connection:
            assert kept(connection) > 0.8 * (file_size(database) - before)


def file_size(database: Database) -> int:
    with database.read(EVERYONE) as connection:
        pages, size = (connection.exec_driver_sql(f"PRAGMA page_{what}").scalar_one() for what in ("count", "size"))
    return int(pages) * int(size)
