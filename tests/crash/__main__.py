"""`python -m tests.crash SEED [TIMES]`: play one of the random crashes again, until it breaks a promise."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rerender.studio.database import Database, sqlite_url
from tests.crash.scenario import at_random, play


def main(seed: str, times: str = "20") -> None:
    crash = at_random(seed)
    print(crash)
    for _ in range(int(times)):
        with TemporaryDirectory() as folder:
            file = Path(folder) / "studio.sqlite3"
            Database.open(sqlite_url(file)).close()
            play(crash, file)
    print(f"Every promise was kept {times} times.")


if __name__ == "__main__":
    main(*sys.argv[1:])
