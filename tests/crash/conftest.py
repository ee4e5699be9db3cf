from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest

from rerender.studio.database import Database, sqlite_url

NewFile = Callable[[], Path]


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without a row, made once: copying is quicker."""
    file = tmp_path_factory.mktemp("crash") / "empty.sqlite3"
    Database.open(sqlite_url(file)).close()
    return file


@pytest.fixture
def new_file(empty_file: Path, tmp_path: Path) -> NewFile:
    """Makes databases without a row: a test may need many."""
    return lambda: Path(shutil.copy(empty_file, Path(mkdtemp(dir=tmp_path)) / "studio.sqlite3"))
