from __future__ import annotations
import pytest
from pathlib import Path
import shutil
from tests.crash.scenario import Crash, grid, play
from rerender.studio.database import Database, sqlite_url

GRID = grid()

@pytest.mark.parametrize("crash", GRID, ids=str)
def test_x(crash, tmp_path):
    f = tmp_path / "s.sqlite3"
    Database.open(sqlite_url(f)).close()
    play(crash, f)
