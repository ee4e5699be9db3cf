"""Whatever ZIP a stranger imports: an archive of this app or one sentence, and nothing outside of the database."""

from __future__ import annotations

import os
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from rerender.studio.archive import ArchiveError
from rerender.studio.database import Database
from tests.hostile.archives import tricks
from tests.hostile.building import MARK, File
from tests.hostile.doors import is_fit_for_people
from tests.studio.archives import everything, imported

pytestmark = pytest.mark.filterwarnings("ignore")


def taken(database: Database, file: File) -> bool:
    """Whether it is imported; fails for what is said of it, or how long or in how much memory it takes."""
    begun = time.process_time()
    tracemalloc.start()
    try:
        imported(database, file.data)
        sentence = ""
    except ArchiveError as refused:
        sentence = str(refused)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - begun < 6, (file.name, "half of that for whoever measures no memory")
    assert peak < 2 * len(file.data) + 130_000_000, (file.name, peak)
    assert is_fit_for_people(sentence) or not sentence
    assert not sentence or sentence.endswith("Nothing was imported.")
    return not sentence


def test_no_zip_does_more_than_an_archive_does(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "deep" / "inside"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    before, count = everything(database), 0
    for file in tricks():
        count += 1
        is_taken = taken(database, file)
        assert file.is_picture in (None, is_taken), file.name
        if not is_taken:
            assert everything(database) == before, file.name
        before = everything(database)
        assert MARK not in b"".join(row[1] for row in before["blobs"]), file.name
    assert count >= 120
    made = [path for path in tmp_path.rglob("*") if not path.name.startswith("studio.sqlite3")]
    assert sorted(made) == [tmp_path / "deep", folder]


def test_an_import_opens_no_file(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names in a ZIP are only ever looked up in its own list."""
    opened: list[Any] = []

    def note(*args: Any, **_options: Any) -> Any:
        opened.append(args)
        raise OSError

    every = [file for file in tricks() if len(file.data) < 100_000]
    for name in ("open", "mkdir", "symlink", "rename"):
        monkeypatch.setattr(os, name, note)
    monkeypatch.setattr("builtins.open", note)
    for file in every:
        taken(database, file)
    assert opened == []
