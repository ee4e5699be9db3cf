"""Nothing that anyone can put into an archive does harm: it is refused whole, in one sentence."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, update

from rerender.models import CONTROL_IMAGE_MAX_BYTES
from rerender.studio import manifest, pictures, unpacking
from rerender.studio.archive import ArchiveError
from rerender.studio.database import EVERYONE, Database
from rerender.studio.history import History
from rerender.studio.limits import LOCAL_LIMITS
from rerender.studio.tables import preferences, runs
from tests.fake_api import picture, png_header
from tests.studio.archives import (
    PICTURES,
    a_database,
    assert_refused,
    change_run,
    changed,
    everything,
    imported,
    runs_of,
)

NESTED: list[object] = []
for _ in range(51):
    NESTED = [NESTED]

HOSTILE = {
    "run_id": ["", "../../etc/passwd", "g" * 32, "0" * 33, None, 7],
    "backend": [
        *("", "https://", "javascript:alert(1)", "https://a b", "https://" + "a" * 245, None, ["embedded"]),
        *(
            "https://rerender.genly.ai@evil.example",
            "https://api.example/",
            "https://api.example/a",
            "https://API.example",
        ),
        *("https://api.example:443", "https://api.example:99999", "http://api.example", "https://\u0430pi.example"),
    ],
    "workflow_id": ["a" * 201, None, "\ud800", "", "a b", "a/b", "..", "a\0b"],
    "prompt": ["", "  ", "x" * 10_001, "a\0b", "\ud800", None, 7],
    "batch_size": [0, 5, True, 1.0, "1", None],
    "image_width": [511, 1_000_000, "512"],
    "image_height": [0, -1],
    "seed": [-1, 10_000_001, 0.5],
    "control_image": ["0" * 64, "", None, ["x"]],
    "submission": ["submitting", "charged", "", None, [], "refused"],
    "render_id": [None, "", "x" * 201, 7, "a b", "a/../b", "a\nb", "a\0b"],
    "phase": [7, "x" * 4_001, "\ud800", "a\0b"],
    "error": [7, ["x"], "x" * 4_001, "a\0b"],
    "misc": [None, [], "x", {"a": "é" * 50_000}, {"a": ["\0"]}, {"\\\0": 1}, {"a": NESTED}],
    "credits": [-1, None, "1", True, 1e10],
    "cost": [-0.1, "free", False],
    "created_at": [0, None, -1, 1e12, "now", True],
    "submitted_at": [0, "now"],
    "completed_at": [0, True],
    "finished_at": [None, 5],
    "stored_at": [0, "x"],
    "series_id": ["x", 7, "0" * 31],
    "starred": [1, None, "yes"],
    "note": [None, 7, "x" * 2_001, "\0"],
    "stopped_at": [0, "x", True, 1.7e9],
    "settled_at": [0, "x", True],
    "outputs": [
        None,
        {},
        [7],
        [{"position": 0}],
        [{"position": 0, "image": "0" * 64}],
        [{"position": -1, "image": pictures.describe(PICTURES[1]).sha256}],
        [{"position": True, "image": pictures.describe(PICTURES[1]).sha256}],
        [{"position": 0, "image": pictures.describe(PICTURES[1]).sha256}] * 2,
        [],
    ],
}


@pytest.mark.parametrize(("name", "values"), HOSTILE.items(), ids=HOSTILE)
def test_a_run_that_cannot_be_is_refused_and_nothing_is_imported(
    archive: bytes, database: Database, name: str, values: list[Any]
) -> None:
    for value in values:
        assert_refused(database, changed(archive, change_run(**{name: value})), "archive is damaged|not complete")
    if name not in manifest.ADDED:
        assert_refused(database, changed(archive, lambda document: document["runs"][0].pop(name)), "not complete")


def test_the_checked_archive_itself_is_taken(archive: bytes, database: Database) -> None:
    assert set(HOSTILE) == {*manifest.RUN_FIELDS, "outputs"}
    assert imported(database, changed(archive)).runs == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("runs"),
        lambda document: document.pop("images"),
        lambda document: document.pop("preferences"),
        lambda document: document.update(runs={}),
        lambda document: document.update(runs=[[]]),
        lambda document: document.update(images=[]),
        lambda document: document.update(preferences=[]),
        lambda document: document["runs"].append(document["runs"][0]),
        lambda document: document["runs"][0].update(backend="embedded", misc={"understood": 7}),
        lambda document: document["runs"][0].update(backend="embedded", misc={"understood": [7]}),
        lambda document: document["runs"][0].update(backend="embedded", misc={"not_understood": ["\ud800"]}),
        lambda document: document["runs"][0].update(backend="embedded", misc={"taken_for": ["walls"]}),
        lambda document: document["runs"][0].update(backend="embedded", misc={"taken_for": {"oak": 7}}),
    ],
)
def test_a_list_of_contents_that_cannot_be_is_refused(
    archive: bytes, database: Database, change: Callable[[dict[str, Any]], object]
) -> None:
    assert_refused(database, changed(archive, change), "archive")


@pytest.mark.parametrize("version", [0, 2, "1", 1.0, True, None])
def test_an_unknown_version_is_one_clear_error(archive: bytes, database: Database, version: object) -> None:
    assert_refused(database, changed(archive, lambda document: document.update(version=version)), "another version")


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"a": 1' + b"0" * 5000 + b"}", b'{"format": NaN}', b"null"],
)
def test_a_manifest_that_is_no_json_is_refused(database: Database, text: bytes) -> None:
    assert_refused(database, a_zip({"manifest.json": text}), "damaged|no archive")


def a_zip(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip" * 1000, a_zip({})[:-1], a_zip({"other.txt": b"x"})])
def test_a_file_that_is_no_archive_is_refused(database: Database, data: bytes) -> None:
    assert_refused(database, data, "no ZIP|no archive")


@settings(max_examples=150)
@given(cut=st.integers(0, 20_000), at=st.integers(0, 20_000), byte=st.integers(1, 255))
def test_a_damaged_archive_is_either_refused_or_whole(
    new_database_file: Path, stored: tuple[bytes, dict[str, list[Any]]], cut: int, at: int, byte: int
) -> None:
    whole, rows = stored
    changed_byte = bytearray(whole)
    changed_byte[at % len(whole)] ^= byte
    for damaged in (whole[: cut % len(whole)], bytes(changed_byte)):
        with a_database(new_database_file) as database:
            try:
                imported(database, damaged)
            except ArchiveError:
                assert not any(everything(database).values())
            else:
                assert everything(database) == rows


def test_a_picture_that_was_exchanged_is_refused(archive: bytes, database: Database) -> None:
    name = "pictures/0001-rerender-oak-seed7-1.png"
    assert_refused(database, changed(archive, files={name: picture(512, 512, 99)}), "not the one that was exported")


@pytest.mark.parametrize(
    "unusable",
    [picture(15, 512), picture(16, 16) + bytes(CONTROL_IMAGE_MAX_BYTES), png_header(512, 512), b"no picture"],
    ids=["too small", "too large", "cut off", "no picture"],
)
def test_a_control_image_that_the_form_could_not_open_with_is_refused(
    archive: bytes, database: Database, unusable: bytes
) -> None:
    sha256 = pictures.unreadable(unusable).sha256

    def change(document: dict[str, Any]) -> None:
        document["images"][sha256] = "pictures/x.png"
        document["runs"][0]["control_image"] = sha256

    assert_refused(database, changed(archive, change, files={"pictures/x.png": unusable}), "cannot be used")


def test_an_output_that_does_not_decode_is_kept_as_bytes_that_no_page_decodes(
    archive: bytes, database: Database
) -> None:
    bomb = png_header(30_000, 30_000)
    sha256 = pictures.unreadable(bomb).sha256

    def change(document: dict[str, Any]) -> None:
        document["images"][sha256] = "pictures/bomb.png"
        document["runs"][0]["outputs"] = [{"position": 0, "image": sha256}]

    imported(database, changed(archive, change, files={"pictures/bomb.png": bomb}))
    history = History(database, "ours")
    (output,) = history.outputs("0" * 32)
    assert not output.is_readable
    assert history.data(sha256) == bomb


def test_names_in_an_archive_are_never_paths(
    archive: bytes, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    (tmp_path / "secret.png").write_bytes(PICTURES[1])
    for name in ("../secret.png", str(tmp_path / "secret.png"), "file:///etc/passwd"):

        def change(document: dict[str, Any], name: str = name) -> None:
            document["images"] = dict.fromkeys(document["images"], name)

        assert_refused(database, changed(archive, change), "damaged")
        assert_refused(database, changed(archive, change, files={name: b"x"}), "cannot be used|not the one")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.suffix != ".sqlite3")[:2] == [
        "inside",
        "secret.png",
    ]
    assert list(inside.iterdir()) == []


# Bombs.


def test_a_zip_made_by_another_program_is_taken(archive: bytes, database: Database) -> None:
    assert imported(database, changed(archive, files={"__MACOSX/x": b""}, method=zipfile.ZIP_DEFLATED)).runs == 1


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_that_unpacks_without_bound_is_refused(archive: bytes, database: Database, method: int) -> None:
    assert_refused(database, changed(archive, method=method), "damaged")


def test_what_is_packed_too_tightly_is_refused_before_it_is_unpacked(archive: bytes, database: Database) -> None:
    name = "pictures/0001-rerender-oak-seed7-1.png"
    bomb = changed(archive, files={name: bytes(50_000_000)}, method=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    assert_refused(database, bomb, "more than can be imported")
    assert_refused(database, a_zip({"manifest.json": bytes(17_000_000)}), "more than can be imported")


def test_a_size_that_is_a_lie_unpacks_no_more_than_it_says(archive: bytes, database: Database) -> None:
    name = "pictures/0001-rerender-oak-seed7-1.png"
    bomb = bytearray(changed(archive, files={name: bytes(50_000_000)}, method=zipfile.ZIP_DEFLATED))
    size, lie = struct.pack("<L", 50_000_000), struct.pack("<L", 1000)
    assert size in bomb
    assert_refused(database, bytes(bomb.replace(size, lie)), "damaged")


def test_what_no_run_of_an_archive_names_is_not_held_while_its_pictures_wait(archive: bytes) -> None:
    document = json.loads(zipfile.ZipFile(io.BytesIO(archive)).read("manifest.json"))
    named = dict(document["images"])
    document["images"].update({f"{number:064x}": "" for number in range(1000)})
    assert manifest.read(json.dumps(document).encode(), "ours", 10_000).files == named


def test_too_many_entries_are_refused(database: Database) -> None:
    many = {f"{number}": b"" for number in range(unpacking.most_files(LOCAL_LIMITS))}
    assert_refused(database, a_zip({"manifest.json": b"{}", **many}), "more than can be imported")


def test_a_list_of_entries_that_says_it_is_huge_is_not_read(database: Database) -> None:
    data = a_zip({"a" * 60_000 + str(number): b"" for number in range(80)})
    assert_refused(database, data, "more than can be imported")


def test_the_sizes_of_all_pictures_together_have_a_limit(
    archive: bytes, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "MAX_BYTES", len(PICTURES[0]) + len(PICTURES[1]) - 1)
    assert_refused(database, archive, "more than can be imported")


def test_many_small_entries_together_are_packed_no_tighter_than_one(archive: bytes, database: Database) -> None:
    """Each of them under a megabyte, which says nothing."""
    data = changed(archive, files={f"{n}": bytes(900_000) for n in range(20)}, method=zipfile.ZIP_DEFLATED)
    assert_refused(database, data, "more than can be imported")


def test_the_pixels_of_all_pictures_together_have_a_limit_that_is_said(
    archive: bytes, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "MAX_PIXELS", 2 * 512 * 512 - 1)
    assert_refused(database, archive, "over 2,000 million pixels together")
    monkeypatch.setattr(unpacking, "MAX_PIXELS", 2 * 512 * 512)
    assert imported(database, archive).runs == 1


def test_others_wait_for_few_statements_however_many_runs_and_pictures_an_archive_has(
    archive: bytes, database: Database
) -> None:
    """Each run, output and picture had its own, and 1,600 runs of 100 outputs held the database for 79 seconds."""
    some = {f"pictures/{number}": bytes([number]) for number in range(200)}
    shas = {pictures.unreadable(data).sha256: name for name, data in some.items()}

    def change(document: dict[str, Any]) -> None:
        made = [{"position": position, "image": sha256} for position, sha256 in enumerate(list(shas)[:16])]
        also = [{"position": 0, "image": sha256} for sha256 in shas]
        document["images"].update(shas)
        runs_of(0, 300, outputs=made)(document)
        for row, output in zip(document["runs"][100:], also, strict=True):
            row["outputs"] = [output]

    data, statements = changed(archive, change, files=some), 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    event.listen(database._writer, "before_cursor_execute", count)
    for workspace in ("ours", "theirs"):
        assert imported(database, data, workspace).runs == 300
    with database.write("ours") as connection:
        connection.execute(update(runs).values(deleted_at=1.7e9))
    assert imported(database, data).runs == 300
    assert statements < 60


def test_a_run_has_no_more_outputs_than_an_api_could_make(archive: bytes, database: Database) -> None:
    made = [{"position": position, "image": pictures.describe(PICTURES[1]).sha256} for position in range(17)]
    assert_refused(database, changed(archive, change_run(outputs=made)), "its outputs cannot be")
    assert imported(database, changed(archive, change_run(outputs=made[:16]))).runs == 1


def test_an_encrypted_entry_is_refused(archive: bytes, database: Database) -> None:
    data = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature)
        data[at + offset] |= 1
    assert_refused(database, bytes(data), "damaged")


def test_an_import_that_cannot_be_stored_leaves_nothing(archive: bytes, database: Database) -> None:
    with database.write(EVERYONE) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON outputs BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            if database.is_file
            else "ALTER TABLE outputs ADD CHECK (position < 0)"
        )
    assert_refused(database, archive, "could not be stored")


def test_preferences_that_are_here_stay_and_those_of_others_are_left_alone(archive: bytes, database: Database) -> None:
    with database.write(EVERYONE) as connection:
        connection.execute(insert(preferences).values(workspace="ours", name="fit", value="crop"))
        connection.execute(insert(preferences).values(workspace="theirs", name="size", value="large"))
    data = changed(archive, lambda document: document.update(preferences={"fit": "pad", "size": "draft"}))
    imported(database, data)
    assert everything(database)["preferences"] == [("fit", "crop"), ("size", "draft")]
    assert everything(database, "theirs")["preferences"] == [("size", "large")]


def test_only_preferences_that_the_app_has_and_that_can_be_come_from_an_archive(
    archive: bytes, database: Database
) -> None:
    """A hundred names of a megabyte each were kept at every import, and all of them read for every page."""
    unknown = {f"a{number}": "x" * 100_000 for number in range(100)}
    broken = {"fit": "x" * 100_000, "poll_floor": True, "batch_size": [[]], "x" * 65: 1, "a b": 1}
    data = changed(archive, lambda document: document.update(preferences=unknown | broken | {"size": "draft"}))
    assert imported(database, data).runs == 1
    assert everything(database)["preferences"] == [("size", "draft")]
