"""An archive brings a workspace back as it was, and nothing that anyone can put into one does harm."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from rerender.studio import manifest, pictures
from rerender.studio.archive import Archive, ArchiveError, Imported
from rerender.studio.backends import PREVIEW, Backend
from rerender.studio.curation import purge
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.journal import Journal, new_owner
from rerender.studio.limits import LOCAL_LIMITS
from rerender.studio.preferences import FITS, POLL_FLOOR, SIZES
from rerender.studio.runner import Runner
from rerender.studio.runs import Run
from rerender.studio.tables import preferences, runs
from tests.fake_api import Answer, FakeApi, picture, png_header
from tests.studio.archives import PICTURES, STORED, a_database, changed, everything, exported, imported, store
from tests.studio.helpers import a_request, begin, finished, read
from tests.waiting import wait_until

# What a workspace can hold, for the round trip.

UNREADABLE = [b"a format of the future", b"", png_header(9, 9), picture(64, 64, 1, "GIF")]

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
HEX = st.text("0123456789abcdef", min_size=32, max_size=32)
MOMENT = st.floats(1.6e9, 1.7e9)
AMOUNT = st.floats(0, 1e6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=9,
)
MISC = st.dictionaries(TEXT, JSON, max_size=3)
PREFERRED = {"fit": st.sampled_from(FITS), "size": st.sampled_from(SIZES), "poll_floor": st.floats(*POLL_FLOOR)}
WORDS = st.fixed_dictionaries(
    {"understood": st.lists(TEXT), "not_understood": st.lists(TEXT), "taken_for": st.dictionaries(TEXT, TEXT)}
)


@st.composite
def stored_runs(draw: st.DrawFn) -> tuple[Run, bytes, dict[int, bytes]]:
    """A run to which nothing more happens, its control image, and its outputs by their position."""
    preview, accepted = draw(st.booleans()), draw(st.booleans())
    made = draw(st.dictionaries(st.integers(0, 5), st.sampled_from(PICTURES + UNREADABLE), max_size=4))
    control_image = draw(st.sampled_from(PICTURES))
    stored = bool(made) and draw(st.booleans())
    submission = "accepted" if accepted else draw(st.sampled_from(["refused", "uncertain"]))
    can_be_stopped = submission == "refused" or (accepted and not stored)
    run = Run(
        run_id=draw(HEX),
        workspace="ours",
        backend="embedded" if preview else draw(st.sampled_from(["https://api.example", "http://127.0.0.1:8000"])),
        workflow_id=draw(HEX),
        prompt=draw(TEXT.filter(str.strip)),
        batch_size=draw(st.integers(1, 4)),
        image_width=draw(st.integers(512, 2048)),
        image_height=draw(st.integers(512, 2048)),
        seed=draw(st.integers(0, 10_000_000)),
        control_image=pictures.describe(control_image).sha256,
        submission=submission,
        render_id=draw(HEX) if accepted else None,
        phase=draw(st.none() | TEXT),
        error=draw(st.none() | TEXT),
        misc=draw(WORDS if preview else MISC),
        credits=draw(AMOUNT),
        cost=draw(AMOUNT),
        created_at=draw(MOMENT),
        submitted_at=draw(st.none() | MOMENT),
        completed_at=draw(st.none() | MOMENT),
        finished_at=draw(MOMENT),
        stored_at=draw(MOMENT) if stored else None,
        series_id=draw(st.none() | HEX),
        starred=draw(st.booleans()),
        note=draw(TEXT),
        deleted_at=None,
        stopped_at=draw(st.none() | MOMENT) if can_be_stopped else None,
        settled_at=None if preview else draw(st.none() | MOMENT),
    )
    return run, control_image, made


@settings(max_examples=60)
@given(
    stored=st.lists(stored_runs(), max_size=4, unique_by=lambda one: one[0].run_id),
    preferred=st.fixed_dictionaries({}, optional=PREFERRED),
)
def test_what_was_exported_comes_back_equal_and_once(
    new_database_file: Path, stored: list[tuple[Run, bytes, dict[int, bytes]]], preferred: dict[str, Any]
) -> None:
    with a_database(new_database_file) as first, a_database(new_database_file) as second:
        for one in stored:
            store(first, *one)
        with first.write("ours") as connection:
            for name, value in preferred.items():
                connection.execute(insert(preferences).values(workspace="ours", name=name, value=value))
        data = exported(first)
        came = imported(second, data)
        assert everything(second) == everything(first)
        assert (came.runs, came.known_runs, came.pictures) == (len(stored), 0, len(everything(first)["images"]))
        assert exported(second) == data
        again = imported(second, data)
        assert (again.runs, again.pictures, again.known_runs) == (0, 0, len(stored))
        assert everything(second) == everything(first)


def test_every_column_of_a_run_is_carried_and_checked() -> None:
    by_rule = {"prompt", "batch_size", "image_width", "image_height", "seed"}
    assert set(manifest.RUN_FIELDS) == {one.name for one in fields(Run)} - {"workspace", "deleted_at", "is_shared"}
    assert set(manifest._CHECKS) | by_rule == set(manifest.RUN_FIELDS)


# A workspace with a real run of two pictures.


@pytest.fixture
def run_id(runner: Runner, backend: Backend, history: History) -> str:
    return finished(history, runner.submit("ours", backend, a_request(batch_size=2))).run_id


@pytest.fixture
def other_database(new_database_file: Path) -> Iterator[Database]:
    with a_database(new_database_file) as database:
        yield database


def test_a_person_finds_the_pictures_and_their_story_in_the_zip(
    start_runner: Callable[..., Runner], database: Database, backend: Backend, history: History, api: FakeApi
) -> None:
    api.state.files["/files/render1/1.png"] = Answer(200, picture(512, 512, 99))
    finished(history, start_runner().submit("ours", backend, a_request(batch_size=2)))
    with zipfile.ZipFile(io.BytesIO(exported(database))) as archive:
        names = archive.namelist()
        document = json.loads(archive.read("manifest.json"))
        assert archive.testzip() is None
    assert names == [
        "manifest.json",
        "pictures/0001-control-image.png",
        "pictures/0001-rerender-oak-and-glass-seed7-1.png",
        "pictures/0001-rerender-oak-and-glass-seed7-2.png",
    ]
    assert (document["format"], document["version"]) == ("rerender-workspace", 1)
    assert (document["runs"][0]["prompt"], document["runs"][0]["seed"]) == ("oak and glass", 7)


def test_an_export_has_neither_another_workspaces_rows_nor_what_was_deleted_nor_thumbnails(
    run_id: str, runner: Runner, backend: Backend, database: Database, history: History
) -> None:
    theirs = History(database, "theirs")
    finished(
        theirs, runner.submit("theirs", backend, a_request(prompt="their prompt", control_image=picture(512, 600)))
    )
    deleted = finished(history, runner.submit("ours", backend, a_request(prompt="deleted prompt"))).run_id
    before = exported(database)
    history.thumbnail(history.outputs(run_id)[0].sha256)
    assert exported(database) == before
    with database.write(EVERYONE) as connection:
        connection.execute(update(runs).where(runs.c.run_id == deleted).values(deleted_at=time.time()))
    data = exported(database)
    assert b"deleted prompt" in before
    for absent in (b"deleted prompt", b"their prompt", b"lease", b"owner", picture(512, 600)):
        assert absent not in data


def test_an_export_has_no_address_for_a_key_and_an_import_takes_none(
    run_id: str, database: Database, other_database: Database
) -> None:
    values = {
        "backend": "typed",
        "base_url": "https://evil.example",
        "credits_per_run": 0,
        "workflow_id": "costly",
        "fit": "pad",
    }
    with database.write(EVERYONE) as connection:
        for name, value in values.items():
            connection.execute(insert(preferences).values(workspace="ours", name=name, value=value))
    assert b"evil.example" not in exported(database)
    imported(other_database, changed(exported(database), lambda document: document["preferences"].update(values)))
    assert everything(other_database)["preferences"] == [("fit", "pad")]


def test_an_archive_goes_through_a_temporary_file(run_id: str, database: Database, other_database: Database) -> None:
    with SpooledTemporaryFile(max_size=1000) as file:
        Archive(database, "ours").export(file)
        assert Archive(other_database, "ours").import_from(file).runs == 1
    assert everything(other_database) == everything(database)


def test_no_more_than_one_picture_is_in_memory_at_a_time(
    database: Database, other_database: Database, tmp_path: Path
) -> None:
    for number in range(12):
        output = picture(64, 64, number, "PNG") + bytes([number]) * 2_000_000
        run = replace(STORED, run_id=f"{number:032}", created_at=1.7e9 + number)
        store(database, run, PICTURES[0], {0: output})
    tracemalloc.start()
    with (tmp_path / "archive.zip").open("w+b") as file:
        Archive(database, "ours").export(file)
        Archive(other_database, "ours").import_from(file)
        size = file.seek(0, io.SEEK_END)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 24_000_000
    assert peak < 12_000_000


def test_the_figures_before_an_export_are_about_those_of_the_archive(database: Database) -> None:
    for number in range(50):
        misc = {"understood": ["oak"] * number}
        run = replace(STORED, run_id=f"{number:032}", prompt="oak " * number, note="mine", misc=misc)
        store(database, run, PICTURES[0], {0: PICTURES[1], 1: PICTURES[2]})
    contents, data = Archive(database, "ours").contents(), exported(database)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo("manifest.json").file_size
    assert size <= contents.list_byte_size <= 2 * size
    assert (contents.runs, contents.pictures, contents.pixels) == (50, 3, 3 * 512 * 512)
    assert contents.byte_size == sum(map(len, PICTURES[:3])) + contents.list_byte_size
    assert contents.are_importable


# Runs that are there already, in this workspace or in another.


def test_a_run_that_is_already_there_stays_as_it_is(run_id: str, database: Database, history: History) -> None:
    data = exported(database)
    with database.write(EVERYONE) as connection:
        connection.execute(update(runs).where(runs.c.run_id == run_id).values(note="mine", starred=True))
    before = everything(database)
    assert imported(database, data) == Imported(runs=0, pictures=0, known_runs=1)
    assert everything(database) == before
    assert read(history, run_id).note == "mine"


def test_a_deleted_run_comes_back_from_an_archive_as_it_was(
    run_id: str, database: Database, history: History, backend: Backend
) -> None:
    data = exported(database)
    with database.write(EVERYONE) as connection:
        connection.execute(update(runs).where(runs.c.run_id == run_id).values(deleted_at=1.7e9, note="mine"))
    assert imported(database, data) == Imported(runs=1, pictures=0, known_runs=0)
    assert read(history, run_id).note == "mine"


def test_an_import_into_another_workspace_touches_nothing_of_the_first_and_happens_once(
    run_id: str, database: Database, history: History
) -> None:
    before, data = everything(database), exported(database)
    assert imported(database, data, "theirs").runs == 1
    assert imported(database, data, "theirs") == Imported(runs=0, pictures=0, known_runs=1)
    assert everything(database) == before
    theirs = History(database, "theirs")
    (copy,) = theirs.recent()
    assert copy.run_id != run_id
    assert (copy.prompt, copy.workspace) == ("oak and glass", "theirs")
    assert theirs.outputs(copy.run_id) == history.outputs(run_id)
    assert (theirs.run(run_id), history.run(copy.run_id)) == (None, None)
    with database.write(EVERYONE) as connection:
        connection.execute(runs.delete().where(runs.c.run_id == run_id))
    assert imported(database, data, "theirs").known_runs == 1, "also when the first is gone by now"


def test_one_id_that_another_workspace_has_gives_all_runs_others_and_still_brings_them_once(database: Database) -> None:
    store(database, STORED, PICTURES[0], {0: PICTURES[1]})
    store(database, replace(STORED, run_id="1" * 32), PICTURES[0], {0: PICTURES[2]})
    both = exported(database)
    with database.write(EVERYONE) as connection:
        connection.execute(runs.delete().where(runs.c.run_id == "1" * 32))
    assert imported(database, both, "another").runs == 2
    assert imported(database, both, "another") == Imported(runs=0, pictures=0, known_runs=2)
    outputs = {row[2] for row in everything(database, "another")["outputs"]}
    assert outputs == {pictures.describe(one).sha256 for one in PICTURES[1:3]}


# What a host keeps of an archive.


def test_an_import_brings_no_more_than_a_workspace_may_keep_and_else_nothing(
    database: Database, other_database: Database
) -> None:
    large = [PICTURES[number] + bytes(600_000) for number in (1, 2)]
    store(database, STORED, PICTURES[0], {0: large[0]})
    first = exported(database)
    store(database, replace(STORED, run_id="1" * 32), PICTURES[0], {0: large[1]})
    both, hosted = exported(database), replace(LOCAL_LIMITS, workspace_mb=1)
    for there in (0, 1):
        before = everything(other_database)
        with pytest.raises(ArchiveError, match="would keep 2 MB here, and this app keeps 1 MB for"):
            imported(other_database, both, limits=hosted)
        assert everything(other_database) == before
        assert imported(other_database, first, limits=hosted).known_runs == there
    assert imported(other_database, both, "theirs").runs == 2
    assert imported(other_database, first, limits=replace(hosted, workspace_mb=2)).known_runs == 1


def test_an_import_brings_no_more_than_there_is_room_for_with_what_others_keep(
    database: Database, other_database: Database
) -> None:
    store(database, STORED, PICTURES[0], {0: PICTURES[1] + bytes(600_000)})
    data, hosted = exported(database), replace(LOCAL_LIMITS, kept_in_all_mb=1)
    assert imported(other_database, data, "others", hosted).runs == 1
    with pytest.raises(ArchiveError, match=r"has no room for what is in the archive .* Nothing was imported\."):
        imported(other_database, data, limits=hosted)
    assert not any(everything(other_database).values())
    assert imported(other_database, data, "others", hosted).known_runs == 1, "nothing new takes no room"
    assert imported(other_database, data, limits=replace(hosted, kept_in_all_mb=2)).runs == 1


def test_an_import_says_how_many_of_its_runs_are_older_than_what_is_kept_here(
    database: Database, other_database: Database
) -> None:
    now, day = 1.7e9 + 1_000_000, 86_400.0
    at_stake = {"submission": "uncertain", "render_id": None, "stored_at": None}
    for number, (ago, changes) in enumerate([(3, {}), (8, {}), (9, {"starred": True}), (9, at_stake)]):
        values = {"run_id": f"{number:032}", "finished_at": now - ago * day, **changes}
        store(database, replace(STORED, **values), PICTURES[0], {0: PICTURES[1]})
    hosted = replace(LOCAL_LIMITS, keep_days=7)
    came = imported(other_database, exported(database), limits=hosted, wall=lambda: now)
    assert (came.runs, came.outlived) == (4, 2)
    assert purge(other_database, lambda: now, keep_days=7) == came.outlived
    assert imported(other_database, exported(database), wall=lambda: now).outlived == 0, "where all is kept for ever"


# Runs that were on their way when they were exported.


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database, new_owner(), wall=time.time, lease=30, announce=lambda: None)


@pytest.mark.parametrize("is_sending", [False, True])
def test_a_run_that_was_being_sent_ends_as_uncertain_and_is_never_sent(
    journal: Journal, backend: Backend, database: Database, other_database: Database, is_sending: bool
) -> None:
    run_id = begin(journal, "ours", backend, a_request())
    if is_sending:
        journal.sending(run_id)
    imported(other_database, exported(database))
    run = read(History(other_database, "ours"), run_id)
    assert (run.submission, run.is_unfinished, run.credits) == ("uncertain", False, 1.0)
    assert "may have been charged" in str(run.error)


def test_an_unfinished_preview_ends_and_says_that_it_cost_nothing(
    journal: Journal, database: Database, other_database: Database
) -> None:
    run_ids = [begin(journal, "ours", PREVIEW, a_request(seed=seed)) for seed in range(2)]
    journal.accepted(run_ids[1], "render1")
    imported(other_database, exported(database))
    for run_id, submission in zip(run_ids, ("uncertain", "accepted"), strict=True):
        run = read(History(other_database, "ours"), run_id)
        assert (run.is_unfinished, run.submission) == (False, submission)
        assert "cost nothing" in str(run.error)


def test_a_paid_run_on_its_way_is_fetched_where_it_was_imported_and_not_sent_again(
    start_runner: Callable[..., Runner], database: Database, other_database: Database, backend: Backend, api: FakeApi
) -> None:
    api.state.phases = ["processing"]
    run_id = start_runner().submit("ours", backend, a_request())
    history = History(database, "ours")
    wait_until(lambda: read(history, run_id).render_id)
    imported(other_database, exported(database))
    there = History(other_database, "ours")
    assert "nothing is sent again" in str(read(there, run_id).error)
    api.state.phases = ["completed"]
    follower = Runner(other_database, lambda *_: backend)
    follower.resume()
    try:
        run = finished(there, run_id)
    finally:
        follower.close()
    assert (bool(run.stored_at), run.error, api.state.submit_count) == (True, None, 1)
