"""What archives bring is no more than the app itself would let come about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rerender.studio.archive import ArchiveError
from rerender.studio.curation import purge
from rerender.studio.database import Database
from rerender.studio.history import History
from rerender.studio.limits import LOCAL_LIMITS
from tests.studio.archives import assert_refused, change_run, changed, imported, runs_of
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
