"""Files that are written whole, under names that nothing else has."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from rerender.cli.files import check_folder, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


def named(suffix: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    name = f"a{suffix}.png"
    return {name: b"ours"}, {"pictures": [{"file": name}]}


def test_the_whole_set_moves_on_when_one_of_its_names_is_taken(folder: Path) -> None:
    (folder / "a.json").write_bytes(b"theirs")
    (folder / "a-2.png").mkdir()
    saved = write(folder, "a", named)
    assert (saved.pictures, saved.json) == ((folder / "a-3.png",), folder / "a-3.json")
    assert json.loads(saved.json.read_bytes()) == {"pictures": [{"file": "a-3.png"}]}
    assert sorted(path.name for path in folder.iterdir()) == ["a-2.png", "a-3.json", "a-3.png", "a.json"]
    assert (folder / "a.json").read_bytes() == b"theirs"


def test_the_same_set_is_written_once(folder: Path) -> None:
    assert write(folder, "a", named) == write(folder, "a", named)
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("has_links", [True, False])
def test_a_name_that_someone_else_takes_in_the_last_moment_is_left_to_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    link, writes = Path.hardlink_to, itertools.count()

    def hardlink_to(self: Path, target: Path) -> None:
        if next(writes) == 0:
            self.write_bytes(b"theirs")
        if not has_links:
            raise PermissionError("this file system has no hard links")
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", hardlink_to)
    assert write(folder, "a", named).pictures == (folder / "a-2.png",)
    contents = {path.name: path.read_bytes() for path in folder.glob("*.png")}
    assert contents == {"a.png": b"theirs", "a-2.png": b"ours"}
    assert not list(folder.glob(".*"))


def test_a_write_that_breaks_off_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_bytes(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(OSError, match="No space"):
        write(folder, "a", named)
    assert not list(folder.iterdir())


def test_a_folder_is_made_and_left_empty(folder: Path) -> None:
    check_folder(folder / "a" / "b")
    assert not list((folder / "a" / "b").iterdir())
