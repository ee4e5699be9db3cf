from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rerender.models import RenderRequest
from rerender.service.storage import FolderInUse, Record, Storage
from tests.service.calls import picture

REQUEST = RenderRequest("oak", picture(), batch_size=2, image_width=512, image_height=640, seed=3)


@pytest.fixture
def open_storage(tmp_path: Path) -> Iterator[Callable[[], Storage]]:
    """Opens the storage of one folder; each call ends the one before, as a new process would."""
    opened: list[Storage] = []

    def open_again() -> Storage:
        for storage in opened:
            storage.close()
        opened.append(Storage(tmp_path))
        return opened[-1]

    yield open_again
    opened[-1].close()


def create(storage: Storage, now: float = 1.0) -> Record:
    return storage.create(REQUEST, "workflow", now, {"engine": "flat"})


def test_a_render_is_found_again_by_the_next_process_with_its_request_byte_for_byte(
    open_storage: Callable[[], Storage],
) -> None:
    storage = open_storage()
    record = create(storage)
    storage = open_storage()
    assert storage.find(record.id) == record
    assert storage.request(record) == REQUEST


def test_a_write_that_breaks_off_leaves_nothing_and_what_was_there_as_it_was(
    open_storage: Callable[[], Storage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object) -> None:
        raise PermissionError(13, "The process cannot access the file")

    storage = open_storage()
    record = create(storage)
    before = {path.name for path in tmp_path.rglob("*")}
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", held)
        with pytest.raises(PermissionError):
            storage.update(replace(record, phase="completed"))
        with pytest.raises(PermissionError):
            storage.add_picture(picture())
    assert {path.name for path in tmp_path.rglob("*")} == before
    assert storage.find(record.id) == record


def test_unfinished_renders_come_oldest_first_and_ended_ones_not(open_storage: Callable[[], Storage]) -> None:
    storage = open_storage()
    late, early, ended, interrupted = (create(storage, now) for now in (9.0, 2.0, 3.0, 4.0))
    storage.update(replace(ended, phase="completed"))
    storage.update(replace(interrupted, phase="processing"))
    assert [record.id for record in storage.unfinished()] == [early.id, interrupted.id, late.id]


def test_what_a_crash_left_half_written_is_removed_and_nothing_else(
    open_storage: Callable[[], Storage], tmp_path: Path
) -> None:
    storage = open_storage()
    whole = create(storage)
    leftovers = [
        tmp_path / "renders" / f"{'c' * 24}.json.partial",
        tmp_path / "pictures" / f"{'d' * 32}.png.partial",
        tmp_path / "pictures" / f"{'e' * 32}.png",
    ]
    for path in leftovers:
        path.write_bytes(b'{"id": "aaa')
    storage = open_storage()
    assert storage.find(whole.id) == whole
    assert storage.request(whole) == REQUEST
    assert not any(path.exists() for path in leftovers)


def test_a_damaged_record_is_set_aside_with_its_pictures_and_the_others_are_served(
    open_storage: Callable[[], Storage], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    storage = open_storage()
    whole, damaged = create(storage), create(storage)
    path = tmp_path / "renders" / f"{damaged.id}.json"
    path.write_bytes(path.read_bytes()[:-1])
    for _ in range(2):
        storage = open_storage()
        assert storage.find(whole.id) == whole
        assert storage.find(damaged.id) is None
        assert path.with_suffix(".damaged").read_text().startswith("{")
        assert storage.picture_path(damaged.control_image.file)
    assert caplog.messages == [f"Set {path.name} aside as {damaged.id}.damaged: it cannot be read."]


@pytest.mark.parametrize("name", ["../lock", "../../etc/passwd", "a.png", f"{'0' * 32}.png\n"])
def test_a_record_that_names_a_file_outside_the_pictures_is_not_read_so_nothing_there_is_served_or_deleted(
    open_storage: Callable[[], Storage], tmp_path: Path, name: str
) -> None:
    storage = open_storage()
    record = create(storage)
    path = tmp_path / "renders" / f"{record.id}.json"
    path.write_text(path.read_text().replace(record.control_image.file, json.dumps(name)[1:-1]))
    storage.forget(record.id)
    assert storage.find(record.id) is None
    assert path.exists()
    assert (tmp_path / "lock").exists()


def test_a_record_under_the_name_of_another_is_not_read(open_storage: Callable[[], Storage], tmp_path: Path) -> None:
    storage = open_storage()
    record = create(storage)
    path = tmp_path / "renders" / f"{record.id}.json"
    path.with_name(f"{'0' * 24}.json").write_bytes(path.read_bytes())
    assert storage.find("0" * 24) is None
    assert [found.id for found in open_storage().unfinished()] == [record.id]


def test_a_record_of_a_later_or_an_earlier_version_is_read(open_storage: Callable[[], Storage], tmp_path: Path) -> None:
    record = create(open_storage())
    path = tmp_path / "renders" / f"{record.id}.json"
    stored = json.loads(path.read_text())
    del stored["interruptions"]
    path.write_text(json.dumps({**stored, "of_a_later_version": 1}))
    assert open_storage().find(record.id) == record


def test_forgetting_leaves_no_file_of_the_render(open_storage: Callable[[], Storage], tmp_path: Path) -> None:
    storage = open_storage()
    kept, record = create(storage), create(storage)
    storage.update(replace(record, phase="completed", pictures=(storage.add_picture(picture()),)))
    storage.forget(record.id)
    storage.forget(record.id)
    assert storage.find(record.id) is None
    assert [path.stem for path in (tmp_path / "renders").iterdir()] == [kept.id]
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == [kept.control_image.file]


def test_a_forgotten_render_does_not_come_back_by_a_late_update(open_storage: Callable[[], Storage]) -> None:
    storage = open_storage()
    record = create(storage)
    storage.forget(record.id)
    assert storage.update(replace(record, phase="completed")) is False
    assert storage.find(record.id) is None


@pytest.mark.parametrize("name", ["../lock", "", "a.png", "/etc/passwd", "0" * 32 + ".png", "0" * 32])
def test_no_name_reaches_outside_the_stored_pictures(open_storage: Callable[[], Storage], name: str) -> None:
    storage = open_storage()
    assert storage.picture_path(name) is None
    assert storage.find(name) is None


def test_only_one_at_a_time_uses_a_folder(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    with pytest.raises(FolderInUse, match=str(tmp_path)):
        Storage(tmp_path)
    storage.close()
    Storage(tmp_path).close()


def test_no_one_else_on_the_machine_reads_prompts_and_pictures(tmp_path: Path) -> None:
    Storage(tmp_path / "new").close()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_a_stored_record_is_plain_json(open_storage: Callable[[], Storage], tmp_path: Path) -> None:
    record = create(open_storage())
    stored = json.loads((tmp_path / "renders" / f"{record.id}.json").read_text())
    assert (stored["prompt"], stored["seed"], stored["phase"]) == ("oak", 3, "pending")
